"""Another flavor where one has no capacity: never two at once, never past the budget, and once under one key."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hfplanner as hp
from hfplanner.budget.ledger.records import State
from hfplanner.front.answers.jobs import Sent
from hfplanner.plan.asked import AskedJob, JobNeeds
from hfplanner.plan.fallback import Fallback
from hfplanner.plan.fallback_run import FallbackRun
from hfplanner.plan.job_plan import KnownRequest, know_request
from hfplanner.plan.request import read_job
from hfplanner.plan.sending import books_of
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


def _sent(online: Workspace) -> Sent:
    """Send the job under the key ``k``, without a fallback."""
    job = {name: value for name, value in _JOB.items() if name != "max_wait"}
    sent = hp.run(**job, key="k", workspace=online)
    assert isinstance(sent, Sent)
    return sent


def _waited(online: Workspace) -> Sent:
    """Send the job, and return it when it has waited longer than it may."""
    sent = _sent(online)
    time.sleep(1.1)
    return sent


def _shown_waiting(hub: Hub, job_id: str, looks: int) -> None:
    """Let so many looks at a job show it waiting, whatever it does."""
    waiting = {"status.stage": "SCHEDULING"}
    hub.fault(method="GET", path=f"/api/jobs/alice/{job_id}$", times=looks, put=waiting, remove=["startedAt"])


def _starts_unseen(hub: Hub, job_id: str) -> None:
    """Let a job run, and the three looks before it is cancelled show it waiting still: one brings the books up."""
    hub.set_fate(job_id, _RUNS)
    hub.advance(5)
    _shown_waiting(hub, job_id, looks=3)


def _known(online: Workspace) -> KnownRequest:
    """Return the job, as it was asked for."""
    words = {name: _JOB[name] for name in ("image", "command", "flavor", "timeout")}
    return know_request(read_job(AskedJob(**words), {}, values=True), JobNeeds(), online, sends=True)


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


def _budget(folder: Path, usd: str) -> None:
    (folder / "hfplanner.toml").write_text(f'[[budget]]\nname = "b"\nlimit_usd = "{usd}"\nperiod = "month"\n')


def test_a_job_that_waits_is_not_lost_for_one_that_is_too_dear(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """Nothing is cancelled where no other flavor may be sent: it waits on with its money, and exit code 3 tells why."""
    _budget(tmp_path, "1.00")
    hub.default_fate(_WAITS)
    with pytest.raises(hp.BudgetRefused, match=r"waits on for l4x1.*l40sx1: .*\$1\.80"):
        hp.run(**_JOB, fallback="l40sx1", key="k", workspace=online)
    assert [job["status"]["stage"] for job in hub.jobs()] == ["SCHEDULING"]
    (waits,) = online.ledger().submissions()
    assert (waits.state, waits.is_given_up, len(hub.specs())) == (State.LAUNCHED, False, 1)
    _budget(tmp_path, "1.90")
    hub.fate(_RUNS)
    with Workspace(home=online.home.folder, endpoint=hub.url, token=hub.token, working_folder=tmp_path) as later:
        told = hp.run(**_JOB, fallback="l40sx1", key="k", workspace=later).to_dict()
    assert (told["flavor"], len(hub.specs())) == ("l40sx1", 2)


def test_a_flavor_that_is_too_dear_is_passed_over(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """The one after it fits the budget, and is tried."""
    _budget(tmp_path, "1.20")
    hub.fate(_WAITS, _RUNS)
    told = hp.run(**_JOB, fallback="l40sx1,a10g-small", workspace=online).to_dict()
    assert (told["flavor"], len(told["fallbacks"])) == ("a10g-small", 1)
    assert online.ledger().verify() == ()


def test_a_flavor_that_the_policy_denies_is_told_before_the_cancel(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """The limits of a job hold for the next, too."""
    (tmp_path / "hfplanner.toml").write_text('[limits]\ndeny_flavors = ["l40sx1"]\n')
    hub.default_fate(_WAITS)
    with pytest.raises(hp.BudgetRefused, match="waits on for l4x1"):
        hp.run(**_JOB, fallback="l40sx1", workspace=online)
    assert [job["status"]["stage"] for job in hub.jobs()] == ["SCHEDULING"]


def test_the_money_of_the_one_before_counts_for_the_next(online: Workspace, hub: Hub, tmp_path: Path) -> None:
    """A budget with room for one of them is enough: they are never held together."""
    _budget(tmp_path, "1.20")
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
    """The first was given up and cancelled, and whoever did it came no further: the same command sends the next."""
    hub.fate(_WAITS, _RUNS)
    first = _sent(online)
    assert online.ledger().give_up(first.submitted.submission.sid, "Given up.", online.now())
    online.hub().cancel_job("alice", str(first.job_id))
    told = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    assert (told["flavor"], len(hub.specs())) == ("a10g-small", 2)
    assert online.ledger().verify() == ()


def test_a_cancel_that_proves_nothing_sends_no_other(online: Workspace, hub: Hub) -> None:
    """The Hub refuses to cancel, and the job waits on: its money stays held, and exit code 5 ends the command."""
    hub.default_fate(_WAITS)
    sent = _sent(online)
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


def test_a_job_that_somebody_cancels_is_not_replaced(online: Workspace, hub: Hub) -> None:
    """Only what we gave up is sent elsewhere: the same key sends nothing, now and the next time."""
    hub.fate(_WAITS, _RUNS)
    first = _sent(online)
    online.hub().cancel_job("alice", str(first.job_id))
    for _ in range(2):
        with pytest.raises(hp.SubmissionError, match="cancelled by somebody else"):
            hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online)
    assert (len(hub.specs()), [one.state for one in online.ledger().submissions()]) == (1, [State.SETTLED])


def test_that_it_is_given_up_is_written_before_it_is_cancelled(online: Workspace, hub: Hub) -> None:
    """Interrupted after the cancel, whose end is not seen yet: whoever comes next knows that it was ours."""
    hub.fate(_WAITS, _RUNS)
    first = _waited(online)
    _shown_waiting(hub, str(first.job_id), looks=3)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    books, fallback = books_of(online, online.listing()), Fallback(flavors=("a10g-small",), max_wait_secs=1)
    with pytest.raises(KeyboardInterrupt):
        FallbackRun(_known(online), "k", fallback, books, online, interrupt).run(first.submitted, online.listing())
    (waits,) = online.ledger().submissions()
    assert (waits.is_given_up, waits.state) == (True, State.LAUNCHED)
    assert hub.jobs()[0]["status"]["stage"] == "CANCELED"
    told = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    assert (told["flavor"], len(hub.specs())) == ("a10g-small", 2)


@pytest.mark.parametrize("before", [True, False], ids=["before its effect", "after its effect"])
def test_a_cancel_whose_answer_is_lost_is_told_by_the_record(online: Workspace, hub: Hub, *, before: bool) -> None:
    """Without an effect it is sent again; either way the next is sent once the record says that the first has ended."""
    hub.fate(_WAITS, _RUNS)
    hub.fault(method="POST", path="/cancel", times=1, before=before, drop=True)
    told = hp.run(**_JOB, fallback="a10g-small", workspace=online).to_dict()
    assert (told["flavor"], len(hub.specs())) == ("a10g-small", 2)
    assert re.fullmatch(r"l*cl+x(l+x)?l+cl*" if before else r"l*cl+xl+cl*", _asked(hub)), _asked(hub)


def test_a_job_that_starts_in_the_moment_of_the_cancel_is_not_sent_again(online: Workspace, hub: Hub) -> None:
    """It had begun its work: it costs what it ran, no other is sent, and the error says so."""
    hub.default_fate(_WAITS)
    first = _waited(online)
    _starts_unseen(hub, str(first.job_id))
    with pytest.raises(hp.SubmissionError, match="started in the moment in which it was cancelled"):
        hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online)
    assert ([job["status"]["stage"] for job in hub.jobs()], len(hub.specs())) == (["CANCELED"], 1)
    (ran,) = online.ledger().submissions()
    assert (ran.state, ran.posted_micro_usd) == (State.SETTLED, ran.posted_micro_usd or 0)
    assert 0 < (ran.posted_micro_usd or 0) <= ran.cap_micro_usd


def test_a_job_that_starts_and_cannot_be_cancelled_is_what_was_wanted(online: Workspace, hub: Hub) -> None:
    """The Hub refuses the cancel of a job that runs by now: it goes on, and nothing else is sent."""
    hub.default_fate(_WAITS)
    first = _waited(online)
    _starts_unseen(hub, str(first.job_id))
    hub.fault(method="POST", path="/cancel", times=0, before=True, status=409)
    told = hp.run(**_JOB, fallback="a10g-small", key="k", workspace=online).to_dict()
    assert (told["job_id"], told["fallbacks"], len(hub.specs())) == (first.job_id, [], 1)
    assert hub.jobs()[0]["status"]["stage"] == "RUNNING"


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
    waits = online.ledger().by_key("k")
    assert waits is not None
    assert online.ledger().give_up(waits.sid, "Given up.", online.now())
    online.hub().cancel_job("alice", str(first.job_id))
    told = hp.run(**_MEASURED, canary=True, key="k", workspace=online).to_dict()
    assert (told["state"], len(hub.specs())) == ("LAUNCHED", 3)
    assert hub.specs()[2]["timeoutSeconds"] == _suggested(online, told["canary"]["job_id"])[told["flavor"]]
    assert online.ledger().verify() == ()
