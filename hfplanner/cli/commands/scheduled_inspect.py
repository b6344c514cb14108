"""``hfplanner scheduled inspect``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import schedule_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_list import listed_schedule


def scheduled_inspect(*, schedule: str, **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is
    """Show one schedule: what it runs, when, and what the next 30 days of it cost at most."""
    with named_schedule(schedule, given) as named:
        return schedule_answer(listed_schedule(named.found(), named.workspace, named.listing()))


COMMAND = Command(
    call=scheduled_inspect,
    positionals=(SCHEDULE_ID,),
    options=find_arguments("namespace", "token"),
    names="the id of the schedule",
    examples=["hfplanner scheduled inspect 687fb701029421ae5549d999"],
)
