"""``hfplanner ledger resolve``."""

import getpass
import os
from typing import Annotated

import typer

from hfplanner.cli.desk import LedgerOption, open_the_ledger
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption, now_utc
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, resolve_format
from hfplanner.errors import UsageError
from hfplanner.submit.resolve import Word
from hfplanner.submit.resolve import resolve as resolve_submission

EXAMPLES = [
    'hfplanner ledger resolve 9f86d081884c7d659a2feaa0c55ad015 --void --reason "not in the listing since Monday"',
    'hfplanner ledger resolve 9f86d081884c7d659a2feaa0c55ad015 --job 687fb701029421ae5549d998 --reason "found it"',
]

SidArgument = Annotated[str, typer.Argument(metavar="SUBMISSION", help="Its id, from `hfplanner ledger show`.")]
VoidOption = Annotated[bool, typer.Option("--void", help="It never ran; its money is let go.")]
JobOption = Annotated[str | None, typer.Option("--job", metavar="JOB_ID", help="It became this job.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you know; kept in the ledger.")]
WhoOption = Annotated[str | None, typer.Option("--who", metavar="NAME", help="Who says so.  [default: your user name]")]


def resolve(
    submission: SidArgument,
    reason: ReasonOption,
    void: VoidOption = False,
    job: JobOption = None,
    who: WhoOption = None,
    ledger: LedgerOption = None,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say what became of a submission that is UNKNOWN, when neither the Hub nor the labels can prove it.

    Your word, your name and the time are recorded. If a job turns up after --void, it is adopted and charged.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    if void == (job is not None):
        raise UsageError("Say either --void or --job JOB_ID.", hint="--void: it never ran. --job: it became this job.")
    word = Word(who=who or getpass.getuser(), why=reason, job_id=job)
    with open_the_ledger(ledger) as books:
        done = resolve_submission(books, submission, word, now_utc())
    match shown:
        case OutputFormat.JSON:
            print_json(done.to_json())
        case OutputFormat.QUIET:
            print_lines([done.sid])
        case _:
            print_lines([f"Submission {done.sid} is {done.state}: {done.reason}."])
    return 0
