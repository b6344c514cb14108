"""A job as ``hf jobs run`` has it, how it is sent, and how the jobs in files are checked."""

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.readers import parse_increase, read_flavor, read_seconds, read_timeout, whole_number
from hfplanner.units import MAX_ATTEMPTS

__all__ = ["ATTEMPTS", "CANARY", "FALLBACK", "FILES", "JOB", "SENDING"]

_MOST_PORTS = 65535

ATTEMPTS = Argument(
    name="attempts",
    group="Job",
    read=whole_number(MAX_ATTEMPTS),
    metavar="N",
    shown_default="1",
    help="How often it may be tried, the first time included.",
)


JOB: tuple[Argument, ...] = (
    Argument(name="flavor", group="Job", read=read_flavor, metavar="NAME", help="The hardware; see `hardware`."),
    Argument(
        name="timeout",
        group="Job",
        read=read_timeout,
        metavar="TIME",
        help="How long one attempt may run: 90s, 30m, 1.5h, 2d.",
    ),
    ATTEMPTS,
    Argument(name="namespace", group="Job", metavar="NAME", help="Who pays: you by default, or an organization."),
    Argument(name="name", group="Job", metavar="TEXT", help="The job's name, its label 'name'."),
    Argument(
        name="label",
        group="Job",
        short="-l",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="A label; repeatable.",
    ),
    Argument(
        name="env",
        group="Job",
        short="-e",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="An environment variable; without a value, yours.",
    ),
    Argument(
        name="secrets",
        group="Job",
        short="-s",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="A secret; better without a value: yours is taken.",
    ),
    Argument(
        name="env_file", group="Job", metavar="FILE", help="A file of environment variables; - is standard input."
    ),
    Argument(name="secrets_file", group="Job", metavar="FILE", help="A file of secrets; - is standard input."),
    Argument(
        name="volume",
        group="Job",
        short="-v",
        metavar="URI",
        repeatable=True,
        help="hf://[TYPE/]OWNER/NAME[/PATH]:/MOUNT[:ro|:rw]; repeatable.",
    ),
    Argument(
        name="expose",
        group="Job",
        read=whole_number(_MOST_PORTS),
        metavar="PORT",
        repeatable=True,
        help="Expose a port.",
    ),
    Argument(
        name="expose_public",
        group="Job",
        read=whole_number(_MOST_PORTS),
        metavar="PORT",
        repeatable=True,
        help="Expose a port to everybody.",
    ),
    flag(
        name="ssh",
        group="Job",
        help="Make the job reachable over SSH.",
    ),
    Argument(name="network_group", group="Job", metavar="NAME", help="Jobs of one group reach each other."),
    Argument(
        name="network_alias", group="Job", metavar="NAME", repeatable=True, help="A name in the group; repeatable."
    ),
    Argument(name="resource_group_id", group="Job", metavar="ID", help="Of the organization's resource group."),
)
"""A job, as ``hf jobs run`` has it."""


SWEEP_JOB: tuple[Argument, ...] = tuple(one for one in JOB if one.name not in {"flavor", "timeout", "attempts"})
"""What each job of a sweep is; its flavor and timeout are the plan's, and it is tried once."""


SENDING: tuple[Argument, ...] = (
    Argument(
        name="key",
        group="Submission",
        metavar="KEY",
        help="Makes a retry safe: the same key and job are sent once.",
    ),
    flag(
        name="dry_run",
        group="Submission",
        help="Show what would be sent and what it may cost; no more.",
    ),
)
"""How a job is sent."""


CANARY = flag(
    name="canary",
    group="Submission",
    help="Measure first, where that pays: the same job runs for some minutes with HFPLANNER_CANARY=1, its log says how "
    "far it was, and the job is planned anew with that and sent.",
)
"""Whether a job is measured before it is sent."""


FALLBACK: tuple[Argument, ...] = (
    Argument(
        name="fallback",
        group="Submission",
        read=read_flavor,
        metavar="FLAVORS",
        help="Where the job waits too long for hardware, cancel it and try these, one after the other: "
        "l40sx1,a100-large, or auto for all that fit, by expected cost.",
    ),
    Argument(
        name="max_wait",
        group="Submission",
        read=read_seconds,
        metavar="TIME",
        help="How long it may wait for hardware: 20m unless said. Without flavors to try next it is only cancelled.",
    ),
)
"""What to do where a flavor has no capacity."""

FILES: tuple[Argument, ...] = (
    Argument(
        name="compare",
        group="Output",
        metavar="BASE",
        help="What changed since BASE: a revision of git, a folder, or a saved check --json.",
    ),
    Argument(
        name="max_increase",
        group="Limits",
        read=parse_increase,
        metavar="SHARE",
        help="Refuse where the whole is dearer than BASE by more: 10%.",
    ),
    flag(
        name="allow_unchecked",
        group="Limits",
        help="What cannot be priced is listed and does not block.",
    ),
)
"""How the jobs in files are checked."""
