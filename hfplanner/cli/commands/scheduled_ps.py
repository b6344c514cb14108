"""``hfplanner scheduled ps``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.schedule import NO_TRUNCATE
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import schedules_answer
from hfplanner.plan.arguments import SCHEDULES, find_arguments
from hfplanner.plan.schedule_list import ScheduleFilter, list_schedules
from hfplanner.plan.workspace import Workspace


def scheduled_ps(
    *,
    all: bool,  # noqa: A002 - the option's name
    status: list[str] | None,
    label: list[str] | None,
    name: str | None,
    namespace: str | None,
    token: str | None,
    no_truncate: bool,
) -> Answer:
    """List schedules, and what the next 30 days of each and of all cost at most.

    Takes the options of `hf jobs scheduled ps`: paused ones are shown with --all or --status suspended.
    """
    wanted = ScheduleFilter(all=all, status=tuple(status or ()), label=tuple(label or ()), name=name)
    with Workspace.from_environ(token=token) as workspace:
        workspace.hub_to_ask()
        found = list_schedules(wanted, namespace, workspace, get_listing(workspace))
        return schedules_answer(found, whole=no_truncate)


COMMAND = Command(
    call=scheduled_ps,
    options=(
        *SCHEDULES,
        *find_arguments("namespace", "token"),
        NO_TRUNCATE,
    ),
    names="the ids of the schedules, one a line",
    examples=["hfplanner scheduled ps", "hfplanner scheduled ps --all --namespace acme --json"],
)
