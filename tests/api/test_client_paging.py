"""Listings in pages: all of them, each job once, and never in circles, on another server, or without end."""

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.paging import next_link
from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HubError, HubListingIncomplete, HubRateLimited, HubRedirect, HubUnreadable
from tests.hub.control import Hub

QUICK = RetryPolicy(wait_initial_secs=0.01, wait_max_secs=0.05, wait_jitter_secs=0.0)


def listed(hub: Hub, limits: Limits | None = None) -> list[str]:
    """List everything, ids only."""
    with JobsClient(hub.url, token=Token(hub.token), limits=limits, retry=QUICK) as client:
        return [job.id for job in client.list_jobs("alice")]


def broken(hub: Hub, limits: Limits | None = None) -> tuple[list[str], HubError]:
    """List until it breaks: the ids that came, and the error."""
    seen: list[str] = []
    with (
        JobsClient(hub.url, token=Token(hub.token), limits=limits, retry=QUICK) as client,
        pytest.raises(HubError) as failure,
    ):
        seen.extend(job.id for job in client.list_jobs("alice"))
    return seen, failure.value


@pytest.fixture
def jobs(hub: Hub) -> list[str]:
    """Put 25 jobs on three pages; return their ids, newest first."""
    hub.configure(page_size=10)
    return hub.add_jobs(25)[::-1]


@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_every_job_comes_once_and_in_order(hub: Hub, jobs: list[str], paging: str) -> None:
    """Three pages, three requests."""
    hub.configure(paging=paging)
    assert listed(hub) == jobs
    assert len(hub.requests()) == 3


def test_pages_are_also_given_as_their_bytes(hub: Hub, jobs: list[str]) -> None:
    """Whoever loads them into a frame needs no record per job."""
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        pages = list(client.job_pages("alice"))
    assert [page.count(b'"createdAt":') for page in pages] == [10, 10, 5]
    assert all(job_id.encode() in b"".join(pages) for job_id in jobs)


def test_a_listing_goes_on_at_a_cursor(hub: Hub, jobs: list[str]) -> None:
    """Each page says where the next one begins, so that a listing can be taken up later, by another client too."""
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        first, second, last = client.walk_jobs("alice")
    assert all(job.encode() in body for job, body in ((jobs[0], first.body), (jobs[-1], last.body)))
    assert [(page.more, page.cursor is None) for page in (first, second, last)] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        rest = [page.body for page in client.walk_jobs("alice", cursor=first.cursor)]
    assert rest == [second.body, last.body]


def test_a_job_is_also_given_as_its_bytes(hub: Hub, jobs: list[str]) -> None:
    """As its page gives it."""
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        page = next(client.walk_jobs("alice"))
        assert client.job_bytes("alice", jobs[0]) in page.body


def test_jobs_that_arrive_meanwhile_shift_pages_and_no_job_comes_twice(hub: Hub, jobs: list[str]) -> None:
    """With cursors that count, the last jobs of one page come again on the next."""
    hub.configure(paging="offset")
    hub.fault(path="/api/jobs/alice", times=0, arrive=3)
    seen = listed(hub)
    assert len(seen) == len(set(seen))
    assert set(jobs) <= set(seen)


@pytest.mark.parametrize("times", [1, 0])
def test_a_page_that_names_itself_ends_the_listing_with_an_error(hub: Hub, jobs: list[str], times: int) -> None:
    """What was read came through; that it is not all is said, with exit code 6."""
    hub.fault(path="/api/jobs/alice", nth=2, times=times, next_link="self")
    seen, failure = broken(hub)
    assert seen == jobs[:20]
    assert isinstance(failure, HubListingIncomplete)
    assert failure.exit_code == 6
    assert len(hub.requests()) == 2


