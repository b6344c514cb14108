"""Syncing: all of a listing once, then only what can have changed, whatever breaks on the way."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HubError, HubForbidden, HubUnauthorized, UsageError
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync_mark import Gap, Mark
from hfplanner.history.sync_walk import Progress
from tests.history.jobs import job, jobs_frame
from tests.history.syncing import asking, hub_jobs, kept_jobs, listings, pull_of, store_in, sync
from tests.hub.control import Fate, Hub

RUNNING = Fate(running_secs=1500)


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    """Return an empty history."""
    return store_in(tmp_path)


@pytest.fixture
def jobs(hub: Hub) -> list[str]:
    """Put 95 jobs that have ended on ten pages; return their ids, the oldest first."""
    hub.configure(page_size=10)
    added = hub.add_jobs(95)
    hub.advance(600)
    return added


def test_the_first_sync_reads_all_there_is(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Ten pages, and the history equals the Hub."""
    done = sync(hub, store)
    assert (done.complete, done.exit_code, listings(hub)) == (True, 0, 10)
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert done.to_json()["jobs"] == {
        "read": 95,
        "new": 95,
        "updated": 0,
        "unchanged": 0,
        "reread": 0,
        "vanished": 0,
        "bad": 0,
    }
    assert kept_jobs(store)["id"].to_list() == jobs


def test_the_second_sync_reads_no_further_than_needed(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Three pages of ten: below the newest ten minutes, one page that holds nothing new is enough."""
    sync(hub, store)
    before = kept_jobs(store)
    asked = len(hub.requests())
    done = sync(hub, store)
    assert (done.complete, listings(hub, asked)) == (True, 3)
    assert (done.to_json()["jobs"]["new"], done.to_json()["jobs"]["updated"]) == (0, 0)
    assert kept_jobs(store).equals(before)
    hub.add_jobs(7)
    again = sync(hub, store)
    assert again.to_json()["jobs"]["new"] == 7
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert len(jobs) + 7 == kept_jobs(store).height
    hub.advance(600)
    hub.add_jobs(60, every_secs=10)
    assert sync(hub, store).complete
    asked = len(hub.requests())
    assert sync(hub, store).complete
    # 60 jobs in the newest ten minutes, and one page that holds nothing new: what is known grows with every sync.
    assert listings(hub, asked) <= 8


def test_jobs_that_are_listed_late_are_read_as_far_as_they_show(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """While a page holds a job that nobody has read yet, the next one is looked at too."""
    sync(hub, store)
    newest = datetime.fromtimestamp(hub.now() - 600, UTC)
    late = [hub.add_jobs(1, first=newest - timedelta(minutes=minutes))[0] for minutes in (25.5, 34.5, 43.5, 52.5)]
    assert sync(hub, store).to_json()["jobs"]["new"] == len(late)
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert kept_jobs(store).height == len(jobs) + len(late)


def test_full_reads_all_again(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Labels that were changed long after the end are seen then, and only then."""
    sync(hub, store)
    hub.add_jobs(60)
    with asking(hub) as client:
        client.set_labels("alice", jobs[0], {"team": "nlp"})
    assert sync(hub, store).complete
    assert not kept_jobs(store).equals(hub_jobs(hub))
    asked = len(hub.requests())
    assert sync(hub, store, full=True).complete
    assert listings(hub, asked) == 16
    assert kept_jobs(store).equals(hub_jobs(hub))


def test_a_job_that_had_not_ended_is_read_again_wherever_it_stands(hub: Hub, store: HistoryStore) -> None:
    """One in the newest pages by its page, one far below by its id, which costs one request."""
    hub.configure(page_size=10)
    (old,) = hub.add_jobs(1, fate=Fate(running_secs=7200), timeoutSeconds=10_000)
    hub.advance(6000)
    hub.add_jobs(60)
    (recent,) = hub.add_jobs(1, fate=RUNNING)
    hub.advance(30)
    sync(hub, store)
    stages = dict(kept_jobs(store).select("id", "stage").iter_rows())
    assert (stages[old], stages[recent]) == ("running", "running")
    hub.advance(6000)
    asked = len(hub.requests())
    done = sync(hub, store)
    assert done.namespaces[0].tally.reread == 1
    assert [one.path for one in hub.requests(asked)].count(f"/api/jobs/alice/{old}") == 1
    assert listings(hub, asked) <= 3
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert set(kept_jobs(store)["stage"]) == {"completed"}


def test_many_jobs_that_had_not_ended_are_read_by_the_page(hub: Hub, store: HistoryStore) -> None:
    """More than a hundred requests would cost more than the pages they stand on."""
    hub.configure(page_size=50)
    hub.add_jobs(150, fate=Fate(running_secs=90_000), timeoutSeconds=100_000, every_secs=10)
    hub.advance(3600)
    hub.add_jobs(100, every_secs=10)
    sync(hub, store)
    hub.advance(100_000)
    asked = len(hub.requests())
    assert sync(hub, store).namespaces[0].tally.reread <= 100
    assert listings(hub, asked) >= 3
    assert kept_jobs(store).equals(hub_jobs(hub))


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 500, "body": "<html>"},
        {"drop": True, "reset": True},
        {"cut_body_at": 300},
        {"body": '[{"id": "a"', "status": 200},
        {"body": "null", "status": 200},
        {"next_link": "self"},
        {"next_link": "https://elsewhere.example/api/jobs/alice?cursor=x"},
    ],
)
@pytest.mark.parametrize("page", [2, 10])
def test_a_page_that_cannot_be_read_leaves_what_was_and_a_mark(
    hub: Hub, jobs: list[str], store: HistoryStore, fault: dict[str, Any], page: int
) -> None:
    """The pages before are kept, the reason is said, and the next sync reads the rest and no more."""
    hub.fault(path="/api/jobs/alice", nth=page, **fault)
    done = sync(hub, store)
    last = page if "next_link" in fault else page - 1
    assert (done.complete, done.exit_code) == (False, 6)
    pull = pull_of(store)
    assert (pull.complete, pull.reason) == (False, done.namespaces[0].reason)
    assert f"up to page {last} only" in str(pull.reason)
    assert set(kept_jobs(store)["id"]) == set(jobs[-10 * last :])
    hub.clear_faults()
    asked = len(hub.requests())
    assert sync(hub, store).complete
    assert pull_of(store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))
    # Three pages at the top, and those that were not read.
    assert listings(hub, asked) <= 3 + 10 - (page - 1)


