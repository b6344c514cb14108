"""Pages of jobs as a frame: the declared schema, every row accounted for, nothing taken that is not strict JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from hfplanner.errors import HubUnreadable
from hfplanner.frames.job_pages import BAD_JOB_PAGES_SCHEMA, JOB_PAGES_SCHEMA, job_page_frames
from hfplanner.frames.job_wire import proven_labels, quick_frame
from tests.benchmarks.list_jobs import job
from tests.reliability.test_json_torture import NOT_AN_ANSWER, NOT_JSON

BARE = {"id": "a", "createdAt": "2026-07-01T00:00:00.000Z"}


def page(*jobs: Any, **how: Any) -> bytes:  # noqa: ANN401 - any JSON, and the arguments of json.dumps
    """Write jobs as the Hub does: no blanks, UTF-8."""
    return json.dumps(jobs, **{"separators": (",", ":"), "ensure_ascii": False, **how}).encode()


def test_a_job_becomes_a_row() -> None:
    """Every column, from one whole job."""
    jobs, bad = job_page_frames([page(job(1))])
    assert jobs.schema == JOB_PAGES_SCHEMA
    assert bad.schema == BAD_JOB_PAGES_SCHEMA
    assert bad.height == 0
    assert jobs.row(0, named=True) == {
        "id": "000000000000000000000001",
        "created_at": datetime(2026, 7, 2, 16, 6, 25, 79000, UTC),
        "started_at": datetime(2026, 7, 2, 16, 6, 31, 79000, UTC),
        "finished_at": datetime(2026, 7, 2, 16, 8, 31, 79000, UTC),
        "stage": "COMPLETED",
        "message": None,
        "cancel_reason": None,
        "failure_count": 0,
        "flavor": "t4-small",
        "docker_image": "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "space_id": None,
        "command": ["bash", "-c", "uv run train.py --epochs 3 --seed 1"],
        "arguments": [],
        "arch": None,
        "timeout_secs": 7200.0,
        "retry": 0,
        "scheduling_secs": 6.0,
        "running_secs": 60.0,
        "total_secs": 66.0,
        "labels": '{"name":"train-1","team":"vision"}',
        "owner_name": "acme",
        "owner_type": "org",
        "created_by_name": "ada",
        "initiator_type": "user",
        "initiator_id": "5e9ecfc04957053f60648a3e",
        "initiator_name": "ada",
        "resource_group_id": None,
    }


def test_environment_and_secrets_are_not_kept() -> None:
    """They may be private; a history does not need them."""
    jobs, _ = job_page_frames([page({**BARE, "environment": {"A": "canary"}, "secrets": ["canary"]})])
    assert "canary" not in str(jobs.rows())


@pytest.mark.parametrize("pages", [[], [b"[]"], [b"[]", b"[ ]"]])
def test_nothing_is_an_empty_frame_of_the_same_schema(pages: list[bytes]) -> None:
    """No page, an empty page."""
    jobs, bad = job_page_frames(pages)
    assert (jobs.schema, jobs.height, bad.schema, bad.height) == (JOB_PAGES_SCHEMA, 0, BAD_JOB_PAGES_SCHEMA, 0)


def test_labels_can_be_asked_for_by_name() -> None:
    """A JSON object in a column, for any label."""
    jobs, _ = job_page_frames([page({**BARE, "labels": {"team": "nlp"}}, {**BARE, "id": "b"})])
    assert jobs.select(pl.col("labels").str.json_path_match("$.team")).to_series().to_list() == ["nlp", None]


def test_a_job_that_comes_again_is_kept_where_it_came_first() -> None:
    """And said, with its place."""
    jobs, bad = job_page_frames([page(job(1), job(2)), page({**job(2), "flavor": "h200"}, job(3))])
    assert jobs["flavor"].to_list() == ["t4-small", "l4x1", "a100-large"]
    assert bad.select("page", "position", "id", "code").rows() == [(1, 0, f"{2:024x}", "repeated")]


BAD_JOBS: dict[str, tuple[Any, str]] = {
    "no object": (5, "it (model_type)"),
    "no id": ({"flavor": "l4x1"}, "id (missing)"),
    "an empty id": ({**BARE, "id": ""}, "id (string_too_short)"),
    "a time that is none": ({**BARE, "startedAt": "soon"}, "startedAt (datetime_from_date_parsing)"),
    "a timeout that is none": ({**BARE, "timeout": "soon"}, "timeout.int (int_parsing), timeout.float (float_parsing)"),
    "a label that is no text": ({**BARE, "labels": {"a": 1}}, "labels.a (string_type)"),
    "half a retry": ({**BARE, "retry": 2.5}, "retry is not a whole number a frame can hold"),
    "endless retries": ({**BARE, "retry": 2**70}, "retry is not a whole number a frame can hold"),
    "an owner that is a text": ({**BARE, "owner": "acme"}, "owner (model_type)"),
    "a text that is not Unicode": ({**BARE, "flavor": "\ud800"}, "a text is not Unicode"),
    "a label that is not Unicode": ({**BARE, "labels": {"a": "\ud800"}}, "a label is not Unicode"),
}


@pytest.mark.parametrize("name", BAD_JOBS)
def test_a_row_that_is_no_job_is_kept_apart_with_the_reason(name: str) -> None:
    """The good rows around it stay, in their order; the reason shows no value."""
    bad_job, reason = BAD_JOBS[name]
    jobs, bad = job_page_frames([page(job(1), bad_job, job(2), ensure_ascii=True)])
    assert jobs["id"].to_list() == [f"{1:024x}", f"{2:024x}"]
    (row,) = bad.rows(named=True)
    assert (row["page"], row["position"], row["code"]) == (0, 1, "no_job")
    assert row["reason"].startswith(reason) or reason in row["reason"]


@pytest.mark.parametrize("name", NOT_JSON | NOT_AN_ANSWER)
def test_a_page_that_is_no_strict_json_array_is_an_error(name: str) -> None:
    """The whole torture, alone and between two good pages."""
    body = (NOT_JSON | NOT_AN_ANSWER)[name]
    if body in {b"[1]", b"[[]]"}:
        assert job_page_frames([body]).bad["code"].to_list() == ["no_job"]
        return
    for pages in ([body], [page(job(1)), body, page(job(2))]):
        with pytest.raises(HubUnreadable):
            job_page_frames(pages)


@pytest.mark.parametrize(
    "body",
    [
        b'[{"id":"a","createdAt":null,"createdAt":null}]',
        b'[{"id":"a","createdAt":null,"labels":{"a":"1","a":"2"}}]',
        b'[{"id":"a","createdAt":null,"new":{"deep":[{"b":1,"b":1}]}}]',
        b'[{"id":"a","createdAt":null,"\\u0069d":"b"}]',
    ],
)
def test_a_key_that_stands_twice_is_found_wherever_it_stands(body: bytes) -> None:
    """The quick reading would keep one of the two; it never sees the page."""
    assert proven_labels(body) is None
    with pytest.raises(HubUnreadable, match="twice"):
        job_page_frames([body])


@pytest.mark.parametrize("name", NOT_JSON)
def test_a_trusted_page_is_json_too(name: str) -> None:
    """Trust saves one rule, that of keys that stand twice; depth is then that of polars. All else is an error."""
    body = NOT_JSON[name]
    array = b"[" + body.replace(b'{"id":', b'{"createdAt":null,"id":') + b"]"
    if "twice" in name or "deep" in name or name in {"nothing", "blanks (2)"}:
        return
    for pages in ([body], [page(job(1)), array, page(job(2))]):
        with pytest.raises(HubUnreadable):
            job_page_frames(pages, trusted=True)


def test_both_readings_give_the_same_frame() -> None:
    """The same jobs, once as the Hub writes them and once with blanks, which only the careful reading takes."""
    jobs = [
        job(1),
        {**job(2), "startedAt": None, "durations": None, "labels": {}, "command": None},
        {**BARE, "brandNew": [1, {"a": None}], "status": {"stage": "PAUSED", "message": "\u00e9\u202e"}},
        {**job(3), "durations": {"totalSecs": 2.5}, "createdAt": "2026-07-01T00:00:00Z"},
    ]
    assert proven_labels(page(*jobs)) is not None
    assert proven_labels(page(*jobs, separators=(", ", ": "))) is None
    quick, careful = (job_page_frames([page(*jobs, **how)]) for how in ({}, {"separators": (", ", ": ")}))
    assert_frame_equal(quick.jobs, careful.jobs)
    assert_frame_equal(quick.bad, careful.bad)


@pytest.mark.parametrize(
    "odd",
    [
        {"createdAt": "2026-07-01T00:00:00+02:00"},
        {"createdAt": "2026-07-01T00:00:00.123456789Z"},
        {"createdAt": ""},
        {"retry": 2.5},
        {"owner": "acme"},
        {"timeout": "soon"},
    ],
)
def test_what_the_quick_reading_would_bend_is_left_to_the_careful_one(odd: dict[str, Any]) -> None:
    """Another spelling of a time, half a retry, a text for an object."""
    body = page({**job(1), **odd})
    assert proven_labels(body) is not None
    assert quick_frame([body], proven_labels(body) or []) is None


def test_many_small_pages_are_read_as_one_listing() -> None:
    """Three thousand jobs on three hundred pages, every tenth of them with blanks."""
    pages = [
        page(*(job(10 * number + place) for place in range(10)), separators=(",", ":") if number % 10 else (", ", ": "))
        for number in range(300)
    ]
    jobs, bad = job_page_frames(pages)
    assert jobs["id"].to_list() == [f"{number:024x}" for number in range(3000)]
    assert bad.height == 0
