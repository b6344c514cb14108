"""``hfplanner scheduled resume``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_change import resume


def scheduled_resume(*, schedule: str, **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is and the books
    """Let a paused schedule run again, if every budget has room for its runs until the end of the period.

    It is looked at once more when it runs: where somebody else took the room meanwhile, it is paused again. Exit code
    3: it may not run.
    """
    with named_schedule(schedule, given) as named:
        plan = resume(named.found(), named.owner, named.workspace, named.listing())
        return changed_answer(named.id, "resumed", plan)


COMMAND = Command(
    call=scheduled_resume,
    positionals=(SCHEDULE_ID,),
    options=(*find_arguments("namespace", "policy", "ledger", "token"), NO_TRUNCATE),
    names="the id of the schedule",
    examples=["hfplanner scheduled resume 687fb701029421ae5549d999"],
)
