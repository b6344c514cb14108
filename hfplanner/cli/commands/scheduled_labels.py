"""``hfplanner scheduled labels``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.schedule import changed_answer
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import find_arguments, flag
from hfplanner.plan.schedule_change import Change, change
from hfplanner.plan.schedule_labels import labels_wanted


def scheduled_labels(
    *,
    schedule: str,
    name: str | None,
    label: list[str] | None,
    clear: bool,
    **given: Any,  # noqa: ANN401 - where the Hub is, and the books
) -> Answer:
    """Give a schedule other labels: --label takes the place of all it has, --name alone keeps them.

    Labels say under which budgets its runs fall, so it is decided like making it. Those by which the ledger knows its
    runs stay. Exit code 3: it may not.
    """
    if name is None and not label and not clear:
        raise UsageError("No label is given.", hint="Give --name, --label, or --clear to take them all away.")
    if clear and (name is not None or label):
        raise UsageError("--clear takes all labels away, and others are given.", hint="Give one of the two.")
    with named_schedule(schedule, given) as named:
        found = named.found()
        labels = labels_wanted(found, name, label or [])
        plan = change(found, Change(labels=labels), named.owner, named.workspace, named.listing())
        return changed_answer(named.id, "labelled", plan, {"labels": labels})


COMMAND = Command(
    call=scheduled_labels,
    positionals=(SCHEDULE_ID,),
    options=(
        *find_arguments("name", "label"),
        flag(
            name="clear",
            group="Job",
            help="Take all labels away.",
        ),
        *find_arguments("namespace", "policy", "ledger", "token"),
        NO_TRUNCATE,
    ),
    names="the id of the schedule",
    examples=[
        "hfplanner scheduled labels --name daily-report 687fb701029421ae5549d999",
        "hfplanner scheduled labels -l env=prod -l team=ml 687fb701029421ae5549d999",
    ],
)
