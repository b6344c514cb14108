"""``hfplanner scheduled suspend``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments


def scheduled_suspend(*, schedule: str, **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is
    """Pause a schedule: it starts nothing until it is resumed, and a job that runs goes on."""
    with named_schedule(schedule, given) as named:
        named.hub.suspend(named.owner, named.id)
        return changed_answer(named.id, "suspended")


COMMAND = Command(
    call=scheduled_suspend,
    positionals=(SCHEDULE_ID,),
    options=(*find_arguments("namespace", "token"), NO_TRUNCATE),
    names="the id of the schedule",
    examples=["hfplanner scheduled suspend 687fb701029421ae5549d999"],
)
