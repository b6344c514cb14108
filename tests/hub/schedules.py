"""A scheduled job and the answer that shows it."""

from dataclasses import dataclass, field
from typing import Any

from tests.hub.accounts import Owner
from tests.hub.clock import iso
from tests.hub.cron import next_due
from tests.hub.jobs import spec_answer

__all__ = ["Scheduled"]

# An answer must say when the next run is; for a schedule that is never due it says this.
_NEVER = "2199-01-01T00:00:00.000Z"


@dataclass(slots=True)
class Scheduled:
    """A job that is started again and again."""

    id: str
    owner: Owner
    creator: str
    created_ms: int
    spec: dict[str, Any]
    schedule: str
    suspend: bool
    concurrency: bool
    next_ms: int | None = None
    last: tuple[str, int] | None = None
    job_ids: list[str] = field(default_factory=list)

    def plan_after(self, when_ms: int) -> None:
        """Work out the next run."""
        self.next_ms = next_due(self.schedule, when_ms)

    def answer(self) -> dict[str, Any]:
        """Return the scheduled job as ``GET /api/scheduled-jobs/{namespace}/{jobId}`` shows it."""
        last = {"id": self.last[0], "at": iso(self.last[1])} if self.last else None
        due = _NEVER if self.next_ms is None else iso(self.next_ms)
        return {
            "id": self.id,
            "createdAt": iso(self.created_ms),
            "schedule": self.schedule,
            "suspend": self.suspend,
            "concurrency": self.concurrency,
            "status": {"lastJob": last, "nextJobRunAt": due},
            "type": "scheduled-job",
            "owner": self.owner.answer(),
            "initiator": Owner(self.creator, "user").answer(),
            "jobSpec": spec_answer(self.spec),
        }
