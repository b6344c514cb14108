"""``hfplanner ledger verify``."""

import os

from hfplanner.cli.desk import LedgerOption, open_the_ledger
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, print_tsv, resolve_format

EXAMPLES = ["hfplanner ledger verify", "hfplanner ledger verify --json"]


def verify(
    ledger: LedgerOption = None,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Prove that the books add up: counters are the sums of entries, holds match states, nothing is over a limit.

    Exit code 1 means that something does not; every problem names its row.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    with open_the_ledger(ledger) as books:
        problems = books.verify()
        ledger_id = books.ledger_id
    match shown:
        case OutputFormat.JSON:
            found = [{"code": problem.code, "message": problem.message} for problem in problems]
            print_json({"ok": not problems, "ledger_id": ledger_id, "problems": found})
        case OutputFormat.AGENT:
            print_tsv(("code", "message"), ((problem.code, problem.message) for problem in problems))
        case OutputFormat.QUIET:
            print_lines(problem.code for problem in problems)
        case _:
            print_lines(problem.message for problem in problems)
            count = "no problem" if not problems else f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
            print_lines([f"Ledger {ledger_id}: {count}."])
    return 1 if problems else 0
