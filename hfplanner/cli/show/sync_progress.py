"""How far a sync is, for people at a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hfplanner.history.sync_walk import Progress as Done
from hfplanner.history.sync_walk import Watch
from hfplanner.sanitize import sanitize

__all__ = ["progress_bar"]

_LONGEST_NAME = 40


@contextmanager
def progress_bar() -> Iterator[Watch]:
    """Show a bar on stderr while the block runs, and leave nothing behind; the value moves it."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("jobs"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(done: Done) -> None:
            if done.namespace not in tasks:
                name = sanitize(done.namespace, limit=_LONGEST_NAME)
                tasks[done.namespace] = progress.add_task(name, total=done.total)
            progress.update(tasks[done.namespace], completed=done.jobs)

        yield watch
