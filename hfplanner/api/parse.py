"""Answers into models, with an error that says where an answer differs and shows nothing of what it holds."""

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from hfplanner.api.models import JobInfo, ScheduledJobInfo

if TYPE_CHECKING:
    from hfplanner.api.connection import Answer

__all__ = ["parse_count", "parse_items", "parse_job", "parse_model", "parse_object", "parse_schedule", "problem_of"]

M = TypeVar("M", bound=BaseModel)
_MOST_PROBLEMS = 3


def parse_object(answer: "Answer") -> dict[str, Any]:
    """Return an answer that is a JSON object.

    Raises:
        HubUnreadable: it is not.
    """
    document = answer.json()
    if not isinstance(document, dict):
        raise answer.unreadable("it is not a JSON object")
    return document


def parse_model(model: type[M], answer: "Answer") -> M:
    """Return an answer as a record.

    Raises:
        HubUnreadable: it is not one.
    """
    return _validated(model, parse_object(answer), answer)


def parse_job(answer: "Answer", endpoint: str) -> JobInfo:
    """Return an answer as a job of this endpoint.

    Raises:
        HubUnreadable: it is not one.
    """
    return _validated(JobInfo, {**parse_object(answer), "endpoint": endpoint}, answer)


def parse_schedule(answer: "Answer") -> ScheduledJobInfo:
    """Return an answer as a scheduled job.

    Raises:
        HubUnreadable: it is not one.
    """
    return parse_model(ScheduledJobInfo, answer)


def parse_items(model: type[M], answer: "Answer", **more: str) -> list[M]:
    """Return an answer that is a JSON array of objects as records.

    Args:
        model: of each item.
        answer: of the Hub.
        more: fields each item is given beside its own.

    Raises:
        HubUnreadable: it is none, or an item is not such a record.
    """
    document = answer.json()
    if not isinstance(document, list):
        raise answer.unreadable("it is not a JSON array")
    return [_validated(model, {**item, **more} if isinstance(item, dict) else item, answer) for item in document]


def parse_count(answer: "Answer") -> int:
    """Return the number of ``{"count": n}``.

    Raises:
        HubUnreadable: it is not a whole number from 0.
    """
    count = parse_object(answer).get("count")
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise answer.unreadable("count is not a whole number from 0")
    return count


def problem_of(error: ValidationError) -> str:
    """Say where an object differs from a record and how, without repeating values.

    >>> try:
    ...     JobInfo.model_validate({"id": "a", "timeout": "hf_secret"})
    ... except ValidationError as error:
    ...     problem_of(error)
    'timeout.int (int_parsing), timeout.float (float_parsing)'
    """
    found = error.errors(include_url=False, include_context=False, include_input=False)
    places = [f"{'.'.join(str(part) for part in one['loc']) or 'it'} ({one['type']})" for one in found]
    return ", ".join(places[:_MOST_PROBLEMS])


def _validated(model: type[M], document: object, answer: "Answer") -> M:
    problem = ""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        problem = problem_of(error)
    raise answer.unreadable(problem)