def test_a_first_page_that_cannot_be_read_changes_nothing(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """An error, and the history as it was: empty, or complete as of before."""
    hub.fault(path="/api/jobs/alice", times=0, status=500)
    with pytest.raises(HubError):
        sync(hub, store)
    assert store.sources() == ()
    hub.clear_faults()
    sync(hub, store)
    before = pull_of(store)
    hub.fault(path="/api/jobs/alice", times=0, drop=True)
    with pytest.raises(HubError):
        sync(hub, store)
    assert pull_of(store) == before
    assert kept_jobs(store).height == len(jobs)


def test_a_cursor_that_the_hub_forgot_costs_pages_and_nothing_else(
    hub: Hub, jobs: list[str], store: HistoryStore
) -> None:
    """The listing is read from its top again, down to what was missing."""
    hub.fault(path="/api/jobs/alice", nth=5, status=500)
    assert not sync(hub, store).complete
    mark = Mark.from_text(pull_of(store).cursor)
    assert [gap.until for gap in mark.gaps] == [None]
    assert isinstance(mark.gaps[0].cursor, str)
    hub.clear_faults()
    hub.fault(path="cursor=", nth=3, status=400)
    asked = len(hub.requests())
    assert sync(hub, store).complete
    assert listings(hub, asked) == 3 + 1 + 10
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert kept_jobs(store).height == len(jobs)


@pytest.mark.slow
def test_interrupted_again_and_again_it_still_gets_there(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """New jobs between the tries leave several gaps, each of which is closed."""
    total = len(jobs)
    for nth in (4, 2, 5, 3):
        hub.fault(path="/api/jobs/alice", nth=nth, status=500)
        done = sync(hub, store)
        hub.clear_faults()
        assert not done.complete
        total += len(hub.add_jobs(25, every_secs=60))
        hub.advance(25 * 60)
    assert len(Mark.from_text(pull_of(store).cursor).gaps) > 1
    assert sync(hub, store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert kept_jobs(store).height == total


@pytest.mark.parametrize("paging", ["keyset", "offset"])
def test_jobs_that_arrive_meanwhile_are_no_trouble(hub: Hub, jobs: list[str], store: HistoryStore, paging: str) -> None:
    """Three arrive after every page; those the first sync did not see the next one does."""
    hub.configure(paging=paging)
    hub.fault(path="/api/jobs/alice", times=0, arrive=3)
    assert sync(hub, store).complete
    assert set(jobs) <= set(kept_jobs(store)["id"])
    hub.clear_faults()
    assert sync(hub, store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert kept_jobs(store).height >= 95 + 30


def test_ctrl_c_keeps_what_was_read(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """The result says that it was interrupted, and the next sync goes on."""
    seen: list[Progress] = []

    def watch(done: Progress) -> None:
        seen.append(done)
        if done.jobs == 50:
            raise KeyboardInterrupt

    done = sync(hub, store, watch=watch, pages_at_once=100)
    assert (done.interrupted, done.complete, done.bill) == (True, False, None)
    assert pull_of(store).reason == "its last sync was interrupted"
    assert kept_jobs(store).height == 50
    assert [one.total for one in seen] == [95] * 5
    asked = len(hub.requests())
    assert sync(hub, store).complete
    # Three pages at the top; of the page at which it was interrupted the place was not noted yet.
    assert listings(hub, asked) <= 3 + 6
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert len(jobs) == 95


def test_a_job_that_is_gone_is_kept_as_it_was_seen_and_counted(hub: Hub, store: HistoryStore) -> None:
    """It is asked for once; a full sync asks again."""
    hub.configure(page_size=10)
    (gone,) = hub.add_jobs(1, fate=Fate(running_secs=90_000), timeoutSeconds=100_000)
    hub.advance(3600)
    hub.add_jobs(40)
    hub.advance(600)
    sync(hub, store)
    hub.fault(path=f"/api/jobs/alice/{gone}", times=0, status=404)
    first, second = sync(hub, store), sync(hub, store)
    assert (first.complete, first.namespaces[0].tally.vanished, first.namespaces[0].gone) == (True, 1, 1)
    assert (second.complete, second.namespaces[0].tally.vanished, second.namespaces[0].gone) == (True, 0, 1)
    assert hub.struck() == [1]
    assert kept_jobs(store).filter(pl.col("id") == gone)["stage"].to_list() == ["running"]
    hub.clear_faults()
    assert sync(hub, store, full=True).namespaces[0].gone == 0


def test_a_job_that_cannot_be_looked_at_again_leaves_the_pull_incomplete(hub: Hub, store: HistoryStore) -> None:
    """All pages were read, and still it is not known how one job went on."""
    hub.configure(page_size=10)
    (open_job,) = hub.add_jobs(1, fate=Fate(running_secs=4000), timeoutSeconds=10_000)
    hub.advance(3600)
    hub.add_jobs(40)
    sync(hub, store)
    hub.advance(3600)
    hub.fault(path=f"/api/jobs/alice/{open_job}", status=500)
    done = sync(hub, store)
    assert done.exit_code == 6
    assert "1 of its jobs, which had not ended, were not looked at again" in str(pull_of(store).reason)
    assert sync(hub, store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))


def test_a_record_that_cannot_be_right_is_counted_until_it_is(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Once, however often it is read, and also when later syncs do not read its page."""
    wrong = hub.add_jobs(2, extra={"startedAt": "2026-08-31T12:00:00.000Z", "finishedAt": "2026-08-30T12:00:00.000Z"})
    for _ in range(2):
        done = sync(hub, store)
        assert (done.complete, done.namespaces[0].reason) == (False, "2 of its records could not be taken")
        assert dict(pull_of(store).bad) == {"ends_before_start": 2}
    hub.advance(7200)
    hub.add_jobs(60)
    sync(hub, store)
    assert dict(pull_of(store).bad) == {"ends_before_start": 2}
    assert set(kept_jobs(store)["id"]).isdisjoint(wrong)
    hub.fault(path="/api/jobs/alice", times=0, remove=("*.startedAt", "*.finishedAt"))
    done = sync(hub, store, full=True)
    assert (done.complete, dict(pull_of(store).bad)) == (True, {})
    assert kept_jobs(store).height == len(jobs) + 62


def test_namespaces_are_told_apart(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Each has an entry; one that may not be read costs the others nothing, and nothing is written of it."""
    ours = hub.add_jobs(5, namespace="acme")
    done = sync(hub, store, "acme", "bob", "alice", "acme")
    assert [(one.namespace, one.complete) for one in done.namespaces] == [
        ("acme", True),
        ("bob", False),
        ("alice", True),
    ]
    assert (done.exit_code, isinstance(done.namespaces[1].error, HubForbidden)) == (6, True)
    assert {pull.namespace for pull in store.sources()} == {"acme", "alice"}
    assert kept_jobs(store).equals(hub_jobs(hub, ("alice", "acme")))
    assert len(ours) + len(jobs) == kept_jobs(store).height


@pytest.mark.parametrize("name", ["", ".", "..", "a\ud800"])
def test_a_name_that_is_none_is_refused_before_anything_is_asked(hub: Hub, store: HistoryStore, name: str) -> None:
    """Not even who asks."""
    with pytest.raises(UsageError):
        sync(hub, store, "alice", name)
    assert hub.requests() == []


def test_a_token_that_does_not_count_writes_nothing(hub: Hub, store: HistoryStore) -> None:
    """The folder is not even made."""
    hub.account(hub.token, None)
    with pytest.raises(HubUnauthorized):
        sync(hub, store)
    assert not store.folder.exists()


def test_two_syncs_at_once_are_one(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """Both end well, and the history holds every job once."""
    hub.add_jobs(10, fate=RUNNING)
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(sync(hub, store).complete)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True, True, True]
    assert pull_of(store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert len(jobs) + 10 == kept_jobs(store).height


def test_what_files_brought_does_not_stand_for_what_was_listed(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """A page of jobs that came from a file is no reason to stop above jobs that nobody has read."""
    sync(hub, store)
    hub.advance(3600)
    hub.add_jobs(30)
    hub.advance(3600)
    hub.add_jobs(30)
    hub.advance(600)
    newest = (
        hub_jobs(hub).tail(40).with_columns(source=pl.lit("file:x"), seen_at=pl.lit(None, pl.Datetime("us", "UTC")))
    )
    store.add(newest)
    assert sync(hub, store).complete
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert len(jobs) + 60 == kept_jobs(store).height


def test_naughty_ids_of_a_file_are_asked_for_as_ids(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """An imported job that never ended is asked for by its id, whatever that is, and nothing else is."""
    naughty = ["../../whoami-v2", "..", "a?b#c", "\x1b[31m", "count", "💥", "hardware\r\nX: y"]
    rows = [job(one, stage="running", namespace="alice", created_at=job()["created_at"]) for one in naughty]
    store.add(jobs_frame(*rows))
    done = sync(hub, store)
    assert done.namespaces[0].gone >= len(naughty) - 1
    assert set(kept_jobs(store)["id"]) == {*jobs, *naughty}
    assert {one.status for one in hub.requests()} <= {200, 404}


def test_a_busy_hub_is_waited_for(hub: Hub, jobs: list[str], store: HistoryStore) -> None:
    """A failure that passes is no gap."""
    hub.fault(path="/api/jobs/alice", nth=4, times=2, status=503)
    quick = RetryPolicy(wait_initial_secs=0.01, wait_max_secs=0.05, wait_jitter_secs=0.0)
    assert sync(hub, store, retry=quick).complete
    assert kept_jobs(store).height == len(jobs)


@pytest.mark.parametrize("text", ["", "page 3", "[]", "{}", '{"top": 5, "gaps": []}', '{"top": "2026-01-01"}', "9" * 9])
def test_a_mark_that_cannot_be_read_means_that_nothing_is_known(text: str) -> None:
    """So that all is read again."""
    assert Mark.from_text(text) == Mark()
    assert Mark.from_text(text).plan() == (Gap(None, None),)
