"""What each other way to run a model costs or saves where it is recommended: memory, time and money."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.recommend.estimates import Estimates

if TYPE_CHECKING:
    from hfplanner.estimate.duration.operations.kernels import Card
    from hfplanner.estimate.duration.work import Kind
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.models.shape import ModelShape
    from hfplanner.recommend.estimates import Durations
    from hfplanner.recommend.result import Option

__all__ = ["Effect", "effects_on"]

# Less than this share of the time is within what the operations of a model can tell.
_LEAST_CHANGE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One other choice, on the recommended flavor.

    Args:
        option: as it is typed.
        bytes_more: what one GPU needs more; less than 0 is saved.
        secs_more: how much longer the job likely runs; ``None`` where that is not known, 0 where it is the same.
        micro_usd_more: what it likely costs more; ``None`` where that is not known.
        note: what is known of it.
    """

    option: str
    bytes_more: int
    secs_more: int | None
    micro_usd_more: int | None
    note: str

    def to_json(self) -> dict[str, Any]:
        """Return the choice as the interface spells it."""
        return {
            "option": self.option,
            "bytes_more": self.bytes_more,
            "secs_more": self.secs_more,
            "micro_usd_more": self.micro_usd_more,
            "note": self.note,
        }


def effects_on(option: "Option", estimates: Estimates) -> tuple[Effect, ...]:
    """Return what other choices cost or save on a flavor, those that change memory most first; none without a model.

    Memory is estimated anew for each; the time changes as the operations of the model say that it does.

    Args:
        option: the flavor, with the time of the job there.
        estimates: what is known of the job.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.estimate.memory.places import places_of
    >>> from hfplanner.models.known import find_known
    >>> from hfplanner.recommend.choose import recommend
    >>> from hfplanner.recommend.memory import memory_need
    >>> from hfplanner.recommend.needs import Needs
    >>> listing = shipped_listing()
    >>> need = memory_need(find_known("Qwen/Qwen3-8B"), MemoryJob(task="lora"), places_of(listing.flavors))
    >>> answer = recommend(Needs(), listing, Estimates(memory=need))
    >>> effects_on(answer.options[0], answer.estimates)[0].option
    '--checkpointing none'
    """
    if estimates.memory is None or option.memory is None:
        return ()
    return tuple(sorted(_effects(option, estimates), key=lambda one: (-abs(one.bytes_more), one.option)))


def _effects(option: "Option", estimates: Estimates) -> Iterator[Effect]:
    from hfplanner.estimate.memory.defaults import choices_of  # noqa: PLC0415 - where a model is named
    from hfplanner.estimate.memory.result import estimate_memory  # noqa: PLC0415 - as above

    need, there = estimates.memory, option.memory
    if need is None or there is None:
        return
    shape, job = need.shape, replace(need.job, gpus=there.gpus)
    now = estimate_memory(shape, job) if need.evidence is None else need.evidence.estimate(shape, job)
    for words, other, note in choices_of(now):
        try:
            changed = now.otherwise(other)
        except UsageError:
            # A choice that does not go with the rest of the job is none.
            continue
        more = changed.per_gpu_bytes.likely - now.per_gpu_bytes.likely
        secs = _secs_more(option, estimates.durations, shape, now.job, other)
        if more or secs:
            yield Effect(
                option=words,
                bytes_more=more,
                secs_more=secs,
                micro_usd_more=None if secs is None else _cost_more(option, secs),
                note=note,
            )


def _secs_more(
    option: "Option", durations: "Durations | None", shape: "ModelShape", job: "MemoryJob", other: "MemoryJob"
) -> int | None:
    from hfplanner.estimate.duration.operations.kernels import card_of  # noqa: PLC0415 - where a model is named

    card = card_of(option.flavor.accelerator)
    if card is None or durations is None or option.duration_secs is None:
        return None
    before, after = (_secs_of_a_sequence(option, durations, shape, one, card) for one in (job, other))
    if before is None or after is None:
        return None
    change = after / before - 1
    return round(option.duration_secs.likely * change) if abs(change) >= _LEAST_CHANGE else 0


def _secs_of_a_sequence(
    option: "Option", durations: "Durations", shape: "ModelShape", job: "MemoryJob", card: "Card"
) -> float | None:
    """Return how long a fixed amount of the work takes, run this way; ``None`` where the operations do not tell."""
    from hfplanner.estimate.duration.first_principles import Work, seconds_of_work  # noqa: PLC0415 - as above

    kind: Kind = "prefill" if durations.workload.phase == "prefill" else "decode"
    work = Work(
        shape=shape,
        kind=kind if job.task == "inference" else job.task,
        tokens=1000 * job.seq_len,
        seq_len=job.seq_len,
        batch_size=None if job.engine == "vllm" and job.batch_size == 1 else job.batch_size,
        job=job,
    )
    gpus = option.flavor.gpus if durations.workload.scales_with_gpus or job.gpus > 1 else 1
    secs = seconds_of_work(work, durations.workload, card, gpus)
    return None if isinstance(secs, str) else secs


def _cost_more(option: "Option", secs_more: int) -> int:
    secs = option.duration_secs.likely if option.duration_secs else 0
    price = option.flavor.price
    return job_cost_micro_usd(price, max(secs + secs_more, 1)) - job_cost_micro_usd(price, secs)
