"""A job written down as JSON: the API's own body, a schedule's, or what ``hf jobs inspect --json`` prints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfplanner.errors import JobSpecError, UsageError, quoted
from hfplanner.units import parse_duration

__all__ = ["IMAGE_KEYS", "Where", "WrittenJob", "is_written_job", "read_written_job"]

IMAGE_KEYS = ("dockerImage", "docker_image")
"""How a job in JSON names its image."""

_MAX_RETRIES = 2**53 - 2
_TIMEOUTS = ("timeoutSeconds", "timeout_seconds", "timeout")
# What decides how much a job costs; beside it, keys of the Hub that are near to one of these.
_DECIDING = (
    *_TIMEOUTS, *IMAGE_KEYS, "flavor", "attempts", "retry", "schedule", "suspend", "concurrency", "expose", "labels",
    "jobSpec", "job_spec",
)  # fmt: skip
_NEAR = 0.8

Where = Callable[..., str]
"""Says where the first of some keys stands in a document: the file and the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenJob:
    """What a JSON document says of a job; ``None`` where it says nothing.

    Args:
        image: of a registry, or a Space as ``hf.co/spaces/OWNER/NAME``.
        command: with its arguments.
        flavor: where.
        timeout_secs: of one attempt [s].
        attempts: how often it may be tried.
        namespace: who pays.
        labels: of the job.
        env: names of variables and their values.
        secrets: names only.
        has_ports: whether ports are exposed.
        schedule: when it runs; ``None`` is once.
        concurrency: whether runs of a schedule may overlap.
        suspended: whether the schedule is not running.
    """

    image: str
    command: tuple[str, ...]
    flavor: str | None
    timeout_secs: int | None
    attempts: int | None
    namespace: str | None
    labels: Mapping[str, str]
    env: Mapping[str, str]
    secrets: tuple[str, ...]
    has_ports: bool
    schedule: str | None
    concurrency: bool
    suspended: bool


def is_written_job(value: object) -> bool:
    """Whether a JSON value looks like a job or a schedule: it names an image or a Space.

    >>> is_written_job({"dockerImage": "python:3.12"}), is_written_job({"name": "package"})
    (True, False)
    """
    if not isinstance(value, Mapping):
        return False
    body = _spec_of(value)
    return any(_get(body, *names) is not None for names in (IMAGE_KEYS, ("spaceId", "space_id")))


def read_written_job(value: Mapping[str, Any], where: Where) -> WrittenJob:
    """Return what a JSON document says of a job, in either spelling of the Hub.

    A key that is not known is passed over, as the Hub's answers grow; one that is nearly a key that decides what a job
    costs is a slip, and an error.

    Args:
        value: the document.
        where: says where the first of some keys stands, for sentences.

    Raises:
        JobSpecError: a value of another type, or one that cannot be meant; a slip.

    >>> body = {"dockerImage": "python:3.12", "command": ["id"], "flavor": "l4x1", "timeoutSeconds": 3600}
    >>> job = read_written_job({"jobSpec": body, "schedule": "@daily"}, lambda *_: "job.json")
    >>> job.image, job.timeout_secs, job.schedule
    ('python:3.12', 3600, '@daily')
    """
    body = _spec_of(value)
    _refuse_slips(body, where)
    _refuse_slips(value, where)
    space = _text(body, where, "spaceId", "space_id")
    image = _text(body, where, *IMAGE_KEYS) or (f"hf.co/spaces/{space}" if space else None)
    if image is None:
        raise JobSpecError(f"{where()}: it names no image and no Space.")
    schedule = _text(value, where, "schedule")
    secrets = _get(body, "secrets")
    return WrittenJob(
        image=image,
        command=(*_command(body, where, "command"), *_command(body, where, "arguments")),
        flavor=_text(body, where, "flavor"),
        timeout_secs=_timeout(body, where),
        attempts=_attempts(body, where),
        namespace=_namespace(value, where),
        labels=_texts(body, where, "labels"),
        env=_texts(body, where, "environment"),
        secrets=tuple(map(str, secrets)) if isinstance(secrets, Mapping | list) else (),
        has_ports=bool(_get(body, "expose")),
        schedule=schedule,
        concurrency=bool(_get(value, "concurrency")) if schedule else False,
        suspended=bool(_get(value, "suspend")) if schedule else False,
    )


def _refuse_slips(value: Mapping[str, Any], where: Where) -> None:
    import difflib  # noqa: PLC0415 - for jobs in JSON

    for key in value:
        near = [] if key in _DECIDING else difflib.get_close_matches(key, _DECIDING, n=1, cutoff=_NEAR)
        if near and near[0] not in value:
            raise JobSpecError(f"{where(key)}: there is no key {quoted(key)}.", hint=f"Did you mean {near[0]}?")


def _spec_of(value: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = _get(value, "jobSpec", "job_spec")
    return spec if isinstance(spec, Mapping) else value


def _get(value: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 - any JSON value
    return next((value[name] for name in names if value.get(name) is not None), None)


def _text(value: Mapping[str, Any], where: Where, *names: str) -> str | None:
    found = _get(value, *names)
    if found is None or isinstance(found, str):
        return found or None
    raise JobSpecError(f"{where(*names)}: {names[0]} must be a string, not {quoted(str(found))}.")


def _texts(value: Mapping[str, Any], where: Where, name: str) -> Mapping[str, str]:
    found = _get(value, name)
    if found is None:
        return {}
    if not isinstance(found, Mapping) or not all(isinstance(item, str) for item in found.values()):
        raise JobSpecError(f"{where(name)}: {name} must be an object of strings.")
    return found


def _command(value: Mapping[str, Any], where: Where, name: str) -> Sequence[str]:
    found = _get(value, name)
    if found is None:
        return ()
    if isinstance(found, str):
        return (found,)
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise JobSpecError(f"{where(name)}: {name} must be a list of strings.")
    return found


def _timeout(value: Mapping[str, Any], where: Where) -> int | None:
    """Return the timeout, which the request and the answer spell differently."""
    found, place = _get(value, *_TIMEOUTS), where(*_TIMEOUTS)
    if found is None:
        return None
    if isinstance(found, str):
        try:
            return parse_duration(found)
        except UsageError as error:
            raise JobSpecError(f"{place}: the timeout {error.message}", hint=error.hint) from error
    if isinstance(found, int) and not isinstance(found, bool) and found > 0:
        return found
    raise JobSpecError(f"{place}: the timeout {quoted(str(found))} is not a whole number of seconds above 0.")


def _attempts(value: Mapping[str, Any], where: Where) -> int | None:
    """Return the attempts; an answer counts those after the first."""
    attempts, retries = _get(value, "attempts"), _get(value, "retry")
    found = attempts if attempts is not None else retries
    if found is None:
        return None
    least = 1 if attempts is not None else 0
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= _MAX_RETRIES:
        raise JobSpecError(f"{where('attempts', 'retry')}: {quoted(str(found))} is no number of attempts.")
    return found if attempts is not None else found + 1


def _namespace(value: Mapping[str, Any], where: Where) -> str | None:
    owner = _get(value, "owner")
    return _text(owner, where, "name") if isinstance(owner, Mapping) else None
