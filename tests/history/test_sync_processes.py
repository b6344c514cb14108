"""Syncing as a user does: the program, its exit codes, its one document, and what happens when it is killed."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.history.syncing import hub_jobs, kept_jobs, listings, pull_of, store_in
from tests.hub.control import Fate, Hub
from tests.program import Program

_LONGEST_SECS = 60


@pytest.fixture
def online(program: Program, hub: Hub) -> Program:
    """Return the program, logged in to the emulator as alice."""
    variables = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token, "HF_HUB_OFFLINE": "0"}
    return replace(program, environ=tuple(variables.items()))


def start(program: Program, *args: str) -> subprocess.Popen[bytes]:
    """Start a sync and do not wait for it."""
    command = [sys.executable, "-m", "hfplanner", "sync", *args]
    return subprocess.Popen(command, env=program.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for_page(hub: Hub, number: int) -> None:
    """Wait until so many pages were asked for."""
    ends = time.monotonic() + _LONGEST_SECS
    while listings(hub) < number:
        assert time.monotonic() < ends
        time.sleep(0.02)


def synced(program: Program, *args: str) -> dict[str, Any]:
    """Sync, and return the one document."""
    done = program.run("sync", "--json", *args)
    assert done.code == 0, done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


@pytest.mark.process
def test_a_sync_that_is_killed_loses_little_and_is_taken_up(online: Program, hub: Hub, tmp_path: Path) -> None:
    """After 40 of 60 pages are kept, SIGKILL; the report says so; then the same history as without."""
    hub.configure(page_size=5)
    hub.add_jobs(300)
    hub.advance(3600)
    hub.fault(path="/api/jobs/alice", nth=46, delay_secs=_LONGEST_SECS)
    killed = start(online)
    wait_for_page(hub, 46)
    killed.kill()
    killed.communicate()
    store = store_in(online.home)
    assert kept_jobs(store).height == 200
    report = online.run("report", "--since", "2026-08", "--json")
    assert report.code == 6
    assert json.loads(report.out)["incomplete_reasons"] == [f"{hub.url} (alice): its last sync has not come to its end"]
    hub.clear_faults()
    before = len(hub.requests())
    assert synced(online)["complete"] is True
    # The twenty pages that were not kept, and at the top those of ten minutes and one more.
    assert listings(hub, before) <= 20 + 4
    other = replace(online, home=tmp_path / "other")
    other.home.mkdir()
    synced(other)
    assert kept_jobs(store).equals(kept_jobs(store_in(other.home)))
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert online.run("report", "--since", "2026-08").code == 0


@pytest.mark.process
@pytest.mark.parametrize("args", [(), ("--json",)])
def test_ctrl_c_keeps_what_was_read_and_says_so(online: Program, hub: Hub, args: tuple[str, ...]) -> None:
    """Exit code 130 as everywhere, one document, and a namespace that is incomplete until the next sync."""
    hub.configure(page_size=5)
    hub.add_jobs(100)
    hub.fault(path="/api/jobs/alice", nth=8, delay_secs=_LONGEST_SECS)
    running = start(online, *args)
    wait_for_page(hub, 8)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=_LONGEST_SECS)
    assert running.returncode == 130
    assert b"Traceback" not in err
    assert b"alice is incomplete: its last sync was interrupted." in err
    if args:
        assert (json.loads(out)["complete"], json.loads(out)["interrupted"]) == (False, True)
    assert kept_jobs(store_in(online.home)).height == 35
    hub.clear_faults()
    assert synced(online)["complete"] is True
    assert kept_jobs(store_in(online.home)).equals(hub_jobs(hub))


@pytest.mark.process
def test_programs_at_the_same_time_lose_nothing(online: Program, hub: Hub) -> None:
    """Three at once, with a bill each."""
    hub.configure(page_size=5)
    hub.add_jobs(60, fate=Fate(running_secs=600))
    hub.advance(60)
    running = [start(online) for _ in range(3)]
    for one in running:
        _, err = one.communicate(timeout=_LONGEST_SECS * 2)
        assert one.returncode == 0, err
    store = store_in(online.home)
    assert kept_jobs(store).equals(hub_jobs(hub))
    assert pull_of(store).complete
    assert len(list((store.folder / "bills").iterdir())) == 1


def test_the_document_says_what_was_read(online: Program, hub: Hub) -> None:
    """Pulls, jobs and bill, in one document."""
    hub.add_jobs(3, first=None)
    answer = synced(online)
    assert answer.keys() == {"complete", "interrupted", "pulls", "jobs", "bill", "logs"}
    (pull,) = answer["pulls"]
    assert (pull["namespace"], pull["source"], pull["complete"]) == ("alice", hub.url, True)
    assert (answer["jobs"]["read"], answer["jobs"]["new"]) == (3, 3)
    assert answer["bill"]["status"] == "read"
    assert hub.token not in json.dumps(answer)
    assert online.run("sync", "--quiet").out == "0\n"
    assert online.run("sync", "--format", "agent").out.splitlines()[0].split("\t")[:3] == [
        "namespace",
        "complete",
        "read",
    ]


def test_a_damaged_page_is_exit_6_until_it_is_read(online: Program, hub: Hub) -> None:
    """Said on stderr, with what to do."""
    hub.configure(page_size=5)
    hub.add_jobs(20)
    hub.fault(path="/api/jobs/alice", nth=3, body='[{"id": "x"', status=200)
    done = online.run("sync", "--json")
    assert (done.code, json.loads(done.out)["complete"]) == (6, False)
    assert "Warning: alice is incomplete: it was read up to page 2 only:" in done.err
    assert online.run("report", "--since", "2026-08").code == 6
    assert online.run("sync").code == 0


@pytest.mark.parametrize(
    ("environ", "args", "said"),
    [
        ({"HF_TOKEN": ""}, (), "needs a token"),
        ({"HF_TOKEN": "hf_wrong"}, (), "does not accept the token"),
        ({"HF_TOKEN": "hf_bad\x1b[31m"}, (), "holds characters no token"),
        ({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, (), "needs a token"),
        ({"HF_HUB_OFFLINE": "1"}, (), "stay offline"),
        ({}, ("--offline",), "stay offline"),
        ({}, ("--token", ""), "The token is empty"),
        ({}, ("--namespace", "bob"), "may not do this there"),
        ({}, ("--namespace", "nobody\x1b[2J"), "knows no such"),
        ({"HF_ENDPOINT": "http://127.0.0.1:1"}, (), "could not be reached"),
    ],
)
def test_without_an_answer_nothing_is_written(
    online: Program, hub: Hub, environ: dict[str, str], args: tuple[str, ...], said: str
) -> None:
    """One sentence, exit code 1, no folder, and no control character."""
    hub.add_jobs(2)
    asked = replace(online, environ=tuple({**dict(online.environ), **environ}.items()))
    done = asked.run("sync", "--json", *args)
    assert done.code == 1
    assert said in json.loads(done.out)["error"]["message"]
    assert said in done.err
    assert "\x1b" not in done.out + done.err
    assert not (online.home / "history").exists()


def test_the_token_of_the_option_wins_and_that_of_hf_login_is_found(online: Program, hub: Hub) -> None:
    """As ``hf`` does: the option, then the environment, then the file of ``hf auth login``."""
    assert synced(online, "--token", hub.other_token)["pulls"][0]["namespace"] == "bob"
    (online.home / "hf").mkdir(exist_ok=True)
    (online.home / "hf" / "token").write_text(hub.token)
    logged_in = replace(online, environ=tuple((key, "" if key == "HF_TOKEN" else one) for key, one in online.environ))
    assert synced(logged_in)["pulls"][0]["namespace"] == "alice"


def test_remote_texts_reach_no_terminal_as_they_are(online: Program, hub: Hub) -> None:
    """Names, labels, messages and errors of the Hub, in every format."""
    evil = "\x1b]0;owned\x07\u202e\r\n=cmd|' /C calc'!A0"
    hub.add_jobs(2, labels={"name": evil}, fate=Fate(outcome="error", message=evil))
    hub.fault(path=r"/api/settings", status=403, body=json.dumps({"error": evil}))
    for args in ((), ("--json",), ("--format", "agent"), ("--quiet",), ("--full", "--namespace", "alice")):
        done = online.run("sync", *args)
        assert done.code == 0
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", done.out + done.err)
    assert kept_jobs(store_in(online.home)).equals(hub_jobs(hub))


@pytest.mark.process
def test_people_at_a_terminal_see_a_bar_and_pipes_do_not(online: Program, hub: Hub) -> None:
    """On stderr, while it runs; stdout is the same."""
    hub.configure(page_size=5)
    hub.add_jobs(40)
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "hfplanner", "sync"]
    environment = {**online.environment(), "TERM": "xterm"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=inner) as running:
        os.close(inner)
        seen = _drain(outer)
        out, _ = running.communicate(timeout=_LONGEST_SECS)
    assert (running.returncode, out.decode().splitlines()[0]) == (
        0,
        "alice: read 40 jobs: 40 new, 0 updated, 0 unchanged.",
    )
    assert "40/40" in seen
    assert online.run("sync").err == ""


def _drain(terminal: int) -> str:
    """Return all that a program writes to its terminal."""
    seen = b""
    while select.select([terminal], [], [], _LONGEST_SECS)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            # Linux says so when nobody has the terminal open any more.
            break
        if not part:
            break
        seen += part
    os.close(terminal)
    return seen.decode("utf-8", "replace")
