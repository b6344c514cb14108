"""``hfplanner estimate duration``."""

import os

from hfplanner.cli.duration_options import DurationOptions, ToOption, durations_on
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.packs import unpacked
from hfplanner.cli.show.output import OutputFormat, resolve_format
from hfplanner.cli.show.plan_output import show_plan
from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors

__all__ = ["duration"]

EXAMPLES = [
    "hfplanner estimate duration --duration 2h20m@a10g-small --phase train",
    "hfplanner estimate duration --duration 2h20m@a10g-small --duration 50m@a100-large --to h200",
    "hfplanner estimate duration --duration 6h@a100-large --phase train --scales-with-gpus --to a100x4",
    "hfplanner estimate duration --duration 40m@l4x1 --phase decode --tokens 3M --json",
    "hfplanner estimate duration --model Qwen/Qwen3-8B --task lora --tokens 20M",
]


@unpacked
def duration(
    said: DurationOptions,
    to: ToOption = None,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say how long a job that was measured on one flavor takes on the others, fastest first.

    The interval holds 90 of 100 cases. Measuring on a second flavor narrows it, and so does saying what the job does.
    Exit code 6 means that nothing can be said about any flavor asked for.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    flavors = find_flavors(to or (), listing.by_name(), "--to")
    plan = plan_flavors(
        durations_on(flavors, listing, said, offline=offline), flavors, Terms(tokens=said.tokens)
    ).fastest_first()
    return show_plan(plan, shown, listing, now)
