"""``hfplanner scheduled inspect``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.schedule import SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import schedule_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_list import listed_schedule, owner_of
from hfplanner.plan.workspace import Workspace


def scheduled_inspect(*, schedule: str, namespace: str | None, token: str | None) -> Answer:
    """Show one schedule: what it runs, when, and what the next 30 days of it cost at most."""
    with Workspace.from_environ(token=token) as workspace:
        own_id, owner = owner_of(schedule, namespace, workspace)
        found = workspace.hub_to_ask().scheduled.get(owner, own_id)
        return schedule_answer(listed_schedule(found, workspace, get_listing(workspace)))


COMMAND = Command(
    call=scheduled_inspect,
    positionals=(SCHEDULE_ID,),
    options=find_arguments("namespace", "token"),
    names="the id of the schedule",
    examples=["hfplanner scheduled inspect 687fb701029421ae5549d999"],
)
