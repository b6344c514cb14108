"""What a test holds in its hand: the emulator as a process, and everything that can be done to it.

::

    with running_hub() as hub:
        hub.fate(Fate(outcome="oom"))
        client = Client(hub.url, hub.token)
        ...
        hub.advance(3600)
        assert [request.method for request in hub.requests()] == ["POST", "GET"]
"""

import base64
import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.hub.accounts import DEFAULT_TOKEN
from tests.hub.fate import Fate
from tests.hub.faults import Fault

__all__ = ["DEFAULT_TOKEN", "Asked", "Fate", "Fault", "Hub", "running_hub"]

_ROOT = Path(__file__).resolve().parents[2]
_SPEC = {"dockerImage": "python:3.12", "command": ["python", "-V"], "arguments": [], "flavor": "cpu-basic"}
_STOP_SECS = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """One request from the emulator's log; ``status`` is what was answered, ``effect`` whether it was let through."""

    seq: int
    at: float
    method: str
    target: str
    path: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes
    faulted: bool
    effect: bool
    status: int | None

    def header(self, name: str) -> str | None:
        """Return the first header of a name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def token(self) -> str | None:
        """Return the bearer token that was sent."""
        value = self.header("Authorization")
        return None if value is None else value.removeprefix("Bearer ")

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the body."""
        return json.loads(self.body)


def _asked(entry: dict[str, Any]) -> Asked:
    pairs = {name: [(key, value) for key, value in entry[name]] for name in ("query", "headers")}
    return Asked(**(entry | pairs | {"body": base64.b64decode(entry["body"])}))


class Hub:
    """A running emulator, which any thread may use. Users: alice (in acme, also with a token that only reads) and bob.

    Args:
        url: the API, without a trailing slash; what HF_ENDPOINT is set to.
        control: host and port of the control plane.
    """

    token = DEFAULT_TOKEN
    reader_token = "hf_emulated_reader"  # noqa: S105 - opens nothing but the emulator
    other_token = "hf_emulated_bob"  # noqa: S105 - the same

    def __init__(self, url: str, control: str) -> None:
        self.url = url
        self._asking = threading.Lock()
        self._connection = http.client.HTTPConnection(control)

    def close(self) -> None:
        """Close the connection to the control plane."""
        self._connection.close()

    def _do(self, verb: str, **arguments: Any) -> Any:  # noqa: ANN401 - any JSON
        with self._asking:
            self._connection.request("POST", "/", json.dumps({"verb": verb, "arguments": arguments}))
            with self._connection.getresponse() as response:
                value = json.loads(response.read())
        if response.status != http.client.OK:
            raise ValueError(value)
        return value

    def reset(self) -> None:
        """Forget everything: jobs, faults, log, clock, settings; every open connection ends."""
        self._do("reset")

    # Time

    def now(self) -> float:
        """Return the emulated moment, in seconds since 1970."""
        return float(self._do("clock")) / 1000

    def set_clock(self, when: datetime | float) -> None:
        """Jump to a moment (aware, or seconds since 1970)."""
        secs = when.timestamp() if isinstance(when, datetime) else when
        self._do("clock", set_ms=round(secs * 1000))

    def advance(self, secs: float) -> None:
        """Jump forwards."""
        self._do("clock", advance=secs)

    def run_clock(self, speed: float = 1.0) -> None:
        """Let emulated time pass by itself, so many times as fast as real time; 0 stops it."""
        self._do("clock", speed=speed)

    # The world

    def configure(self, **settings: Any) -> None:  # noqa: ANN401 - the fields of Settings
        """Change settings; see ``tests.hub.state.Settings``."""
        self._do("settings", **settings)

    def account(self, token: str, name: str | None, **fields: Any) -> None:  # noqa: ANN401 - the fields of User
        """Give a token to a user (see ``tests.hub.accounts.User``), or revoke it with a name of None."""
        self._do("account", token=token, user=None if name is None else {"name": name, **fields})

    def broke(self, *names: str) -> None:
        """Take the credit of these namespaces, and of no others: they are answered 402."""
        self._do("broke", names=names)

    def fate(self, *fates: Fate) -> None:
        """Script the next jobs that are created, one after the other."""
        self._do("fates", fates=[asdict(fate) for fate in fates])

    def default_fate(self, fate: Fate) -> None:
        """Script every job that has no script of its own."""
        self._do("fates", fates=[], default=asdict(fate))

    def set_fate(self, job_id: str, fate: Fate) -> None:
        """Change the script of a job that exists."""
        self._do("set_fate", job_id=job_id, fate=asdict(fate))

    def add_jobs(  # noqa: PLR0913 - one argument for each field of a job
        self,
        count: int = 1,
        *,
        namespace: str = "alice",
        fate: Fate | None = None,
        first: datetime | None = None,
        every_secs: float = 60.0,
        extra: Mapping[str, Any] | None = None,
        **spec: Any,  # noqa: ANN401 - the fields of a job specification
    ) -> list[str]:
        """Put jobs into the past without a request, and return their ids, the oldest first.

        Args:
            count: how many.
            namespace: whose.
            fate: the script of all of them; completed after 5 + 60 seconds by default.
            first: creation of the first; by default the last is created now.
            every_secs: from one creation to the next.
            extra: fields that replace those of the answer or join them.
            spec: fields that replace those of a plain specification or join it.
        """
        first_ms = None if first is None else round(first.timestamp() * 1000)
        wanted: list[str] = self._do(
            "add_jobs",
            count=count,
            namespace=namespace,
            spec=_SPEC | spec,
            fate=asdict(fate or Fate()),
            first_ms=first_ms,
            every_ms=round(every_secs * 1000),
            extra=dict(extra or {}),
        )
        return wanted

    def jobs(self, namespace: str = "alice") -> list[dict[str, Any]]:
        """Return every job of a namespace as it is now, the unlisted too, in the order they were created."""
        return list(self._do("jobs", namespace=namespace))

    def specs(self, namespace: str = "alice") -> list[dict[str, Any]]:
        """Return the specifications the jobs of a namespace were created with, secrets included."""
        return list(self._do("specs", namespace=namespace))

    def bucket_files(self, bucket: str) -> dict[str, int]:
        """Return the files of a bucket, and how often each was added; none where there is no such bucket."""
        return dict(self._do("bucket_files", bucket=bucket))

    # Trouble

    def fault(self, fault: Fault | None = None, **fields: Any) -> None:  # noqa: ANN401 - the fields of Fault
        """Arm a fault; see ``tests.hub.faults.Fault``."""
        self._do("fault", **replace(fault or Fault(), **fields).to_json())

    def clear_faults(self) -> None:
        """Disarm every fault."""
        self._do("clear_faults")

    def struck(self) -> list[int]:
        """Return how often each fault has struck, in the order they were armed."""
        return list(self._do("struck"))

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse connections for a while; those that are open end."""
        self._do("down")
        try:
            yield
        finally:
            self._do("up")

    # What was asked

    def requests(self, since: int = 0) -> list[Asked]:
        """Return all that was asked since the last reset, or since a number."""
        return [_asked(entry) for entry in self._do("requests", since=since)]

    def connections(self) -> int:
        """Return how many connections the API's port has accepted since it started."""
        return int(self._do("connections"))


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Start an emulator as a process of its own, and stop it at the end."""
    command = [sys.executable, "-m", "tests.hub.server"]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the emulator has no output")
            addresses = json.loads(process.stdout.readline())
            hub = Hub(addresses["api"], addresses["control"])
            try:
                yield hub
            finally:
                hub.close()
        finally:
            process.terminate()
            process.wait(_STOP_SECS)
