"""Law: whatever the Hub answers, and whenever a job starts, a fallback has one job at most, and its money.

The program's own loop runs against the emulator, whose clock is its clock; each run may end in an error, and the same
command follows with the same key, as a user would do it.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfplanner.budget.ledger.records import State
from hfplanner.errors import HfplannerError
from hfplanner.plan.asked import AskedJob, JobNeeds
from hfplanner.plan.fallback import Fallback
from hfplanner.plan.fallback_run import FallbackRun
from hfplanner.plan.job_plan import know_request
from hfplanner.plan.request import read_job
from hfplanner.plan.sending import Sender, bring_up_to_date, sent_before
from hfplanner.plan.workspace import Workspace
from tests.budget.postgres_server import quick_folder
from tests.hub.control import Fate, Hub

_KEY, _ALIVE = "night", frozenset({"SCHEDULING", "RUNNING"})
_JOB = AskedJob(image="python:3.12", command=("id",), flavor="l4x1", timeout="1h")
_RUNS = 3

fates = st.sampled_from(
    [
        Fate(scheduling_secs=None),
        Fate(scheduling_secs=None),
        Fate(scheduling_secs=30, running_secs=None),
        Fate(scheduling_secs=62, running_secs=None),
        Fate(scheduling_secs=66, running_secs=5),
    ]
)
answers = st.sampled_from(
    [
        None,
        None,
        {"drop": True},
        {"drop": True, "before": True},
        {"status": 500},
        {"status": 500, "before": True},
        {"status": 403, "before": True},
    ]
)
# The limit has room for the first alone, for the first and what is cheaper, for all.
limits = st.sampled_from(["0.90", "1.30", "5.00"])


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    lives=st.lists(fates, min_size=3, max_size=3),
    posts=st.lists(answers, min_size=3, max_size=3),
    cancels=st.lists(answers, min_size=3, max_size=3),
    limit=limits,
)
def test_a_fallback_never_has_two_flavors_at_once(
    hub_process: Hub,
    lives: list[Fate],
    posts: list[dict[str, Any] | None],
    cancels: list[dict[str, Any] | None],
    limit: str,
) -> None:
    """One job alive at most, each sent once, the books right, and nothing beyond the limit, after every run."""
    hub = hub_process
    hub.reset()
    hub.fate(*lives)
    hub.default_fate(Fate(scheduling_secs=None))
    for path, several in (("/api/jobs/alice$", posts), ("/cancel$", cancels)):
        for number, answer in enumerate(several, start=1):
            if answer is not None:
                hub.fault(method="POST", path=path, nth=number, **answer)
    with tempfile.TemporaryDirectory(dir=quick_folder()) as name:
        folder = Path(name)
        (folder / "hfplanner.toml").write_text(
            f'[[budget]]\nname = "b"\nlimit_usd = "{limit}"\nperiod = "total"\n', encoding="utf-8"
        )
        for _ in range(_RUNS):
            with _world(hub, folder) as world:
                _run(world, hub)
                _hold(world, hub)


def _world(hub: Hub, folder: Path) -> Workspace:
    def clock() -> datetime:
        return datetime.fromtimestamp(hub.now(), UTC)

    return Workspace(home=folder / "home", endpoint=hub.url, token=hub.token, working_folder=folder, clock=clock)


def _run(world: Workspace, hub: Hub) -> None:
    """Do what the command does, and let its error be."""
    asked = know_request(read_job(_JOB, {}, values=True), JobNeeds(), world, sends=True)
    listing, fallback = world.listing(), Fallback(flavors=("a10g-small", "t4-small"), max_wait_secs=60)
    try:
        ready = bring_up_to_date(world, listing)
        first = sent_before(asked, _KEY, world)
        if first is None:
            sender = Sender(asked, _KEY, ready.books, world)
            first = sender.send(sender.plan(listing))
        if first.job_id is not None:
            FallbackRun(asked, _KEY, fallback, ready.books, world, hub.advance).run(first, listing)
    except HfplannerError:
        return


def _hold(world: Workspace, hub: Hub) -> None:
    """Hold the books against the Hub."""
    jobs, ledger = hub.jobs(), world.ledger()
    alive = [job for job in jobs if job["status"]["stage"] in _ALIVE]
    sids = [job["labels"]["hfplanner-sid"] for job in jobs]
    states = [one.state for one in ledger.submissions()]
    assert len(alive) <= 1
    assert len(set(sids)) == len(sids)
    assert sum(state.holds_money for state in states) <= 1
    assert not alive or State.LAUNCHED in states or State.UNKNOWN in states
    # What has begun to run is the last that was sent.
    assert all("startedAt" not in job for job in jobs[:-1])
    assert ledger.verify() == ()
