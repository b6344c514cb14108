"""Many trials of one job: what one takes on every flavor that fits, and the cheapest mix of jobs that runs all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import NothingFits, UsageError
from hfplanner.estimate.span import Estimate
from hfplanner.plan.asked import AskedLimits, AskedTime, JobNeeds
from hfplanner.plan.known import know_job
from hfplanner.plan.recommending import recommend_for
from hfplanner.plan.waiting import known_waits
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.confidence import seconds_at
from hfplanner.recommend.result import Option, Recommendation
from hfplanner.recommend.sweep.offers import SweepLimits, TrialOffer
from hfplanner.recommend.sweep.plan import SweepPlan, sweep_plan
from hfplanner.recommend.sweep.solve import solve_sweep
from hfplanner.recommend.words import nothing_fits
from hfplanner.times import json_moment
from hfplanner.units import ceiling_micro_usd, format_about_duration, format_usd

__all__ = ["AskedSweep", "Sweep", "plan_sweep"]

_LONGEST_TIMEOUT_SECS = 3 * 24 * 3600
"""The longest timeout of a job where the policy names none: as long as one that is suggested may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSweep:
    """A sweep as it was asked for.

    Args:
        trials: how many.
        deadline: until when; ``None`` for no limit.
        parallel: how many jobs at once; ``None`` for no limit.
        startup_secs: of a duration that was measured, what a job needs only once [s]; it is the same on every flavor.
    """

    trials: int
    deadline: datetime | None = None
    parallel: int | None = None
    startup_secs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A sweep that was planned.

    Args:
        asked: what was asked.
        plan: the jobs, what they cost, and how surely the limits are kept.
        answer: every flavor, ranked or rejected, for one trial.
        unknown_waits: flavors of the plan whose queue nobody knows: their wait is not counted.
    """

    asked: AskedSweep
    plan: SweepPlan
    answer: Recommendation
    unknown_waits: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the sweep as the interface spells it."""
        deadline = self.asked.deadline
        asked = {
            "trials": self.asked.trials,
            "deadline": json_moment(deadline),
            "parallel": self.asked.parallel,
            "startup_secs": self.asked.startup_secs,
        }
        return {"request": asked, **self.plan.to_json(), "queue_wait_unknown": list(self.unknown_waits)}


def plan_sweep(asked: AskedSweep, needs: JobNeeds, workspace: Workspace) -> Sweep:
    """Return the cheapest way to run many trials of a job.

    Args:
        asked: how many, by when, how many at once.
        needs: what one trial needs and takes; its ``max_cost`` is for all of them together.
        workspace: where prices, models and history are.

    Raises:
        UsageError: nothing says how long one trial runs.
        NothingFits: no flavor fits one trial, or no mix of jobs keeps the limits; the hint says what would.
        HfplannerError: see :func:`~hfplanner.plan.recommending.recommend_for`.

    >>> from hfplanner.plan.asked import AskedMachine, AskedTime
    >>> from hfplanner.plan.readers import parse_measured
    >>> time = AskedTime(duration=[parse_measured("20m@l4x1")])
    >>> needs = JobNeeds(machine=AskedMachine(vram=20 * 10**9), time=time)
    >>> sweep = plan_sweep(AskedSweep(trials=40), needs, Workspace(offline=True))
    >>> sum(row.jobs * row.trials_per_job for row in sweep.plan.rows) >= 40, sweep.plan.cost_micro_usd.likely > 0
    (True, True)
    """
    one = replace(needs, limits=_of_one_trial(needs.limits), time=_without_startup(needs.time, asked.startup_secs))
    if not know_job(one, workspace).has_duration:
        raise UsageError(
            "A sweep is planned from how long one trial runs, and nothing says that.",
            hint="Add --duration 20m@l4x1, --like NAME, or --model and --tokens.",
        )
    answer = recommend_for(one, workspace)
    if not answer.options:
        raise nothing_fits(answer)
    waits = {name: wait.secs for name, wait in known_waits(workspace).items()}
    offers = {offer.flavor: offer for option in answer.options if (offer := _offer(option, asked, needs, waits))}
    limits = _limits(asked, needs, workspace)
    mix = solve_sweep(offers.values(), limits)
    if mix is None:
        raise _too_slow(asked, offers, limits)
    plan = sweep_plan(mix, limits)
    most, cost = needs.limits.max_cost, _cost_at(plan, needs)
    if most is not None and cost > ceiling_micro_usd(most):
        raise _too_dear(cost, most, offers, limits)
    used = dict.fromkeys(row.flavor for row in plan.rows)
    unknown = tuple(name for name in used if name not in waits) if asked.deadline is not None else ()
    return Sweep(asked=asked, plan=plan, answer=answer, unknown_waits=unknown)


