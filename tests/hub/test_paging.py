"""A listing's pages: together every job once, whatever the filters, the page size, and what arrives in between."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hub.asking import ask, pages
from tests.hub.control import Fate, Hub

LIST = "/api/jobs/alice"
FATES = {
    "COMPLETED": Fate(scheduling_secs=0, running_secs=0),
    "ERROR": Fate(scheduling_secs=0, running_secs=0, outcome="error"),
    "RUNNING": Fate(scheduling_secs=0, running_secs=None),
    "SCHEDULING": Fate(scheduling_secs=None),
    "CANCELED": Fate(scheduling_secs=0, running_secs=0, outcome="canceled"),
    "DELETED": Fate(scheduling_secs=0, running_secs=0, outcome="deleted"),
}
A_JOB = st.tuples(st.sampled_from(sorted(FATES)), st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]))
WANTED = st.tuples(
    st.sets(st.sampled_from(sorted(FATES)), max_size=2), st.sampled_from([None, "x"]), st.sampled_from([None, "2"])
)


def flat(listing: Any) -> list[str]:  # noqa: ANN401 - an iterator of pages
    """Return the ids in the order of the listing."""
    return [job["id"] for page in listing for job in page]


@given(jobs=st.lists(A_JOB, max_size=12), size=st.integers(1, 5), wanted=WANTED)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_pages_are_all_jobs_once(hub: Hub, jobs: list[Any], size: int, wanted: Any) -> None:  # noqa: ANN401 - drawn
    """Newest first, each once, exactly those with every label and one of the stages; full pages but the last."""
    hub.reset()
    hub.configure(page_size=size)
    added = [(hub.add_jobs(1, fate=FATES[stage], labels={"k": k, "n": n})[0], stage, k, n) for stage, k, n in jobs]
    stages, k_wanted, n_wanted = wanted
    query = [f"stage={stage}" for stage in stages]
    query += [f"label={key}={value}" for key, value in (("k", k_wanted), ("n", n_wanted)) if value]
    listing = list(pages(hub, f"{LIST}?{'&'.join(query)}"))
    assert flat(listing) == [
        job_id
        for job_id, stage, k, n in reversed(added)
        if (not stages or stage in stages) and k_wanted in {None, k} and n_wanted in {None, n}
    ]
    assert all(len(page) == size for page in listing[:-1])
    count = ask(hub, "GET", f"{LIST}/count?{'&'.join(query[: len(stages)])}").json()["count"]
    assert count == sum(1 for _, stage, _, _ in added if not stages or stage in stages)


def test_arriving_jobs_do_not_shift_keyset_pages(hub: Hub) -> None:
    """A cursor names the last job seen, so what arrives later is only missing."""
    ids = hub.add_jobs(6)
    hub.configure(page_size=2)
    hub.fault(path="/api/jobs/alice", times=0, arrive=1)
    assert flat(pages(hub)) == ids[::-1]


def test_arriving_jobs_shift_offset_pages(hub: Hub) -> None:
    """A cursor that counts shows jobs again when others arrive."""
    ids = hub.add_jobs(6)
    hub.configure(page_size=2, paging="offset")
    hub.fault(path="/api/jobs/alice", arrive=1)
    assert flat(pages(hub)) == [*ids[:3:-1], *ids[4::-1]]


def test_the_next_link_keeps_the_filters(hub: Hub) -> None:
    """Every page answers the same question, and the link is absolute on the server's own address."""
    hub.add_jobs(3, labels={"a": "b"})
    hub.configure(page_size=1)
    link = ask(hub, "GET", f"{LIST}?label=a%3Db&stage=SCHEDULING&stage=RUNNING&label=a%3Db").next or ""
    assert link.startswith(f"{hub.url}{LIST}?label=a%3Db&stage=SCHEDULING&stage=RUNNING&label=a%3Db&cursor=")


def test_a_created_job_is_listed_later(hub: Hub) -> None:
    """With a lag it can be asked for at once, and is listed and counted when the lag is over."""
    hub.configure(listing_lag_secs=30)
    job = ask(hub, "POST", LIST, {"dockerImage": "a", "flavor": "cpu-basic", "labels": {"k": "v"}}).json()
    assert ask(hub, "GET", f"{LIST}/{job['id']}").status == 200
    assert ask(hub, "GET", f"{LIST}?label=k=v").json() == []
    assert ask(hub, "GET", f"{LIST}/count").json() == {"count": 0}
    hub.advance(30)
    assert flat(pages(hub, f"{LIST}?label=k=v")) == [job["id"]]


@pytest.mark.slow
def test_a_hundred_thousand_jobs_are_served(hub: Hub) -> None:
    """All of them, in pages of a thousand."""
    hub.add_jobs(100_000, every_secs=1)
    hub.configure(page_size=1000)
    cursor, seen = LIST, 0
    while cursor:
        answer = ask(hub, "GET", cursor)
        seen, cursor = seen + answer.body.count(b'"createdAt"'), answer.next or ""
    assert seen == 100_000
