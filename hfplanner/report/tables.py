"""The tables and sentences of a report that every format for people shows, as plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR

from hfplanner.report.forecast import Forecast
from hfplanner.report.reconcile_result import Reconciliation
from hfplanner.report.result import Day, Distribution, Group, Report
from hfplanner.report.waste_result import Finding
from hfplanner.report.words import (
    cost_text,
    duration_text,
    figures_cost_text,
    hours_text,
    share_text,
    value_text,
)
from hfplanner.sanitize import sanitize
from hfplanner.units import format_count, format_usd

__all__ = [
    "TextColumn",
    "TextTable",
    "basis_table",
    "evidence_text",
    "forecast_sentence",
    "groups_table",
    "headline",
    "reconciliation_table",
    "trend_table",
    "waste_table",
]

_BASES = {
    "billed": "as billed",
    "exact": "by the billing rule",
    "never_started": "never started",
    "retried": "earlier attempts of unknown length",
    "running_now": "running now",
    "not_started_yet": "not started yet",
    "end_unknown": "ended, not known when",
    "vanished": "seen running, never ending",
    "stage_unknown": "in a stage that is not known",
    "unpriced": "without a known price",
}


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One column.

    Args:
        title: its header.
        cells: the text of every row, sanitized.
        keep: columns with the lowest number are left out first where there is no room.
        right: whether it holds numbers.
    """

    title: str
    cells: Sequence[str]
    keep: int
    right: bool = True


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table with its caption; the first column names the row."""

    caption: str
    columns: tuple[TextColumn, ...]

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells row by row."""
        return list(zip(*(column.cells for column in self.columns), strict=True))


def headline(report: Report) -> str:
    """Say the report in one line."""
    total = report.total
    if not total.jobs:
        return "No job in this period"
    wasted = report.waste.cost
    part = f", {cost_text(wasted)} of it wasted" if wasted.low else ""
    said = f"{figures_cost_text(total)} for {format_count(total.jobs, 'job')}{part}"
    return f"{said[0].upper()}{said[1:]}"


def groups_table(report: Report) -> TextTable:
    """Return the groups, dearest first, and the sum."""
    groups = report.groups
    keys = [
        TextColumn(
            sanitize(key),
            [*(value_text(group.values[index]) for group in groups), "all" if index == 0 else ""],
            keep=20 - index,
            right=False,
        )
        for index, key in enumerate(report.spec.by)
    ]
    every = [*(group.figures for group in groups), report.total]
    unpriced = [f"{one.unpriced_jobs:,}" for one in every]
    return TextTable(
        "Cost by " + " and ".join(sanitize(key) for key in report.spec.by),
        (
            *(keys or [TextColumn("", ["all"], keep=20, right=False)]),
            TextColumn("Jobs", [f"{one.jobs:,}" for one in every], keep=9),
            TextColumn("Cost", [figures_cost_text(one) for one in every], keep=10),
            TextColumn("Share", [*_shares(groups), share_text(1.0 if report.total.cost.low else None)], keep=7),
            TextColumn("GPU-h", [hours_text(one.gpu_secs) for one in every], keep=5),
            TextColumn("Mean $", [_usd(one.cost_stats, "mean") for one in every], keep=4),
            TextColumn("P90 $", [_usd(one.cost_stats, "p90") for one in every], keep=2),
            TextColumn("Time p50", [duration_text(one.duration_stats) for one in every], keep=3),
            TextColumn("Wait p50", [duration_text(one.wait_stats) for one in every], keep=1),
            TextColumn("Success", [share_text(one.success_rate) for one in every], keep=6),
            *([TextColumn("Unpriced", unpriced, keep=8)] if report.total.unpriced_jobs else []),
        ),
    )


def _shares(groups: Sequence[Group]) -> list[str]:
    return [share_text(group.share) for group in groups]


def _usd(stats: Distribution | None, name: str) -> str:
    return "-" if stats is None else format_usd(int(getattr(stats, name)))


def waste_table(findings: Sequence[Finding]) -> TextTable:
    """Return kinds of waste with what was seen."""
    return TextTable(
        "Waste",
        (
            TextColumn("Kind", [sanitize(one.title) for one in findings], keep=9, right=False),
            TextColumn("Jobs", [f"{one.jobs:,}" for one in findings], keep=5),
            TextColumn("Cost", [_finding_cost(one) for one in findings], keep=8),
            TextColumn("In the sum", ["yes" if one.counted else "no" for one in findings], keep=2, right=False),
            TextColumn("Evidence", [evidence_text(one) for one in findings], keep=1, right=False),
        ),
    )


