"""Durations and costs on many flavors, in every format."""

from datetime import datetime
from typing import Any

from hfplanner.catalog.listing import Listing
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, print_tsv, warn
from hfplanner.estimate.duration.plan import DurationPlan, PlannedFlavor

__all__ = ["show_plan"]

_NOTHING_KNOWN = 6
_AGENT_COLUMNS = (
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


def show_plan(plan: DurationPlan, shown: OutputFormat, listing: Listing, now: datetime) -> int:
    """Show a plan and return the exit code: 6 where nothing can be said about any flavor."""
    match shown:
        case OutputFormat.JSON:
            print_json(plan.to_json())
        case OutputFormat.QUIET:
            print_lines(row.flavor.name for row in plan.flavors)
        case OutputFormat.AGENT:
            print_tsv(_AGENT_COLUMNS, (_agent_row(row) for row in plan.flavors))
        case _:
            from hfplanner.cli.show.plan import show_plan_table  # noqa: PLC0415 - rich, for people only

            show_plan_table(plan, listing, now)
    if plan.flavors:
        return 0
    for name, reason in plan.unknown.items():
        warn(f"{name}: {reason}.")
    return _NOTHING_KNOWN


def _agent_row(row: PlannedFlavor) -> list[object]:
    document: dict[str, Any] = row.to_json()
    cells = dict(document)
    for name in ("duration_secs", "cost_micro_usd", "micro_usd_per_million_tokens"):
        for bound in ("low", "likely", "high"):
            cells[f"{name}_{bound}"] = document[name] and document[name][bound]
    return [cells[column] for column in _AGENT_COLUMNS]
