"""Durations and costs on many flavors, for people."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from rich.console import Console

from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.tables import Column, age_line, console, gpu_text, print_table, print_text
from hfplanner.estimate.duration.plan import DurationPlan
from hfplanner.estimate.span import Estimate
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_duration, format_usd

__all__ = ["show_plan_table"]


def show_plan_table(plan: DurationPlan, listing: Listing, now: datetime) -> None:
    """Print every flavor with its duration and cost, where they come from, and what is not known."""
    out = console()
    if plan.flavors:
        _print_flavors(out, plan)
        out.print()
        told = dict.fromkeys(sentence for row in plan.flavors for sentence in row.duration_secs.basis)
        for sentence in told:
            print_text(out, f"- {sentence}", "dim")
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, reason in plan.unknown.items():
        reasons[reason].append(name)
    for reason, names in reasons.items():
        print_text(out, f"Not known on {', '.join(names)}: {reason}.")
    print_text(out, age_line(listing, now), "dim")


def _print_flavors(out: Console, plan: DurationPlan) -> None:
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
