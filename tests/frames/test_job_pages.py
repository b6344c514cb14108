"""Pages of a listing as one frame: nothing lost between two pages, and nothing taken for whole that is not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hfplanner.errors import JobsUnreadable
from hfplanner.frames.job_pages import job_page_frames
from hfplanner.frames.job_schema import JOBS_SCHEMA, JobFrames

SEEN = datetime(2026, 8, 31, tzinfo=UTC)


def job(name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON value
    """Return a job as the API lists it."""
    return {"id": name, "createdAt": "2026-08-01T00:00:00.000Z", "status": {"stage": "RUNNING"}} | fields


def read(*pages: object) -> JobFrames:
    """Read pages given as JSON documents or as bytes."""
    raw = [page if isinstance(page, bytes) else json.dumps(page).encode() for page in pages]
    return job_page_frames(raw, source="hub", seen_at=SEEN, namespace="acme")


def test_pages_come_in_their_order() -> None:
    """Every job of every page, as it was listed; a job that came twice is there twice."""
    jobs, bad = read([job("a"), job("b")], [], b" [ ] ", [job("b"), job("c")])
    assert jobs["id"].to_list() == ["a", "b", "b", "c"]
    assert jobs.schema == JOBS_SCHEMA
    assert bad.is_empty()


def test_no_page_is_an_empty_frame() -> None:
    """An account without jobs has a listing too."""
    assert read().jobs.schema == read([]).jobs.schema == JOBS_SCHEMA


def test_a_record_that_is_no_job_is_counted_through_all_pages() -> None:
    """Its position is that in the whole listing, and it costs no other job its place."""
    jobs, bad = read([job("a"), {"flavor": "l4x1"}], [job("b"), 5, job("c")])
    assert jobs["id"].to_list() == ["a", "b", "c"]
    assert bad["position"].to_list() == [1, 3]


@pytest.mark.parametrize("damaged", [b"", b"{}", b"null", b"[{", b'[{"id": "x"', b"<html>", b'[{"id": "x"},]', b"[}]"])
def test_a_damaged_page_is_an_error_not_a_shorter_listing(damaged: bytes) -> None:
    """What came after the damage is not known, so neither is the listing."""
    with pytest.raises(JobsUnreadable, match="page of the listing"):
        read([job("a")], damaged, [job("b")])


def test_many_pages_are_read_as_one() -> None:
    """Batches are an affair of speed: 30,000 jobs in pages of 1,000 come out as they went in."""
    names = [f"{number:024x}" for number in range(30_000)]
    pad = {"environment": {"X": "x" * 500}}
    pages = [[job(name, **pad) for name in names[start : start + 1000]] for start in range(0, 30_000, 1000)]
    assert read(*pages).jobs["id"].to_list() == names


def test_what_stands_between_two_jobs_may_stand_within_one_of_a_later_page() -> None:
    """Pages are cut where the first one's jobs meet; one that this cuts elsewhere is read whole, in its place."""
    inner = {"volumes": [{"id": f"v{number}"} for number in range(40_000)]}
    jobs, bad = read([job("a"), job("b")], [job("c", **inner), job("d", **inner)], [job("e"), 5, job("f")])
    assert jobs["id"].to_list() == list("abcdef")
    assert bad["position"].to_list() == [5]
