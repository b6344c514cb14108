"""Schedules: when they are due, and what they start."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub.asking import ask
from tests.hub.clock import START_MS, iso
from tests.hub.control import Fate, Hub
from tests.hub.cron import next_due

ROOT = "/api/scheduled-jobs/alice"
SPEC = {"dockerImage": "python:3.12", "flavor": "cpu-basic", "labels": {"k": "v"}}


def create(hub: Hub, schedule: str = "@hourly", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the body
    """Create a scheduled job."""
    created: dict[str, Any] = ask(hub, "POST", ROOT, {"jobSpec": SPEC, "schedule": schedule} | fields).json()
    return created


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("@annually", "2027-01-01T00:00:00"),
        ("@yearly", "2027-01-01T00:00:00"),
        ("@monthly", "2026-10-01T00:00:00"),
        ("@weekly", "2026-09-06T00:00:00"),
        ("@daily", "2026-09-02T00:00:00"),
        ("@hourly", "2026-09-01T01:00:00"),
        ("*/7 * * * *", "2026-09-01T00:07:00"),
        ("5,10 3 * * *", "2026-09-01T03:05:00"),
        ("0 0 31 * *", "2026-10-31T00:00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00"),
        ("0 12 13 * 5", "2026-09-04T12:00:00"),
        ("0 0 * * 7", "2026-09-06T00:00:00"),
        ("0 9-11 * * *", "2026-09-01T09:00:00"),
        ("30 0 0 * * *", "2026-09-01T00:00:30"),
        ("0 0 0 1 1 * 2030", "2030-01-01T00:00:00"),
    ],
)
def test_when_it_is_due(schedule: str, due: str) -> None:
    """From midnight of Tuesday, 2026-09-01, on."""
    found = next_due(schedule, START_MS)
    assert found is not None
    assert iso(found) == f"{due}.000Z"


def test_a_schedule_that_is_never_due() -> None:
    """February has no 30th."""
    assert next_due("0 0 30 2 *", START_MS) is None


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    after=st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_a_daily_time_is_met_within_a_day(minute: int, hour: int, after: datetime) -> None:
    """Strictly later, at most a day, and at that time."""
    start = int(after.replace(tzinfo=UTC).timestamp() * 1000)
    due = next_due(f"{minute} {hour} * * *", start)
    assert due is not None
    assert 0 < due - start <= 86_400_000
    moment = datetime.fromtimestamp(due / 1000, UTC)
    assert (moment.minute, moment.hour, moment.second) == (minute, hour, 0)


@pytest.mark.parametrize(
    "schedule", ["@hourly", "@yearly", "0 9 * * 1", "0 0 0 * * *", "1,2,3 */5 1-5 * *", "0 0 0 1 1 * 2030"]
)
def test_schedules_the_service_takes(hub: Hub, schedule: str) -> None:
    """Names, and five to seven numeric fields."""
    assert create(hub, schedule)["schedule"] == schedule


@pytest.mark.parametrize(
    "schedule", ["", "@never", "0 9 * *", "0 9 * * MON", "0 9 * JAN *", "0 0 0 0 1 1 * 2030", "@hourly\n", "a"]
)
def test_schedules_the_service_refuses(hub: Hub, schedule: str) -> None:
    """No names of days or months, and no other number of fields; neither new nor as a change."""
    created = create(hub)
    for path in (ROOT, f"{ROOT}/{created['id']}/schedule"):
        body = {"schedule": schedule} | ({"jobSpec": SPEC} if path == ROOT else {})
        answer = ask(hub, "POST", path, body)
        assert (answer.status, "schedule: invalid string" in answer.error) == (400, True)


def test_only_one_at_a_time_unless_concurrent(hub: Hub) -> None:
    """A trigger while one runs is answered 409, an hour that comes is skipped; with concurrency both run."""
    long = Fate(scheduling_secs=0, running_secs=7000)
    hub.default_fate(long)
    spec = SPEC | {"timeoutSeconds": 10_000}
    one = create(hub, jobSpec=spec)
    many = create(hub, jobSpec=spec, concurrency=True)
    hub.advance(2 * 3600 + 60)
    by = [job["initiator"]["id"] for job in hub.jobs()]
    assert (by.count(one["id"]), by.count(many["id"])) == (1, 2)
    busy = ask(hub, "POST", f"{ROOT}/{one['id']}/run")
    assert busy.status == 409
    assert busy.error.startswith("Another job is already running at the same time, set `concurrency`")
    assert ask(hub, "POST", f"{ROOT}/{many['id']}/run").status == 200
    hub.advance(3600)
    assert [job["initiator"]["id"] for job in hub.jobs()].count(one["id"]) == 2


def test_a_suspended_one_waits(hub: Hub) -> None:
    """Nothing starts while it is suspended, what was missed is not made up for, and a trigger still works."""
    created = create(hub, suspend=True)
    path = f"{ROOT}/{created['id']}"
    hub.advance(3 * 3600)
    assert hub.jobs() == []
    assert ask(hub, "POST", f"{path}/run").status == 200
    assert ask(hub, "POST", f"{path}/resume").json()["suspend"] is False
    hub.advance(3600)
    assert len(hub.jobs()) == 2
    assert ask(hub, "POST", f"{path}/suspend").json()["suspend"] is True
    assert ask(hub, "GET", path).json()["status"]["lastJob"] == {
        "id": hub.jobs()[1]["id"],
        "at": "2026-09-01T04:00:00.000Z",
    }


def test_lists_filters_and_deletes(hub: Hub) -> None:
    """One label at most; what is deleted is gone and starts nothing, its jobs stay."""
    first, second = create(hub), create(hub, jobSpec=SPEC | {"labels": {}})
    assert [job["id"] for job in ask(hub, "GET", ROOT).json()] == [second["id"], first["id"]]
    assert [job["id"] for job in ask(hub, "GET", f"{ROOT}?label=k%3Dv").json()] == [first["id"]]
    assert ask(hub, "GET", f"{ROOT}?label=k%3Dv&label=a%3Db").status == 400
    assert ask(hub, "GET", f"{ROOT}?label=k").status == 400
    renamed = ask(hub, "PUT", f"{ROOT}/{second['id']}/labels", {"labels": {"x": "y"}}).json()
    assert renamed["jobSpec"]["labels"] == {"x": "y"}
    hub.advance(3600)
    assert ask(hub, "DELETE", f"{ROOT}/{first['id']}").status == 200
    assert ask(hub, "DELETE", f"{ROOT}/{first['id']}").status == 404
    hub.advance(3600)
    assert len(hub.jobs()) == 3
