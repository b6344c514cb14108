"""Law: of any JSON every record becomes a job or a bad row, the same one in every form it is written in."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.frames.job_checks import check_records
from hfplanner.frames.job_documents import DocumentUnreadable
from hfplanner.frames.job_lenient import records_frame
from hfplanner.frames.jobs import JOBS_SCHEMA, job_frames

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_TEXT = st.none() | st.text(max_size=5) | st.sampled_from(["N/A", "x"])
_TIME = st.sampled_from([None, "", "2026-01-01T00:00:00.000Z", "2026-01-01T02:00:00+01:00", "2026-01-02 00:00", "soon"])
_SECS = st.none() | st.integers(-1, 9999) | st.floats(0, 1e6)
_WHO = st.none() | st.dictionaries(st.sampled_from(["id", "name", "type"]), _TEXT)
_STATUS = {"stage": _TEXT, "message": _TEXT, "cancelReason": _TEXT, "failureCount": st.none() | st.integers(0, 3)}
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.none() | st.text(min_size=1, max_size=4),
    "job_id": st.text(max_size=4),
    "createdAt": _TIME,
    "created_at": _TIME,
    "finished_at": _TIME,
    "dockerImage": _TEXT,
    "space_id": _TEXT,
    "image/space": _TEXT,
    "flavor": _TEXT,
    "timeout": _SECS,
    "retry": st.none() | st.integers(0, 5),
    "durations": st.none() | st.dictionaries(st.sampled_from(["totalSecs", "running_secs"]), _SECS),
    "owner": _WHO,
    "createdBy": _WHO,
    "initiator": _WHO,
    "labels": st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
    "expose": st.none() | st.lists(st.integers(1, 9)) | st.fixed_dictionaries({"ports": st.lists(st.integers(1, 9))}),
    "status": _TEXT | st.fixed_dictionaries({}, optional=_STATUS),
}
RECORDS = st.fixed_dictionaries({}, optional={**_FIELDS, "environment": _JSON})
# One value of a type that no job has there.
ODD_RECORDS = st.builds(lambda record, key, value: {**record, key: value}, RECORDS, st.sampled_from([*_FIELDS]), _JSON)


@given(st.lists(RECORDS | ODD_RECORDS | _JSON, max_size=5))
def test_no_record_vanishes(records: list[Any]) -> None:
    """Jobs and bad rows are as many as the records, and the bad rows say which."""
    jobs, bad = job_frames(json.dumps(records).encode(), source="test", seen_at=NOW)
    assert jobs.schema == JOBS_SCHEMA
    assert jobs.height + bad.height == len(records)
    assert bad["position"].is_between(0, len(records), closed="left").all()
    assert not bad["code"].has_nulls()
    assert not bad["reason"].has_nulls()


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_every_form_gives_one_frame(records: list[Any]) -> None:
    """Compact, indented, in lines, one document after the other."""
    forms = [
        json.dumps(records, separators=(",", ":")),
        json.dumps(records, indent=2),
        "\n".join(json.dumps(record) for record in records),
        "\n".join(json.dumps(record, indent=1, ensure_ascii=False) for record in records),
    ]
    first, *others = (job_frames(form.encode(), source="test", seen_at=NOW) for form in forms)
    for other in others:
        assert other.jobs.equals(first.jobs)
        assert other.bad.equals(first.bad)


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_reading_all_at_once_and_one_by_one_agree(records: list[Any]) -> None:
    """The quick way and the exact way take the same records and make the same jobs of them."""
    quick = job_frames(json.dumps(records).encode(), source="test", seen_at=NOW)
    exact = check_records(records_frame(records), source="test", seen_at=NOW)
    assert quick.jobs.equals(exact.jobs)
    assert quick.bad.drop("reason").equals(exact.bad.drop("reason"))


@given(st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode()[:-1], _JSON))
def test_any_bytes_are_jobs_bad_rows_or_refused(raw: bytes) -> None:
    """Nothing else is raised, whatever the bytes."""
    try:
        jobs, _ = job_frames(raw, source="test", seen_at=NOW)
    except DocumentUnreadable:
        return
    assert jobs.schema == JOBS_SCHEMA
