"""One job: what was asked for, what becomes of it, and the answer that shows it."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.hub.accounts import Owner, entity_id
from tests.hub.clock import iso
from tests.hub.fate import DEFAULT_TIMEOUT_SECS, Fate, Life, Moment, live

__all__ = ["TERMINAL", "Job", "spec_answer"]

TERMINAL = frozenset({"COMPLETED", "CANCELED", "ERROR", "DELETED"})
# The fields of a specification that an answer repeats as they were sent.
_REPEATED = ("dockerImage", "spaceId", "command", "arguments", "arch", "flavor", "volumes", "expose", "network")


def spec_answer(spec: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer says of a specification: secrets by name only, the timeout under its other name."""
    answer = {name: spec[name] for name in _REPEATED if name in spec}
    answer["environment"] = spec.get("environment", {})
    answer["timeout"] = spec.get("timeoutSeconds") or DEFAULT_TIMEOUT_SECS
    answer["retry"] = spec.get("attempts", 1) - 1
    if "secrets" in spec:
        answer["secrets"] = sorted(spec["secrets"])
    if "labels" in spec:
        answer["labels"] = spec["labels"]
    if "resourceGroupId" in spec:
        answer["resourceGroupId"] = spec["resourceGroupId"]
    return answer


@dataclass(slots=True)
class Job:
    """A job of the emulator.

    Args:
        id: 24 hexadecimal digits.
        seq: its place in the order of creation.
        owner: the namespace.
        creator: the name of the user.
        created_ms: milliseconds since 1970.
        spec: the body it was created with; never changed, only replaced.
        fate: its script.
        initiator: what started it.
        extra: fields that replace those of the answer, or join them.
        listed_ms: from when on listings show it.
    """

    id: str
    seq: int
    owner: Owner
    creator: str
    created_ms: int
    spec: dict[str, Any]
    fate: Fate
    initiator: dict[str, Any]
    extra: dict[str, Any] = field(default_factory=dict)
    listed_ms: int = 0
    cancelled_ms: int | None = None
    cancel_keeps_end: bool = False
    _life: Life | None = None
    _settled: bytes | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Return what listings are ordered by."""
        return self.created_ms, self.seq

    def change(self, **fields: Any) -> None:  # noqa: ANN401 - any field may be replaced
        """Replace fields, and forget what was worked out from the old ones."""
        for name, value in fields.items():
            setattr(self, name, value)
        self._life = self._settled = None

    def moment(self, now_ms: int) -> Moment:
        """Return where in its life the job is."""
        if self._life is None:
            spec = self.spec
            self._life = live(self.fate, self.created_ms, spec.get("timeoutSeconds"), int(spec.get("attempts", 1)))
        if self.cancelled_ms is None or now_ms < self.cancelled_ms:
            return self._life.at(now_ms)
        before = self._life.at(self.cancelled_ms)
        if before.stage in TERMINAL:
            return before
        end = self.cancelled_ms if self.cancel_keeps_end else None
        return Moment("CANCELED", None, before.started_ms, end, before.failures)

    def stage(self, now_ms: int) -> str:
        """Return the stage an answer shows, which a test may have set."""
        status = self.extra.get("status")
        return status["stage"] if status and "stage" in status else self.moment(now_ms).stage

    def has_labels(self, wanted: list[tuple[str, str]]) -> bool:
        """Tell whether it carries every one of these labels."""
        labels = self.spec.get("labels", {})
        return all(labels.get(key) == value for key, value in wanted)

    def as_bytes(self, now_ms: int) -> bytes:
        """Return the answer as JSON, kept once the job is over."""
        ended = None if self._life is None or self.cancelled_ms is not None else self._life.end_ms
        if self._settled is not None and ended is not None and now_ms >= ended:
            return self._settled
        body = json.dumps(self.answer(now_ms), separators=(",", ":")).encode()
        if ended is not None and now_ms >= ended:
            self._settled = body
        return body

    def answer(self, now_ms: int) -> dict[str, Any]:
        """Return the job as ``GET /api/jobs/{namespace}/{jobId}`` shows it."""
        moment = self.moment(now_ms)
        answer = {
            "id": self.id,
            "createdAt": iso(self.created_ms),
            **spec_answer(self.spec),
            "createdBy": {"id": entity_id(self.creator), "name": self.creator},
            "type": "job",
            "owner": self.owner.answer(),
            "initiator": self.initiator,
            "status": self._status(moment),
        }
        if moment.started_ms is not None:
            answer["startedAt"] = iso(moment.started_ms)
        if moment.finished_ms is not None:
            answer["finishedAt"] = iso(moment.finished_ms)
        if durations := self._durations(moment, now_ms):
            answer["durations"] = durations
        return answer | self.extra

    def _status(self, moment: Moment) -> dict[str, Any]:
        status: dict[str, Any] = {"stage": moment.stage, "message": moment.message}
        if moment.failures:
            status["failureCount"] = moment.failures
        if moment.cancel_reason:
            status["cancelReason"] = moment.cancel_reason
        if ports := self.spec.get("expose", {}).get("ports"):
            status["exposeUrls"] = [f"https://{self.id}--{port}.hf.jobs" for port in ports]
        if self.spec.get("ssh", {}).get("enabled"):
            status["sshUrl"] = f"ssh://{self.id}@ssh.hf.jobs"
        return status

    def _durations(self, moment: Moment, now_ms: int) -> dict[str, int]:
        """Return whole seconds; nothing for a cancelled job without an end, ``totalSecs`` alone if it never started."""
        if moment.stage in TERMINAL and moment.finished_ms is None:
            return {}
        until = now_ms if moment.finished_ms is None else moment.finished_ms
        durations = {"totalSecs": max(until - self.created_ms, 0) // 1000}
        if moment.started_ms is not None:
            durations["schedulingSecs"] = (moment.started_ms - self.created_ms) // 1000
            durations["runningSecs"] = (until - moment.started_ms) // 1000
        return durations
