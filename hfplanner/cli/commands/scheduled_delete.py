"""``hfplanner scheduled delete``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments


def scheduled_delete(*, schedule: str, **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is
    """Delete a schedule: it starts nothing any more, and a job that runs goes on."""
    with named_schedule(schedule, given) as named:
        named.hub.delete(named.owner, named.id)
        return changed_answer(named.id, "deleted")


COMMAND = Command(
    call=scheduled_delete,
    positionals=(SCHEDULE_ID,),
    options=(*find_arguments("namespace", "token"), NO_TRUNCATE),
    names="the id of the schedule",
    examples=["hfplanner scheduled delete 687fb701029421ae5549d999"],
)