def _finding_cost(finding: Finding) -> str:
    if finding.idle_secs:
        return "not billed"
    return "unpriced" if finding.unpriced_jobs == finding.jobs else cost_text(finding.cost)


def evidence_text(finding: Finding) -> str:
    """Say what was seen, and which jobs to look at first."""
    examples = [f"the dearest is {', '.join(sanitize(job) for job in finding.examples)}"] if finding.examples else []
    return "; ".join([*finding.evidence, *examples])


def basis_table(report: Report) -> TextTable:
    """Return how the costs are known."""
    rows = list(report.bases.items())
    return TextTable(
        "How the costs are known",
        (
            TextColumn("Cost is", [_BASES[basis] for basis, _ in rows], keep=9, right=False),
            TextColumn("Jobs", [f"{jobs:,}" for _, (jobs, _) in rows], keep=5),
            TextColumn("Cost", ["-" if basis == "unpriced" else cost_text(cost) for basis, (_, cost) in rows], keep=8),
        ),
    )


def reconciliation_table(found: Reconciliation) -> TextTable:
    """Return how bills and billing rule compare."""
    rows = found.comparisons
    return TextTable(
        "Billed and computed",
        (
            TextColumn("Jobs that are", [one.title for one in rows], keep=9, right=False),
            TextColumn("Jobs", [f"{one.jobs:,}" for one in rows], keep=5),
            TextColumn("Billed", [format_usd(one.billed_micro_usd) for one in rows], keep=8),
            TextColumn("Computed", [cost_text(one.computed) for one in rows], keep=7),
            TextColumn("Look at it", ["yes" if one.flagged else "" for one in rows], keep=6, right=False),
        ),
    )


def trend_table(days: Sequence[Day]) -> TextTable:
    """Return what each day cost."""
    return TextTable(
        "Cost per day",
        (
            TextColumn("Day", [f"{day.day:%Y-%m-%d %a}" for day in days], keep=9, right=False),
            TextColumn("Jobs", [f"{day.jobs:,}" for day in days], keep=5),
            TextColumn("Cost", [cost_text(day.cost) for day in days], keep=8),
        ),
    )


def _between(low: int, high: int, said: str = " (80%)") -> str:
    """Say an interval, outwards; where its ends look the same there is none to say."""
    first, last = format_usd(low, ROUND_FLOOR), format_usd(high, ROUND_CEILING)
    return "" if first == last else f", between {first} and {last}{said}"


def forecast_sentence(forecast: Forecast) -> str:
    """Say what the month will have cost, and how such forecasts did; nothing where the month is not asked for."""
    if not forecast.is_asked:
        return ""
    month = f"{forecast.month:%B %Y}"
    spent = f"{cost_text(forecast.spent)} so far"
    runs = _scheduled_sentence(forecast)
    if forecast.low is None or forecast.likely is None or forecast.high is None or forecast.backtest is None:
        return f"{month}: {spent}. No forecast: {forecast.reason}.{runs}"
    test = forecast.backtest
    held = f", {test.covered} of {test.tested} such intervals held the truth" if test.tested else ""
    return (
        f"{month}: {spent}; at its end likely {format_usd(forecast.likely)}{_between(forecast.low, forecast.high)}. "
        f"By the {forecast.method}; backtest on {format_count(test.origins, 'day')}: "
        f"half of the forecasts were off by more than {share_text(test.median_error)}{held}.{runs}"
    )


def _scheduled_sentence(forecast: Forecast) -> str:
    """Say what the schedules of the Hub will start until the month ends; nothing where none is known to."""
    coming = forecast.scheduled
    if coming is None or not (coming.runs or coming.unknown):
        return ""
    unknown = f" What {format_count(coming.unknown, 'schedule')} will cost is not known." if coming.unknown else ""
    if not coming.runs:
        return unknown
    span = _between(coming.low, coming.high, "")
    counts = f"{format_count(coming.runs, 'run')} of {format_count(coming.schedules, 'schedule')}"
    return f" Still to come: {counts}, likely {format_usd(coming.likely)}{span}.{unknown}"
