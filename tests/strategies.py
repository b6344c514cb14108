"""What several property tests draw: listings as the Hub might answer them, and needs somebody might have."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from hfplanner.catalog.flavor import read_rows
from hfplanner.catalog.listing import Listing
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.places import places_of
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.models.known import find_known
from hfplanner.recommend.estimates import Durations, Estimates, MemoryNeed
from hfplanner.recommend.memory import memory_need
from hfplanner.recommend.needs import Needs

CHECKED = datetime(2026, 8, 31, tzinfo=UTC)

# Few values, so that ties, twins and near misses are the rule and not the exception.
_NAMES = ["cpu-basic", "t4-small", "l4x1", "l4x4", "l40sx1", "a10g-small", "a100x4", "h200", "h200x2", "new-x8", "é*"]
_PRICES = [1, 167, 13333, 30000, 41667, 83333, 83334, 166667, 1_000_000_000]
_FEW_PRICES = [30000, 83333]
_NO_PRICES = [None, 0, -5, 1.5, "13333", True, 10**12]
_MODELS = ["T4", "L4", "A10G", "A100", "H200", "RTX PRO 6000", "Nvidia L4", "X1", "nvidia x-1", "Inferentia2"]
_VRAM = [16, 24, 48, 96, 100, 141, 192, 282, 640]
_SIZES = ["15 GB", "30 GB", "62 GB", "380 GB", "1.5 TB"]
_ODD_SIZES = [None, "N/A", "4096 MB", "7B"]


def usually(good: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is odd one time in ten."""
    return st.integers(0, 9).flatmap(lambda drawn: odd if drawn == 9 else good)


def accelerators() -> st.SearchStrategy[dict[str, Any]]:
    """Draw the accelerator of a row of the API; every other one has a round share of memory for each."""
    shared = st.builds(
        lambda count, each, model: {
            "type": "gpu",
            "model": model,
            "quantity": str(count),
            "vram": f"{count * each} GB",
        },
        st.sampled_from([1, 2, 4]),
        st.sampled_from([24, 96]),
        st.sampled_from(_MODELS),
    )
    return shared | _any_accelerators()


def _any_accelerators() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "type": usually(st.just("gpu"), st.sampled_from(["neuron", "tpu"])),
            "model": st.sampled_from(_MODELS),
            "quantity": usually(st.sampled_from(["1", "2", "3", "4", 8]), st.sampled_from(["0", "many"])),
            "vram": usually(st.sampled_from(_VRAM).map("{} GB".format), st.sampled_from(["N/A", "100 B"])),
        }
    )


def rows() -> st.SearchStrategy[dict[str, Any]]:
    """Draw a row of the API: most are sound, some lack a price, a disk or sense."""
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(_NAMES),
            "cpu": usually(st.sampled_from(["2 vCPU", "8 vCPU", "48 vCPU"]), st.sampled_from([None, "lots"])),
            "ram": usually(st.sampled_from(_SIZES), st.sampled_from(_ODD_SIZES)),
            "ephemeralStorage": usually(st.sampled_from(_SIZES), st.sampled_from(_ODD_SIZES)),
            "accelerator": usually(accelerators(), st.none()),
            "unitCostMicroUSD": usually(
                st.sampled_from(_FEW_PRICES) | st.sampled_from(_PRICES) | st.integers(1, 10**6),
                st.sampled_from(_NO_PRICES),
            ),
            "unitLabel": usually(st.just("minute"), st.sampled_from(["minute", "hour", None])),
        }
    )


def as_listing(listed: list[dict[str, Any]]) -> Listing:
    """Return rows of the API as a listing, which may be empty."""
    flavors, problems = read_rows(listed)
    return Listing(flavors=flavors, problems=problems, source="hub", origin="generated", checked=CHECKED)


def listings() -> st.SearchStrategy[Listing]:
    """Draw a listing of up to ten rows, some of one name."""
    return usually(st.lists(rows(), min_size=3, max_size=10), st.lists(rows(), max_size=2)).map(as_listing)


def _maybe(values: st.SearchStrategy[int]) -> st.SearchStrategy[int | None]:
    """Draw a value one time in six: with more, hardly any flavor would meet them all."""
    return st.sampled_from([st.none()] * 5 + [values]).flatmap(lambda drawn: drawn)


def _about(listing: Listing, *fields: str) -> st.SearchStrategy[int]:
    """Draw what some flavor has exactly, a little more, or far more than any."""
    had = {getattr(flavor, field) or 1 for flavor in listing.flavors for field in fields} | {1}
    return st.sampled_from(sorted(had | {have + 1 for have in had} | {3 * max(had)}))


