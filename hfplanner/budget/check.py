"""May this job run: every budget it falls under, every limit, and everything that is not known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from hfplanner.budget.decision import BudgetLine, Decision, verdict_of
from hfplanner.budget.job_limits import limit_reasons, limit_remarks, unknown_reasons, worst_case
from hfplanner.budget.ledger.running import exceeded_caps
from hfplanner.budget.off_ledger import NOTHING_OFF_LEDGER, LedgerReader, OffLedger
from hfplanner.budget.policy import AppliedBudget, Policy, UnknownSpending, applied_budgets
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import quoted
from hfplanner.units import usd_format_of_sums

__all__ = ["budget_lines", "check_job", "over_budget_reasons"]


def check_job(  # noqa: PLR0913 - a decision depends on all of them, and none has a default that is always true
    policy: Policy,
    terms: JobTerms,
    books: LedgerReader,
    off_ledger: OffLedger = NOTHING_OFF_LEDGER,
    *,
    now: datetime,
    price_problem: DecisionReason | None = None,
) -> Decision:
    """Decide whether a job may run; the same inputs give the same decision and the same arithmetic.

    A limit that is exceeded refuses. Something that decides and is not known blocks, unless a limit refuses anyway.
    Nothing is reserved: pass the decision's windows to the ledger, which decides for good.

    Args:
        policy: what limits jobs.
        terms: the job.
        books: the ledger; not asked where no budget applies and nothing limits what runs at once.
        off_ledger: what is spent or committed outside of it, of
            :func:`~hfplanner.budget.off_ledger_reading.read_off_ledger`.
        now: the time, UTC.
        price_problem: why the terms have no price, of :func:`~hfplanner.budget.price.find_price`.

    Raises:
        LedgerError: the ledger cannot be asked.

    >>> terms = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=None, timeout_secs=3600)
    >>> from datetime import UTC
    >>> decision = check_job(Policy(), terms, books=None, now=datetime(2026, 9, 1, tzinfo=UTC))
    >>> decision.verdict.value, [reason.code for reason in decision.against]
    ('blocked', ['price_unknown'])
    """
    applied = applied_budgets(policy, terms, now)
    cost = worst_case(terms)
    lines = budget_lines(applied, books, off_ledger, cost or 0)
    has_policy = bool(policy.sources)
    unknown = tuple(unknown_reasons(terms, policy.limits, now, has_policy=has_policy, price_problem=price_problem))
    caps = policy.limits.running_caps
    reasons = (
        *limit_reasons(terms, policy.limits, cost),
        *(over_budget_reasons(lines) if cost is not None else ()),
        *(exceeded_caps(caps, books.running(), terms) if caps.is_any else ()),
        *unknown,
        *_uncountable(cost, unknown),
        *_unknown_spending(policy, lines),
        *_remarks(policy, terms, applied),
        *limit_remarks(terms, policy.limits),
        *_not_counted(lines, off_ledger),
    )
    return Decision(
        verdict=verdict_of(reasons),
        terms=terms,
        worst_case_micro_usd=cost,
        lines=lines,
        reasons=reasons,
        caps=caps,
        history_seen_at=off_ledger.history_seen_at,
    )


def budget_lines(
    applied: Sequence[AppliedBudget], books: LedgerReader, off_ledger: OffLedger, this_job_micro_usd: int = 0
) -> tuple[BudgetLine, ...]:
    """Return the arithmetic of budgets: what the ledger says, what is outside of it, and one job.

    Raises:
        LedgerError: the ledger cannot be asked.
    """
    if not applied:
        return ()
    windows = [
        replace(
            budget.window,
            other_micro_usd=off_ledger.of(budget.budget.name).total_micro_usd,
            held_schedules=off_ledger.of(budget.budget.name).held_schedules,
        )
        for budget in applied
    ]
    return tuple(
        BudgetLine(
            balance=balance,
            off_ledger=off_ledger.of(budget.budget.name),
            this_job_micro_usd=this_job_micro_usd,
            scope=budget.budget.scope.words(),
            period=budget.budget.period.value,
            zone=budget.budget.zone.key,
        )
        for budget, balance in zip(applied, books.balances(windows), strict=True)
    )


def over_budget_reasons(lines: Sequence[BudgetLine]) -> Iterator[DecisionReason]:
    """Yield the budgets that have too little left, and those that a waiver lets be exceeded."""
    for line in lines:
        cost = line.this_job_micro_usd
        if line.is_within:
            continue
        name, waiver = quoted(line.window.budget), line.window.waiver
        show = usd_format_of_sums((cost, [line.available_micro_usd, -line.left_micro_usd]))
        short = f"{show(-line.left_micro_usd)} short of {show(cost)}"
        if waiver is None:
            left = f"{show(line.available_micro_usd)} of {show(line.limit_micro_usd)} left"
            yield DecisionReason(_code(line), f"Budget {name} has {left}: {short}.", Effect.REFUSE)
        else:
            why = f"waived by {waiver.author} until {waiver.expires:%Y-%m-%d %H:%M} UTC: {waiver.reason}"
            yield DecisionReason("waived", f"Budget {name} is {short}; {why}", Effect.WARN)


def _code(line: BudgetLine) -> str:
    scope = line.window.scope
    return "over_agent_session" if scope.sessions else "over_agent_day" if scope.agents else "over_budget"


def _uncountable(cost: int | None, unknown: Sequence[DecisionReason]) -> Iterator[DecisionReason]:
    if cost is None and all(reason.code == "price_stale" for reason in unknown):
        yield DecisionReason("amount_unknown", "The most the job can cost is more than can be counted.", Effect.BLOCK)


def _unknown_spending(policy: Policy, lines: Sequence[BudgetLine]) -> Iterator[DecisionReason]:
    """Yield what jobs and schedules outside the ledger leave unknown, once where several budgets have it."""
    warns = policy.limits.unknown_spending is UnknownSpending.WARN
    seen: dict[str, list[str]] = {}
    for line in lines:
        for sentence in line.off_ledger.unknown:
            seen.setdefault(sentence, []).append(quoted(line.window.budget))
    for sentence, names in seen.items():
        where = f"{sentence} (budget {', '.join(names)})"
        way_out = "" if warns else '. Import what `hf jobs inspect ID --json` says, or set unknown_spending = "warn"'
        yield DecisionReason("spending_unknown", f"{where}{way_out}.", Effect.WARN if warns else Effect.BLOCK)


def _remarks(policy: Policy, terms: JobTerms, applied: Sequence[AppliedBudget]) -> Iterator[DecisionReason]:
    """Yield what changes nothing and is good to know."""
    if not policy.sources:
        yield DecisionReason("no_policy", "There is no policy: nothing limits spending.", Effect.WARN)
    elif not applied:
        yield DecisionReason("no_budget_applies", "No budget applies to this job.", Effect.WARN)
    if policy.needs_owner and not terms.owner:
        sentence = "Who submits is not known, so budgets of any owner count."
        yield DecisionReason("owner_unknown", sentence, Effect.WARN)
    for budget in applied:
        for rule in budget.expired:
            when = f"{rule.waiver.expires:%Y-%m-%d %H:%M} UTC"
            sentence = f"The waiver of {rule.waiver.author} for budget {quoted(rule.budget)} expired on {when}."
            yield DecisionReason("waiver_expired", sentence, Effect.WARN)


def _not_counted(lines: Sequence[BudgetLine], off_ledger: OffLedger) -> Iterator[DecisionReason]:
    for gap in off_ledger.gaps:
        yield DecisionReason("history_incomplete", f"The history may lack jobs that count: {gap}.", Effect.WARN)
    if lines and not off_ledger.asked_schedules:
        sentence = "Runs of schedules are not counted: the Hub was not asked for them."
        yield DecisionReason("schedules_not_counted", sentence, Effect.WARN)
