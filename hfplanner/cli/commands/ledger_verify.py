"""``hfplanner ledger verify``."""

import getpass

from hfplanner.cli.command import Command
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import verified_answer
from hfplanner.plan.arguments import find_arguments, flag
from hfplanner.plan.workspace import Workspace


def verify(*, repair: bool, ledger: str | None) -> Answer:
    """Prove that the books add up: counters are the sums of entries, holds match states, nothing is over a limit.

    Exit code 1 means that something does not; every problem names its row. --repair makes counters what the rows add up
    to, notes your name and the time, and proves the books again; no submission, change, entry or waiver is touched.
    """
    with Workspace.from_environ(ledger=ledger) as workspace:
        books = workspace.ledger(must_exist=ledger is not None)
        repaired = books.repair_counters(workspace.now(), getpass.getuser()) if repair else None
        return verified_answer(books.verify(), books.ledger_id, repaired)


COMMAND = Command(
    call=verify,
    options=(
        flag(
            name="repair",
            group="Options",
            help="Make wrong counters anew from the rows, first.",
        ),
        *find_arguments("ledger"),
    ),
    names="the codes of the problems, one a line",
    examples=["hfplanner ledger verify", "hfplanner ledger verify --json", "hfplanner ledger verify --repair"],
)
