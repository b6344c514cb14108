"""Budgets, in every format."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from hfplanner.budget.decision import BudgetLine
from hfplanner.budget.explain import period_words
from hfplanner.budget.policy import JobLimits, Policy
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.tables import Column, print_table, print_text, screen
from hfplanner.plan.budgets import BudgetOverview
from hfplanner.sanitize import sanitize
from hfplanner.units import format_age, format_duration, format_usd

__all__ = ["budgets_answer"]

_COLUMNS = (
    "name",
    "period",
    "start",
    "end",
    "scope",
    "limit_micro_usd",
    "spent_micro_usd",
    "held_micro_usd",
    "left_micro_usd",
)

_BAR = 10


def budgets_answer(overview: BudgetOverview, now: datetime) -> Answer:
    """Return the limits, and what is spent, held and left."""
    policy, lines = overview.policy, overview.lines
    sources = (Remark("note", f"Policy: {', '.join(policy.sources)}."),) if policy.sources else ()
    said = tuple(Remark("warning", text) for text in overview.warnings)
    return Answer(
        document=overview.to_dict,
        names=lambda: [line.window.budget for line in lines],
        columns=_COLUMNS,
        rows=lambda: [line.to_json() for line in lines],
        people=lambda: _show(overview, now),
        remarks=(*sources, *said),
    )


def _show(overview: BudgetOverview, now: datetime) -> None:
    """Print a row for each budget, what it is about, what schedules hold, who goes past it, limits and waivers."""
    policy, lines, out = overview.policy, overview.lines, screen()
    if lines:
        print_table(
            out,
            [
                Column("BUDGET", [sanitize(line.window.budget) for line in lines], keep=8, right=False),
                Column("PERIOD", [line.period for line in lines], keep=5, right=False),
                Column("LIMIT", [format_usd(line.limit_micro_usd) for line in lines], keep=6),
                Column("SPENT", [format_usd(line.spent_micro_usd) for line in lines], keep=3),
                Column("HELD", [format_usd(line.held_micro_usd) for line in lines], keep=2),
                Column("LEFT", [format_usd(line.left_micro_usd) for line in lines], keep=7),
                Column("USED", [_bar(line) for line in lines], keep=1, right=False),
            ],
        )
        for line in lines:
            print_text(out, f"{line.window.budget}: {period_words(line)}.", "dim")
    elif policy.sources:
        print_text(out, "The policy has no budgets.")
    outside = (overview.outside.words(), overview.outside.schedule_words())
    said = (*_scheduled(lines), *(sanitize(sentence) for sentence in outside if sentence))
    for sentence in (*said, *(_limits(policy.limits) if policy.sources else ()), *_waivers(policy, now)):
        print_text(out, sentence)


def _scheduled(lines: Sequence[BudgetLine]) -> Iterator[str]:
    """Yield what the runs of schedules hold in each budget."""
    for line in lines:
        runs, cost = line.off_ledger.scheduled_runs, line.off_ledger.scheduled_micro_usd
        if runs:
            what = "1 run" if runs == 1 else f"{runs:,} runs"
            name = sanitize(line.window.budget)
            yield f"{name}: schedules hold {format_usd(cost)} of it, for {what} until the period ends."


def _bar(line: BudgetLine) -> str:
    """Return how much of a limit is spent or held, as a bar and in percent, rounded up: a full bar is a full budget."""
    used = line.limit_micro_usd - line.left_micro_usd
    percent = -(-used * 100 // line.limit_micro_usd)
    filled = min(max(-(-percent * _BAR // 100), 0), _BAR)
    return f"{'#' * filled}{'.' * (_BAR - filled)} {percent} %"


def _limits(limits: JobLimits) -> Iterator[str]:
    """Yield the limits of single jobs that are set."""
    if limits.max_job_micro_usd is not None:
        yield f"One job: at most {format_usd(limits.max_job_micro_usd)}."
    if limits.max_price_micro_usd_per_hour is not None:
        yield f"Price: at most {format_usd(limits.max_price_micro_usd_per_hour)} an hour."
    if limits.max_timeout_secs is not None:
        yield f"Timeout: at most {format_duration(limits.max_timeout_secs)}."
    if limits.max_attempts is not None:
        yield f"Attempts: at most {limits.max_attempts}."
    yield from _running(limits)
    if limits.allow_flavors is not None:
        yield f"Flavors: only {', '.join(sorted(limits.allow_flavors)) or 'none'}."
    if limits.deny_flavors:
        yield f"Flavors: not {', '.join(sorted(limits.deny_flavors))}."
    if limits.max_price_age is not None:
        yield f"Prices: at most {format_age(int(limits.max_price_age.total_seconds()))} old."


def _running(limits: JobLimits) -> Iterator[str]:
    """Yield the limits on what runs at once that are set."""
    if limits.max_running_jobs is not None:
        yield f"At once: at most {limits.max_running_jobs:,} jobs."
    if limits.max_running_per_owner is not None:
        yield f"At once: at most {limits.max_running_per_owner:,} jobs of each owner."
    if limits.max_running_micro_usd_per_hour is not None:
        yield f"At once: at most {format_usd(limits.max_running_micro_usd_per_hour)} an hour."


def _waivers(policy: Policy, now: datetime) -> Iterator[str]:
    for rule in policy.waivers:
        waiver = rule.waiver
        when = f"{'until' if now < waiver.expires else 'expired on'} {waiver.expires:%Y-%m-%d %H:%M} UTC"
        yield f"Waiver for {rule.budget}, {when}, by {waiver.author} ({rule.scope.words()}): {waiver.reason}"
