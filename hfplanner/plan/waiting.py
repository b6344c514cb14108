"""How long jobs waited in the queue of each flavor, where there is a history to ask."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfplanner.estimate.queue_wait import QueueWait
    from hfplanner.plan.workspace import Workspace

__all__ = ["known_waits"]


def known_waits(workspace: "Workspace") -> "Mapping[str, QueueWait]":
    """Return the wait for each flavor that enough jobs of the history waited for; empty without a history.

    Raises:
        HistoryError: it is damaged, or of a newer version.
    """
    jobs = workspace.history_jobs()
    if jobs is None:
        return {}
    from hfplanner.estimate.queue_wait import queue_waits  # noqa: PLC0415 - polars, for those who have a history

    return queue_waits(jobs())
