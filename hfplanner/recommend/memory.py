"""What a model needs on every flavor, and what could be run instead where that is too much."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.advice import changes
from hfplanner.estimate.memory.fits import Place, fit_into, usable_share
from hfplanner.estimate.memory.host import disk_need, ram_need
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import Evidence, MemoryEstimate, estimate_memory
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.recommend.estimates import FlavorMemory, MemoryNeed

__all__ = ["Alternative", "alternatives", "memory_need", "pairs_of_alternatives"]

# What an estimate knows about: no flavor has more GPUs.
_MOST_GPUS = 8
_YES = "yes"
# Changes after which the job computes the same.
_SAME_RESULT = {"attention", "loss", "reference", "sleep", "checkpointing", "batch", "sharding", "gpus"}
_CODES = (
    *(
        "attention",
        "loss",
        "reference",
        "sleep",
        "checkpointing",
        "batch",
        "sharding",
        "gpus",
        "optimizer",
        "kv_dtype",
        "int8",
        "nf4",
    ),
    *("lora", "qlora", "context"),
)


@dataclass(frozen=True, slots=True)
class _Run:
    """A job over a number of GPUs, and all that it needs."""

    estimate: MemoryEstimate
    ram_bytes: Estimate
    disk_bytes: Estimate


def memory_need(
    shape: ModelShape,
    job: MemoryJob,
    places: Sequence[Place],
    *,
    spread: bool = False,
    evidence: Evidence | None = None,
) -> MemoryNeed:
    """Return what a model needs on each place: over ``job.gpus`` GPUs, or spread over those the place has.

    A model that generates and may be spread stays on one GPU where it fits one.

    Args:
        shape: the model.
        job: how it is run.
        places: the flavors.
        spread: over all GPUs of each.
        evidence: what was measured of the model; ``None`` for formulas alone.

    Raises:
        UsageError: training is to be spread, and nothing says what its GPUs share; or the job cannot be meant.

    >>> from hfplanner.models.known import find_known
    >>> places = [Place("t4-small", 1, 15 * 10**9), Place("l4x4", 4, 23 * 10**9)]
    >>> need = memory_need(find_known("Qwen/Qwen3-8B"), MemoryJob(), places, spread=True)
    >>> [(there.gpus, there.verdict) for there in need.by_flavor.values()]
    [(1, 'no'), (1, 'yes')]
    """
    if spread and job.trains and job.sharding == "none":
        raise UsageError(
            "--shard spreads a model that generates; nothing says what the GPUs of a training run share.",
            hint="Add --sharding fsdp, or zero1, zero2, zero3.",
        )
    runs: dict[int, _Run] = {}
    estimate = estimate_memory if evidence is None else evidence.estimate

    def run_over(gpus: int) -> _Run:
        if gpus not in runs:
            over = replace(job, gpus=gpus)
            runs[gpus] = _Run(estimate(shape, over), ram_need(shape, over), disk_need(shape, over))
        return runs[gpus]

    def need_on(place: Place) -> FlavorMemory:
        if not spread:
            return _there(run_over(job.gpus), place)
        every = min(max(place.gpus, 1), _MOST_GPUS)
        alone = None if job.trains else _there(run_over(1), place)
        return alone if alone and alone.verdict == _YES else _there(run_over(every), place)

    by_flavor = {place.flavor: need_on(place) for place in places}
    return MemoryNeed(shape=shape, job=job, spread=spread, places=tuple(places), by_flavor=by_flavor, evidence=evidence)


def _there(run: _Run, place: Place) -> FlavorMemory:
    fit = fit_into(run.estimate, place)
    job = run.estimate.job
    usable = None if fit.usable_bytes is None else int(fit.usable_bytes * usable_share(job))
    return FlavorMemory(
        gpus=job.gpus,
        per_gpu_bytes=run.estimate.on_card(place.context_bytes).per_gpu_bytes,
        usable_bytes=usable,
        verdict=fit.verdict,
        probability=fit.probability,
        ram_bytes=run.ram_bytes,
        disk_bytes=run.disk_bytes,
    )


@dataclass(frozen=True, slots=True)
class Alternative:
    """One change of a job that needs less memory.

    Args:
        options: as they are typed.
        updates: the fields of the needs that change with it.
        memory: what it needs then.
        same_result: whether it computes the same.
    """

    options: tuple[str, ...]
    updates: Mapping[str, Any]
    memory: MemoryNeed
    same_result: bool


def alternatives(need: MemoryNeed) -> Iterator[Alternative]:
    """Yield what could be run instead, the changes that cost least first.

    >>> from hfplanner.models.known import find_known
    >>> need = memory_need(find_known("Qwen/Qwen3-8B"), MemoryJob(task="full"), [])
    >>> [change.options[0] for change in alternatives(need)][:2]
    ['--optimizer adamw-8bit', '--task lora']
    """
    if not need.job.trains and not need.spread:
        yield Alternative(("--shard",), {"shard": True}, _again(need, need.job, spread=True), same_result=True)
    for first in _changed(need):
        yield first.alternative


def pairs_of_alternatives(need: MemoryNeed) -> Iterator[Alternative]:
    """Yield what could be run instead with two changes at once, for where none alone is enough.

    >>> from hfplanner.models.known import find_known
    >>> need = memory_need(find_known("Qwen/Qwen3-8B"), MemoryJob(task="full", checkpointing="none"), [])
    >>> ("--checkpointing full", "--sharding fsdp --gpus 2") in [pair.options for pair in pairs_of_alternatives(need)]
    True
    """
    for first in _changed(need):
        for second in _changed(first.alternative.memory):
            # Each pair once: the order of two changes does not matter, and one kind of change twice is another one.
            if _order_of(second.code) > _order_of(first.code):
                yield Alternative(
                    (*first.alternative.options, *second.alternative.options),
                    {**first.alternative.updates, **second.alternative.updates},
                    second.alternative.memory,
                    same_result=first.alternative.same_result and second.alternative.same_result,
                )


def _again(need: MemoryNeed, job: MemoryJob, *, spread: bool) -> MemoryNeed:
    """Return what the same model needs on the same places, from all that is known of it, when it is run otherwise."""
    return memory_need(need.shape, job, need.places, spread=spread, evidence=need.evidence)


@dataclass(frozen=True, slots=True)
class _Changed:
    """A change with its code."""

    code: str
    alternative: Alternative


def _order_of(code: str) -> int:
    """Return which of two changes is named first: that which keeps the result, and costs least."""
    return _CODES.index(code)


def _changed(need: MemoryNeed) -> Iterator[_Changed]:
    """Yield every single change of how a model is run."""
    for code, words, job in changes(need.shape, need.job):
        several = job.gpus != need.job.gpus
        if several and (need.spread or not job.trains):
            # Over how many is for the flavor to say.
            continue
        try:
            changed = _again(need, job, spread=need.spread)
        except UsageError:
            # A change may not go with the rest of the job; then it is no advice.
            continue
        options = [words.partition(":")[0].partition(",")[0]]
        if job.precision != need.job.precision:
            options.append(f"--precision {job.precision}")
        updates = {"gpus": job.gpus} if several else {}
        yield _Changed(code, Alternative(tuple(options), updates, changed, same_result=code in _SAME_RESULT))
