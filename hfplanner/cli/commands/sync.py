"""``hfplanner sync``."""

import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.cli.command import Command
from hfplanner.cli.interrupted import INTERRUPTED
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.synced import synced_answer
from hfplanner.plan.arguments import SYNC, find_arguments
from hfplanner.plan.syncing import sync_jobs
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfplanner.history.sync_walk import Watch


def sync(*, namespace: list[str] | None, full: bool, logs: bool, token: str | None, offline: bool) -> Answer:
    """Bring the local history up to date with the Hub: the jobs of namespaces, and the bill of the current period.

    After the first time only what can have changed is read. What was read is kept whatever happens then; exit code 6
    means that not all was read, and the next sync goes on there. Labels that were changed after a job had ended are
    seen by --full.
    """
    with Workspace.from_environ(token=token, offline=offline) as workspace, _progress() as watch:
        done = sync_jobs(workspace, namespace or (), full=full, logs=logs, watch=watch)
    answer = synced_answer(done)
    return replace(answer, code=INTERRUPTED) if done.interrupted else answer


@contextmanager
def _progress() -> "Iterator[Watch | None]":
    if not sys.stderr.isatty():
        yield None
        return
    from hfplanner.cli.show.sync_progress import progress_bar  # noqa: PLC0415 - rich, for people only

    with progress_bar() as watch:
        yield watch


COMMAND = Command(
    call=sync,
    options=(
        *SYNC,
        *find_arguments("token"),
        replace(*find_arguments("offline"), help="Refuse to ask the Hub. HF_HUB_OFFLINE=1 does too."),
    ),
    names="the number of jobs that are new or were updated",
    examples=[
        "hfplanner sync",
        "hfplanner sync --namespace acme --namespace ada",
        "hfplanner sync --full --json",
        "hfplanner sync && hfplanner report --since 30d",
    ],
)
