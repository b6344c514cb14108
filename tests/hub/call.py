"""What a route gets to know, and how it refuses."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.hub.accounts import Owner, User
from tests.hub.jobs import Job
from tests.hub.schedules import Scheduled
from tests.hub.state import Store
from tests.hub.validate import problems
from tests.hub.wire import Reply, Request, json_reply

__all__ = ["Call", "Refusal", "Route", "pack_cursor", "refuse", "unpack_cursor"]

_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    402: "PaymentRequired",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    406: "NotAcceptable",
    409: "Conflict",
    413: "PayloadTooLarge",
    415: "UnsupportedMediaType",
    429: "TooManyRequests",
}


class Refusal(Exception):
    """An answer that is a refusal."""

    def __init__(self, status: int, message: str | list[str], headers: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or []


def refuse(refusal: Refusal) -> Reply:
    """Return the answer of a refusal: the error in the body, and again in the headers."""
    message = refusal.message if isinstance(refusal.message, str) else "; ".join(refusal.message)
    printable = message.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
    said = [("X-Error-Code", _CODES.get(refusal.status, "Error")), ("X-Error-Message", printable)]
    return json_reply(refusal.status, {"error": refusal.message}, [*said, *refusal.headers])


@dataclass(slots=True)
class Call:
    """One request on its way through a route.

    Args:
        request: as it came in.
        store: what the emulator remembers.
        parts: the variable parts of the path.
        asker: whose token it carries; None without a token.
    """

    request: Request
    store: Store
    parts: dict[str, str]
    asker: User | None

    @property
    def user(self) -> User:
        """Return who asks, on a route that demands a token."""
        if self.asker is None:
            raise Refusal(401, "Invalid username or password.")
        return self.asker

    def owner(self, *, write: bool = False) -> Owner:
        """Return the namespace of the path.

        Raises:
            Refusal: 404 if there is none, 403 if the user does not belong to it or the token may not write.
        """
        owner = self.store.accounts.owner(self.parts["ns"])
        if owner is None:
            raise Refusal(404, f'Namespace "{self.parts["ns"]}" not found')
        if owner.name not in {self.user.name, *self.user.orgs}:
            raise Refusal(403, f'You do not have access to the jobs of "{owner.name}"')
        if write and self.user.role == "read":
            raise Refusal(403, "This token has no write access")
        return owner

    def job(self, *, write: bool = False) -> Job:
        """Return the job of the path, or refuse with 404."""
        owner, job = self.owner(write=write), self.store.jobs.get(self.parts["id"])
        if job is None or job.owner != owner:
            raise Refusal(404, "Job not found")
        return job

    def scheduled(self, *, write: bool = False) -> Scheduled:
        """Return the scheduled job of the path, or refuse with 404."""
        owner, scheduled = self.owner(write=write), self.store.scheduled.get(self.parts["id"])
        if scheduled is None or scheduled.owner != owner:
            raise Refusal(404, "Scheduled job not found")
        return scheduled

    def values(self, name: str) -> list[str]:
        """Return every value of a query parameter."""
        return [value for key, value in self.request.query if key == name]

    def body(self, schema: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON that the schema allows
        """Return the body, held to its schema.

        Raises:
            Refusal: 415 if it does not say that it is JSON, 400 if it is not, or not the right one.
        """
        if (self.request.header("Content-Type") or "").partition(";")[0].strip().lower() != "application/json":
            raise Refusal(415, "Expected a body of type application/json")
        try:
            value = json.loads(self.request.body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refusal(400, "Invalid JSON in the body") from error
        if found := problems(schema, value):
            raise Refusal(400, found[0] if len(found) == 1 else found)
        return value


def _no_constant(name: str) -> None:
    raise ValueError(name)


def pack_cursor(value: list[int]) -> str:
    """Return a cursor that says nothing to anybody else.

    >>> unpack_cursor(pack_cursor([3, 4]), 2)
    [3, 4]
    """
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def unpack_cursor(cursor: str, count: int) -> list[int]:
    """Return so many numbers that were packed, or refuse with 400."""
    try:
        value = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except ValueError as error:
        raise Refusal(400, "cursor: invalid cursor") from error
    if not isinstance(value, list) or len(value) != count or not all(isinstance(item, int) for item in value):
        raise Refusal(400, "cursor: invalid cursor")
    return value


@dataclass(frozen=True, slots=True)
class Route:
    """A method, the pattern of a path, and what answers it."""

    method: str
    pattern: str
    answer: Callable[[Call], Reply]
