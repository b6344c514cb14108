"""What was run: which jobs a report is about, and which a sync reads."""

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.readers import read_flavor, read_size

__all__ = ["MEASURED", "PRICES", "REPORT", "SCHEDULES", "SYNC"]

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
    flag(
        name="full",
        group="Options",
        help="Read everything again, not only what can have changed.",
    ),
    flag(
        name="logs",
        group="Options",
        help="Read the logs of the newest runs that timed out, 20 at most: how far each was is a measurement for "
        "--like.",
    ),
)
"""What a sync reads."""

MEASURED: tuple[Argument, ...] = (
    Argument(name="flavor", group="Options", read=read_flavor, metavar="NAME", help="Where it ran; see `hardware`."),
    Argument(
        name="peak", group="Options", read=read_size, metavar="SIZE", help="The most it took of one GPU: 19.3GB, 18GiB."
    ),
    flag(
        name="out_of_memory",
        group="Options",
        help="Instead of --peak: it ran out of memory there.",
    ),
    Argument(
        name="log",
        group="Options",
        metavar="FILE",
        help="Instead of --peak: a log that says it; `hfplanner guide memory` has the lines.",
    ),
    Argument(
        name="metric",
        group="Options",
        choices="hfplanner.estimate.memory.result:Metric",
        default="total",
        shown_default="total",
        help="What the peak counts: all in use, as nvidia-smi, or what torch reserved or allocated.",
    ),
    Argument(name="name", group="Options", metavar="TEXT", help="The job's name."),
)
"""What a run was measured to need."""


PRICES: tuple[Argument, ...] = (
    Argument(
        name="since",
        group="Options",
        metavar="TIME",
        help="Every price since then, also of flavors that are gone: 2026-01, 2026-01-15, or 90d ago.",
    ),
)
"""From when on prices are shown."""


SCHEDULES: tuple[Argument, ...] = (
    flag(
        name="all",
        short="-a",
        group="Options",
        help="Those that are paused, too.",
    ),
    Argument(
        name="status",
        group="Options",
        metavar="STATUS",
        repeatable=True,
        help="Only active or suspended ones; separated by commas, or repeated.",
    ),
    Argument(
        name="label", short="-l", group="Options", metavar="KEY=VALUE", repeatable=True, help="Only with this label."
    ),
    Argument(name="name", group="Options", metavar="TEXT", help="Only with this name."),
)
"""Which schedules are listed."""
