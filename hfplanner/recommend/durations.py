"""How long a job runs on every flavor of a listing, from where it was measured."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.first_principles import Work, durations_from_work
from hfplanner.estimate.duration.from_runs import carry_from_history, carry_from_runs, known_flavors, runs_of_history
from hfplanner.estimate.duration.like import LikeHistory
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.own_outcomes import Calibration
from hfplanner.estimate.duration.timeout import suggested_timeout
from hfplanner.estimate.duration.with_model import blend_with_work
from hfplanner.estimate.duration.workload import Workload
from hfplanner.recommend.estimates import Durations, FlavorMemory, MemoryNeed, StoppedRun
from hfplanner.units import format_bytes

__all__ = ["calibrated", "durations_from", "durations_like", "durations_planned", "too_small_for"]


def durations_from(
    measured: Sequence[MeasuredRun],
    listing: Listing,
    workload: Workload,
    *,
    tokens: int | None = None,
    work: Work | None = None,
) -> Durations:
    """Return a job's duration on every flavor of the listing, or why nothing is known there.

    Args:
        measured: at least one run, each on a flavor that is listed or was.
        listing: what can be rented.
        workload: what the job does.
        tokens: how many it reads, writes or is trained on, if that is known.
        work: the model that ran, and how; its operations say more of the change from card to card.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> durations = durations_from([run], shipped_listing(), Workload(phase="train"))
    >>> durations.by_flavor["a10g-small"].likely, "cpu-basic" in durations.unknown
    (8400, True)
    """
    carried = carry_from_runs(measured, listing.flavors, listing.flavors, workload)
    if work is not None:
        known = known_flavors(listing.flavors)
        carried = blend_with_work(carried, measured, known, work, workload)
        ran_secs = max(run.duration_secs.likely for run in measured)
        suggested = {name: suggested_timeout(one, ran_secs=ran_secs) for name, one in carried.estimates.items()}
        carried = carried.with_timeouts(suggested)
    return Durations(
        measured=tuple(measured),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        tokens=tokens,
    )


def durations_like(
    history: LikeHistory, listing: Listing, workload: Workload, *, tokens: int | None = None
) -> Durations:
    """Return the duration of a job like those of the history on every flavor of the listing.

    Where it ran, its own runs say how long a timeout should be. Runs on flavors of which nothing is known are left out.

    Args:
        history: what was run.
        listing: what can be rented.
        workload: what the job does.
        tokens: how many it reads, writes or is trained on, if that is known.

    Raises:
        NoSuchJobs: none of the runs completed on a flavor that is known.
    """
    carried = carry_from_history(history, listing.flavors, listing.flavors, workload)
    return Durations(
        measured=runs_of_history(history, listing.flavors),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        like=history.like,
        like_name=history.name,
        stopped=_stopped(history),
        tokens=tokens,
    )


def _stopped(history: LikeHistory) -> StoppedRun | None:
    """Return the run that was stopped latest, where none ended by itself."""
    told = [one for one in history.flavors if one.duration_secs is not None and one.longest_secs is not None]
    if not told or any(one.completed for one in told):
        return None
    longest = max(told, key=lambda one: one.longest_secs or 0.0)
    return StoppedRun(longest.flavor, round(longest.longest_secs or 0.0))


def durations_planned(
    work: Work, listing: Listing, workload: Workload, *, memory: MemoryNeed | None = None
) -> Durations:
    """Return the duration of work that never ran on every flavor of the listing, in wide bounds.

    Args:
        work: the model, and how many tokens.
        listing: what can be rented.
        workload: what the job does.
        memory: what the model needs there; where it surely does not fit there is no duration.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.models.known import find_known
    >>> work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=20_000_000)
    >>> planned = durations_planned(work, shipped_listing(), Workload(phase="train"))
    >>> planned.measured, planned.by_flavor["h200"].low < planned.by_flavor["h200"].high
    ((), True)
    """
    too_small = {} if memory is None else too_small_for(memory)
    flavors = [flavor for flavor in listing.flavors if flavor.name not in too_small or not flavor.gpus]
    carried = _on_its_gpus(work, flavors, workload, memory)
    carried = carried.with_timeouts({name: suggested_timeout(one) for name, one in carried.estimates.items()})
    return Durations(
        measured=(),
        workload=workload,
        by_flavor=carried.estimates,
        unknown={**too_small, **carried.unknown},
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        tokens=work.tokens,
    )


def too_small_for(memory: MemoryNeed) -> dict[str, str]:
    """Return why a model does not run on a flavor, by the name of each on which it surely does not fit."""
    return {name: _too_small(there) for name, there in memory.by_flavor.items() if there.verdict == "no"}


def calibrated(durations: Durations, calibration: Calibration) -> Durations:
    """Return durations whose intervals are as wide as the user's own jobs say, and the timeouts that go with them.

    Where a job's own runs say which timeout is enough, it is made longer, but not shorter.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> told = durations_from([run], shipped_listing(), Workload(phase="train"))
    >>> wider = calibrated(told, Calibration(scale=1.5, runs=37))
    >>> told.by_flavor["h200"].high < wider.by_flavor["h200"].high, wider.by_flavor["a10g-small"].high
    (True, 8400)
    """
    spans = {name: calibration.of(span) for name, span in durations.by_flavor.items()}
    ran_secs = max((run.duration_secs.likely for run in durations.measured), default=0)
    suggested = {
        name: suggested_timeout(span, ran_secs=ran_secs)
        for name, span in spans.items()
        if span != durations.by_flavor[name]
    }
    if durations.like is not None:
        ran = {run.flavor for run in durations.measured}
        suggested = {
            name: one
            for name, one in suggested.items()
            if name not in ran or one.secs > durations.timeouts.get(name, 0)
        }
    carried = Carried(spans, {}, durations.timeouts, durations.timeout_bounds).with_timeouts(suggested)
    return replace(durations, by_flavor=spans, timeouts=carried.timeouts, timeout_bounds=carried.timeout_bounds)


def _on_its_gpus(work: Work, flavors: Sequence[Flavor], workload: Workload, memory: MemoryNeed | None) -> Carried:
    """Return the duration on each flavor over as many GPUs as the model lies on there: they share every step."""
    if memory is None or not memory.spread or memory.job.trains:
        return durations_from_work(work, flavors, workload)
    together: dict[int, list[Flavor]] = defaultdict(list)
    for flavor in flavors:
        together[memory.by_flavor[flavor.name].gpus].append(flavor)
    parts = [
        durations_from_work(replace(work, job=replace(work.run_as, gpus=gpus)), some, workload)
        for gpus, some in together.items()
    ]
    return Carried(
        {name: estimate for part in parts for name, estimate in part.estimates.items()},
        {name: why for part in parts for name, why in part.unknown.items()},
    )


def _too_small(there: FlavorMemory) -> str:
    """Return why a model does not run on a flavor."""
    need = format_bytes(there.per_gpu_bytes.likely)
    if there.usable_bytes is None:
        return f"the model needs {need}, and how much memory a GPU there has is not known"
    return f"the model does not fit: it needs {need} of a GPU that has {format_bytes(there.usable_bytes)}"
