"""``hfplanner estimate duration``."""

from typing import Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.options.duration import DURATION
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import Argument, find_arguments


def duration(*, to: list[str] | None, refresh: bool, offline: bool, **given: Any) -> Answer:  # noqa: ANN401 - options
    """Say how long a job that was measured on one flavor takes on the others, fastest first.

    The interval holds 90 of 100 cases. Measuring on a second flavor narrows it, and so does saying what the job does.
    Exit code 6 means that nothing can be said about any flavor asked for.
    """
    from hfplanner.cli.duration_options import DurationOptions, durations_on  # noqa: PLC0415 - not for a help text
    from hfplanner.cli.show.plan import plan_answer  # noqa: PLC0415 - as above
    from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors  # noqa: PLC0415 - as above

    said = pack(DurationOptions, given)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    flavors = find_flavors(to or (), listing.by_name(), "--to")
    carried = durations_on(flavors, listing, said, offline=offline)
    return plan_answer(plan_flavors(carried, flavors, Terms(tokens=said.tokens)).fastest_first(), listing, now)


COMMAND = Command(
    call=duration,
    options=(
        *DURATION,
        Argument(
            name="to", group="Options", metavar="FLAVOR", repeatable=True, help="Only on this flavor; may be repeated."
        ),
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