def test_a_page_that_comes_again_under_another_name_ends_the_listing(hub: Hub, jobs: list[str]) -> None:
    """Fresh cursors to the same page are a circle too."""
    hub.fault(path="cursor=a", times=0, status=200, body="[]", next_link="?cursor=b")
    hub.fault(path="/api/jobs/alice", nth=2, times=0, status=200, body="[]", next_link="?cursor=a")
    seen, failure = broken(hub)
    assert seen == jobs[:10]
    assert isinstance(failure, HubListingIncomplete)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/api/jobs/alice",
        "//evil.example/",
        "http://[",
        "http://localhost:1/",
        "http://a@127.0.0.1/",
    ],
)
def test_a_next_page_elsewhere_is_not_asked(hub: Hub, jobs: list[str], target: str) -> None:
    """Another host, another port, no address at all: the listing ends with an error."""
    hub.fault(path="/api/jobs/alice", next_link=target)
    seen, failure = broken(hub)
    assert seen == jobs[:10]
    assert isinstance(failure, HubRedirect)
    assert len(hub.requests()) == 1


@pytest.mark.parametrize("limits", [Limits(pages=2), Limits(listing_bytes=100), Limits(listing_secs=0.0)])
def test_a_listing_beyond_its_caps_says_that_it_is_not_whole(hub: Hub, jobs: list[str], limits: Limits) -> None:
    """Pages, bytes, seconds."""
    seen, failure = broken(hub, limits)
    assert seen == jobs[: len(seen)]
    assert len(seen) in {10, 20}
    assert isinstance(failure, HubListingIncomplete)


def test_a_listing_as_long_as_its_cap_is_whole(hub: Hub, jobs: list[str]) -> None:
    """Three pages with a cap of three."""
    assert listed(hub, Limits(pages=3)) == jobs


def test_a_page_longer_than_its_cap_is_refused(hub: Hub, jobs: list[str]) -> None:
    """Nothing of it is used."""
    seen, failure = broken(hub, Limits(answer_bytes=1000))
    assert (seen, type(failure)) == ([], HubUnreadable)
    assert jobs


def test_a_row_that_is_no_job_is_an_error(hub: Hub, jobs: list[str]) -> None:
    """A listing of records is whole or an error; frames keep bad rows with their reasons."""
    hub.fault(path="/api/jobs/alice", remove=("3.id",))
    _, failure = broken(hub)
    assert isinstance(failure, HubUnreadable)
    assert "id (missing)" in failure.message
    assert jobs


def test_a_page_that_fails_is_asked_again(hub: Hub, jobs: list[str]) -> None:
    """One 503 and one cut connection in the middle of a listing are not seen by who reads it."""
    hub.fault(path="cursor", status=503, body="{}")
    hub.fault(path="cursor", cut_body_at=10, nth=2)
    assert listed(hub) == jobs


def test_the_rate_limit_of_the_hub_is_waited_for(hub: Hub, jobs: list[str]) -> None:
    """429 with a short wait is waited out; with one beyond all patience it is an error that says how long."""
    hub.fault(path="cursor", status=429, body="{}", headers={"RateLimit": '"api";r=0;t=1'})
    assert listed(hub) == jobs
    hub.fault(path="/api/jobs/alice", status=429, body="{}", headers={"Retry-After": "4000"})
    _, failure = broken(hub)
    assert isinstance(failure, HubRateLimited)
    assert failure.answer.retry_after_secs == 4000
    assert failure.hint == "Try again in 4000 seconds."


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('<https://a.b/c?d=e%2C>; rel="next"', "https://a.b/c?d=e%2C"),
        ("<x>;rel=next", "x"),
        ('<x>; title="a"; rel="next"', "x"),
        ('<p>; rel="prev", <n>; rel="next"', "n"),
        ('<x>; rel="prev next"', "x"),
        ('<x>; REL="NEXT"', "x"),
        ('<x>; rel="prev"', None),
        ('<x>; rel="nextish"', None),
        ("", None),
        ("garbage", None),
        ("<" * 10000, None),
    ],
)
def test_links_are_read_as_their_standard_says(header: str, target: str | None) -> None:
    """RFC 8288, as far as the Hub uses it."""
    assert next_link(header) == target
