"""Schedules that a sync finds are kept, one file for each namespace, with what decides the money and no more."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.errors import HistoryError
from hfplanner.history.schedules import KeptSchedules, keep_schedules, read_schedules

NOON = datetime(2026, 9, 9, 12, tzinfo=UTC)
DAILY = {
    "id": "687fb701029421ae5549d999",
    "createdAt": "2026-09-01T00:00:00.000Z",
    "schedule": "@daily",
    "suspend": False,
    "concurrency": False,
    "owner": {"id": "1" * 24, "name": "acme", "type": "org"},
    "initiator": {"type": "user", "id": "2" * 24, "name": "bob"},
    "status": {"lastJob": None, "nextJobRunAt": "2026-09-10T00:00:00.000Z"},
    "jobSpec": {
        "dockerImage": "python:3.12",
        "command": ["python", "secret.py"],
        "environment": {"KEY": "hush"},
        "secrets": ["TOKEN"],
        "flavor": "l4x1",
        "timeout": 3600,
        "retry": 1,
        "labels": {"team": "nlp"},
        "expose": {"ports": [8000]},
    },
}


def kept(namespace: str = "acme", **changes: object) -> KeptSchedules:
    """Return what a sync found."""
    schedule = ScheduledJobInfo.model_validate(DAILY | changes)
    return KeptSchedules(source="https://hub.example", namespace=namespace, seen_at=NOON, schedules=(schedule,))


def test_what_is_kept_prices_as_what_was_found(tmp_path: Path) -> None:
    """Its time, flavor, timeout, attempts, ports, labels and who made it; nothing of what it runs with."""
    keep_schedules(tmp_path, kept())
    (found,) = read_schedules(tmp_path)
    assert (found.namespace, found.seen_at) == ("acme", NOON)
    (schedule,) = found.schedules
    spec = schedule.job_spec
    assert spec is not None
    assert (schedule.schedule, schedule.concurrency, schedule.owner.name, schedule.initiator.name) == (
        "@daily",
        False,
        "acme",
        "bob",
    )
    assert (str(spec.flavor), spec.timeout, spec.retry, spec.expose, spec.labels) == (
        "l4x1",
        3600,
        1,
        [8000],
        {"team": "nlp"},
    )
    text = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "schedules").iterdir())
    assert not any(word in text for word in ("hush", "TOKEN", "secret.py", "KEY"))


def test_each_namespace_keeps_its_own_and_the_latest_counts(tmp_path: Path) -> None:
    """Another sync of a namespace takes the place of the one before, also where it has none any more."""
    keep_schedules(tmp_path, kept())
    keep_schedules(tmp_path, kept("ada"))
    keep_schedules(tmp_path, replace(kept(), schedules=()))
    assert [(one.namespace, len(one.schedules)) for one in read_schedules(tmp_path)] == [("acme", 0), ("ada", 1)]
    assert read_schedules(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "schedules": [{}]}'])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    """Schedules that are not known are not none."""
    keep_schedules(tmp_path, kept())
    (path,) = (tmp_path / "schedules").iterdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HistoryError):
        read_schedules(tmp_path)


def test_it_is_json_that_a_person_can_read(tmp_path: Path) -> None:
    """With its version, and where and when it was asked for."""
    keep_schedules(tmp_path, kept())
    (path,) = (tmp_path / "schedules").iterdir()
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["version"], document["source"], document["seen_at"]) == (
        1,
        "https://hub.example",
        "2026-09-09T12:00:00Z",
    )