def need_values(listing: Listing) -> st.SearchStrategy[dict[str, Any]]:
    """Draw the fields of a request for a listing; what they name is offered, as somebody might spell it."""
    offered = sorted({flavor.accelerator for flavor in listing.flavors if flavor.accelerator})
    spelled = [form for model in offered for form in (model, model.lower().replace(" ", "-"), f"NVIDIA {model}")]
    spelled = [form for form in spelled if not form.lower().startswith("nvidia nvidia")]
    named = st.lists(st.sampled_from(spelled), min_size=1, max_size=3).map(tuple)
    prices = _about(listing, "price_micro_usd_per_minute")
    return st.fixed_dictionaries(
        {
            "vram_bytes": st.none() | _about(listing, "vram_per_gpu_bytes", "vram_total_bytes"),
            "shard": st.booleans(),
            "gpus": _maybe(_about(listing, "gpus")),
            "accelerators": usually(st.just(()), named) if spelled else st.just(()),
            "vcpu": _maybe(_about(listing, "vcpu")),
            "ram_bytes": _maybe(_about(listing, "ram_bytes")),
            "disk_bytes": _maybe(_about(listing, "disk_bytes")),
            "duration_secs": _maybe(st.sampled_from([1, 60, 61, 3600]) | st.integers(1, 10**9)),
            "max_time_secs": _maybe(st.sampled_from([60, 3600, 10**9])),
            "max_cost_micro_usd": _maybe(st.builds(lambda price, minutes: price * minutes, prices, st.integers(1, 60))),
            "max_price_micro_usd_per_hour": _maybe(
                st.builds(lambda price, less: max(1, price * 60 - less), prices, st.sampled_from([0, 1, 59, 60, 61]))
            ),
            "objective": st.sampled_from(["cost", "time"]),
            "top": _maybe(st.integers(1, 3)),
        }
    ).map(_consistent)


def _consistent(values: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what a request refuses without a memory or a duration."""
    kept = dict(values)
    if kept["vram_bytes"] is None:
        kept["shard"] = False
    if kept["duration_secs"] is None:
        kept |= {"max_time_secs": None, "max_cost_micro_usd": None, "objective": "cost"}
    return kept


@st.composite
def questions(draw: st.DrawFn) -> tuple[Needs, Listing]:
    """Draw needs and a listing they are asked of."""
    listing = draw(listings())
    return Needs(**draw(need_values(listing))), listing


# From what fits anything to what fits hardly anything, with changes that help and changes that do not go together.
_JOBS = [
    MemoryJob(seq_len=4096),
    MemoryJob(engine="vllm", gpus=2),
    MemoryJob(task="qlora", batch_size=4, attention="eager"),
    MemoryJob(task="full", sharding="zero2", gpus=2),
]


def _durations(listing: Listing) -> st.SearchStrategy[Durations]:
    """Draw how long a job runs on each flavor of a listing; of some nothing is known."""
    span = st.tuples(st.sampled_from([1, 60, 600, 3599]), st.integers(0, 3600), st.integers(0, 7200)).map(
        lambda drawn: Estimate(drawn[0], drawn[0] + drawn[1], drawn[0] + drawn[1] + drawn[2], ("drawn",))
    )
    names = sorted(listing.by_name())
    spans = st.lists(usually(span, st.none()), min_size=len(names), max_size=len(names))
    return spans.map(lambda drawn: _as_durations(dict(zip(names, drawn, strict=True))))


def _as_durations(spans: Mapping[str, Estimate | None]) -> Durations:
    known = {name: span for name, span in spans.items() if span is not None}
    return Durations(
        measured=(MeasuredRun(flavor="l4x1", duration_secs=exactly(60, "drawn")),),
        workload=Workload(),
        by_flavor=known,
        unknown={name: "nobody tried" for name, span in spans.items() if span is None},
        timeouts={name: suggested_timeout_secs(span) for name, span in known.items()},
    )


@st.composite
def estimated_questions(draw: st.DrawFn) -> tuple[Needs, Listing, Estimates]:
    """Draw needs, a listing, and what is known of the job on each flavor of it."""
    listing = draw(listings())
    memory: MemoryNeed | None = None
    if draw(st.booleans()):
        job, spread = draw(st.sampled_from(_JOBS)), draw(st.booleans())
        memory = memory_need(
            find_known("Qwen/Qwen3-8B"), job, places_of(listing.flavors), spread=spread and not job.trains
        )
    durations = draw(st.none() | _durations(listing))
    values = draw(need_values(listing)) | {"confidence": draw(st.sampled_from([None, 0.0, 0.5, 0.9, 0.99]))}
    if durations is not None:
        limits = {"max_time_secs": [60, 3600], "max_cost_micro_usd": [10**5, 10**7]}
        values |= {"duration_secs": None, "objective": draw(st.sampled_from(["cost", "time"]))}
        values |= {name: draw(_maybe(st.sampled_from(some))) for name, some in limits.items()}
    return Needs(**values), listing, Estimates(memory=memory, durations=durations)
