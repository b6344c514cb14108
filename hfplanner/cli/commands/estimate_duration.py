"""``hfplanner estimate duration``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import DURATION, TO, find_arguments
from hfplanner.plan.asked import AskedDuration
from hfplanner.plan.workspace import Workspace


def duration(*, to: list[str] | None, refresh: bool, offline: bool, **given: Any) -> Answer:  # noqa: ANN401 - options
    """Say how long a job that was measured on one flavor takes on the others, fastest first.

    The interval is meant to hold 90 of 100 cases; the basis says how many it held. Measuring on a second flavor narrows
    it, and so does saying what the job does.
    Exit code 6 means that nothing can be said about any flavor asked for.
    """
    from hfplanner.cli.show.plan import plan_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.estimate.duration.plan import Terms, find_flavors  # noqa: PLC0415 - as above
    from hfplanner.plan.estimating import know_duration, plan_durations  # noqa: PLC0415 - as above

    asked = AskedDuration.of(**given)
    with Workspace.from_environ(offline=offline) as workspace:
        now, listing = workspace.now(), get_listing(workspace, refresh=refresh)
        flavors = find_flavors(to or (), listing.by_name(), "--to")
        terms = Terms(tokens=asked.time.tokens)
        plan = plan_durations(know_duration(asked, workspace), listing, flavors, terms)
    return plan_answer(plan.fastest_first(), listing, now)


COMMAND = Command(
    call=duration,
    options=(
        *DURATION,
        TO,
        *find_arguments("refresh", "offline"),
    ),
    names="the names of the flavors, fastest first, one a line",
    examples=[
        "hfplanner estimate duration --duration 2h20m@a10g-small --phase train",
        "hfplanner estimate duration --duration 2h20m@a10g-small --duration 50m@a100-large --to h200",
        "hfplanner estimate duration --duration 6h@a100-large --phase train --scales-with-gpus --to a100x4",
        "hfplanner estimate duration --duration 40m@l4x1 --phase decode --tokens 3M --json",
        "hfplanner estimate duration --model Qwen/Qwen3-8B --task lora --tokens 20M",
    ],
)
