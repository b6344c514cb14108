"""What a sync did, as frozen values."""

from dataclasses import asdict, dataclass
from typing import Any

from hfplanner.errors import HfplannerError
from hfplanner.history.bill_sync import BillSync
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import Added
from hfplanner.times import json_moment

__all__ = ["LogsRead", "NamespaceSync", "Sync", "Tally"]

_COUNTS = ("read", "new", "updated", "unchanged", "reread", "vanished")


@dataclass(slots=True)
class Tally:
    """What one sync of a namespace has read and changed so far.

    Args:
        pages: of the listing.
        read: records, those of pages and those that were read one by one.
        reread: jobs that were read one by one, because they had not ended before.
        vanished: jobs among these that the Hub does not know any more.
        new, updated, unchanged: what the history knew of the jobs.
    """

    pages: int = 0
    read: int = 0
    reread: int = 0
    vanished: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0

    def add(self, added: Added) -> None:
        """Count what an addition to the history changed."""
        self.new += added.new
        self.updated += added.updated
        self.unchanged += added.unchanged


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceSync:
    """What became of one namespace.

    Args:
        namespace: whose jobs.
        state: what the history knows of it now; ``None`` where nothing was read.
        tally: what was read and changed.
        gone: jobs that had not ended when they were read, and that the Hub does not know any more.
        error: why not all was read.
        interrupted: whether it was stopped from outside.
        schedules: how many schedules it has; ``None`` where they were not asked for, or the Hub did not tell.
        schedules_problem: why the Hub did not tell them, a sentence.
    """

    namespace: str
    state: SourceState | None
    tally: Tally
    gone: int = 0
    error: HfplannerError | None = None
    interrupted: bool = False
    schedules: int | None = None
    schedules_problem: str | None = None

    @property
    def complete(self) -> bool:
        """Whether all that the Hub has of it is in the history."""
        return self.state is not None and self.state.complete

    @property
    def reason(self) -> str | None:
        """Why it is not complete, a sentence without a full stop."""
        if self.state is not None:
            return self.state.reason
        return self.error.message.rstrip(".") if self.error else "it was interrupted before anything was read"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "namespace": self.namespace,
            "source": self.state and self.state.source,
            "complete": self.complete,
            "reason": self.reason,
            "seen_at": json_moment(self.state.seen_at) if self.state else None,
            **asdict(self.tally),
            "gone": self.gone,
            "schedules": self.schedules,
            "bad": dict(self.state.bad) if self.state else {},
            "error": self.error and {"code": self.error.code, "message": self.error.message, "hint": self.error.hint},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsRead:
    """What the logs of runs that were stopped told.

    Args:
        read: how many logs were read.
        measured: how many said how far their run was.
        peaks: how many said what their run took of a GPU.
        problem: why one could not be read, a sentence; ``None`` where each could.
    """

    read: int
    measured: int
    peaks: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """What a sync did.

    Args:
        namespaces: what became of each, in the order they were read.
        bill: what became of the bill; ``None`` where it was not asked for any more.
        logs: what the logs of runs that were stopped told; ``None`` where they were not asked for.
    """

    namespaces: tuple[NamespaceSync, ...]
    bill: BillSync | None
    logs: LogsRead | None = None

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped from outside."""
        return any(one.interrupted for one in self.namespaces)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for is in the history."""
        return all(one.complete for one in self.namespaces) and self.bill is not None and not self.bill.failed

    @property
    def exit_code(self) -> int:
        """0, or 6 for an answer that is incomplete and says so."""
        return 0 if self.complete else 6

    def to_json(self) -> dict[str, Any]:
        """Return the sync as a JSON object."""
        jobs = {name: sum(getattr(one.tally, name) for one in self.namespaces) for name in _COUNTS}
        bad = sum(sum(one.state.bad.values()) for one in self.namespaces if one.state)
        return {
            "complete": self.complete,
            "interrupted": self.interrupted,
            "pulls": [one.to_json() for one in self.namespaces],
            "jobs": {**jobs, "bad": bad},
            "bill": self.bill and self.bill.to_json(),
            "logs": self.logs and asdict(self.logs),
        }
