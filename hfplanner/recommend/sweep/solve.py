"""The cheapest mix of jobs for a sweep, by integer programming (HiGHS).

Each kind of job (a flavor, and how many trials one after the other) is a column: how many such jobs are run. Together
they run all trials; where time and the jobs at once are limited, the time of all jobs fits into that many places until
the deadline, and the order is then found longest first. The objective is the planned cost.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from time import process_time

from hfplanner.recommend.sweep.columns import job_types
from hfplanner.recommend.sweep.offers import JobType, SweepLimits, TrialOffer
from hfplanner.recommend.sweep.schedule import makespan_secs

__all__ = ["Mix", "solve_sweep"]

# For each program; small ones are solved to the end in milliseconds, and only those of many trials in few places stop
# here, with what they have found.
_SECONDS_TO_SOLVE = 0.7
# Of this process, so that a busy machine does not change the answer.
_SECONDS_TO_LOOK_FOR_SOONER = 0.8
_HOUR = 3600
# Where a mix that fits on paper cannot be put in an order, less time is promised to it.
_TIGHTER = 0.97
_TRIES = 12


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix of jobs that runs all trials.

    Args:
        jobs: one for each job, longest first.
        cost_micro_usd: of all as planned.
        lower_bound_micro_usd: no mix costs less.
        makespan_secs: until the last one has ended, as planned [s].
    """

    jobs: tuple[JobType, ...]
    cost_micro_usd: int
    lower_bound_micro_usd: int
    makespan_secs: int


def solve_sweep(offers: Iterable[TrialOffer], limits: SweepLimits) -> Mix | None:
    """Return the cheapest mix that keeps the deadline and the number of jobs at once, ``None`` where there is none.

    ``max_cost_micro_usd`` is not looked at: the cheapest mix tells whether it can be kept. Of mixes of equal cost the
    one that ends first is looked for.

    >>> from hfplanner.estimate.span import exactly
    >>> hour = exactly(3600, "one run")
    >>> offers = [TrialOffer(flavor=name, price_micro_usd_per_minute=price, trial_secs=hour, planned_secs=3600,
    ...     timeout_secs=7200, startup_secs=60) for name, price in (("l4x1", 13333), ("a10g-small", 16667))]
    >>> mix = solve_sweep(offers, SweepLimits(trials=10, deadline_secs=4 * 3600))
    >>> [(job.offer.flavor, job.rounds) for job in mix.jobs], mix.cost_micro_usd == mix.lower_bound_micro_usd
    ([('l4x1', 3), ('l4x1', 3), ('l4x1', 2), ('l4x1', 2)], True)
    """
    every = list(offers)
    best = _cheapest(every, limits)
    if best is None:
        return None
    return _sooner(every, limits, best)


def _cheapest(offers: Sequence[TrialOffer], limits: SweepLimits) -> Mix | None:
    """Return the cheapest mix, however long it takes within the limits.

    Where time and the jobs at once are limited, two programs are solved. In the first each place has one job, which
    can always be kept. In the second jobs follow each other in a place; it gives the bound, and a mix where the jobs
    can be put in an order.
    """
    columns = job_types(offers, limits)
    if not columns:
        return None
    if limits.deadline_secs is None or limits.parallel is None:
        found = _solve(columns, limits, _Room())
        return None if found is None else _mix(columns, found[0], limits, found[1])
    place_each = _solve(columns, limits, _Room(jobs=limits.parallel))
    mixes = [] if place_each is None else [_mix(columns, place_each[0], limits, 0)]
    room, bound = limits.deadline_secs * limits.parallel, 0
    for attempt in range(_TRIES):
        found = _solve(columns, limits, _Room(secs=room))
        if found is None:
            break
        bound = found[1] if attempt == 0 else bound
        mix = _mix(columns, found[0], limits, bound)
        if mix.makespan_secs <= limits.deadline_secs:
            mixes.append(mix)
            break
        if mixes and mix.cost_micro_usd >= mixes[0].cost_micro_usd:
            break
        room = math.floor(room * _TIGHTER)
    if not mixes:
        return None
    best = min(mixes, key=lambda mix: (mix.cost_micro_usd, mix.makespan_secs))
    return replace(best, lower_bound_micro_usd=min(bound, best.cost_micro_usd))


