"""Whatever a page holds, its quick reading gives what its careful reading gives."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from hfplanner.frames.job_pages import job_page_frames

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
NUMBER = st.none() | st.integers(-10, 2**53) | st.floats(-10, 1e9).map(lambda value: round(value, 3))
TIME = st.none() | st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
PARTY = st.none() | st.fixed_dictionaries({}, optional={"id": TEXT, "name": TEXT, "type": TEXT, "avatarUrl": TEXT})
JOB: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"id": st.text("abc", min_size=1, max_size=2), "createdAt": TIME},
    optional={
        "startedAt": TIME,
        "flavor": TEXT | st.none(),
        "command": st.none() | st.lists(TEXT, max_size=3),
        "timeout": NUMBER,
        "retry": st.none() | st.integers(0, 100),
        "labels": st.none() | st.dictionaries(TEXT, TEXT, max_size=3),
        "environment": st.dictionaries(TEXT, TEXT, max_size=3),
        "durations": st.none() | st.fixed_dictionaries({}, optional={"runningSecs": NUMBER, "totalSecs": NUMBER}),
        "status": st.none() | st.fixed_dictionaries({}, optional={"stage": TEXT, "failureCount": st.integers(0, 9)}),
        "owner": PARTY,
        "initiator": PARTY,
        "somethingNew": st.dictionaries(TEXT, NUMBER | st.lists(TEXT, max_size=2), max_size=2),
    },
)


def written(jobs: list[dict[str, Any]], separators: tuple[str, str]) -> bytes:
    """Write a page, with or without blanks."""
    return json.dumps(jobs, separators=separators, ensure_ascii=False).encode()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(JOB, max_size=4), max_size=3))
def test_quick_pages_read_as_careful_ones(pages: list[list[dict[str, Any]]]) -> None:
    """Without blanks the quick reading takes a page if it can; with them the careful one does."""
    quick = job_page_frames([written(jobs, (",", ":")) for jobs in pages])
    careful = job_page_frames([written(jobs, (", ", ": ")) for jobs in pages])
    trusted = job_page_frames([written(jobs, (",", ":")) for jobs in pages], trusted=True)
    for read in (quick, trusted):
        assert_frame_equal(read.jobs, careful.jobs)
        assert_frame_equal(read.bad, careful.bad)
