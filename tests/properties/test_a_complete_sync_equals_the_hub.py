"""Law: whatever happened to jobs and to syncs before, after a complete sync the history holds what the Hub holds."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfplanner.errors import HubError, JobsUnreadable
from hfplanner.history.store import HistoryStore
from hfplanner.history.sync_walk import Progress
from tests.history.syncing import asking, hub_jobs, kept_jobs, pull_of, store_in, sync
from tests.hub.control import Fate, Hub

FATES = st.builds(
    Fate,
    scheduling_secs=st.sampled_from([0.0, 5.0, 3000.0, None]),
    running_secs=st.sampled_from([0.0, 60.0, 5000.0]),
    outcome=st.sampled_from(["completed", "error", "oom", "deleted"]),
    never_starts=st.booleans(),
)
STEPS = st.one_of(
    st.tuples(st.just("pass"), st.sampled_from([1, 60, 1000, 7200, 90_000])),
    st.tuples(st.just("start"), st.integers(1, 9), FATES),
    st.tuples(st.just("cancel"), st.integers(0, 30)),
    st.tuples(st.just("sync"), st.booleans()),
    st.tuples(st.just("broken"), st.integers(1, 4), st.sampled_from(["500", "damaged", "ctrl-c", "arrive"])),
)


def _interrupt_at(page: int) -> Any:  # noqa: ANN401 - a watch
    def watch(done: Progress) -> None:
        if done.jobs >= 3 * page:
            raise KeyboardInterrupt

    return watch


def _broken(hub: Hub, store: HistoryStore, page: int, how: str) -> None:
    trouble: dict[str, dict[str, Any]] = {
        "500": {"status": 500},
        "damaged": {"body": '[{"id":', "status": 200},
        "arrive": {"arrive": 2},
    }
    if how in trouble:
        hub.fault(path="/api/jobs/alice", nth=page, times=0 if how == "arrive" else 1, **trouble[how])
    try:
        sync(hub, store, pages_at_once=1, watch=_interrupt_at(page) if how == "ctrl-c" else None)
    except (HubError, JobsUnreadable):
        # The first page already: nothing was read.
        assert page == 1
    finally:
        hub.clear_faults()


def _do(hub: Hub, store: HistoryStore, step: tuple[Any, ...]) -> None:
    match step:
        case ("pass", secs):
            hub.advance(secs)
        case ("start", count, fate):
            hub.add_jobs(count, fate=fate, every_secs=1, timeoutSeconds=6000)
        case ("cancel", number):
            known = hub.jobs()
            if known:
                with asking(hub) as client:
                    client.cancel_job("alice", known[number % len(known)]["id"])
        case ("sync", full):
            assert sync(hub, store, full=full).complete
        case (_, page, how):
            _broken(hub, store, page, how)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=10), paging=st.sampled_from(["keyset", "offset"]))
def test_after_a_complete_sync_the_history_is_the_hub(hub: Hub, steps: list[tuple[Any, ...]], paging: str) -> None:
    """Jobs start, go on, end and are cancelled; syncs end well, break at any page or are interrupted."""
    hub.reset()
    hub.configure(page_size=3, paging=paging)
    with tempfile.TemporaryDirectory() as folder:
        store = store_in(Path(folder))
        for step in steps:
            _do(hub, store, step)
        assert sync(hub, store).complete
        assert pull_of(store).complete
        assert kept_jobs(store).equals(hub_jobs(hub))
