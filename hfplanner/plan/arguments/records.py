"""What was run: which jobs a report is about, and which a sync reads."""

from hfplanner.plan.arguments.argument import Argument
from hfplanner.plan.readers import read_flag

__all__ = ["REPORT", "SYNC"]

REPORT: tuple[Argument, ...] = (
    Argument(
        name="by",
        group="Options",
        metavar="KEY",
        repeatable=True,
        shown_default="flavor",
        help="Group by flavor, owner, initiator, stage, day, week, month, name or label:KEY; repeatable.",
    ),
    Argument(
        name="since",
        group="Options",
        metavar="TIME",
        help="From here on: 2026-09, 2026-09-15, 2026-09-15T12:00, or 7d ago.",
    ),
    Argument(name="until", group="Options", metavar="TIME", help="Up to here, not included."),
    Argument(name="month", group="Options", metavar="MONTH", help="Of one month: 2026-09, or last."),
    Argument(name="namespace", group="Options", metavar="NAME", help="Only jobs of this user or organization."),
    Argument(
        name="timezone",
        group="Options",
        metavar="ZONE",
        default="UTC",
        shown_default="UTC",
        help="In which days and months begin: Europe/Berlin.",
    ),
)
"""What a report is about."""


SYNC: tuple[Argument, ...] = (
    Argument(
        name="namespace",
        group="Options",
        metavar="NAME",
        repeatable=True,
        shown_default="the token's user",
        help="Whose jobs; repeatable.",
    ),
    Argument(
        name="full",
        group="Options",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Read everything again, not only what can have changed.",
    ),
)
"""What a sync reads."""
