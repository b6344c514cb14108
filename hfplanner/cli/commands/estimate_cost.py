"""``hfplanner estimate cost``."""

from dataclasses import replace
from typing import Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.options.duration import DURATION
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import ATTEMPTS, Argument, find_arguments
from hfplanner.plan.readers import read_seconds


def cost(
    *,
    flavor: list[str] | None,
    timeout: int | None,
    attempts: int | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401 - the options of a duration
) -> Answer:
    """Say what a job costs on every flavor, or on some, cheapest first, and what it can cost at most.

    The worst case is every attempt running until its timeout. Exit code 6 means that nothing can be said about any
    flavor asked for.
    """
    from hfplanner.cli.duration_options import DurationOptions, durations_on  # noqa: PLC0415 - not for a help text
    from hfplanner.cli.show.plan import plan_answer  # noqa: PLC0415 - as above
    from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors  # noqa: PLC0415 - as above

    said = pack(DurationOptions, given)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    flavors = find_flavors(flavor or (), listing.by_name(), "--flavor")
    terms = Terms(timeout_secs=timeout, attempts=attempts or 1, tokens=said.tokens)
    carried = durations_on(flavors, listing, said, offline=offline)
    return plan_answer(plan_flavors(carried, flavors, terms).cheapest_first(), listing, now)


COMMAND = Command(
    call=cost,
    options=(
        Argument(
            name="flavor",
            aliases=("--to",),
            group="Options",
            metavar="FLAVOR",
            repeatable=True,
            help="Only on this flavor; may be repeated.",
        ),
        Argument(
            name="timeout",
            group="Options",
            metavar="TIME",
            read=read_seconds,
            help="Of one attempt, for the worst case; by default the one suggested for each flavor.",
        ),
        replace(ATTEMPTS, group="Options", help="How often it may be tried, for the worst case."),
        *DURATION,
        *find_arguments("refresh", "offline"),
    ),
    names="the names of the flavors, cheapest first, one a line",
    examples=[
        "hfplanner estimate cost --duration 3h --flavor l4x1",
        "hfplanner estimate cost --duration 3h --flavor l4x1 --attempts 2 --timeout 4h",
        "hfplanner estimate cost --duration 2h20m@a10g-small --phase train",
        "hfplanner estimate cost --duration 40m@l4x1 --phase decode --tokens 3M --json",
    ],
)
