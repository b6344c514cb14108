"""Reading the listing of one namespace into the history: only what can have changed, kept as it comes."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from hfplanner.api.client import JobsClient
from hfplanner.api.paging import JobPage
from hfplanner.errors import HfplannerError, HubBadRequest, HubError, HubNotFound, UsageError
from hfplanner.frames.job_checks import final_stage
from hfplanner.frames.job_pages import job_page_frames
from hfplanner.frames.job_schema import JOBS_SCHEMA, JobFrames
from hfplanner.history.manifest import SourceState
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync_mark import Gap, Mark, joined
from hfplanner.history.sync_result import Tally

__all__ = ["Progress", "Walk", "Watch"]

# A job may be listed later than others that were created after it: so far below the newest known one pages are read
# once more.
_LISTED_WITHIN = timedelta(minutes=10)
# More jobs than this that had not ended are read by the page, which holds a hundred, rather than one by one.
_MOST_ONE_BY_ONE = 100
# The manifest is small: a key for each bad record, up to here.
_MOST_BAD = 10_000
_LONGEST_KEY = 64
_NOT_ENDED = "its last sync has not come to its end"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync has come.

    Args:
        namespace: that is being read.
        jobs: records read of it so far.
        total: how many jobs there are; ``None`` where not all will be read, or the Hub does not tell.
    """

    namespace: str
    jobs: int
    total: int | None = None


Watch = Callable[[Progress], None]


