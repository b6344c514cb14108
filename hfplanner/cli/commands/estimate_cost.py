"""``hfplanner estimate cost``."""

import os

from hfplanner.cli.duration_options import AttemptsOption, DurationOptions, FlavorOption, TimeoutOption, durations_on
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

__all__ = ["cost"]

EXAMPLES = [
    "hfplanner estimate cost --duration 3h --flavor l4x1",
    "hfplanner estimate cost --duration 3h --flavor l4x1 --attempts 2 --timeout 4h",
    "hfplanner estimate cost --duration 2h20m@a10g-small --phase train",
    "hfplanner estimate cost --duration 40m@l4x1 --phase decode --tokens 3M --json",
]


@unpacked
def cost(
    said: DurationOptions,
    flavor: FlavorOption = None,
    timeout: TimeoutOption = None,
    attempts: AttemptsOption = None,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say what a job costs on every flavor, or on some, cheapest first, and what it can cost at most.

    The worst case is every attempt running until its timeout. Exit code 6 means that nothing can be said about any
    flavor asked for.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    flavors = find_flavors(flavor or (), listing.by_name(), "--flavor")
    terms = Terms(timeout_secs=timeout, attempts=attempts or 1, tokens=said.tokens)
    plan = plan_flavors(durations_on(flavors, listing, said, offline=offline), flavors, terms).cheapest_first()
    return show_plan(plan, shown, listing, now)
