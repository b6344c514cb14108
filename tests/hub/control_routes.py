"""The control plane: what a test may do to the emulator that no client can."""

import base64
import json
import threading
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from tests.hub.accounts import Owner
from tests.hub.fate import Fate
from tests.hub.faults import Armed, Fault, Faults
from tests.hub.jobs import Job
from tests.hub.listener import Listener
from tests.hub.state import Settings, Store
from tests.hub.wire import Request

__all__ = ["Controlled", "control"]

_HARDWARE = Path(__file__).resolve().parents[2] / "data" / "hardware.json"


def _fate(values: dict[str, Any]) -> Fate:
    logs = tuple((float(secs), str(line)) for secs, line in values.get("logs", ()))
    return Fate(**(values | {"logs": logs}))


class Controlled:
    """The emulator: its port, its memory, its faults, and the log of all it was asked."""

    def __init__(self, serve: Callable[["Controlled", Any], None]) -> None:
        self.hardware = json.loads(_HARDWARE.read_text(encoding="utf-8"))["listing"]
        self.store = Store(Settings(hardware=list(self.hardware)))
        self.faults = Faults()
        self.log: list[dict[str, Any]] = []
        self._logging = threading.Lock()
        self.listener = Listener(lambda connection: serve(self, connection))

    def note(self, request: Request, fault: Fault) -> dict[str, Any]:
        """Log a request, before it has any effect."""
        with self._logging:
            entry = {
                "seq": len(self.log),
                "at": time.monotonic(),
                "method": request.method,
                "target": request.target,
                "path": request.path,
                "query": request.query,
                "headers": request.headers,
                "body": base64.b64encode(request.body).decode(),
                "faulted": fault != Fault(),
                "effect": False,
                "status": None,
            }
            self.log.append(entry)
        return entry

    def arrive(self, request: Request, count: int) -> None:
        """Create jobs in the namespace of a request."""
        with self.store.changed:
            owner = self.store.accounts.owner(request.path.split("/")[3])
            if owner is None:
                raise LookupError(request.path)
            for _ in range(count):
                spec = {"dockerImage": "python:3.12", "command": ["true"], "flavor": "cpu-basic"}
                self.store.create(owner, owner.name, spec, owner.answer())

    def reset(self) -> None:
        """Forget everything, and end what is still open."""
        old = self.store
        self.listener.up()
        self.listener.drop_all()
        with old.changed:
            self.store, self.faults = Store(Settings(hardware=list(self.hardware))), Faults()
            old.jobs.clear()
            old.changed.notify_all()
        with self._logging:
            self.log = []


def _clock(hub: Controlled, *, set_ms: int | None = None, advance: float = 0, speed: float | None = None) -> int:
    clock = hub.store.clock
    if set_ms is not None:
        clock.set(set_ms)
    if advance:
        clock.advance(advance)
    if speed is not None:
        clock.run(speed)
    hub.store.fire_due()
    hub.store.changed.notify_all()
    return clock.now()


def _settings(hub: Controlled, **values: Any) -> None:  # noqa: ANN401 - the fields of Settings
    known = {entry.name for entry in fields(Settings)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown settings {sorted(unknown)}")
    hub.store.settings = replace(hub.store.settings, **values)


def _account(hub: Controlled, token: str, user: dict[str, Any] | None) -> None:
    if user is None:
        hub.store.accounts.users.pop(token, None)
    else:
        hub.store.accounts.add(token, user)


def _broke(hub: Controlled, names: list[str]) -> None:
    hub.store.accounts.broke = set(names)


def _fates(hub: Controlled, fates: list[dict[str, Any]], *, default: dict[str, Any] | None = None) -> None:
    hub.store.fates.extend(_fate(values) for values in fates)
    if default is not None:
        hub.store.default_fate = _fate(default)


def _set_fate(hub: Controlled, job_id: str, fate: dict[str, Any]) -> None:
    hub.store.jobs[job_id].change(fate=_fate(fate))
    hub.store.changed.notify_all()


def _add_jobs(  # noqa: PLR0913 - one argument for each field of a job
    hub: Controlled,
    count: int,
    *,
    namespace: str,
    spec: dict[str, Any],
    fate: dict[str, Any],
    first_ms: int | None,
    every_ms: int,
    extra: dict[str, Any],
) -> list[str]:
    owner = hub.store.accounts.owner(namespace)
    if owner is None:
        raise LookupError(namespace)
    first = hub.store.clock.now() - (count - 1) * every_ms if first_ms is None else first_ms
    shared = _fate(fate)
    return [_add_one(hub.store, owner, first + place * every_ms, spec, shared, extra) for place in range(count)]


def _add_one(  # noqa: PLR0913, PLR0917 - as above
    store: Store, owner: Owner, created_ms: int, spec: dict[str, Any], fate: Fate, extra: dict[str, Any]
) -> str:
    job_id, number = store.new_id(created_ms)
    store.insert(Job(job_id, number, owner, owner.name, created_ms, spec, fate, owner.answer(), extra))
    return job_id


def _jobs(hub: Controlled, namespace: str) -> list[dict[str, Any]]:
    now = hub.store.clock.now()
    return [job.answer(now) for job in hub.store.jobs.values() if job.owner.name == namespace]


def _specs(hub: Controlled, namespace: str) -> list[dict[str, Any]]:
    return [job.spec for job in hub.store.jobs.values() if job.owner.name == namespace]


def _bucket_files(hub: Controlled, bucket: str) -> dict[str, int]:
    found = hub.store.buckets.get(bucket)
    return {} if found is None else {path: found.added[path] for path in found.files}


def _fault(hub: Controlled, **values: Any) -> None:  # noqa: ANN401 - the fields of Fault
    hub.faults.armed.append(Armed(Fault.from_json(values)))


def _requests(hub: Controlled, since: int = 0) -> list[dict[str, Any]]:
    return hub.log[since:]


_VERBS: dict[str, Callable[..., Any]] = {
    "account": _account,
    "bucket_files": _bucket_files,
    "add_jobs": _add_jobs,
    "broke": _broke,
    "clear_faults": lambda hub: hub.faults.armed.clear(),
    "clock": _clock,
    "connections": lambda hub: hub.listener.accepted,
    "down": lambda hub: hub.listener.down(),
    "fates": _fates,
    "fault": _fault,
    "jobs": _jobs,
    "requests": _requests,
    "reset": lambda hub: hub.reset(),
    "set_fate": _set_fate,
    "settings": _settings,
    "specs": _specs,
    "struck": lambda hub: [armed.struck for armed in hub.faults.armed],
    "up": lambda hub: hub.listener.up(),
}
_UNLOCKED = frozenset({"reset", "down", "up"})


def control(hub: Controlled, asked: dict[str, Any]) -> tuple[int, Any]:
    """Do what a test asks: a verb and its arguments; a mistake of the test is answered and not raised here."""
    verb, arguments = _VERBS.get(asked["verb"]), asked["arguments"]
    if verb is None:
        return 400, f"unknown verb {asked['verb']}"
    try:
        if asked["verb"] in _UNLOCKED:
            return 200, verb(hub, **arguments)
        with hub.store.changed:
            return 200, verb(hub, **arguments)
    except (TypeError, ValueError, LookupError) as error:
        return 400, f"{type(error).__name__}: {error}"
