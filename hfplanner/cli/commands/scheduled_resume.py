"""``hfplanner scheduled resume``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.schedule import SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_change import resume
from hfplanner.plan.schedule_list import owner_of
from hfplanner.plan.workspace import Workspace


def scheduled_resume(
    *, schedule: str, namespace: str | None, policy: str | None, ledger: str | None, token: str | None
) -> Answer:
    """Let a paused schedule run again, if every budget has room for its runs until the end of the period.

    It is looked at once more when it runs: where somebody else took the room meanwhile, it is paused again. Exit code
    3: it may not run.
    """
    with Workspace.from_environ(token=token, policy=policy, ledger=ledger) as workspace:
        workspace.policy()
        own_id, owner = owner_of(schedule, namespace, workspace)
        found = workspace.hub_to_ask().scheduled.get(owner, own_id)
        plan = resume(found, owner, workspace, get_listing(workspace))
        return changed_answer(own_id, "resumed", plan)


COMMAND = Command(
    call=scheduled_resume,
    positionals=(SCHEDULE_ID,),
    options=find_arguments("namespace", "policy", "ledger", "token"),
    names="the id of the schedule",
    examples=["hfplanner scheduled resume 687fb701029421ae5549d999"],
)
