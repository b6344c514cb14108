"""``hfplanner ledger verify``."""

from hfplanner.cli.command import Command
from hfplanner.cli.desk import open_the_ledger
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import verified_answer
from hfplanner.plan.arguments import find_arguments


def verify(*, ledger: str | None) -> Answer:
    """Prove that the books add up: counters are the sums of entries, holds match states, nothing is over a limit.

    Exit code 1 means that something does not; every problem names its row.
    """
    with open_the_ledger(ledger) as books:
        return verified_answer(books.verify(), books.ledger_id)


COMMAND = Command(
    call=verify,
    options=find_arguments("ledger"),
    names="the codes of the problems, one a line",
    examples=["hfplanner ledger verify", "hfplanner ledger verify --json"],
)