class Walk:
    """A listing on its way into the history. :meth:`read` reads it, :meth:`save` keeps what was read so far.

    Args:
        client: of the Hub.
        store: where the jobs go.
        namespace: whose jobs.
        mark: what is known of the listing.
        clock: the time, UTC.
        pages_at_once: after so many pages what was read is kept.
        watch: told after each page.
    """

    def __init__(  # noqa: PLR0913 - the two ends, what is between them, and the outer world
        self,
        client: JobsClient,
        store: HistoryStore,
        namespace: str,
        mark: Mark,
        *,
        clock: Callable[[], datetime],
        pages_at_once: int,
        watch: Watch | None = None,
    ) -> None:
        self.tally = Tally()
        self._client, self._store, self._namespace = client, store, namespace
        self._clock, self._pages_at_once, self._watch = clock, pages_at_once, watch
        self._began = clock()
        self._plan = mark.plan()
        self._top = mark.top
        self._bad = dict(mark.bad)
        self._gone = set(mark.gone)
        self._open = self._not_ended() - self._gone
        self._pending: list[pl.DataFrame] = []
        self._unnamed = 0
        self._total = self._count() if watch and mark == Mark() else None

    @property
    def gone(self) -> int:
        """How many jobs had not ended when they were read, and are not known to the Hub any more."""
        return len(self._gone)

    def read(self) -> None:
        """Read all that can have changed.

        Raises:
            HubError: the Hub does not answer, or not as it promises.
            JobsUnreadable: a page is damaged.
            HistoryError: what was read cannot be kept.
        """
        while self._plan:
            self._read_gap()
        self._look_again()

    def why_not_all(self, error: HfplannerError) -> str:
        """Say what an error left unread, without a full stop."""
        if self._plan:
            left = f"it was read up to page {self.tally.pages} only"
        else:
            left = f"{len(self._open)} of its jobs, which had not ended, were not looked at again"
        return f"{left}: {error.message.rstrip('.')}"

    def save(self, reason: str | None) -> SourceState:
        """Keep what was read so far, with what is known now, and return that.

        Args:
            reason: why it is not all; ``None`` where it is.

        Raises:
            HistoryError: it cannot be kept.
        """
        jobs = pl.concat([JOBS_SCHEMA.to_frame(), *self._pending])
        state = self._source_state(reason)
        self.tally.add(self._store.add(jobs, [state]))
        self._pending.clear()
        return state

    def _source_state(self, reason: str | None) -> SourceState:
        mark = Mark(self._top, self._plan, self._bad, frozenset(self._gone))
        if reason is None and self._bad:
            reason = f"{len(self._bad)} of its records could not be taken"
        return SourceState(
            source=self._client.endpoint,
            namespace=self._namespace,
            complete=reason is None,
            seen_at=self._began,
            records=self.tally.read,
            bad=dict(sorted(Counter(self._bad.values()).items())),
            reason=reason,
            cursor=mark.to_text(),
        )

    def _read_gap(self) -> None:
        """Read the first part of the plan, to its end or to the end of the listing."""
        gap, *rest = self._plan
        pages = self._client.walk_jobs(self._namespace, cursor=gap.cursor)
        try:
            page = next(pages)
        except (HubBadRequest, HubNotFound):
            if gap.cursor is None:
                raise
            # The Hub does not know the place any more: from the newest job on it is found again.
            self._plan = joined((Gap(None, gap.until), *rest))
            return
        jobs = self._take(page.body)
        if gap.cursor is None and not jobs.is_empty():
            _, newest = _span(jobs)
            self._top = newest if self._top is None else max(newest, self._top)
        self._go_on(page, jobs, gap, rest, pages)

    def _go_on(self, page: JobPage, jobs: pl.DataFrame, gap: Gap, rest: list[Gap], pages: Iterator[JobPage]) -> None:
        while page.more and not self._is_known(jobs, gap.until):
            if page.cursor is not None:
                # Without one this page would have to be read again, which the plan says already.
                self._plan = (Gap(page.cursor, gap.until), *rest)
            if self.tally.pages % self._pages_at_once == 0:
                self.save(_NOT_ENDED)
            page = next(pages)
            jobs = self._take(page.body)
        # Below the end of the listing there is nothing, whatever was planned.
        self._plan = tuple(rest) if page.more else ()

    def _take(self, body: bytes, *, pages: int = 1) -> pl.DataFrame:
        """Read a page, note what is in it, and return its jobs."""
        frames = job_page_frames([body], source=self._client.endpoint, seen_at=self._clock(), namespace=self._namespace)
        self._note(frames)
        self._pending.append(frames.jobs)
        self.tally.read += frames.jobs.height + frames.bad.height
        self.tally.pages += pages
        if self._watch:
            self._watch(Progress(self._namespace, self.tally.read, self._total))
        return frames.jobs

    def _note(self, frames: JobFrames) -> None:
        found = set(frames.jobs["id"])
        self._open -= found
        self._gone -= found
        for job in self._bad.keys() & found:
            del self._bad[job]
        for job, code in frames.bad.select("id", "code").iter_rows():
            self._unnamed += job is None
            key = f"#{self._unnamed}" if job is None else job[:_LONGEST_KEY]
            if key in self._bad or len(self._bad) < _MOST_BAD:
                self._bad[key] = code

    def _is_known(self, jobs: pl.DataFrame, until: datetime | None) -> bool:
        """Whether a page lies in what was read before, and so all that comes after it, to the next gap."""
        if until is None or jobs.is_empty() or len(self._open) > _MOST_ONE_BY_ONE:
            return False
        first, last = _span(jobs)
        if last >= until - _LISTED_WITHIN:
            return False
        ids = jobs["id"].unique()
        is_here = pl.col("created_at").is_between(pl.lit(first), pl.lit(last)) & pl.col("id").is_in(ids.implode())
        kept = self._store.scan().filter(is_here).select(pl.col("id").n_unique()).collect().item()
        return bool(kept == ids.len())

    def _look_again(self) -> None:
        """Read the jobs one by one that had not ended when they were last read, and that no page showed."""
        left = sorted(self._open)
        for start in range(0, len(left), _MOST_ONE_BY_ONE):
            bodies: list[bytes] = []
            try:
                for job in left[start : start + _MOST_ONE_BY_ONE]:
                    bodies += self._job(job)
            finally:
                # Read as one page, also where the next one could not be had.
                if bodies:
                    self.tally.reread += len(bodies)
                    self._take(b"[" + b",".join(bodies) + b"]", pages=0)

    def _job(self, job: str) -> list[bytes]:
        """Return a job, or none where the Hub knows nothing of it."""
        try:
            return [self._client.job_bytes(self._namespace, job)]
        except (HubNotFound, UsageError):
            # Deleted, or never a job of this Hub: what is known of it stays as it was last seen.
            self._open.discard(job)
            self._gone.add(job)
            self.tally.vanished += 1
            return []

    def _not_ended(self) -> set[str]:
        mine = (pl.col("namespace") == self._namespace) & ~final_stage()
        return set(self._store.scan().filter(mine).select("id").collect(engine="streaming")["id"])

    def _count(self) -> int | None:
        try:
            return self._client.count_jobs(self._namespace)
        except HubError:
            # It is only for show; whatever is wrong shows itself with the first page.
            return None


def _span(jobs: pl.DataFrame) -> tuple[datetime, datetime]:
    """Return when the first and the last job were created; there is one at least."""
    created = pl.col("created_at")
    first, last = jobs.select(created.min().alias("first"), created.max().alias("last")).row(0)
    return first, last
