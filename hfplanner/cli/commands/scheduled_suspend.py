"""``hfplanner scheduled suspend``."""

from hfplanner.cli.command import Command
from hfplanner.cli.options.schedule import SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_list import owner_of
from hfplanner.plan.workspace import Workspace


def scheduled_suspend(*, schedule: str, namespace: str | None, token: str | None) -> Answer:
    """Pause a schedule: it starts nothing until it is resumed, and a job that runs goes on."""
    with Workspace.from_environ(token=token) as workspace:
        own_id, owner = owner_of(schedule, namespace, workspace)
        workspace.hub_to_ask().scheduled.suspend(owner, own_id)
        return changed_answer(own_id, "suspended")


COMMAND = Command(
    call=scheduled_suspend,
    positionals=(SCHEDULE_ID,),
    options=find_arguments("namespace", "token"),
    names="the id of the schedule",
    examples=["hfplanner scheduled suspend 687fb701029421ae5549d999"],
)
