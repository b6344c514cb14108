"""``hfplanner scheduled inspect``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_IDS
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import inspected_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_list import listed_schedule

if TYPE_CHECKING:
    from hfplanner.plan.schedule_list import ListedSchedule


def scheduled_inspect(*, schedules: Sequence[str], **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is
    """Show schedules: what each runs, when, and what the next 30 days of it cost at most."""
    return inspected_answer([_listed(schedule, dict(given)) for schedule in schedules])


def _listed(schedule: str, given: dict[str, Any]) -> "ListedSchedule":
    with named_schedule(schedule, given) as named:
        return listed_schedule(named.found(), named.workspace, named.listing())


COMMAND = Command(
    call=scheduled_inspect,
    positionals=(SCHEDULE_IDS,),
    options=(*find_arguments("namespace", "token"), NO_TRUNCATE),
    names="the ids of the schedules, one a line",
    examples=[
        "hfplanner scheduled inspect 687fb701029421ae5549d999",
        "hfplanner scheduled inspect 687fb701029421ae5549d999 acme/687fb701029421ae5549d998 --json",
    ],
)
