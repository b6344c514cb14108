"""A canary: a short run that measures a job before it is sent. Whether it pays, what is sent, and what both may cost.

How it goes. Where measuring first pays (:mod:`hfplanner.recommend.measure`), or nothing says how long the job takes,
the same image and command are sent with ``HFPLANNER_CANARY=1``, a timeout of some minutes, one attempt, and a label
that says whose canary it is. It is a submission of its own, under a key that follows from the job's, so that whoever
runs the same command with the same key again finds it, and nothing is sent twice. Before anything is sent, its worst
case and that of the job must fit every limit together. How far its log says it was is a measurement of the whole
(:mod:`hfplanner.plan.job_log`); with that the job is planned anew, and sent or not (:mod:`hfplanner.plan.canary_run`).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.together import over_together
from hfplanner.errors import BudgetRefused
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.chosen_flavor import choose_flavor
from hfplanner.plan.job_plan import JobPlan, KnownRequest
from hfplanner.plan.known import KnownJob
from hfplanner.recommend.measure import MINUTES
from hfplanner.units import SECONDS_PER_MINUTE, format_about_duration, format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.account import Account
    from hfplanner.plan.workspace import Workspace

__all__ = [
    "CANARY_VARIABLE",
    "Canary",
    "CanaryPlan",
    "NotMeasured",
    "canary_key",
    "canary_of",
    "choose_canary",
    "plan_with_canary",
    "with_less_money",
]

CANARY_VARIABLE = "HFPLANNER_CANARY"
"""The environment variable by which a script knows that it is only measured."""

_WORTH_IT = 2
"""A job that runs no more than so many times as long as a canary is measured by running it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """A short run that measures a job.

    Args:
        flavor: where.
        minutes: its timeout.
        why: what it is for, a sentence without a full stop.
        saving_micro_usd: what it is expected to save; ``None`` where nothing is known that could tell.
    """

    flavor: str
    minutes: int = MINUTES
    why: str
    saving_micro_usd: int | None = None

    def words(self, worst_case_micro_usd: int | None) -> str:
        """Return what it is, and what it costs at most, a sentence."""
        most = "" if worst_case_micro_usd is None else f", {format_usd(worst_case_micro_usd)} at most"
        return f"First a canary of {self.minutes}m on {self.flavor}{most}: {self.why}."

    @property
    def timeout_secs(self) -> int:
        """How long it may run [s]."""
        return self.minutes * SECONDS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """Why no canary is sent, a sentence."""

    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {"measured": False, "why": self.why}

    def of_the_answer(self) -> dict[str, Any]:
        """Return what it adds to the plan of the job."""
        return {"canary": self.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPlan:
    """A canary, and the job as it would be sent without one.

    Args:
        canary: what is measured.
        plan: of the canary.
        run: of the job, with the money that the canary may take away from it.
        decision: whether both may run, one after the other; its worst case is that of both.
        shared: what of the money for the job the canary may take, a sentence, where there is a limit.
    """

    canary: Canary
    plan: JobPlan
    run: JobPlan
    decision: Decision
    shared: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything to know before they are sent, a sentence each."""
        return tuple(dict.fromkeys((*self.plan.warnings, *self.run.warnings, *self.shared)))

    def to_dict(self) -> dict[str, Any]:
        """Return what would be sent, the job as :meth:`JobPlan.to_dict` has it, with the decision about both."""
        return {**self.run.to_dict(), **self.of_the_answer()}

    def of_the_answer(self) -> dict[str, Any]:
        """Return what it adds to the plan of the job, and changes in it: the decision is about both."""
        decided = {name: self.decision.to_json()[name] for name in ("decision", "reasons")}
        return {**decided, "canary": self.canary_json()}

    def canary_json(self) -> dict[str, Any]:
        """Return the canary as the interface spells it."""
        told = self.plan.to_dict()
        names = ("flavor", "timeout_secs", "attempts", "worst_case_micro_usd", "decision", "budgets", "spec")
        return {
            "measured": False,
            "why": self.canary.why,
            "minutes": self.canary.minutes,
            "expected_saving_micro_usd": self.canary.saving_micro_usd,
            **{name: told[name] for name in names},
            "worst_case_with_job_micro_usd": self.decision.worst_case_micro_usd,
        }


def canary_key(key: str | None) -> str | None:
    """Return the key of a job's canary.

    >>> canary_key("nightly-42"), canary_key(None)
    ('nightly-42/canary', None)
    """
    return None if key is None else f"{key}/canary"


def choose_canary(asked: KnownRequest, listing: "Listing") -> Canary | NotMeasured:
    """Return what to measure before a job is sent, or why nothing.

    Without any idea how long it takes, it is measured where it would run, and so it is where a flavor is named on which
    nothing was measured. Otherwise where that is expected to save more than it costs.

    Args:
        asked: the job.
        listing: what can be rented.

    Raises:
        NothingFits: no flavor is named, and none meets the needs.
    """
    from hfplanner.plan.recommending import recommend_known  # noqa: PLC0415 - where something is measured

    known, job = asked.known, asked.request.job
    if known.same_everywhere_secs is not None:
        return NotMeasured("How long the job runs is said for every flavor: nothing is left to measure.")
    if job.timeout_secs is not None and job.timeout_secs <= _WORTH_IT * MINUTES * SECONDS_PER_MINUTE:
        return NotMeasured(f"The job runs for {format_duration(job.timeout_secs)} at most: a canary is no shorter.")
    answer = recommend_known(known, listing, with_max_cost=known.has_duration and job.flavor is None)
    if not known.has_duration:
        return Canary(flavor=choose_flavor(job.flavor, answer).name, why="nothing says how long the job takes")
    if job.flavor is not None:
        return _on_the_named(job.flavor, asked, listing)
    choose_flavor(None, answer)
    found = answer.certainty().measure
    if found is None:
        return NotMeasured("Measuring first is expected to cost more than it saves.")
    many = "this run" if found.runs == 1 else f"{found.runs} runs"
    why = f"expected to save {format_usd(found.saving_micro_usd)} on {many}"
    return Canary(flavor=found.flavor, minutes=found.minutes, why=why, saving_micro_usd=found.saving_micro_usd)


def _on_the_named(name: str, asked: KnownRequest, listing: "Listing") -> Canary | NotMeasured:
    """Return a canary on the flavor that was named, where how long the job takes there was only estimated."""
    from hfplanner.plan.durations import durations_of  # noqa: PLC0415 - where something is measured

    found = durations_of(asked.known, listing)
    if found is not None and found.stopped is None and any(run.flavor == name for run in found.measured):
        return NotMeasured(f"How long the job takes on {name} was measured already.")
    there = None if found is None else found.by_flavor.get(name)
    if there is not None and there.likely <= _WORTH_IT * MINUTES * SECONDS_PER_MINUTE:
        return NotMeasured(f"The job likely takes {format_about_duration(there.likely)}: a canary is hardly shorter.")
    return Canary(flavor=name, why=f"how long the job takes on {name} was never measured")


def canary_of(asked: KnownRequest, canary: Canary | None = None) -> KnownRequest:
    """Return the job that measures another one: the same, but for its flavor, timeout, attempts and what tells it.

    Args:
        asked: the job that is measured.
        canary: where and for how long; ``None`` leaves it to the books, for one that may have been sent.
    """
    from hfplanner.frames.job_columns import CANARY_LABEL  # noqa: PLC0415 - polars

    job = asked.request.job
    measured = job.but(
        env={**job.env, CANARY_VARIABLE: "1"},
        labels={**job.labels, CANARY_LABEL: job.all_labels.get("name") or "job"},
        flavor=None if canary is None else canary.flavor,
        timeout_secs=None if canary is None else canary.timeout_secs,
        attempts=1,
    )
    return KnownRequest(request=replace(asked.request, job=measured), known=KnownJob(needs=JobNeeds()), sends=True)


def with_less_money(
    asked: KnownRequest,
    spent_micro_usd: int,
    *,
    spent_on: str = "the canary",
    hint: str = "Raise it, or leave --canary out.",
) -> KnownRequest:
    """Return a job with less of its ``max_cost`` left.

    Args:
        asked: the job.
        spent_micro_usd: what was spent of it, or may be [micro-USD].
        spent_on: what takes that, as words.
        hint: what to do where nothing is left.

    Raises:
        BudgetRefused: nothing is left.
    """
    known, limits = asked.known, asked.known.needs.limits
    if limits.max_cost is None:
        return asked
    left = limits.max_cost - spent_micro_usd
    if left <= 0:
        raise BudgetRefused(
            f"--max-cost {format_usd(limits.max_cost)} is for {spent_on}, too, which takes"
            f" {format_usd(spent_micro_usd)} of it: nothing is left for the job.",
            hint=hint,
        )
    needs = replace(known.needs, limits=replace(limits, max_cost=left))
    return replace(asked, known=replace(known, needs=needs))


def plan_with_canary(
    asked: KnownRequest, canary: Canary, workspace: "Workspace", listing: "Listing", account: "Account | None" = None
) -> CanaryPlan:
    """Return the plan of a canary and of its job, and whether both may run.

    Args:
        asked: the job.
        canary: what is measured.
        workspace: where policy, books and the Hub are.
        listing: what can be rented.
        account: who pays and submits; by default as the Hub tells.

    Raises:
        HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
    """
    plan = canary_of(asked, canary).plan(workspace, listing, account)
    cost = plan.decision.worst_case_micro_usd or 0
    run = with_less_money(asked, cost).plan(workspace, listing, account or plan.account)
    worst = run.decision.worst_case_micro_usd
    beside = {line.window.budget: cost for line in plan.decision.lines}
    of_both = () if worst is None else tuple(over_together(run.decision, worst, beside, whose="its canary"))
    # A budget that has too little for the job alone has said so.
    more = of_both if run.decision.verdict is Verdict.ALLOWED else ()
    of_canary = () if plan.decision.verdict is Verdict.ALLOWED else tuple(plan.decision.against)
    verdicts = {plan.decision.verdict, run.decision.verdict, *((Verdict.REFUSED,) if more else ())}
    decision = replace(
        run.decision,
        verdict=next(one for one in (Verdict.REFUSED, Verdict.BLOCKED, Verdict.ALLOWED) if one in verdicts),
        worst_case_micro_usd=None if worst is None else worst + cost,
        reasons=tuple(dict.fromkeys((*of_canary, *more, *run.decision.reasons))),
    )
    most = asked.known.needs.limits.max_cost
    shared = () if most is None else (f"Of --max-cost {format_usd(most)} the canary may take {format_usd(cost)}.",)
    return CanaryPlan(canary=canary, plan=plan, run=run, decision=decision, shared=shared)
