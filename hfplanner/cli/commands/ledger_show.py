"""``hfplanner ledger show``."""

import os
from collections.abc import Iterable
from typing import Annotated

import typer

from hfplanner.budget.ledger.records import Entry, State, Submission
from hfplanner.cli.desk import LedgerOption, open_the_ledger
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption, reader, whole_number
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, print_tsv, resolve_format
from hfplanner.errors import UsageError, quoted

EXAMPLES = [
    "hfplanner ledger show",
    "hfplanner ledger show --state UNKNOWN --state SENDING",
    "hfplanner ledger show 9f86d081884c7d659a2feaa0c55ad015",
    "hfplanner ledger show --limit 1000 --json",
]

_MOST = 1_000_000
_COLUMNS = ("submission_id", "state", "job_id", "flavor", "worst_case_micro_usd", "posted_micro_usd", "created_at")
_ENTRY_COLUMNS = ("seq", "at", "kind", "budget", "held_micro_usd", "posted_micro_usd", "reason", "who")

SidArgument = Annotated[str | None, typer.Argument(metavar="SUBMISSION", help="Show the entries of this one.")]
StateOption = Annotated[
    list[State] | None, typer.Option("--state", case_sensitive=False, help="Only in this state; repeatable.")
]
LimitOption = Annotated[
    int, typer.Option(parser=reader("--limit", whole_number(_MOST)), metavar="N", help="The newest N.")
]


def show(
    submission: SidArgument = None,
    state: StateOption = None,
    limit: LimitOption = 50,
    ledger: LedgerOption = None,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """List submissions, the newest first, or one of them with every entry that was made for it."""
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    with open_the_ledger(ledger) as books:
        if submission is not None:
            found = books.get(submission)
            if found is None:
                raise UsageError(
                    f"{quoted(submission)} is no submission of this ledger.", hint="Leave it out to list them."
                )
            _show_one(found, tuple(books.entries(submission)), shown)
            return 0
        _show_all(list(books.submissions(state or None, limit)), books.ledger_id, shown)
    return 0


def _show_all(submissions: list[Submission], ledger_id: str, shown: OutputFormat) -> None:
    rows = [one.to_json() for one in submissions]
    match shown:
        case OutputFormat.JSON:
            print_json({"ledger_id": ledger_id, "submissions": rows})
        case OutputFormat.QUIET:
            print_lines(one.sid for one in submissions)
        case OutputFormat.AGENT:
            print_tsv(_COLUMNS, ([row[name] for name in _COLUMNS] for row in rows))
        case _:
            from hfplanner.cli.show.ledger import show_submissions  # noqa: PLC0415 - rich, for people only

            show_submissions(submissions)


def _show_one(submission: Submission, entries: Iterable[Entry], shown: OutputFormat) -> None:
    rows = [entry.to_json() for entry in entries]
    match shown:
        case OutputFormat.JSON:
            print_json({**submission.to_json(), "entries": rows})
        case OutputFormat.QUIET:
            print_lines([submission.state])
        case OutputFormat.AGENT:
            print_tsv(_ENTRY_COLUMNS, ([row[name] for name in _ENTRY_COLUMNS] for row in rows))
        case _:
            from hfplanner.cli.show.ledger import show_entries  # noqa: PLC0415 - rich, for people only

            show_entries(submission, list(entries))
