"""Jobs as a frame: every form people have, what cannot be right, and hostile bytes."""

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hfplanner.frames.job_documents import DocumentUnreadable, open_document
from hfplanner.frames.jobs import BAD_JOBS_SCHEMA, JOBS_SCHEMA, JobFrames, job_frames

NOW = datetime(2026, 2, 1, tzinfo=UTC)
CREATED = "2026-01-01T00:00:00.000Z"
API: dict[str, Any] = {
    "id": "687fb701029421ae5549d998",
    "createdAt": CREATED,
    "startedAt": "2026-01-01T00:00:05.500Z",
    "finishedAt": "2026-01-01T00:10:05.500Z",
    "durations": {"schedulingSecs": 5, "runningSecs": 600, "totalSecs": 605},
    "dockerImage": "python:3.12",
    "timeout": 1800,
    "environment": {"TOKEN": "kept-out"},
    "secrets": ["HF_TOKEN"],
    "command": ["python", "-c", "print('{\"id\": 1}')"],
    "flavor": "l4x1",
    "createdBy": {"id": "1", "name": "ada"},
    "owner": {"id": "2", "name": "acme", "type": "org", "avatarUrl": "x"},
    "initiator": {"type": "scheduled-job", "id": "3"},
    "retry": 2,
    "labels": {"name": "train", "a": "b"},
    "expose": {"ports": [8000, 8001]},
    "resourceGroupId": "4",
    "status": {"stage": "ERROR", "message": "Job timeout", "failureCount": 1},
}
# What `hf jobs ps -a --json` makes of it (huggingface_hub 2.4.0).
PS: dict[str, Any] = {
    "id": API["id"],
    "created_at": "2026-01-01T00:00:00+00:00",
    "started_at": "2026-01-01T00:00:05.500000+00:00",
    "finished_at": "2026-01-01T00:10:05.500000+00:00",
    "docker_image": "python:3.12",
    "space_id": None,
    "command": "python -c x",
    "environment": {"TOKEN": "kept-out"},
    "flavor": "l4x1",
    "labels": {"name": "train", "a": "b"},
    "status": "ERROR",
    "durations": {"scheduling_secs": 5, "running_secs": 600, "total_secs": 605},
    "owner": {"id": "2", "name": "acme", "type": "org"},
    "initiator": {"type": "scheduled-job", "id": "3", "name": None},
    "retry": 2,
    "job_id": API["id"],
    "name": "train",
    "image/space": "python:3.12",
    "created": "2026-01-01 00:00:00",
    "runtime": "10m",
}


def frames(raw: bytes | Any) -> JobFrames:  # noqa: ANN401 - bytes, or any document to be written as JSON
    """Read bytes, or what they say."""
    return job_frames(raw if isinstance(raw, bytes) else json.dumps(raw).encode(), source="test", seen_at=NOW)


