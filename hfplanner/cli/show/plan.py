"""Durations and costs on many flavors, in every format."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.tables import Column, Screen, age_line, gpu_text, print_table, print_text, screen
from hfplanner.estimate.duration.plan import DurationPlan, PlannedFlavor
from hfplanner.estimate.span import Estimate
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_duration, format_usd

__all__ = ["plan_answer"]

_NOTHING_KNOWN = 6
_COLUMNS = (
    "flavor",
    "duration_secs_low",
    "duration_secs_likely",
    "duration_secs_high",
    "cost_micro_usd_low",
    "cost_micro_usd_likely",
    "cost_micro_usd_high",
    "worst_case_micro_usd",
    "suggested_timeout_secs",
    "micro_usd_per_million_tokens_likely",
)


def plan_answer(plan: DurationPlan, listing: Listing, now: datetime) -> Answer:
    """Return a plan; exit code 6 where nothing can be said about any flavor."""
    unknown = {} if plan.flavors else _by_reason(plan)
    return Answer(
        document=plan.to_json,
        names=lambda: [row.flavor.name for row in plan.flavors],
        columns=_COLUMNS,
        rows=lambda: [_row(row) for row in plan.flavors],
        people=lambda: _show(plan, listing, now),
        remarks=tuple(Remark("warning", f"{names}: {reason}.") for reason, names in unknown.items()),
        code=0 if plan.flavors else _NOTHING_KNOWN,
    )


def _row(row: PlannedFlavor) -> dict[str, Any]:
    """Return a flavor as one flat row: each estimate as its low, likely and high."""
    document: dict[str, Any] = row.to_json()
    for name in ("duration_secs", "cost_micro_usd", "micro_usd_per_million_tokens"):
        for bound in ("low", "likely", "high"):
            document[f"{name}_{bound}"] = document[name] and document[name][bound]
    return document


def _show(plan: DurationPlan, listing: Listing, now: datetime) -> None:
    """Print every flavor with its duration and cost, where they come from, and what is not known."""
    out = screen()
    if plan.flavors:
        _print_flavors(out, plan)
        out.write()
        told = dict.fromkeys(sentence for row in plan.flavors for sentence in row.duration_secs.basis)
        for sentence in told:
            print_text(out, f"- {sentence}", "dim")
        # Where nothing is known at all the warnings say it.
        for reason, names in _by_reason(plan).items():
            print_text(out, f"Left out: {names}: {reason}.")
    print_text(out, age_line(listing, now), "dim")


def _by_reason(plan: DurationPlan) -> dict[str, str]:
    """Return the flavors of which nothing can be said, by the reason."""
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in plan.unknown.items():
        reasons[reason].append(name)
    return {reason: ", ".join(names) for reason, names in reasons.items()}


def _print_flavors(out: Screen, plan: DurationPlan) -> None:
    rows = plan.flavors
    columns = [
        Column("FLAVOR", [sanitize(row.flavor.name) for row in rows], keep=9, right=False),
        Column("GPU", [gpu_text(row.flavor) for row in rows], keep=2, right=False),
        Column("TIME", [format_about_duration(row.duration_secs.likely) for row in rows], keep=8),
        Column("TIME, 90 %", [_bounds(row.duration_secs, format_about_duration) for row in rows], keep=6),
        Column("COST", [_cost(row.cost_micro_usd) for row in rows], keep=7),
        Column("COST, 90 %", [_bounds(row.cost_micro_usd, format_usd) for row in rows], keep=4),
        Column("TIMEOUT", [format_duration(row.timeout_secs) for row in rows], keep=1),
        Column(
            "AT MOST",
            ["-" if row.worst_case_micro_usd is None else format_usd(row.worst_case_micro_usd) for row in rows],
            keep=3,
        ),
    ]
    if any(row.micro_usd_per_million_tokens for row in rows):
        columns.append(Column("$/M TOKENS", [_cost(row.micro_usd_per_million_tokens) for row in rows], keep=5))
    print_table(out, columns)


def _cost(estimate: Estimate | None) -> str:
    return "-" if estimate is None else format_usd(estimate.likely)


def _bounds(estimate: Estimate | None, show: Callable[[int], str]) -> str:
    """Show the bounds, nothing where there is no spread."""
    if estimate is None or estimate.low == estimate.high:
        return ""
    return f"{show(estimate.low)} to {show(estimate.high)}"