def _of_one_trial(limits: AskedLimits) -> AskedLimits:
    """Return what one trial has to keep: the money is that of all of them, and every flavor may be part of the mix."""
    return replace(limits, max_cost=None, max_time=None, top=None)


def _without_startup(time: AskedTime, startup_secs: int) -> AskedTime:
    """Return the time of a trial alone: image and download do not get faster with the GPU.

    Raises:
        UsageError: a duration that is no longer than the start-up, or one of which nobody says how much it is.
    """
    if startup_secs and time.like is not None:
        raise UsageError("--startup is part of a --duration; how much of a job's run in the history it is, is unknown.")
    runs = [run._replace(seconds=run.seconds - startup_secs) for run in time.duration or ()]
    if any(run.seconds <= 0 for run in runs):
        raise UsageError("--startup is no shorter than the --duration that it is part of.")
    return replace(time, duration=runs or None)


def _offer(option: Option, asked: AskedSweep, needs: JobNeeds, waits: Mapping[str, Estimate]) -> TrialOffer | None:
    """Return one trial on a flavor; ``None`` where nobody knows how long it runs there."""
    duration = option.duration_secs
    if duration is None or option.timeout_secs is None:
        return None
    wait = waits.get(option.flavor.name)
    return TrialOffer(
        flavor=option.flavor.name,
        price_micro_usd_per_minute=option.flavor.price,
        trial_secs=duration,
        planned_secs=max(seconds_at(duration, needs.limits.confidence), 1),
        timeout_secs=option.timeout_secs,
        slots=_slots(option.flavor, option, needs),
        startup_secs=asked.startup_secs,
        wait_secs=0 if wait is None or asked.deadline is None else wait.likely,
    )


def _slots(flavor: Flavor, option: Option, needs: JobNeeds) -> int:
    """Return how many trials run side by side: as often as the GPUs of one trial go into those of the flavor."""
    if not flavor.gpus or option.placement == "sharded" or needs.time.scales_with_gpus:
        return 1
    of_one = max(needs.machine.gpus or 1, option.memory.gpus if option.memory else 1)
    return max(flavor.gpus // of_one, 1)


def _limits(asked: AskedSweep, needs: JobNeeds, workspace: Workspace) -> SweepLimits:
    now = workspace.now()
    deadline = None if asked.deadline is None else max(int((asked.deadline - now) / timedelta(seconds=1)), 1)
    return SweepLimits(
        trials=asked.trials,
        max_cost_micro_usd=needs.limits.max_cost,
        deadline_secs=deadline,
        parallel=asked.parallel,
        max_timeout_secs=workspace.policy().limits.max_timeout_secs or _LONGEST_TIMEOUT_SECS,
    )


def _cost_at(plan: SweepPlan, needs: JobNeeds) -> int:
    """Return the cost that the limit is held against: the likely one, the high one where that confidence is asked."""
    confidence = needs.limits.confidence
    return plan.cost_micro_usd.high if confidence and confidence >= 0.9 else plan.cost_micro_usd.likely  # noqa: PLR2004


def _too_slow(asked: AskedSweep, offers: Mapping[str, TrialOffer], limits: SweepLimits) -> NothingFits:
    free = solve_sweep(offers.values(), replace(limits, deadline_secs=None))
    count = f"{asked.trials} trial{'' if asked.trials == 1 else 's'}"
    if free is None:
        longest = format_about_duration(limits.max_timeout_secs)
        return NothingFits(f"No flavor runs one trial within the longest timeout of {longest}.")
    alone = None if asked.parallel is None else solve_sweep(offers.values(), replace(limits, parallel=None))
    more = f" More jobs at once would do: {len(alone.jobs)} of them, --parallel {len(alone.jobs)}." if alone else ""
    return NothingFits(
        f"No mix of jobs runs {count} by then.",
        hint=f"Without the deadline they take {format_about_duration(free.makespan_secs)} and cost"
        f" {format_usd(free.cost_micro_usd)}.{more}",
    )


def _too_dear(cost: int, most: int, offers: Mapping[str, TrialOffer], limits: SweepLimits) -> NothingFits:
    free = solve_sweep(offers.values(), replace(limits, deadline_secs=None, parallel=None))
    cheaper = ""
    if free is not None and free.cost_micro_usd <= ceiling_micro_usd(most):
        ends = format_about_duration(free.makespan_secs)
        cheaper = f" Without deadline and --parallel they cost {format_usd(free.cost_micro_usd)} and take {ends}."
    return NothingFits(
        f"The cheapest mix of jobs costs {format_usd(cost)}, above {format_usd(most)}.",
        hint=f"Raise --max-cost, or run fewer trials.{cheaper}",
    )
