"""What one request is answered, over the shipped listing and over small ones written here."""

from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation
from hfplanner.units import GB
from tests.strategies import as_listing

GPU = {"type": "gpu", "model": "L4", "quantity": "1", "vram": "24 GB", "manufacturer": "Nvidia"}
INFERENTIA = {"type": "neuron", "model": "Inferentia2", "quantity": "1", "vram": "32 GB", "manufacturer": "AWS"}


def row(name: str, price: Any = 1000, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON value
    """Return a row of the API."""
    sizes = {"cpu": "8 vCPU", "ram": "32 GB", "ephemeralStorage": "100 GB"}
    return {"name": name, "unitCostMicroUSD": price, "unitLabel": "minute", **sizes, **fields}


def names(answer: Recommendation) -> list[str]:
    """Return the options' names, best first."""
    return [option.flavor.name for option in answer.options]


def reasons(answer: Recommendation) -> dict[str, list[tuple[str, str, Any, Any]]]:
    """Return every rejection's reasons."""
    return {x.name: [(r.code, r.message, r.need, r.have) for r in x.reasons] for x in answer.rejected}


@pytest.mark.parametrize(
    ("vram", "shard", "expected"),
    [
        (24, False, "l4x1"),
        (40, False, "l40sx1"),
        (96, False, "rtx-pro-6000"),
        (141, False, "h200"),
        (24, True, "l4x1"),
        (160, True, "rtx-pro-6000x2"),
        (250, True, "h200x2"),
        (300, True, "a100x4"),
    ],
)
def test_the_shipped_listing_answers_a_need_of_memory(vram: int, *, shard: bool, expected: str) -> None:
    """The cheapest flavor whose listed memory holds it, on one GPU unless sharding is allowed."""
    answer = recommend(Needs(vram_bytes=vram * GB, shard=shard), shipped_listing())
    assert answer.options[0].flavor.name == expected
    assert len(answer.options) + len(answer.rejected) == 26


def test_what_no_single_gpu_holds_fits_nowhere_and_the_flavor_for_sharding_is_named() -> None:
    """160 GB on one GPU: nothing, but two RTX PRO 6000 hold it together."""
    answer = recommend(Needs(vram_bytes=160 * GB), shipped_listing())
    assert names(answer) == []
    assert answer.nearest_miss is not None
    assert answer.nearest_miss.message == (
        "rtx-pro-6000x2 fits if the model is sharded over 2 GPUs: --shard ($5.50 an hour)"
    )


def test_a_tie_of_price_goes_to_more_memory_per_gpu() -> None:
    """Four A100 cost what two H200 do; the notes of both say why one is preferred."""
    first, second = recommend(Needs(vram_bytes=250 * GB, shard=True), shipped_listing()).options[:2]
    assert (first.flavor.name, second.flavor.name) == ("h200x2", "a100x4")
    assert first.standing == "costs the same as a100x4; more VRAM per GPU (141 GB against 80 GB)"
    assert second.standing == "costs the same as h200x2, which is preferred: more VRAM per GPU (141 GB against 80 GB)"


def test_ties_are_decided_by_memory_then_fewer_gpus_then_the_name() -> None:
    """At one price: 24 GB on each of two GPUs before 12, one GPU before two, a before b."""
    two = GPU | {"quantity": "2", "vram": "48 GB"}
    half = GPU | {"quantity": "2"}
    listing = as_listing(
        [
            row("half", accelerator=half),
            row("two", accelerator=two),
            row("b", accelerator=GPU),
            row("a", accelerator=GPU),
        ]
    )
    assert names(recommend(Needs(gpus=1), listing)) == ["a", "b", "two", "half"]


def test_without_a_need_of_a_gpu_flavors_without_one_are_ranked_too() -> None:
    """The cheapest machine with enough processors has none."""
    answer = recommend(Needs(vcpu=8), shipped_listing())
    assert names(answer)[:2] == ["cpu-upgrade", "t4-medium"]
    assert [option.placement for option in answer.options[:2]] == ["cpu", "single"]


def test_one_gpu_is_asked_for_and_no_flavor_without_one_does() -> None:
    """The reason names the need and that there is none."""
    answer = recommend(Needs(gpus=1), shipped_listing())
    assert names(answer)[0] == "t4-small"
    assert reasons(answer)["cpu-xl"] == [("gpus", "no accelerator, 1 GPU needed", 1, 0)]


def test_every_broken_rule_is_a_reason_with_what_is_needed_and_what_there_is() -> None:
    """One flavor that lacks all of it says all of it."""
    needs = Needs(
        vram_bytes=40 * GB,
        gpus=2,
        accelerators=("h200",),
        vcpu=16,
        ram_bytes=64 * GB,
        disk_bytes=500 * GB,
        duration_secs=7200,
        max_time_secs=3600,
        max_cost_micro_usd=1_000_000,
        max_price_micro_usd_per_hour=500_000,
    )
    assert reasons(recommend(needs, shipped_listing()))["l4x1"] == [
        ("accelerator", "L4, H200 needed", "H200", "L4"),
        ("gpus", "1 GPU, 2 GPUs needed", 2, 1),
        ("vram", "24 GB on one GPU, 40 GB of VRAM needed", 40 * GB, 24 * GB),
        ("vcpu", "8 vCPU, 16 vCPU needed", 16, 8),
        ("ram", "30 GB, 64 GB of RAM needed", 64 * GB, 30 * GB),
        ("disk", "400 GB, 500 GB of disk needed", 500 * GB, 400 * GB),
        ("max_price", "$0.80 an hour, at most $0.50 allowed", 500_000, 799_980),
        ("max_cost", "$1.60 for the job, at most $1.00 allowed", 1_000_000, 1_599_960),
        ("max_time", "runs 2h, at most 1h allowed", 3600, 7200),
    ]


def test_a_tie_of_price_and_memory_goes_to_fewer_gpus() -> None:
    """Before the name, which says the opposite here."""

    def gpus(name: str, count: int) -> dict[str, Any]:
        vram = {"type": "gpu", "model": "L4", "quantity": str(count), "vram": f"{24 * count} GB"}
        return row(name, 100) | {"accelerator": vram}

    answer = recommend(Needs(vram_bytes=24 * GB), as_listing([gpus("a", 2), gpus("b", 1), gpus("c", 4)]))
    assert names(answer) == ["b", "a", "c"]
    assert answer.options[0].standing == "costs the same as a; fewer GPUs (1 against 2)"


def test_what_is_sharded_is_compared_with_all_gpus_together() -> None:
    """The reason counts them."""
    answer = recommend(Needs(vram_bytes=160 * GB, shard=True), shipped_listing())
    assert reasons(answer)["l4x4"] == [("vram", "96 GB over 4 GPUs, 160 GB of VRAM needed", 160 * GB, 96 * GB)]
    assert reasons(answer)["h200"] == [("vram", "141 GB on one GPU, 160 GB of VRAM needed", 160 * GB, 141 * GB)]
    assert answer.options[0].placement == "sharded"


def test_what_the_listing_does_not_state_is_not_met() -> None:
    """An unknown disk is neither zero nor enough; without a need of disk it does not matter."""
    listing = as_listing([row("small", ephemeralStorage="N/A"), row("large", price=2000)])
    assert names(recommend(Needs(), listing)) == ["small", "large"]
    answer = recommend(Needs(disk_bytes=GB), listing)
    assert names(answer) == ["large"]
    assert reasons(answer)["small"] == [("disk", "does not state its disk, 1 GB of disk needed", GB, None)]


@pytest.mark.parametrize("price", [0, None, -1, 1.5, "167"])
def test_a_flavor_without_a_price_is_never_recommended(price: object) -> None:
    """Unpriced is not free: it is rejected, with why there is no price."""
    answer = recommend(Needs(), as_listing([row("free", price=price), row("paid")]))
    assert names(answer) == ["paid"]
    [(code, message, need, have)] = reasons(answer)["free"]
    assert (code, need, have) == ("unpriced", None, None)
    assert "price" in message


def test_nothing_is_recommended_where_nothing_has_a_price_or_nothing_is_listed() -> None:
    """No option, no nearest miss, and still every flavor with its reason."""
    answer = recommend(Needs(vram_bytes=GB), as_listing([row("free", price=0, accelerator=GPU)]))
    assert (names(answer), answer.nearest_miss, list(reasons(answer))) == ([], None, ["free"])
    empty = recommend(Needs(), as_listing([]))
    assert (empty.options, empty.rejected, empty.nearest_miss) == ((), (), None)


def test_a_row_that_cannot_be_read_is_rejected_by_name_with_every_reason() -> None:
    """Also where the name stands in two such rows; a name that could be read elsewhere is not among them."""
    listing = as_listing([row("odd", cpu="lots"), row("odd", ram="much"), row("fine", cpu="lots"), row("fine"), {}])
    answer = recommend(Needs(), listing)
    assert names(answer) == ["fine"]
    assert reasons(answer) == {
        "odd": [
            ("unreadable", "its cpu 'lots' is not a number of vCPU.", None, None),
            ("unreadable", "its ram 'much' is not a size.", None, None),
        ]
    }


def test_an_accelerator_that_is_no_gpu_does_only_where_it_is_named() -> None:
    """A program for a GPU does not run on it, however cheap its memory; who names it means it."""
    listing = as_listing([row("inf2", price=500, accelerator=INFERENTIA), row("l4", accelerator=GPU)])
    answer = recommend(Needs(vram_bytes=20 * GB), listing)
    assert names(answer) == ["l4"]
    message = "Inferentia2 is of the type neuron, a GPU needed"
    assert reasons(answer)["inf2"] == [("accelerator_type", message, "gpu", "neuron")]
    assert names(recommend(Needs(vram_bytes=20 * GB, accelerators=("aws inferentia2",)), listing)) == ["inf2"]
    assert names(recommend(Needs(vcpu=8), listing)) == ["inf2", "l4"]


def test_an_accelerator_is_found_however_it_is_spelled() -> None:
    """Case, dashes and the maker's name do not matter; the answer spells it as the listing does."""
    answer = recommend(Needs(accelerators=("nvidia-RTX_pro6000", "t4")), shipped_listing())
    assert answer.needs.accelerators == ("RTX PRO 6000", "T4")
    assert names(answer)[:3] == ["t4-small", "t4-medium", "rtx-pro-6000"]


def test_two_spellings_of_one_model_in_a_listing_are_one_model() -> None:
    """Whichever of them was asked for."""
    listing = as_listing([row("a", accelerator=GPU), row("b", accelerator=GPU | {"model": "Nvidia L4"})])
    assert names(recommend(Needs(accelerators=("l4",)), listing)) == ["a", "b"]


def test_an_accelerator_nobody_offers_is_a_mistake_of_the_request() -> None:
    """Near names are in the hint."""
    with pytest.raises(UsageError, match="'L40X'") as caught:
        recommend(Needs(accelerators=("L40X",)), shipped_listing())
    assert caught.value.hint.startswith("Did you mean L40S")


def test_a_limit_on_the_price_admits_the_service_s_rounding() -> None:
    """$5.00 an hour arrives as 83333 and as 83334 micro-USD a minute: both are within $5.00, 83335 is not."""
    listing = as_listing([row("down", 83333), row("up", 83334), row("above", 83335)])
    answer = recommend(Needs(max_price_micro_usd_per_hour=5_000_000), listing)
    assert names(answer) == ["down", "up"]


def test_a_limit_on_the_cost_counts_started_minutes() -> None:
    """61 seconds are two minutes: 2 x $0.01. The limit is kept to half a cent."""
    listing = as_listing([row("a", 10_000)])
    assert names(recommend(Needs(duration_secs=61, max_cost_micro_usd=15_000), listing)) == ["a"]
    assert names(recommend(Needs(duration_secs=61, max_cost_micro_usd=14_999), listing)) == []
    assert names(recommend(Needs(duration_secs=60, max_cost_micro_usd=10_000), listing)) == ["a"]


def test_eight_hours_at_two_dollars_and_a_half_cost_twenty() -> None:
    """$2.50 an hour arrives as 41667 micro-USD a minute, and eight hours of it are $20.00016."""
    listing = as_listing([row("a100-large", 41_667)])
    assert names(recommend(Needs(duration_secs=8 * 3600, max_cost_micro_usd=20_000_000), listing)) == ["a100-large"]


def test_a_time_that_is_too_long_is_so_on_every_flavor() -> None:
    """Each says it beside its other reasons, and the nearest miss is the cheapest with the time it takes."""
    answer = recommend(Needs(vram_bytes=40 * GB, duration_secs=7200, max_time_secs=3600), shipped_listing())
    assert names(answer) == []
    assert all("max_time" in {reason.code for reason in rejection.reasons} for rejection in answer.rejected)
    assert answer.nearest_miss.options == ("--max-time 2h",)
    assert answer.nearest_miss.flavor.name == "l40sx1"


def test_only_the_first_options_are_kept_where_asked() -> None:
    """The others are rejected as what they are: fitting, but further down."""
    answer = recommend(Needs(vram_bytes=40 * GB, top=2), shipped_listing())
    assert names(answer) == ["l40sx1", "a100-large"]
    assert reasons(answer)["rtx-pro-6000"] == [("not_in_top", "fits, but ranks 3 of 14, 2 asked for", 2, 3)]
    assert len(answer.options) + len(answer.rejected) == 26


def test_rejected_come_in_the_order_of_rank_then_unpriced_then_unreadable() -> None:
    """Whatever the order of the listing."""
    listing = as_listing([row("odd", cpu="lots"), row("free", 0), row("dear", 9), row("cheap", 1)])
    assert list(reasons(recommend(Needs(vcpu=99), listing))) == ["cheap", "dear", "free", "odd"]


def test_the_answer_as_json_is_complete() -> None:
    """The keys a script relies on, of the request, an option, a rejection and the nearest miss."""
    answer = recommend(Needs(vram_bytes=100 * GB, duration_secs=3600), shipped_listing())
    document = answer.to_json(answer.listing.checked)
    answers = {
        "summary",
        "indistinguishable",
        "measure",
        "options",
        "rejected",
        "nearest_miss",
        "nearest_on_asked",
        "toggles",
    }
    assert set(document) == {"request", "catalog"} | answers
    assert document["summary"] == "h200: 1h, $5.00"
    assert (document["indistinguishable"], document["measure"]) == ([], None)
    assert document["request"] == {
        "vram_bytes": 100 * GB,
        "shard": False,
        "gpus": None,
        "accelerators": [],
        "vcpu": None,
        "ram_bytes": None,
        "disk_bytes": None,
        "duration_secs": 3600,
        "duration_flavor": None,
        "like": None,
        "measured": [],
        "tokens": None,
        "tokens_basis": None,
        "stopped": None,
        "workload": None,
        "model": None,
        "max_time_secs": None,
        "max_cost_micro_usd": None,
        "max_price_micro_usd_per_hour": None,
        "objective": "cost",
        "deadline_secs": None,
        "runs": 1,
        "checkpoint_every_secs": None,
        "inputs": [],
        "confidence": None,
        "top": None,
    }
    assert document["options"][1] == {
        "rank": 2,
        "flavor": "h200x2",
        "accelerator": "H200",
        "gpus": 2,
        "vram_total_bytes": 282 * GB,
        "vram_per_gpu_bytes": 141 * GB,
        "vcpu": 46,
        "ram_bytes": 512 * GB,
        "disk_bytes": 6000 * GB,
        "placement": "single",
        "price_micro_usd_per_minute": 166667,
        "usd_per_hour": 10.0,
        "duration_secs": {
            "low": 3600,
            "likely": 3600,
            "high": 3600,
            "basis": ["as given, the same on every flavor"],
        },
        "cost_micro_usd": {
            "low": 10_000_020,
            "likely": 10_000_020,
            "high": 10_000_020,
            "basis": ["as given, the same on every flavor", "billed per started minute"],
        },
        "pareto": False,
        "break_even_speedup": 2.0,
        "dominated_by": [],
        "notes": ["cheaper per job only if it is 2.00x as fast as h200: this job in at most 29m"],
        "memory": None,
        "suggested_timeout_secs": 6780,
        "suggested_timeout_bound": None,
        "worst_case_micro_usd": 113 * 166667,
        "micro_usd_per_million_tokens": None,
        "queue_wait_secs": None,
        "uncertain": [],
        "timeout_least_cost": None,
        "suggested_checkpoint_secs": None,
        "probability_cheapest": None,
        "probability_within": None,
    }
    assert document["rejected"][0] == {
        "flavor": "cpu-basic",
        "reasons": [{"code": "vram", "message": "no accelerator, 100 GB of VRAM needed", "need": 100 * GB, "have": 0}],
    }
    assert document["nearest_miss"] == {
        "flavor": "rtx-pro-6000",
        "options": ["--vram 96GB"],
        "message": "rtx-pro-6000 fits with --vram 96GB ($2.75 an hour)",
        "price_micro_usd_per_minute": 45833,
        "usd_per_hour": 2.75,
        "summary": None,
    }
