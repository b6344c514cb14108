"""What the jobs in files cost, and whether they may run: one by one, and all of them together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Decision, Verdict, verdict_of
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.schedule_cost import runs_worst_case_micro_usd
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.together import over_together
from hfplanner.errors import BudgetBlocked, BudgetError, HfplannerError, UsageError, quoted
from hfplanner.estimate.span import Estimate
from hfplanner.plan.account import Account, account_for
from hfplanner.plan.judged_plan import JobPlan, plan_as_named
from hfplanner.plan.spec_job import asks_for_needs, request_of
from hfplanner.specs.found import FoundJob, FoundSpecs, NotChecked
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from hfplanner.plan.workspace import Workspace

__all__ = ["DAYS_OF_A_MONTH", "CheckedSpec", "SpecCheck", "check_specs"]

DAYS_OF_A_MONTH = 30
"""A schedule's cost is that of the next 30 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSpec:
    """One job of a file, judged.

    Args:
        found: the job.
        verdict: whether it may run.
        reasons: why not, a sentence each.
        warnings: what to know although it may, a sentence each.
        flavor: where it runs; ``None`` where none fits.
        timeout_secs: of one attempt [s].
        attempts: how often it may be tried.
        runs: how often it runs: as often as it is started, or in 30 days where it is a schedule.
        worst_case_micro_usd: of all runs; ``None`` where that is not known.
        likely_micro_usd: of all runs, as jobs of that name ran before; ``None`` where none did.
        budgets: the names of the budgets it falls under.
        decision: the arithmetic of one run; ``None`` where there is no plan.
    """

    found: FoundJob
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    flavor: str | None = None
    timeout_secs: int | None = None
    attempts: int = 1
    runs: int = 1
    worst_case_micro_usd: int | None = None
    likely_micro_usd: Estimate | None = None
    budgets: tuple[str, ...] = ()
    decision: Decision | None = None

    @property
    def reason_codes(self) -> frozenset[str]:
        """The codes of what is against it; empty where there is no plan."""
        return frozenset() if self.decision is None else frozenset(reason.code for reason in self.decision.against)

    def to_json(self) -> dict[str, Any]:
        """Return the job as the interface spells it."""
        found = self.found
        return {
            "source": found.source,
            "line": found.line,
            "name": found.title,
            "decision": self.verdict.value,
            "reasons": list(self.reasons),
            "warnings": list(self.warnings),
            "flavor": self.flavor,
            "timeout_secs": self.timeout_secs,
            "attempts": self.attempts,
            "schedule": found.schedule,
            "concurrency": found.concurrency if found.schedule else None,
            "runs": self.runs,
            "worst_case_micro_usd": self.worst_case_micro_usd,
            "likely_micro_usd": self.likely_micro_usd and self.likely_micro_usd.to_json(),
            "budgets": list(self.budgets),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecCheck:
    """What files cost, and whether all of it may run.

    Args:
        jobs: each of them.
        not_checked: what may start a paid job and cannot be priced; it blocks.
        allows_unchecked: whether it does not.
    """

    jobs: tuple[CheckedSpec, ...]
    not_checked: tuple[NotChecked, ...]
    allows_unchecked: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether all of it may run: a refusal weighs most, then what is not known."""
        verdicts = {job.verdict for job in self.jobs}
        if Verdict.REFUSED in verdicts:
            return Verdict.REFUSED
        unknown = Verdict.BLOCKED in verdicts or (self.not_checked and not self.allows_unchecked)
        return Verdict.BLOCKED if unknown else Verdict.ALLOWED

    @property
    def exit_code(self) -> int:
        """0 or 3, as the contract says."""
        return 0 if self.verdict is Verdict.ALLOWED else BudgetError.exit_code

    @property
    def once_micro_usd(self) -> int | None:
        """The most all jobs that are started once cost; ``None`` where one is not known."""
        return _total(job for job in self.jobs if job.found.schedule is None)

    @property
    def monthly_micro_usd(self) -> int | None:
        """The most all schedules cost in 30 days; ``None`` where one is not known."""
        return _total(job for job in self.jobs if job.found.schedule is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the check as the interface spells it."""
        return {
            "decision": self.verdict.value,
            "worst_case_micro_usd": self.once_micro_usd,
            "monthly_worst_case_micro_usd": self.monthly_micro_usd,
            "jobs": [job.to_json() for job in self.jobs],
            "not_checked": [one.to_json() for one in self.not_checked],
        }


def _total(jobs: Iterable[CheckedSpec]) -> int | None:
    costs = [job.worst_case_micro_usd for job in jobs]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def check_specs(specs: FoundSpecs, workspace: "Workspace", *, namespace: str | None = None) -> SpecCheck:
    """Return what jobs cost and whether they may run, in the order in which they were found.

    Jobs that each fit a budget need not fit it together: every one counts beside those before it.

    Args:
        specs: of :func:`hfplanner.specs.discover.find_specs`.
        workspace: where prices, policy, books and the Hub are.
        namespace: who pays for jobs that do not say it.

    Raises:
        BudgetError: the policy or the ledger cannot be read.
        HistoryError: the history cannot be read.
    """
    taken: dict[str, int] = {}
    checked = []
    for found in specs.jobs:
        job = _checked(replace(found, namespace=found.namespace or namespace), workspace)
        checked.append(_beside(job, taken))
    return SpecCheck(jobs=_all_or_none(checked), not_checked=specs.not_checked)


def _all_or_none(jobs: Sequence[CheckedSpec]) -> tuple[CheckedSpec, ...]:
    """Return jobs judged with their network groups: where one of a group may not run, none of it may."""
    refused: dict[tuple[str, str], CheckedSpec] = {}
    for job in jobs:
        if job.found.group and job.verdict is not Verdict.ALLOWED:
            refused.setdefault((job.found.source, job.found.group), job)
    return tuple(_with_group(job, refused.get((job.found.source, job.found.group))) for job in jobs)


def _with_group(job: CheckedSpec, refused: CheckedSpec | None) -> CheckedSpec:
    if refused is None or job.verdict is not Verdict.ALLOWED:
        return job
    name, group = quoted(refused.found.title), quoted(job.found.group)
    reason = f"{name} of its network group {group} may not run, and they make sense only together."
    return replace(job, verdict=refused.verdict, reasons=(reason,))


def _checked(found: FoundJob, workspace: "Workspace") -> CheckedSpec:
    try:
        account, unknown = _payer(found, workspace)
        plan = _plan(found, workspace, account)
        now = workspace.now()
        runs, worst = _runs(found, plan, now)
    except HfplannerError as error:
        if isinstance(error, BudgetError):
            raise
        refused = Verdict.REFUSED if error.exit_code == BudgetError.exit_code else Verdict.BLOCKED
        return CheckedSpec(found=found, verdict=refused, reasons=(error.message,), flavor=found.flavor)
    decision, likely = _also(plan.decision, unknown), plan.flavor.cost_micro_usd
    return CheckedSpec(
        found=found,
        verdict=decision.verdict,
        reasons=tuple(reason.message for reason in decision.against),
        warnings=tuple(dict.fromkeys((*_of_sandbox(found, decision), *plan.warnings))),
        flavor=plan.run.flavor,
        timeout_secs=plan.run.timeout_secs,
        attempts=plan.attempts,
        runs=runs,
        worst_case_micro_usd=worst,
        likely_micro_usd=None if likely is None else _times(likely, runs),
        budgets=tuple(line.window.budget for line in decision.lines),
        decision=decision,
    )


def _of_sandbox(found: FoundJob, decision: Decision) -> Iterator[str]:
    """Say what a sandbox costs that is used: its worst case is that of one that is left alone."""
    if found.longest_secs is not None and decision.terms.price is not None:
        most = replace(decision.terms, timeout_secs=found.longest_secs).cap_micro_usd
        cost = "more than can be counted" if most is None else format_usd(most)
        yield f"A sandbox that is used goes on past its idle timeout, for up to 24 h: {cost}."


def _payer(found: FoundJob, workspace: "Workspace") -> tuple[Account, DecisionReason | None]:
    """Return who pays, and why a budget that depends on it cannot tell: what a job costs is known all the same."""
    policy = workspace.policy()
    try:
        return account_for(policy, workspace.hub() if policy.sources else None, found.namespace), None
    except (UsageError, BudgetBlocked) as error:
        return Account(), DecisionReason("payer_unknown", f"{error.message} {error.hint}", Effect.BLOCK)


def _also(decision: Decision, unknown: DecisionReason | None) -> Decision:
    if unknown is None:
        return decision
    reasons = (*decision.reasons, unknown)
    return replace(decision, verdict=verdict_of(reasons), reasons=reasons)


def _plan(found: FoundJob, workspace: "Workspace", account: Account) -> JobPlan:
    """Return the plan of one run; where jobs of that name ran before, with what they took."""
    request, name = request_of(found), found.labels.get("name")
    ran_before = name if name and workspace.history_jobs() is not None else None
    if ran_before is None and not asks_for_needs(found):
        plan = plan_as_named(request, workspace, account)
        if plan is not None:
            return plan
    from hfplanner.plan.spec_needs import plan_with_needs  # noqa: PLC0415 - a hook waits, and most jobs name a flavor

    return plan_with_needs(found, request, workspace, account, name=ran_before)


def _runs(found: FoundJob, plan: JobPlan, now: datetime) -> tuple[int, int | None]:
    """Return how often a job runs, and what all runs cost at most.

    Raises:
        HfplannerError: its schedule cannot be read.
    """
    one = plan.decision.worst_case_micro_usd
    if found.schedule is None:
        return found.times, None if one is None else one * found.times
    end = now + timedelta(days=DAYS_OF_A_MONTH)
    try:
        runs = 0 if found.suspended else count_runs(found.schedule, now, end)
    except ValueError as error:
        raise HfplannerError(
            f"{found.where}: {quoted(found.schedule)} is no schedule: {error}.",
            hint="Accepted: @hourly, @daily, @weekly, @monthly, @yearly, or 5 numeric cron fields.",
        ) from error
    terms = plan.decision.terms
    worst = runs_worst_case_micro_usd(terms, found.schedule, runs, overlap=found.concurrency, start=now, end=end)
    return runs, worst


def _times(cost: Estimate, runs: int) -> Estimate:
    return Estimate(cost.low * runs, cost.likely * runs, cost.high * runs, cost.basis)


def _beside(job: CheckedSpec, taken: dict[str, int]) -> CheckedSpec:
    """Return a job judged beside those before it, and count it with them; one that is refused takes nothing."""
    decision, cost = job.decision, job.worst_case_micro_usd
    if decision is None or cost is None or job.verdict is Verdict.REFUSED:
        return job
    against = list(over_together(decision, cost, taken)) if job.verdict is Verdict.ALLOWED else []
    if against:
        return replace(job, verdict=Verdict.REFUSED, reasons=tuple(reason.message for reason in against))
    for line in decision.lines:
        taken[line.window.budget] = taken.get(line.window.budget, 0) + cost
    return job
