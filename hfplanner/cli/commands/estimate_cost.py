"""``hfplanner estimate cost``."""

from dataclasses import replace
from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import ATTEMPTS, DURATION, FLAVORS, WORST_TIMEOUT, find_arguments
from hfplanner.plan.asked import AskedDuration
from hfplanner.plan.workspace import Workspace


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
    from hfplanner.cli.show.plan import plan_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.estimate.duration.plan import Terms, find_flavors  # noqa: PLC0415 - as above
    from hfplanner.plan.estimating import know_duration, plan_durations  # noqa: PLC0415 - as above

    asked = AskedDuration.of(**given)
    with Workspace.from_environ(offline=offline) as workspace:
        now, listing = workspace.now(), get_listing(workspace, refresh=refresh)
        flavors = find_flavors(flavor or (), listing.by_name(), "--flavor")
        terms = Terms(timeout_secs=timeout, attempts=attempts or 1, tokens=asked.time.tokens)
        plan = plan_durations(know_duration(asked, workspace), listing, flavors, terms)
    return plan_answer(plan.cheapest_first(), listing, now)


COMMAND = Command(
    call=cost,
    options=(
        FLAVORS,
        WORST_TIMEOUT,
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
