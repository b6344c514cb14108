"""Another flavor where one has no capacity: never two at once, never past the budget, and once under one key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hfplanner as hp
from hfplanner.budget.ledger.records import State
from hfplanner.front.answers.jobs import Sent
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.waiting import cancel_waiting
from tests.hub.control import Fate, Hub

_WAITS = Fate(scheduling_secs=None)
_RUNS = Fate(scheduling_secs=1.0, running_secs=600.0)
_A_MINUTE = 30_000
"""More than any of these flavors costs in a minute [micro-USD]: a record without an end leaves that open."""
_JOB: dict[str, Any] = {
    "image": "python:3.12",
    "command": ["python", "train.py"],
    "flavor": "l4x1",
    "timeout": "1h",
    "max_wait": "1s",
}


@pytest.fixture
def online(tmp_path: Path, hub: Hub) -> Iterator[Workspace]:
    """Return a world that asks the emulator, as alice, whose clock is another and ten times as fast."""
    hub.run_clock(10)
    with Workspace(home=tmp_path / "home", endpoint=hub.url, token=hub.token, working_folder=tmp_path) as opened:
        yield opened
    hub.run_clock(0)


def _asked(hub: Hub) -> str:
    """Return what was asked of jobs, a letter each: created, cancelled, looked at."""
    letters = {("POST", True): "x", ("POST", False): "c", ("GET", False): "l"}
    asked = [one for one in hub.requests() if "/api/jobs/alice" in one.path and "/logs" not in one.path]
    return "".join(letters.get((one.method, one.path.endswith("/cancel")), "") for one in asked)


def test_a_job_that_starts_in_time_stays_where_it_is(online: Workspace, hub: Hub) -> None:
    """Nothing is cancelled, and no other flavor is tried."""
    hub.default_fate(_RUNS)
    told = hp.run(**_JOB, fallback="a10g-small", workspace=online).to_dict()
    assert (told["flavor"], told["fallbacks"], len(hub.specs())) == ("l4x1", [], 1)


def test_the_next_is_tried_once_the_one_before_has_ended(online: Workspace, hub: Hub) -> None:
    """The first is cancelled and settled at a minute at most; the second, which is dearer, holds its own worst case."""
    hub.fate(_WAITS, _WAITS, _RUNS)
    told = hp.run(**_JOB, fallback="a10g-small,l40sx1", key="k", workspace=online).to_dict()
    assert [one["flavor"] for one in told["fallbacks"]] == ["l4x1", "a10g-small"]
    assert all(1 <= one["waited_secs"] < 60 and one["cost_micro_usd"] <= _A_MINUTE for one in told["fallbacks"])
    assert (told["flavor"], told["state"]) == ("l40sx1", "LAUNCHED")
    assert [job["status"]["stage"] for job in hub.jobs()].count("CANCELED") == 2
    books = {one.terms.flavor: one for one in online.ledger().submissions()}
    assert {name: one.state for name, one in books.items()} == {
        "l4x1": State.SETTLED,
        "a10g-small": State.SETTLED,
        "l40sx1": State.LAUNCHED,
    }
    assert books["l4x1"].posted_micro_usd == told["fallbacks"][0]["cost_micro_usd"]
    # Each other one is created after the one before was cancelled, and looked at after that.
    assert re.fullmatch(r"l*c(l+xl+c){2}l*", _asked(hub)), _asked(hub)
    assert online.ledger().verify() == ()


def test_the_same_command_with_the_same_key_sends_nothing_more(online: Workspace, hub: Hub) -> None:
    """It finds the job that came of it, however many were tried before."""
    hub.fate(_WAITS, _RUNS)
    first = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    again = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    assert (again["job_id"], again["flavor"]) == (first["job_id"], "a10g-small")
    assert len(hub.specs()) == 2


def test_where_no_flavor_has_room_nothing_runs_and_nothing_is_held(online: Workspace, hub: Hub) -> None:
    """Exit code 1, with the flavors that were tried."""
    hub.default_fate(_WAITS)
    with pytest.raises(hp.NoCapacity, match="1s each on l4x1, a10g-small"):
        hp.run(**_JOB, fallback="a10g-small", workspace=online)
    assert {job["status"]["stage"] for job in hub.jobs()} == {"CANCELED"}
    assert all(one.state is State.SETTLED for one in online.ledger().submissions())


def test_a_wait_without_fallback_is_ended(online: Workspace, hub: Hub) -> None:
    """`--max-wait` alone cancels what waits too long."""
    hub.default_fate(_WAITS)
    with pytest.raises(hp.NoCapacity, match="within 1s on l4x1"):
        hp.run(**_JOB, workspace=online)
    assert len(hub.specs()) == 1


def test_a_dearer_flavor_past_the_budget_is_not_sent(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """What the one before held is free again, and no other job is sent."""
    (tmp_path / "hfplanner.toml").write_text('[[budget]]\nname = "b"\nlimit_usd = "1.00"\nperiod = "month"\n')
    hub.default_fate(_WAITS)
    with pytest.raises(hp.BudgetRefused, match=r"\$1\.80"):
        hp.run(**_JOB, fallback="l40sx1", workspace=online)
    assert (len(hub.specs()), [one.state for one in online.ledger().submissions()]) == (1, [State.SETTLED])


def test_the_money_of_the_one_before_counts_for_the_next(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """A budget with room for one of them is enough: they are never held together."""
    (tmp_path / "hfplanner.toml").write_text('[[budget]]\nname = "b"\nlimit_usd = "1.20"\nperiod = "month"\n')
    hub.fate(_WAITS, _RUNS)
    told = hp.run(**_JOB, fallback="a10g-small", workspace=online).to_dict()
    assert (told["flavor"], told["worst_case_micro_usd"]) == ("a10g-small", 1_000_020)


@pytest.mark.parametrize(
    ("flavors", "said"), [("nosuch", "no flavor 'nosuch'"), ("", "names no flavors"), ("auto", "what the job needs")]
)
def test_what_cannot_be_tried_is_told_before_anything_is_sent(
    online: Workspace, hub: Hub, flavors: str, said: str
) -> None:
    """A flavor that is not listed, none at all, and `auto` where nobody knows what fits."""
    with pytest.raises(hp.UsageError, match=said):
        hp.run(**_JOB, fallback=flavors, workspace=online)
    assert hub.specs() == []


def test_auto_takes_what_fits_by_expected_cost(online: Workspace, hub: Hub) -> None:
    """After the cheapest that fits comes the next."""
    hub.fate(_WAITS, _RUNS)
    job = {name: value for name, value in _JOB.items() if name != "flavor"}
    order = [one["flavor"] for one in hp.recommend(vram="20GB", workspace=online).to_dict()["options"]]
    told = hp.run(**job, vram="20GB", fallback="auto", workspace=online).to_dict()
    assert [told["fallbacks"][0]["flavor"], told["flavor"]] == order[:2]


def test_interrupted_after_the_cancel_it_goes_on_with_the_same_key(online: Workspace, hub: Hub) -> None:
    """The first was cancelled, and whoever did it came no further: the same command sends the next, once."""
    hub.fate(_WAITS, _RUNS)
    job = {name: value for name, value in _JOB.items() if name != "max_wait"}
    first = hp.run(**job, key="k", workspace=online)
    online.hub().cancel_job("alice", str(first.job_id))
    told = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    assert (told["flavor"], len(hub.specs())) == ("a10g-small", 2)
    assert online.ledger().verify() == ()


def test_a_cancel_that_proves_nothing_sends_no_other(online: Workspace, hub: Hub) -> None:
    """The Hub refuses to cancel, and the job waits on: its money stays held, and exit code 5 ends the command."""
    hub.default_fate(_WAITS)
    job = {name: value for name, value in _JOB.items() if name != "max_wait"}
    sent = hp.run(**job, workspace=online)
    assert isinstance(sent, Sent)
    hub.fault(method="POST", path="/cancel", times=0, before=True, status=500)
    with pytest.raises(hp.SubmissionUnknown, match="nothing proves that it has ended"):
        cancel_waiting(online.hub(), sent.submitted, online.now, within_secs=1)
    assert (len(hub.specs()), [one.state for one in online.ledger().submissions()]) == (1, [State.LAUNCHED])


def test_an_unknown_next_is_never_sent_twice(online: Workspace, hub: Hub) -> None:
    """The answer to the second job is lost: its money stays held, and the same key finds it instead of a third."""
    hub.fate(_WAITS, _RUNS)
    hub.fault(method="POST", path="/api/jobs/alice$", nth=2, times=1, drop=True)
    with pytest.raises(hp.SubmissionUnknown):
        hp.run(**_JOB, fallback="a10g-small,l40sx1", key="k", workspace=online)
    assert len(hub.specs()) == 2
    told = hp.run(**_JOB, fallback="a10g-small,l40sx1", key="k", workspace=online).to_dict()
    assert (told["flavor"], told["state"], len(hub.specs())) == ("a10g-small", "LAUNCHED", 2)


def test_a_record_without_an_end_costs_the_minute_in_which_nobody_looked(online: Workspace, hub: Hub) -> None:
    """It waited until just before it was cancelled: that it ran a minute is all that cannot be excluded."""
    hub.fate(_WAITS, _RUNS)
    told = hp.run(**_JOB, fallback="a10g-small", workspace=online).to_dict()
    assert "finishedAt" not in hub.jobs()[0]
    assert 0 < told["fallbacks"][0]["cost_micro_usd"] <= _A_MINUTE


_MEASURED: dict[str, Any] = {
    "image": "python:3.12",
    "command": ["python", "train.py"],
    "vram": "20GB",
    "max_wait": "1s",
    "fallback": "a10g-small,l40sx1",
}
_CANARY = Fate(scheduling_secs=1.0, running_secs=None, logs=((20.0, "hfplanner: progress=0.35"),))


def test_a_job_that_was_measured_falls_back_with_what_was_measured(online: Workspace, hub: Hub) -> None:
    """One canary; the timeout of the next flavor follows from the measurement as that of the first did."""
    hub.run_clock(2000)
    hub.fate(_CANARY, _WAITS, _RUNS)
    told = hp.run(**_MEASURED, canary=True, key="k", workspace=online).to_dict()
    canary, first, second = hub.specs()
    assert (canary["flavor"], told["canary"]["measured"]) == ("l4x1", True)
    assert [one["flavor"] for one in told["fallbacks"]] == [first["flavor"]]
    assert (told["flavor"], told["state"]) == (second["flavor"], "LAUNCHED")
    assert second["environment"] == first["environment"] == {}
    suggested = _suggested(online, told["canary"]["job_id"])
    assert (first["timeoutSeconds"], second["timeoutSeconds"]) == (
        suggested[first["flavor"]],
        suggested[second["flavor"]],
    )
    again = hp.run(**_MEASURED, canary=True, key="k", workspace=online).to_dict()
    assert (again["job_id"], again["flavor"], len(hub.specs())) == (told["job_id"], told["flavor"], 3)
    assert online.ledger().verify() == ()


def _suggested(online: Workspace, canary: str) -> dict[str, int]:
    """Return the timeout of each flavor that the log of a canary suggests."""
    found = hp.recommend(vram="20GB", log=f"alice/{canary}", workspace=online).to_dict()
    return {option["flavor"]: option["suggested_timeout_secs"] for option in found["options"]}


def test_an_interrupted_fallback_of_a_measured_job_goes_on_as_it_was_measured(online: Workspace, hub: Hub) -> None:
    """The canary's log is read again: the same command sends the next flavor, with the timeout that it suggests."""
    hub.run_clock(2000)
    hub.fate(_CANARY, _WAITS, _RUNS)
    job = {name: value for name, value in _MEASURED.items() if name not in {"max_wait", "fallback"}}
    first = hp.run(**job, canary=True, key="k", workspace=online)
    online.hub().cancel_job("alice", str(first.job_id))
    told = hp.run(**_MEASURED, canary=True, key="k", workspace=online).to_dict()
    assert (told["state"], len(hub.specs())) == ("LAUNCHED", 3)
    assert hub.specs()[2]["timeoutSeconds"] == _suggested(online, told["canary"]["job_id"])[told["flavor"]]
    assert online.ledger().verify() == ()