def _mix(columns: Sequence[JobType], counts: Sequence[int], limits: SweepLimits, bound: int) -> Mix:
    jobs = _trimmed([job for job, count in zip(columns, counts, strict=True) for _ in range(count)], limits.trials)
    cost = sum(job.cost_micro_usd for job in jobs)
    ends = makespan_secs((job.secs for job in jobs), limits.parallel)
    return Mix(tuple(jobs), cost, min(bound, cost), ends)


@dataclass(frozen=True, slots=True)
class _Room:
    """What all jobs together may take: a number of jobs, or seconds; ``None`` for no limit."""

    jobs: int | None = None
    secs: int | None = None


def _solve(columns: Sequence[JobType], limits: SweepLimits, room: _Room) -> tuple[list[int], int] | None:
    """Return how many jobs of each kind the cheapest mix has, and what no mix goes below."""
    import highspy  # noqa: PLC0415 - a solver, for those who plan a sweep
    import numpy as np  # noqa: PLC0415 - comes with it

    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.silent()
    model.setOptionValue("time_limit", _SECONDS_TO_SOLVE)
    model.setOptionValue("threads", 1)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("random_seed", 1)
    size = len(columns)
    most = np.array([math.ceil(limits.trials / job.trials) for job in columns], dtype=np.float64)
    model.addVars(size, np.zeros(size), most)
    everything = np.arange(size, dtype=np.int32)
    # In hundredths of a cent: the solver's tolerances are made for numbers of that size.
    cost = np.array([job.cost_micro_usd / 100 for job in columns])
    model.changeColsCost(size, everything, cost)
    model.changeColsIntegrality(size, everything, np.full(size, highspy.HighsVarType.kInteger))
    trials = np.array([min(job.trials, limits.trials) for job in columns], dtype=np.float64)
    model.addRow(float(limits.trials), highspy.kHighsInf, size, everything, trials)
    if room.secs is not None:
        hours = np.array([job.secs / _HOUR for job in columns])
        model.addRow(-highspy.kHighsInf, room.secs / _HOUR, size, everything, hours)
    if room.jobs is not None:
        model.addRow(-highspy.kHighsInf, float(room.jobs), size, everything, np.ones(size))
    model.run()
    solved = model.getModelStatus()
    info = model.getInfo()
    if solved == highspy.HighsModelStatus.kInfeasible or not math.isfinite(info.objective_function_value):
        return None
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return None
    counts = [round(value) for value in model.getSolution().col_value]
    dual = info.mip_dual_bound if math.isfinite(info.mip_dual_bound) else 0.0
    return counts, math.floor(dual * 100 + 0.5)


def _trimmed(jobs: Iterable[JobType], trials: int) -> list[JobType]:
    """Return the jobs longest first, without trials beyond those asked for; rounds are spread over equal flavors."""
    kept = sorted(jobs, key=lambda job: (-job.secs, job.offer.flavor, -job.rounds))
    over = sum(job.trials for job in kept) - trials
    for index in range(len(kept) - 1, -1, -1):
        spare = min(over // kept[index].offer.slots, kept[index].rounds)
        if spare > 0:
            over -= spare * kept[index].offer.slots
            kept[index] = replace(kept[index], rounds=kept[index].rounds - spare)
    return [job for job in kept if job.rounds]


def _sooner(offers: Sequence[TrialOffer], limits: SweepLimits, best: Mix) -> Mix:
    """Look for a mix of the same cost that ends sooner, by halving the time it may take."""
    shortest = min(offer.wait_secs + offer.startup_secs + offer.planned_secs for offer in offers)
    impossible, known, begun = shortest - 1, best, process_time()
    for _ in range(_TRIES):
        if known.makespan_secs - impossible <= 1 or process_time() - begun > _SECONDS_TO_LOOK_FOR_SOONER:
            break
        middle = (known.makespan_secs + impossible) // 2
        found = _cheapest(offers, replace(limits, deadline_secs=middle))
        if found is None or found.cost_micro_usd > best.cost_micro_usd:
            impossible = middle
        else:
            known = replace(found, lower_bound_micro_usd=best.lower_bound_micro_usd)
    return known
