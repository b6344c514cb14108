"""``hfplanner scheduled reschedule``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID, WHEN
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.schedule_change import Change, change
from hfplanner.plan.schedule_plan import check_when
from hfplanner.submit.timetable import When


def scheduled_reschedule(*, schedule: str, when: str, **given: Any) -> Answer:  # noqa: ANN401 - where the Hub is
    """Change when a schedule runs, if every budget has room for its runs until the end of the period.

    What costs no more than before is never refused. It is looked at once more when it is changed: where somebody else
    took the room meanwhile, it is changed back. Exit code 3: it may not.
    """
    wanted = Change(cron=check_when(When(schedule=when)).schedule)
    with named_schedule(schedule, given) as named:
        plan = change(named.found(), wanted, named.owner, named.workspace, named.listing())
        return changed_answer(named.id, "rescheduled", plan, {"schedule": when})


COMMAND = Command(
    call=scheduled_reschedule,
    positionals=(SCHEDULE_ID, WHEN),
    options=(*find_arguments("namespace", "policy", "ledger", "token"), NO_TRUNCATE),
    names="the id of the schedule",
    examples=["hfplanner scheduled reschedule 687fb701029421ae5549d999 '0 9 * * 1'"],
)
