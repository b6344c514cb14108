"""``hfplanner import``."""

import sys

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.imported import imported_answer
from hfplanner.plan.workspace import Workspace


def import_(*, files: tuple[str, ...]) -> Answer:
    """Take jobs from files into the local history.

    Reads an API listing, the output of `hf jobs ps -a --json` and of `hf jobs inspect --json`, and JSON lines. What a
    job ran with (its environment and secrets) is not kept. Importing a file again changes nothing.
    """
    from hfplanner.history.files import import_jobs  # noqa: PLC0415 - polars, not for a help text

    with Workspace.from_environ() as workspace:
        done = import_jobs(files, workspace.history(), stdin=sys.stdin.buffer, now=workspace.now())
    return imported_answer(done)


COMMAND = Command(
    call=import_,
    positionals=(
        Positional(
            name="files",
            metavar="FILE...",
            takes_rest=True,
            help="JSON or JSON lines, also gzipped; - reads standard input.",
        ),
    ),
    names="the number of jobs that are new or were updated",
    examples=[
        "hf jobs ps -a --json > jobs.json && hfplanner import jobs.json",
        "hf jobs inspect 687fb701029421ae5549d998 --json | hfplanner import -",
        "hfplanner import january.json february.ndjson.gz",
        "hfplanner import jobs.json --json",
    ],
)
