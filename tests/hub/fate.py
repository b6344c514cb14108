"""What becomes of a job, and where in its life it is at a moment.

A life is a pure function of the fate, the creation, the timeout and the attempts, so a hundred thousand jobs need no
timer. Unverified with the live service, and chosen so that the worst case is emulated: a timeout counts per attempt
and is retried as any failure is.
"""

from dataclasses import dataclass

__all__ = ["DEFAULT_TIMEOUT_SECS", "Fate", "Life", "Moment", "live"]

DEFAULT_TIMEOUT_SECS = 1800
TIMEOUT_MESSAGE = "Job timeout"
OOM_MESSAGE = "Job failed with exit code: 137. Reason: OOMKilled"
_FAILING = frozenset({"error", "oom"})


@dataclass(frozen=True, slots=True)
class Fate:
    """The script of one job; times in seconds.

    Args:
        scheduling_secs: from creation to start; None waits for ever.
        running_secs: of one attempt; None runs until the timeout or a cancel.
        outcome: completed, error, oom, canceled or deleted.
        exit_code: of an error.
        message: of the end, instead of the usual one.
        scheduling_message: while it waits.
        cancel_reason: of the outcome canceled.
        never_starts: it ends when it should start, as after a failed build.
        failures: attempts that fail before the outcome completed.
        logs: lines, each with its seconds after the start.
        memory_bytes: used, in the metrics stream.
        gpu_memory_bytes: used on each GPU.
        gpu_total_bytes: of each GPU; the listed GB by default, less than which a real one reports.
        gpu_utilization: percent, of each GPU.
    """

    scheduling_secs: float | None = 5.0
    running_secs: float | None = 60.0
    outcome: str = "completed"
    exit_code: int = 1
    message: str | None = None
    scheduling_message: str | None = None
    cancel_reason: str | None = None
    never_starts: bool = False
    failures: int = 0
    logs: tuple[tuple[float, str], ...] = ()
    memory_bytes: int = 2**30
    gpu_memory_bytes: int = 0
    gpu_total_bytes: int | None = None
    gpu_utilization: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A job as it is now: its stage, message, ends (milliseconds since 1970) and failures so far."""

    stage: str
    message: str | None
    started_ms: int | None
    finished_ms: int | None
    failures: int = 0
    cancel_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The whole life: when it starts and ends (None: never), the length of an attempt, and how it ends."""

    start_ms: int | None
    end_ms: int | None
    attempt_ms: int
    scheduling_message: str | None
    end: Moment

    def at(self, now_ms: int) -> Moment:
        """Return the job at a moment."""
        if self.end_ms is not None and now_ms >= self.end_ms:
            return self.end
        if self.start_ms is None or now_ms < self.start_ms:
            return Moment("SCHEDULING", self.scheduling_message, None, None)
        failures = (now_ms - self.start_ms) // self.attempt_ms if self.attempt_ms else 0
        return Moment("RUNNING", None, self.start_ms, None, failures)


def live(fate: Fate, created_ms: int, timeout_secs: int | None, attempts: int) -> Life:
    """Work out the life of a job.

    >>> life = live(Fate(running_secs=None), 0, 60, 2)
    >>> life.at(4_999).stage, life.at(5_000).stage, life.at(65_000).failures, life.at(125_000).message
    ('SCHEDULING', 'RUNNING', 1, 'Job timeout')
    """
    if fate.scheduling_secs is None:
        return Life(None, None, 0, fate.scheduling_message, Moment("SCHEDULING", None, None, None))
    start = created_ms + round(fate.scheduling_secs * 1000)
    if fate.never_starts:
        stage, message = _ending(fate, timed_out=False, failed=fate.outcome in _FAILING)
        end = Moment(stage, message, None, start, cancel_reason=fate.cancel_reason)
        return Life(None, start, 0, fate.scheduling_message, end)
    limit = (timeout_secs or DEFAULT_TIMEOUT_SECS) * 1000
    wanted = limit + 1 if fate.running_secs is None else round(fate.running_secs * 1000)
    timed_out = wanted > limit
    failed = timed_out or fate.outcome in _FAILING or (fate.outcome == "completed" and fate.failures >= attempts)
    tries = attempts if failed else fate.failures + 1 if fate.outcome == "completed" else 1
    length = min(wanted, limit)
    finished = start + tries * length
    stage, message = _ending(fate, timed_out=timed_out, failed=failed)
    end = Moment(stage, message, start, finished, tries if failed else tries - 1, fate.cancel_reason)
    return Life(start, finished, length, fate.scheduling_message, end)


def _ending(fate: Fate, *, timed_out: bool, failed: bool) -> tuple[str, str | None]:
    if timed_out:
        return "ERROR", TIMEOUT_MESSAGE
    if fate.outcome == "oom":
        return "ERROR", fate.message or OOM_MESSAGE
    if failed:
        return "ERROR", fate.message or f"Job failed with exit code: {fate.exit_code}. Reason: Error"
    return {"canceled": "CANCELED", "deleted": "DELETED"}.get(fate.outcome, "COMPLETED"), fate.message
