"""What a model needs on every flavor, and what could be run instead where that is too much."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place, fit_into, usable_share
from hfplanner.estimate.memory.fitting import Fitter, Fitting
from hfplanner.estimate.memory.host import disk_need, ram_need
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import Evidence, MemoryEstimate, estimate_memory
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.recommend.estimates import FlavorMemory, MemoryNeed

__all__ = ["Alternative", "alternatives", "memory_need"]

# What an estimate knows about: no flavor has more GPUs.
_MOST_GPUS = 8
_YES = "yes"
_SURELY = 0.95


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
        per_gpu_bytes=run.estimate.per_gpu_bytes,
        usable_bytes=usable,
        verdict=fit.verdict,
        probability=fit.probability,
        ram_bytes=run.ram_bytes,
        disk_bytes=run.disk_bytes,
    )


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to run a job, with which it fits a flavor.

    Args:
        flavor: its name.
        options: as they are typed.
        updates: the fields of the needs that change with it.
        job: how it is run then, over the GPUs of that flavor.
        spread: whether it is spread over all GPUs of a flavor.
        keeps_result: whether it computes the same.
        size: which of two changes less.
    """

    flavor: str
    options: tuple[str, ...]
    updates: Mapping[str, Any]
    job: MemoryJob
    spread: bool
    keeps_result: bool
    size: tuple[Any, ...]

    def need(self, need: MemoryNeed, *, everywhere: bool = False) -> MemoryNeed:
        """Return what the model needs then on that flavor, or on all of them, from all that is known of it."""
        places = [place for place in need.places if everywhere or place.flavor == self.flavor]
        return memory_need(need.shape, self.job, places, spread=self.spread, evidence=need.evidence)


def alternatives(
    need: MemoryNeed, flavors: Collection[str], *, least: float = _SURELY, keeps_result: bool = False
) -> Iterator[Alternative]:
    """Yield for each flavor that does not hold a job the smallest set of changes with which it does.

    It is what ``estimate memory --fit`` says of that flavor.

    Args:
        need: what it needs as it was asked.
        flavors: those to look at.
        least: the probability with which it must fit.
        keeps_result: only with changes after which it computes the same.

    >>> from hfplanner.models.known import find_known
    >>> need = memory_need(find_known("Qwen/Qwen3-8B"), MemoryJob(task="full"), [Place("l40sx1", 1, 47 * 10**9)])
    >>> [change.options for change in alternatives(need, ["l40sx1"])]
    [('--task lora',)]
    """
    estimate = estimate_memory if need.evidence is None else need.evidence.estimate
    fitters: dict[int, Fitter] = {}
    for place in need.places:
        there = need.by_flavor[place.flavor]
        if place.flavor not in flavors or there.usable_bytes is None or there.probability >= least:
            continue
        if there.gpus not in fitters:
            as_asked = estimate(need.shape, replace(need.job, gpus=there.gpus))
            fitters[there.gpus] = Fitter(as_asked, least=least, keeps_result=keeps_result)
        found = fitters[there.gpus].fit(place)
        if found is not None and found.changes:
            yield _alternative(need, found)


def _alternative(need: MemoryNeed, found: Fitting) -> Alternative:
    """Return a fitting as it is asked for here, where a model that generates is spread by --shard."""
    job, spread = found.estimate.job, need.spread
    shards = any(change.code == "sharding" for change in found.changes)
    updates: dict[str, Any] = {}
    if shards and not job.trains:
        job, spread, updates = replace(job, gpus=need.job.gpus), True, {"shard": True}
    elif shards:
        updates = {"gpus": job.gpus}
    return Alternative(
        flavor=found.fit.flavor,
        options=tuple("--shard" if "shard" in updates and c.code == "sharding" else c.option for c in found.changes),
        updates=updates,
        job=job,
        spread=spread,
        keeps_result=found.keeps_result,
        size=found.size,
    )
