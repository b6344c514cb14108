"""What a job, or many trials of it, may take and cost."""

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.readers import parse_confidence, read_money, read_seconds, whole_number

__all__ = ["LIMITS", "OBJECTIVE", "RUN_SWEEP", "SWEEP", "TOP", "TRIALS"]

_MOST_FLAVORS = 10_000
_MOST_TRIALS = 100_000

LIMITS: tuple[Argument, ...] = (
    Argument(
        name="max_time",
        group="Limits",
        read=read_seconds,
        metavar="TIME",
        help="At most this long; needs --duration, --like or --tokens.",
    ),
    Argument(
        name="max_cost",
        group="Limits",
        read=read_money,
        metavar="USD",
        help="At most this much for the job: likely, where flavors are compared by a known duration; at worst, where "
        "one is run or checked.",
    ),
    Argument(
        name="max_price",
        group="Limits",
        read=read_money,
        metavar="USD",
        help="At most this price per hour, as the Hub shows it: in cents.",
    ),
    Argument(
        name="confidence",
        group="Limits",
        read=parse_confidence,
        metavar="SHARE",
        help="How surely limits are kept and memory fits: 0.9 is the high end of an estimate. By default likely time "
        "and cost, and memory at 0.9.",
    ),
)
"""What it may take and cost."""


OBJECTIVE = Argument(
    name="objective",
    group="Limits",
    choices="hfplanner.recommend.needs:Objective",
    default="cost",
    shown_default="cost",
    help="What to have least of; time needs --duration, --like or --tokens.",
)


TOP = Argument(
    name="top", group="Output", read=whole_number(_MOST_FLAVORS), metavar="N", help="Keep the N best options."
)


TRIALS: tuple[Argument, ...] = (
    Argument(
        name="trials",
        group="Time",
        read=whole_number(_MOST_TRIALS),
        metavar="N",
        help="So many runs of the job: what is saved by measuring first, or planned as a sweep.",
    ),
    Argument(
        name="deadline",
        group="Limits",
        metavar="WHEN",
        help="Done by then, the wait in the queue counted: 6h, tomorrow, 18:00, 2026-12-01T09:00 (UTC).",
    ),
)
"""How many runs there will be, and by when."""


SWEEP: tuple[Argument, ...] = (
    Argument(
        name="parallel",
        group="Limits",
        read=whole_number(_MOST_TRIALS),
        metavar="N",
        help="At most so many jobs at once.",
    ),
    Argument(
        name="startup",
        group="Time",
        read=read_seconds,
        metavar="TIME",
        help="Of the duration of one run, what a job needs only once however many trials it runs: image, download.",
    ),
)
"""How a sweep may be cut into jobs."""


RUN_SWEEP: tuple[Argument, ...] = (
    flag(
        name="run",
        group="Submission",
        help="Reserve the money of all jobs in one step, or of none, then send them; needs an image and a command.",
    ),
)
"""Whether a sweep is only planned."""
