"""May this job run: every budget it falls under, every limit, and everything that is not known."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from hfplanner.budget.decision import BudgetLine, Decision, Verdict
from hfplanner.budget.job_limits import limit_reasons, limit_remarks, unknown_reasons, worst_case
from hfplanner.budget.ledger.running import exceeded_caps
from hfplanner.budget.outside import NOTHING_OUTSIDE, Books, Outside
from hfplanner.budget.policy import AppliedBudget, Policy, UnknownSpending, applied_budgets
from hfplanner.budget.reasons import Effect, Reason
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import quoted
from hfplanner.units import usd_format_of_sums

__all__ = ["budget_lines", "check_job"]


def check_job(  # noqa: PLR0913 - a decision depends on all of them, and none has a default that is always true
    policy: Policy,
    terms: JobTerms,
    books: Books,
    outside: Outside = NOTHING_OUTSIDE,
    *,
    now: datetime,
    price_problem: Reason | None = None,
) -> Decision:
    """Decide whether a job may run; the same inputs give the same decision and the same arithmetic.

    A limit that is exceeded refuses. Something that decides and is not known blocks, unless a limit refuses anyway.
    Nothing is reserved: pass the decision's windows to the ledger, which decides for good.

    Args:
        policy: what limits jobs.
        terms: the job.
        books: the ledger; not asked where no budget applies and nothing limits what runs at once.
        outside: what is spent or committed outside of it, of :func:`~hfplanner.budget.outside.read_outside`.
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
    lines = budget_lines(applied, books, outside, cost or 0)
    has_policy = bool(policy.sources)
    unknown = tuple(unknown_reasons(terms, policy.limits, now, has_policy=has_policy, price_problem=price_problem))
    caps = policy.limits.running_caps
    reasons = (
        *limit_reasons(terms, policy.limits, cost),
        *_over(lines, cost),
        *(exceeded_caps(caps, books.running(), terms) if caps.is_any else ()),
        *unknown,
        *_uncountable(cost, unknown),
        *_unknown_spending(policy, lines),
        *_remarks(policy, terms, applied),
        *limit_remarks(terms, policy.limits),
        *_not_counted(lines, outside),
    )
    return Decision(
        verdict=_verdict(reasons),
        terms=terms,
        worst_case_micro_usd=cost,
        lines=lines,
        reasons=reasons,
        caps=caps,
        history_seen_at=outside.history_seen_at,
    )


def budget_lines(
    applied: Sequence[AppliedBudget], books: Books, outside: Outside, this_job_micro_usd: int = 0
) -> tuple[BudgetLine, ...]:
    """Return the arithmetic of budgets: what the ledger says, what is outside of it, and one job.

    Raises:
        LedgerError: the ledger cannot be asked.
    """
    if not applied:
        return ()
    windows = [
        replace(budget.window, other_micro_usd=outside.of(budget.budget.name).total_micro_usd) for budget in applied
    ]
    return tuple(
        BudgetLine(
            balance=balance,
            outside=outside.of(budget.budget.name),
            this_job_micro_usd=this_job_micro_usd,
            scope=budget.budget.scope.words(),
            period=budget.budget.period.value,
            zone=budget.budget.zone.key,
        )
        for budget, balance in zip(applied, books.balances(windows), strict=True)
    )


def _verdict(reasons: Sequence[Reason]) -> Verdict:
    effects = {reason.effect for reason in reasons}
    if Effect.REFUSE in effects:
        return Verdict.REFUSED
    return Verdict.BLOCKED if Effect.BLOCK in effects else Verdict.ALLOWED


def _over(lines: Sequence[BudgetLine], cost: int | None) -> Iterator[Reason]:
    """Yield the budgets that have too little left, and those that a waiver lets be exceeded."""
    for line in lines:
        if cost is None or line.is_within:
            continue
        name, waiver = quoted(line.window.budget), line.window.waiver
        show = usd_format_of_sums((cost, [line.available_micro_usd, -line.left_micro_usd]))
        short = f"{show(-line.left_micro_usd)} short of {show(cost)}"
        if waiver is None:
            left = f"{show(line.available_micro_usd)} of {show(line.limit_micro_usd)} left"
            yield Reason("over_budget", f"Budget {name} has {left}: {short}.", Effect.REFUSE)
        else:
            why = f"waived by {waiver.author} until {waiver.expires:%Y-%m-%d %H:%M} UTC: {waiver.reason}"
            yield Reason("waived", f"Budget {name} is {short}; {why}", Effect.WARN)


def _uncountable(cost: int | None, unknown: Sequence[Reason]) -> Iterator[Reason]:
    if cost is None and all(reason.code == "price_stale" for reason in unknown):
        yield Reason("amount_unknown", "The most the job can cost is more than can be counted.", Effect.BLOCK)


def _unknown_spending(policy: Policy, lines: Sequence[BudgetLine]) -> Iterator[Reason]:
    """Yield what jobs and schedules outside the ledger leave unknown, once where several budgets have it."""
    warns = policy.limits.unknown_spending is UnknownSpending.WARN
    seen: dict[str, list[str]] = {}
    for line in lines:
        for sentence in line.outside.unknown:
            seen.setdefault(sentence, []).append(quoted(line.window.budget))
    for sentence, names in seen.items():
        where = f"{sentence} (budget {', '.join(names)})"
        way_out = "" if warns else '. Import what `hf jobs inspect ID --json` says, or set unknown_spending = "warn"'
        yield Reason("spending_unknown", f"{where}{way_out}.", Effect.WARN if warns else Effect.BLOCK)


def _remarks(policy: Policy, terms: JobTerms, applied: Sequence[AppliedBudget]) -> Iterator[Reason]:
    """Yield what changes nothing and is good to know."""
    if not policy.sources:
        yield Reason("no_policy", "There is no policy: nothing limits spending.", Effect.WARN)
    elif not applied:
        yield Reason("no_budget_applies", "No budget applies to this job.", Effect.WARN)
    if policy.needs_owner and not terms.owner:
        sentence = "Who submits is not known, so budgets of any owner count."
        yield Reason("owner_unknown", sentence, Effect.WARN)
    for budget in applied:
        for rule in budget.expired:
            when = f"{rule.waiver.expires:%Y-%m-%d %H:%M} UTC"
            sentence = f"The waiver of {rule.waiver.author} for budget {quoted(rule.budget)} expired on {when}."
            yield Reason("waiver_expired", sentence, Effect.WARN)


def _not_counted(lines: Sequence[BudgetLine], outside: Outside) -> Iterator[Reason]:
    for gap in outside.gaps:
        yield Reason("history_incomplete", f"The history may lack jobs that count: {gap}.", Effect.WARN)
    if lines and not outside.asked_schedules:
        sentence = "Runs of schedules are not counted: the Hub was not asked for them."
        yield Reason("schedules_not_counted", sentence, Effect.WARN)
