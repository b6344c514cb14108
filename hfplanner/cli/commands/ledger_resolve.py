"""``hfplanner ledger resolve``."""

import getpass

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import resolved_answer
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import Argument, find_arguments, flag
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.resolution import Word
from hfplanner.submit.resolution import resolve as resolve_submission

_EXAMPLE = "9f86d081884c7d659a2feaa0c55ad015"


def resolve(
    *, submission: str, reason: str, void: bool, job: str | None, who: str | None, ledger: str | None
) -> Answer:
    """Say what became of a submission that is UNKNOWN, when neither the Hub nor the labels can prove it.

    Your word, your name and the time are recorded. If a job turns up after --void, it is adopted and charged.
    """
    if void == (job is not None):
        raise UsageError("Say either --void or --job JOB_ID.", hint="--void: it never ran. --job: it became this job.")
    word = Word(who=who or getpass.getuser(), why=reason, job_id=job)
    with Workspace.from_environ(ledger=ledger) as workspace:
        books = workspace.ledger(must_exist=ledger is not None)
        return resolved_answer(resolve_submission(books, submission, word, workspace.now()))


COMMAND = Command(
    call=resolve,
    positionals=(Positional(name="submission", metavar="SUBMISSION", help="Its id, from `hfplanner ledger show`."),),
    options=(
        Argument(
            name="reason",
            group="Options",
            metavar="TEXT",
            is_required=True,
            help="Why you know; kept in the ledger.",
        ),
        flag(
            name="void",
            group="Options",
            help="It never ran; its money is let go.",
        ),
        Argument(name="job", group="Options", metavar="JOB_ID", help="It became this job."),
        Argument(name="who", group="Options", metavar="NAME", shown_default="your user name", help="Who says so."),
        *find_arguments("ledger"),
    ),
    names="the id of the submission",
    examples=[
        f'hfplanner ledger resolve {_EXAMPLE} --void --reason "not in the listing since Monday"',
        f'hfplanner ledger resolve {_EXAMPLE} --job 687fb701029421ae5549d998 --reason "found it"',
    ],
)
