"""All that the emulator remembers."""

import itertools
import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.hub.accounts import Accounts, Owner
from tests.hub.clock import Clock
from tests.hub.fate import Fate
from tests.hub.jobs import TERMINAL, Job
from tests.hub.schedules import Scheduled

if TYPE_CHECKING:
    from tests.hub.buckets import Bucket

__all__ = ["Settings", "Store"]


@dataclass(slots=True)
class Settings:
    """What a test may turn.

    Args:
        page_size: jobs on a page of the listing.
        paging: keyset (a cursor names the last job) or offset (a cursor counts, so arriving jobs shift the pages).
        listing_lag_secs: emulated seconds before a created job is listed and counted.
        cancel_keeps_end: whether a cancelled job has an end time.
        keep_alive_secs: real seconds between the comments of a silent stream.
        metrics_interval_secs: real seconds between two metrics.
        rate_limit: requests per window and token; None for no limit.
        rate_window_secs: emulated seconds of the window.
        hardware: the rows of the listing.
        max_body_bytes: the longest body that is read.
    """

    page_size: int = 100
    paging: str = "keyset"
    listing_lag_secs: float = 0.0
    cancel_keeps_end: bool = False
    keep_alive_secs: float = 30.0
    metrics_interval_secs: float = 1.0
    rate_limit: int | None = None
    rate_window_secs: int = 300
    hardware: list[dict[str, Any]] = field(default_factory=list)
    max_body_bytes: int = 10 * 2**20


class Store:
    """Clock, accounts, jobs, schedules and buckets, behind one lock that also wakes the streams."""

    def __init__(self, settings: Settings) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.clock = Clock()
        self.accounts = Accounts()
        self.settings = settings
        self.jobs: dict[str, Job] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.buckets: dict[str, Bucket] = {}
        self.xorbs: set[str] = set()
        self.shards: list[bytes] = []
        self.fates: deque[Fate] = deque()
        self.default_fate = Fate()
        self.windows: dict[str, tuple[int, int]] = {}
        self._order: dict[str, list[Job]] = {}
        self._numbers = itertools.count(1)

    def new_id(self, now_ms: int) -> tuple[str, int]:
        """Return an id of 24 hexadecimal digits that begins with the second, as the Hub's do, and its number."""
        number = next(self._numbers)
        return f"{now_ms // 1000 & 0xFFFFFFFF:08x}{number:016x}", number

    def create(
        self,
        owner: Owner,
        creator: str,
        spec: dict[str, Any],
        initiator: dict[str, Any],
        *,
        at_ms: int | None = None,
    ) -> Job:
        """Create a job with the next scripted fate, or the usual one."""
        now = self.clock.now() if at_ms is None else at_ms
        job_id, number = self.new_id(now)
        fate = self.fates.popleft() if self.fates else self.default_fate
        listed = now + round(self.settings.listing_lag_secs * 1000)
        self.insert(Job(job_id, number, owner, creator, now, spec, fate, initiator, listed_ms=listed))
        return self.jobs[job_id]

    def insert(self, job: Job) -> None:
        """Put a job into the listing, wherever its creation belongs."""
        self.jobs[job.id] = job
        insort(self._order.setdefault(job.owner.name, []), job, key=lambda other: other.key)
        self.changed.notify_all()

    def newest_first(self, namespace: str, before: tuple[int, int] | None = None) -> Iterator[Job]:
        """Iterate over the listed jobs of a namespace, from the newest or from just before a key on."""
        order, now = self._order.get(namespace, []), self.clock.now()
        end = len(order) if before is None else bisect_left(order, before, key=lambda job: job.key)
        return (order[place] for place in range(end - 1, -1, -1) if order[place].listed_ms <= now)

    def cancel(self, job: Job) -> None:
        """Cancel a job now; one that is over stays as it is."""
        now = self.clock.now()
        if job.moment(now).stage not in TERMINAL:
            job.change(cancelled_ms=now, cancel_keeps_end=self.settings.cancel_keeps_end)
            self.changed.notify_all()

    def is_running(self, scheduled: Scheduled, at_ms: int) -> bool:
        """Tell whether a job of a schedule is not over at a moment; those that are over are not looked at again."""
        jobs = (self.jobs[job_id] for job_id in scheduled.job_ids)
        scheduled.job_ids = [job.id for job in jobs if job.moment(at_ms).stage not in TERMINAL]
        return bool(scheduled.job_ids)

    def trigger(self, scheduled: Scheduled, at_ms: int | None = None) -> Job:
        """Start a job of a schedule."""
        initiator = {"type": "scheduled-job", "id": scheduled.id}
        job = self.create(scheduled.owner, scheduled.creator, scheduled.spec, initiator, at_ms=at_ms)
        scheduled.job_ids.append(job.id)
        scheduled.last = (job.id, job.created_ms)
        return job

    def fire_due(self) -> None:
        """Start the jobs whose time has come since the clock was last looked at, one for each missed moment."""
        now = self.clock.now()
        for scheduled in self.scheduled.values():
            while scheduled.next_ms is not None and scheduled.next_ms <= now:
                due = scheduled.next_ms
                scheduled.plan_after(due)
                if not scheduled.suspend and (scheduled.concurrency or not self.is_running(scheduled, due)):
                    self.trigger(scheduled, due)
