"""Two machines of a team share a budget through one PostgreSQL ledger, each with a home of its own."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.hub.control import Hub
from tests.program import Program

pytestmark = pytest.mark.process

POLICY = '[[budget]]\nname = "team"\nlimit_usd = "2.00"\nperiod = "total"\n'
RUN = ("run", "--flavor", "l4x1", "--timeout", "1h", "--yes", "--json", "python:3.12", "python", "-V")
HOUR = 60 * 13333


@pytest.fixture
def machines(hub: Hub, tmp_path: Path, postgres_address: str) -> list[Program]:
    """Return the program on two machines."""
    hub.set_clock(time.time())
    variables = (
        ("HF_ENDPOINT", hub.url),
        ("HF_TOKEN", hub.token),
        ("HF_HUB_OFFLINE", "0"),
        ("HFPLANNER_LEDGER", postgres_address),
    )
    found = []
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        (home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
        found.append(Program(home, environ=variables))
    return found


def _answer(program: Program, *args: str) -> tuple[int, dict[str, Any]]:
    done = program.run(*args)
    return done.code, json.loads(done.out)


def test_two_machines_share_a_budget(hub: Hub, machines: list[Program]) -> None:
    """Two hours fit; the third is refused on either machine, and both show the same books."""
    one, two = machines
    assert [_answer(one, *RUN)[0], _answer(two, *RUN)[0], _answer(one, *RUN)[0], _answer(two, *RUN)[0]] == [0, 0, 3, 3]
    assert len(hub.jobs()) == 2
    for machine in machines:
        assert _answer(machine, "budget", "show", "--json")[1]["budgets"][0]["held_micro_usd"] == 2 * HOUR
        assert _answer(machine, "ledger", "verify", "--json")[1]["ok"]
    assert not list(one.home.glob("ledger*"))


def test_one_machine_finds_what_the_other_lost(hub: Hub, machines: list[Program]) -> None:
    """An answer lost on one machine is found from the other, and the key of the first gives the job on both."""
    one, two = machines
    keyed = (*RUN[:1], "--key", "nightly", *RUN[1:])
    hub.fault(method="POST", path="/api/jobs/alice", drop=True)
    code, lost = _answer(one, *keyed)
    hub.clear_faults()
    assert (code, lost["state"]) == (5, "UNKNOWN")

    assert _answer(two, "ledger", "reconcile", "--json")[1]["found"] == [lost["submission_id"]]
    assert [_answer(machine, *keyed)[1]["job_id"] for machine in machines] == [hub.jobs()[0]["id"]] * 2
    assert len(hub.jobs()) == 1
