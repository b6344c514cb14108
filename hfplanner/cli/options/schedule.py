"""SCHEDULE and the options of one, as ``hf jobs scheduled run`` takes them."""

from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.job import JOB_OPTIONS
from hfplanner.cli.options.submission import SENT_ALONE
from hfplanner.plan.arguments import flag

__all__ = ["NO_TRUNCATE", "SCHEDULE", "SCHEDULED_JOB_OPTIONS", "SCHEDULE_ID", "SCHEDULE_IDS", "SCHEDULING", "WHEN"]

_FORMS = "@hourly, @daily, @weekly, @monthly, @yearly, or 5 to 7 cron fields in quotes, in UTC."
SCHEDULE = Positional(name="schedule", metavar="SCHEDULE", help=_FORMS)
WHEN = Positional(name="when", metavar="SCHEDULE", help=_FORMS)
"""When a schedule that is there is to run."""
NO_TRUNCATE = flag("no_truncate", "Output", "Show every column of a table, however wide.")
SCHEDULE_IDS = Positional(
    name="schedules",
    metavar="SCHEDULE_ID...",
    takes_rest=True,
    help="One schedule or several, also as NAMESPACE/SCHEDULE_ID.",
)
SCHEDULE_ID = Positional(name="schedule", metavar="SCHEDULE_ID", help="The schedule, also as NAMESPACE/SCHEDULE_ID.")

_NOT_SCHEDULED = {"ssh", "network_group", "network_alias"}
SCHEDULED_JOB_OPTIONS = tuple(argument for argument in JOB_OPTIONS if argument.name not in _NOT_SCHEDULED)
"""The options of a job that a schedule can have: it joins no network group."""


SCHEDULING = (
    flag("suspend", "Submission", "Begin paused: `scheduled resume` starts it."),
    flag("no_suspend", "Submission", "Begin at once, as by default."),
    flag("concurrency", "Submission", "A run may start while the last one runs."),
    flag("no_concurrency", "Submission", "It may not, as by default: it is skipped."),
    *SENT_ALONE,
)
"""When it runs, and how it is sent."""