def codes(*records: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the codes of the bad records among these."""
    return frames(list(records)).bad["code"].to_list()


def job(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """Return the API's job with some of its values changed."""
    return {**API, **changes}


def test_all_that_a_job_says_has_a_column() -> None:
    """One record of the API, in full."""
    jobs, bad = frames([API])
    assert (jobs.schema, bad.schema, bad.height) == (JOBS_SCHEMA, BAD_JOBS_SCHEMA, 0)
    assert jobs.row(0, named=True) == {
        "id": API["id"],
        "namespace": "acme",
        "owner_id": "2",
        "owner": "acme",
        "owner_type": "org",
        "created_by_id": "1",
        "created_by": "ada",
        "initiator_type": "scheduled-job",
        "initiator_id": "3",
        "initiator": None,
        "flavor": "l4x1",
        "image": "python:3.12",
        "space": None,
        "name": "train",
        "labels": [{"key": "a", "value": "b"}, {"key": "name", "value": "train"}],
        "stage": "error",
        "reason": "timeout",
        "stage_text": "ERROR",
        "message": "Job timeout",
        "cancel_reason": None,
        "failure_count": 1,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "started_at": datetime(2026, 1, 1, 0, 0, 5, 500_000, tzinfo=UTC),
        "finished_at": datetime(2026, 1, 1, 0, 10, 5, 500_000, tzinfo=UTC),
        "scheduling_secs": 5.0,
        "running_secs": 600.0,
        "total_secs": 605.0,
        "timeout_secs": 1800.0,
        "attempts": 3,
        "ports": 2,
        "resource_group_id": "4",
        "progress": None,
        "whole_secs": None,
        "source": "test",
        "seen_at": NOW,
    }


def test_what_ps_flattens_is_the_same_job() -> None:
    """All but the timeout, the message, the ports, the creator and the resource group, which it leaves out."""
    left_out = ["timeout_secs", "message", "reason", "failure_count", "ports", "created_by_id", "created_by"]
    left_out.append("resource_group_id")
    assert frames([PS]).jobs.drop(left_out).equals(frames([API]).jobs.drop(left_out))


def test_nothing_of_the_environment_is_kept() -> None:
    """No column and no reason holds what a job was given to run with."""
    jobs, bad = frames([API, PS, job(status=5)])
    assert "kept-out" not in str(jobs.to_dicts()) + str(bad.to_dicts())


def lines(*records: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return records as lines of JSON."""
    return b"\n".join(json.dumps(record).encode() for record in records)


@pytest.mark.parametrize(
    ("raw", "form"),
    [
        (json.dumps([API, PS]).encode(), "array"),
        (json.dumps([API, PS], indent=2).encode(), "array"),
        (json.dumps([API, PS], separators=(",", ":")).encode() + b"\n", "array"),
        (lines(API, PS), "lines"),
        (lines(API, PS).replace(b"\n", b"\r\n\r\n"), "lines"),
        (json.dumps(API, indent=1).encode() + json.dumps(PS, indent=1).encode(), "documents"),
        (b"\xef\xbb\xbf" + json.dumps([API, PS]).encode(), "array"),
        (json.dumps([API, PS]).encode("utf-16"), "array"),
        (gzip.compress(lines(API, PS)), "lines"),
        (lines([API], [PS]), "array"),
    ],
)
def test_a_form_is_told_by_its_content(raw: bytes, form: str) -> None:
    """Indented or not, with marks and carriage returns, in UTF-16, packed: the same two jobs."""
    assert open_document(raw).format == form
    assert frames(raw).jobs.equals(frames([API, PS]).jobs)


def test_one_job_is_a_document() -> None:
    """What the API answers for one job."""
    assert open_document(json.dumps(API).encode()).format == "object"
    assert frames(API).jobs.equals(frames([API]).jobs)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"stage": "COMPLETED", "message": None}, "completed"),
        ({"stage": "ERROR", "message": "Job failed with exit code: 1"}, "error"),
        ({"stage": "ERROR", "message": "Job failed with exit code: 137. Reason: OOMKilled"}, "out_of_memory"),
        ({"stage": "ERROR", "message": "Job failed with exit code: 137"}, "error"),
        ({"stage": "ERROR", "message": "Job timeout"}, "timeout"),
        ({"stage": "CANCELED"}, "cancelled"),
        ({"stage": "CANCELED", "cancelReason": "NO_CREDITS"}, "no_credits"),
        ({"stage": "CANCELED", "cancelReason": "NO_SUBSCRIPTION"}, "no_subscription"),
        ({"stage": "CANCELED", "cancelReason": "RESOURCE_GROUP_LIMIT"}, "resource_group_limit"),
        ({"stage": "CANCELED", "cancelReason": "MOON"}, "cancelled"),
        ({"stage": "DELETED"}, "deleted"),
        ({"stage": "RUNNING"}, "running"),
        ({"stage": "SCHEDULING"}, "scheduling"),
        ({"stage": "PAUSED"}, "unknown"),
        ("RUNNING", "running"),
        (None, "unknown"),
    ],
)
def test_the_reason_is_what_the_hub_says(status: Any, reason: str) -> None:  # noqa: ANN401 - any JSON value
    """The stage, or what message and cancel reason add to it."""
    assert frames([job(status=status)]).jobs["reason"].to_list() == [reason]


def test_what_is_not_known_is_kept_as_it_came() -> None:
    """A stage, a flavor, an initiator, a cancel reason of tomorrow are data."""
    status = {"stage": "PAUSED", "cancelReason": "MOON"}
    jobs = frames([job(status=status, flavor="tpu-v9", initiator={"type": "robot"})]).jobs
    row = jobs.select("stage_text", "cancel_reason", "flavor", "initiator_type").row(0)
    assert row == ("PAUSED", "MOON", "tpu-v9", "robot")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": None}, "no_id"),
        ({"id": ""}, "no_id"),
        ({"id": 5}, "wrong_type"),
        ({"id": "x" * 300}, "bad_id"),
        ({"createdAt": None}, "no_creation_time"),
        ({"createdAt": "soon"}, "wrong_type"),
        ({"createdAt": "1666-01-01T00:00:00.000Z"}, "absurd_time"),
        ({"finishedAt": "9666-01-01T00:00:00.000Z"}, "absurd_time"),
        ({"finishedAt": "2026-01-01T00:00:05.499Z"}, "ends_before_start"),
        ({"startedAt": None, "finishedAt": "2025-12-31T00:00:00.000Z"}, "ends_before_creation"),
        ({"startedAt": "2025-12-31T23:58:59.000Z"}, "starts_before_creation"),
        ({"durations": {"runningSecs": -1}}, "absurd_duration"),
        ({"durations": {"runningSecs": 1e300}}, "absurd_duration"),
        ({"timeout": 0}, "absurd_duration"),
        ({"timeout": -300}, "absurd_duration"),
        ({"timeout": "soon"}, "wrong_type"),
        ({"retry": -1}, "absurd_count"),
        ({"retry": 1.5}, "absurd_count"),
        ({"retry": 10**40}, "absurd_count"),
        ({"labels": {"a": 1}}, "wrong_type"),
        ({"labels": "a=b"}, "wrong_type"),
        ({"owner": "acme"}, "wrong_type"),
        ({"owner": {"name": 5}}, "wrong_type"),
        ({"status": 5}, "wrong_type"),
        ({"flavor": ["l4x1"]}, "wrong_type"),
        ({"expose": "8000"}, "wrong_type"),
    ],
)
def test_a_record_that_cannot_be_right_costs_no_other_its_place(changes: dict[str, Any], code: str) -> None:
    """It comes back with its position and reason; the records around it are jobs."""
    jobs, bad = frames([job(id="a"), job(**changes), job(id="b")])
    assert jobs["id"].to_list() == ["a", "b"]
    assert bad.select("position", "code").rows() == [(1, code)]
    assert bad["reason"].item().endswith(".")


def test_clocks_that_differ_by_seconds_make_no_bad_record() -> None:
    """Creation and start are stamped by different machines."""
    assert codes(job(startedAt="2025-12-31T23:59:30.000Z")) == []


@pytest.mark.parametrize("value", [5, "x", None, [], [[1]], True, 1.5])
def test_what_is_no_object_is_a_bad_record(value: object) -> None:
    """In an array of jobs anything may stand."""
    assert codes(API, value) == ["not_a_job"]


@pytest.mark.parametrize(
    "time",
    ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000000+01:00", "2026-01-01 00:00:00", "2026-01-01T00:00:00"],
)
def test_times_in_other_forms_are_the_same_moment(time: str) -> None:
    """With an offset, without a zone (UTC), to the second."""
    assert frames([job(createdAt=time)]).jobs["created_at"].item() == datetime(2026, 1, 1, tzinfo=UTC)


def test_both_spellings_in_one_record_are_read() -> None:
    """The API's counts where both say something."""
    mixed = {"id": "a", "createdAt": "", "created_at": CREATED, "dockerImage": "one", "docker_image": "two"}
    assert frames([mixed]).jobs.select("created_at", "image").row(0) == (datetime(2026, 1, 1, tzinfo=UTC), "one")


def test_the_image_shown_to_people_counts_where_nothing_else_is_said() -> None:
    """And ``N/A`` is nothing."""
    shown = [{"id": i, "created_at": CREATED, "image/space": image} for i, image in (("a", "python:3"), ("b", "N/A"))]
    assert frames(shown).jobs["image"].to_list() == ["python:3", None]


NAUGHTY = (
    "\x1b[31mred",
    "\0",
    "\u202e",
    "=cmd()",
    "</script>",
    "\u2028",
    "\N{GRINNING FACE}",
    '"',
    "\\",
    "a\nb",
    "é" * 50,
)


@pytest.mark.parametrize("text", NAUGHTY)
def test_any_text_survives_in_every_field(text: str) -> None:
    """Data is data: what a terminal must not see is the business of what shows it."""
    who = {"id": text, "name": text, "type": text}
    record = job(
        id=text, flavor=text, dockerImage=text, owner=who, initiator=who, resourceGroupId=text, labels={text: text}
    )
    record["status"] = {"stage": text, "message": text, "cancelReason": text}
    row = frames([record, API]).jobs.row(0, named=True)
    for name in ("id", "flavor", "image", "owner", "initiator", "stage_text", "message", "cancel_reason"):
        assert row[name] == text
    assert row["labels"] == [{"key": text, "value": text}]


@pytest.mark.parametrize("raw", [b"", b"   ", b"hello", b"5", b'"x"', b"\x1f\x8b", b"\xff\xfe\x00", b"\0"])
def test_bytes_that_are_no_document_are_refused(raw: bytes) -> None:
    """With a sentence, and no other exception."""
    with pytest.raises(DocumentUnreadable):
        frames(raw)


def test_a_document_is_capped() -> None:
    """Unpacked: a small file may hold gigabytes of blanks."""
    bomb = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
    with pytest.raises(DocumentUnreadable, match="larger than 1000000 bytes"):
        open_document(bomb, max_bytes=1_000_000)


SMALL = ({"id": "a", "createdAt": CREATED, "labels": {"a": "}"}}, {"id": "b", "created_at": CREATED, "status": "ERROR"})


@pytest.mark.slow
@pytest.mark.parametrize("raw", [json.dumps(SMALL).encode(), lines(*SMALL), gzip.compress(lines(*SMALL))])
def test_a_document_cut_anywhere_keeps_what_is_whole(raw: bytes) -> None:
    """At every byte: the jobs before the cut, at most one bad record, never more than there were and never a crash."""
    whole = frames(raw).jobs
    for end in range(len(raw)):
        try:
            jobs, bad = frames(raw[:end])
        except DocumentUnreadable:
            continue
        assert jobs.equals(whole.head(jobs.height))
        assert bad.height <= 1
        assert bad.height == 1 or raw[:1] != b"["


@pytest.mark.parametrize(
    "inside",
    [
        b'"x": ' + b"[" * 100_000 + b"]" * 100_000,
        b'"x": NaN',
        b'"x": 1' + b"0" * 5000,
        b'"timeout": 1' + b"0" * 5000,
        b'"timeout": NaN',
        b'"timeout": 1e999',
        b'"flavor": "\\ud800"',
        b'"flavor": "\xff"',
        b'"flavor": "\x01"',
        b'"flavor": "a", "flavor": "b"',
    ],
)
@pytest.mark.parametrize("form", ["array", "lines"])
def test_a_hostile_record_never_crashes(inside: bytes, form: str) -> None:
    """The record before it is read; it is a job, or a bad record with a reason."""
    first, hostile = lines(API), b'{"id": "b", "createdAt": "2026-01-01T00:00:00.000Z", ' + inside + b"}"
    raw = b"[" + first + b"," + hostile + b"]" if form == "array" else first + b"\n" + hostile
    jobs, bad = frames(raw)
    assert jobs["id"].to_list()[0] == API["id"]
    assert jobs.height + bad.height == 2


def test_of_a_repeated_key_the_last_value_counts_on_either_path() -> None:
    """Whether the record is decoded with the others, or alone because of another value's type."""
    for extra in (b"", b', "timeout": "5"'):
        record = b'{"id": "b", "flavor": "x", "createdAt": "2026-01-01T00:00:00.000Z", "flavor": "y"' + extra + b"}"
        assert frames(b"[" + record + b"]").jobs["flavor"].to_list() == ["y"]


def test_objects_inside_objects_that_look_like_jobs_are_no_jobs() -> None:
    """An array is cut between its own objects only, whatever stands inside them."""
    nested = [{"id": str(number), "createdAt": CREATED, "volumes": [{"id": "x"}, {"id": "y"}]} for number in range(3)]
    many = nested * 4000
    assert frames(json.dumps(many, separators=(",", ":")).encode()).jobs.height == len(many)
