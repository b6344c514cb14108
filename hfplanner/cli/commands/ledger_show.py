"""``hfplanner ledger show``."""

from hfplanner.budget.ledger.records import State
from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import submission_answer, submissions_answer
from hfplanner.errors import UsageError, quoted
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.readers import whole_number
from hfplanner.plan.workspace import Workspace

_MOST = 1_000_000
_STATES = tuple(state.value for state in State)


def show(*, submission: str | None, state: list[str] | None, limit: int, ledger: str | None) -> Answer:
    """List submissions, the newest first, or one of them with every entry that was made for it."""
    with Workspace.from_environ(ledger=ledger) as workspace:
        books = workspace.ledger(must_exist=ledger is not None)
        if submission is None:
            states = [State(one) for one in state or ()]
            return submissions_answer(list(books.submissions(states or None, limit)), books.ledger_id)
        found = books.get(submission)
        if found is None:
            raise UsageError(
                f"{quoted(submission)} is no submission of this ledger.", hint="Leave it out to list them."
            )
        return submission_answer(found, tuple(books.entries(submission)))


COMMAND = Command(
    call=show,
    positionals=(
        Positional(name="submission", metavar="[SUBMISSION]", is_required=False, help="Show the entries of this one."),
    ),
    options=(
        Argument(
            name="state",
            group="Options",
            metavar="STATE",
            choices=_STATES,
            repeatable=True,
            help=f"Only in this state: {', '.join(_STATES)}; repeatable.",
        ),
        Argument(
            name="limit",
            group="Options",
            metavar="N",
            read=whole_number(_MOST),
            default=50,
            shown_default="50",
            help="The newest N.",
        ),
        *find_arguments("ledger"),
    ),
    names="the ids of the submissions, one a line; of one, its state",
    examples=[
        "hfplanner ledger show",
        "hfplanner ledger show --state UNKNOWN --state SENDING",
        "hfplanner ledger show 9f86d081884c7d659a2feaa0c55ad015",
        "hfplanner ledger show --limit 1000 --json",
    ],
)
