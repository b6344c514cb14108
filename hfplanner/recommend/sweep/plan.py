"""The answer to a sweep, frozen: what to run where, what it costs, and how surely the limits are kept."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hfplanner.estimate.span import Estimate
from hfplanner.recommend.spread import quantile_secs, standard_normals
from hfplanner.recommend.sweep.offers import JobType, SweepLimits
from hfplanner.recommend.sweep.schedule import makespan_secs
from hfplanner.recommend.sweep.solve import Mix

__all__ = ["SweepPlan", "SweepRow", "sweep_plan"]

_TOGETHER = "one thing decides all trials: they are slow together or fast together"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRow:
    """Jobs of one kind.

    Args:
        flavor: where they run.
        jobs: how many.
        trials_per_job: how many trials each runs; those beyond the last full round leave a slot idle.
        rounds: how many trials one after the other.
        slots: how many trials side by side.
        parallel: how many of these jobs at once.
        secs: until one job has ended as planned, its wait included [s].
        timeout_secs: of each job [s].
        cost_micro_usd: of all of them as planned.
        worst_case_micro_usd: of all of them, each until its timeout.
    """

    flavor: str
    jobs: int
    trials_per_job: int
    rounds: int
    slots: int
    parallel: int
    secs: int
    timeout_secs: int
    cost_micro_usd: int
    worst_case_micro_usd: int

    def to_json(self) -> dict[str, Any]:
        """Return the row as the interface spells it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """How to run many trials.

    Args:
        rows: the jobs, those that run longest first.
        trials: how many trials they run.
        cost_micro_usd: of all jobs, a 90 % interval.
        worst_case_micro_usd: of all jobs, each until its timeout.
        makespan_secs: until the last trial has ended, a 90 % interval [s].
        probability_within: how surely ``"max_cost"`` and ``"deadline"`` are kept, where they are limits.
        lower_bound_micro_usd: no plan of the same trials costs less.
    """

    rows: tuple[SweepRow, ...]
    trials: int
    cost_micro_usd: Estimate
    worst_case_micro_usd: int
    makespan_secs: Estimate
    probability_within: dict[str, float]
    lower_bound_micro_usd: int

    def to_json(self) -> dict[str, Any]:
        """Return the plan as the interface spells it."""
        return {
            "plan": [row.to_json() for row in self.rows],
            "trials": self.trials,
            "cost_micro_usd": self.cost_micro_usd.to_json(),
            "worst_case_micro_usd": self.worst_case_micro_usd,
            "makespan_secs": self.makespan_secs.to_json(),
            "probability_within": {name: round(share, 4) for name, share in self.probability_within.items()},
            "lower_bound_micro_usd": self.lower_bound_micro_usd,
        }


def sweep_plan(mix: Mix, limits: SweepLimits) -> SweepPlan:
    """Return what a mix of jobs costs and when it ends, in bounds.

    All trials share what is not known of the job, so they are taken to be slow together or fast together: that makes
    the interval of the sum as wide as it can be.

    Args:
        mix: of :func:`~hfplanner.recommend.sweep.solve.solve_sweep`.
        limits: those it was solved for.

    >>> from hfplanner.recommend.sweep.offers import TrialOffer
    >>> from hfplanner.recommend.sweep.solve import solve_sweep
    >>> offer = TrialOffer(flavor="l4x1", price_micro_usd_per_minute=13333, trial_secs=Estimate(300, 600, 1200, ()),
    ...     planned_secs=600, timeout_secs=1800)
    >>> limits = SweepLimits(trials=40, deadline_secs=3600, max_cost_micro_usd=6_000_000)
    >>> plan = sweep_plan(solve_sweep([offer], limits), limits)
    >>> [(row.flavor, row.jobs, row.trials_per_job) for row in plan.rows], plan.cost_micro_usd.likely
    ([('l4x1', 40, 1)], 5333200)
    >>> plan.probability_within["max_cost"], plan.probability_within["deadline"]
    (0.59, 1.0)
    """
    jobs = mix.jobs

    def costs(trial_secs: Callable[[JobType], int]) -> int:
        return sum(job.cost_for(trial_secs(job)) for job in jobs)

    def ends(trial_secs: Callable[[JobType], int]) -> int:
        return makespan_secs((job.secs_for(trial_secs(job)) for job in jobs), limits.parallel)

    return SweepPlan(
        rows=tuple(_rows(jobs, limits)),
        trials=limits.trials,
        cost_micro_usd=_spanned(jobs, costs),
        worst_case_micro_usd=sum(job.worst_case_micro_usd for job in jobs),
        makespan_secs=_spanned(jobs, ends),
        probability_within=_kept(limits, costs, ends),
        lower_bound_micro_usd=mix.lower_bound_micro_usd,
    )


_OfJobs = Callable[[Callable[[JobType], int]], int]


def _spanned(jobs: Sequence[JobType], of: _OfJobs) -> Estimate:
    basis = dict.fromkeys(reason for job in jobs for reason in job.offer.trial_secs.basis)
    low = of(lambda job: job.offer.trial_secs.low)
    likely = of(lambda job: job.offer.trial_secs.likely)
    high = of(lambda job: job.offer.trial_secs.high)
    return Estimate(low, likely, high, (*basis, _TOGETHER))


def _kept(limits: SweepLimits, costs: _OfJobs, ends: _OfJobs) -> dict[str, float]:
    """Return how often each limit is kept, over evenly likely cases of what is not known."""
    asked = {"max_cost": (limits.max_cost_micro_usd, costs), "deadline": (limits.deadline_secs, ends)}
    cases = standard_normals(400)
    return {
        name: sum(of(lambda job, z=z: quantile_secs(job.offer.trial_secs, z)) <= most for z in cases) / len(cases)  # type: ignore[misc]
        for name, (most, of) in asked.items()
        if most is not None
    }


def _rows(jobs: Sequence[JobType], limits: SweepLimits) -> list[SweepRow]:
    rows = []
    for job, count in Counter(jobs).items():
        at_once = count if limits.parallel is None else min(count, limits.parallel)
        rows.append(
            SweepRow(
                flavor=job.offer.flavor,
                jobs=count,
                trials_per_job=min(job.trials, limits.trials),
                rounds=job.rounds,
                slots=job.offer.slots,
                parallel=at_once,
                secs=job.secs,
                timeout_secs=job.timeout_secs,
                cost_micro_usd=count * job.cost_micro_usd,
                worst_case_micro_usd=count * job.worst_case_micro_usd,
            )
        )
    return rows
