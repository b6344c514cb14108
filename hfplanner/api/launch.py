"""What is known after a request that starts a job was answered with success."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from hfplanner.api.connection import Answer
from hfplanner.api.models import JobInfo
from hfplanner.api.parse import problem_of
from hfplanner.errors import HubUnreadable

__all__ = ["Launched", "parse_launched", "parse_scheduled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A job that exists.

    Args:
        job_id: the Hub's name for it.
        raw: the answer, byte for byte, to be kept.
        job: the answer as a record; ``None`` where something of it differs from what the API promises.
        problem: what differs.
    """

    job_id: str
    raw: bytes = field(repr=False)
    job: JobInfo | None
    problem: str | None = None


def parse_launched(answer: Answer, endpoint: str) -> Launched:
    """Return the job of an answer with a status from 200 to 299: a JSON object with a string ``id`` proves it.

    Whatever else is odd in the answer does not undo the job: it is reported, not raised.

    Raises:
        HubUnreadable: no such object. Its outcome is unknown, and the job probably exists.

    >>> answer = Answer("POST /api/jobs/acme", "", 200, {}, b'{"id": "687fb701029421ae5549d998", "timeout": "soon"}')
    >>> launched = parse_launched(answer, "https://huggingface.co")
    >>> launched.job_id, launched.job, launched.problem
    ('687fb701029421ae5549d998', None, 'timeout.int (int_parsing), timeout.float (float_parsing)')
    """
    document, job_id = _proof(answer)
    job, problem = _read(document, endpoint)
    cleaned = None if problem is None else answer.clean(problem)
    return Launched(job_id=job_id, raw=answer.body, job=job, problem=cleaned)


def parse_scheduled(answer: Answer) -> Launched:
    """Return the schedule of an answer: its id proves it, as that of a job does; ``job`` is ``None``.

    Raises:
        HubUnreadable: there is none. Its outcome is unknown, and the schedule probably exists.
    """
    return Launched(job_id=_proof(answer)[1], raw=answer.body, job=None)


def _proof(answer: Answer) -> tuple[dict[str, Any], str]:
    document = answer.json()
    own_id = document.get("id") if isinstance(document, dict) else None
    if not isinstance(own_id, str) or not own_id:
        raise _unproven(answer)
    return document, own_id


def _unproven(answer: Answer) -> HubUnreadable:
    return answer.unreadable("it names no job")


def _read(document: dict[str, Any], endpoint: str) -> tuple[JobInfo | None, str | None]:
    try:
        return JobInfo.model_validate({**document, "endpoint": endpoint}), None
    except ValidationError as error:
        return None, problem_of(error)
