"""Write the ledger of version 1 that later versions must read: ``python write_version_1.py FOLDER``.

It was run once, with the program as it was at commit 0ca9f60, the last one whose ledgers are of version 1. It writes
``ledger_version_1.sqlite3``, and beside it, as JSON, what that program read back: every submission and every entry. The
answers in it are as the Hub gives them: with the command and the environment.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hfplanner.budget.ledger.changes import Adoption, Reservation, Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow, Waiver
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import Sender, State
from hfplanner.budget.terms import JobTerms, UsedPrice

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
NOVEMBER, OCTOBER = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
TEAM = BudgetWindow(budget="team", start=NOVEMBER, end=datetime(2026, 12, 1, tzinfo=UTC), limit_micro_usd=5_000_000)
ALL = BudgetWindow(budget="all", start=datetime(1970, 1, 1, tzinfo=UTC), end=None, limit_micro_usd=50_000_000)
SENDER = Sender(host="box", boot_id="b00t", pid=4321, lock_path="/run/lock", deadline_boot_secs=71.5)
ANSWER = {
    "id": "",
    "createdAt": "2026-11-24T12:00:00.000Z",
    "dockerImage": "python:3.12",
    "command": ["sh", "-c", "PASSWORD=hunter2 train"],
    "environment": {"WANDB_API_KEY": "w4ndb-k3y"},
    "secrets": {"HF_TOKEN": "hf_s3cr3t"},
    "flavor": "l4x1",
    "timeout": 1800,
    "owner": {"id": "1", "name": "acme", "type": "org"},
    "status": {"stage": "SCHEDULING", "message": "w4ndb-k3y"},
    "labels": {"hfplanner-sid": ""},
}


def terms(minutes: int = 30, **values: object) -> JobTerms:
    """Return a job on an l4x1: 30 minutes are 399,990 micro-USD."""
    price = UsedPrice(micro_usd_per_minute=13_333, source="hub", checked=NOW)
    given = {"namespace": "acme", "owner": "ada", "flavor": "l4x1", "price": price, "timeout_secs": minutes * 60}
    return JobTerms(**{**given, "labels": {"team": "nlp"}, **values})


class Writer:
    """Makes submissions, one second after the other."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.at = NOW

    def reserve(self, name: str, *windows: BudgetWindow, minutes: int = 30) -> str:
        """Reserve a job whose submission's id begins with a name."""
        sid = name.ljust(32, "0")
        self.at += timedelta(seconds=1)
        wanted = Reservation(
            sid=sid,
            key=f"key of {name}",
            spec_hash=f"spec of {name}",
            terms=terms(minutes),
            windows=windows,
            created_at=self.at,
            expires_at=self.at + timedelta(minutes=5),
            notes={"image": "python:3.12", "name": name},
        )
        assert isinstance(self.ledger.reserve(wanted), Reserved)
        return sid

    def launch(self, name: str, *windows: BudgetWindow) -> str:
        """Bring a job to LAUNCHED, with the whole answer."""
        sid = self.send(name, *windows)
        job = f"job-{name}"
        answer = {**ANSWER, "id": job, "labels": {"hfplanner-sid": sid}}
        assert self.ledger.launched(sid, job, json.dumps(answer), self.at)
        return sid

    def send(self, name: str, *windows: BudgetWindow) -> str:
        """Bring a job to SENDING."""
        sid = self.reserve(name, *windows)
        assert self.ledger.mark_sending(sid, SENDER, self.at)
        return sid

    def settle(self, name: str, cost: int, *windows: BudgetWindow) -> str:
        """Bring a job to SETTLED."""
        sid = self.launch(name, *windows)
        assert self.ledger.settle(sid, Settlement(cost_micro_usd=cost, evidence="durations", at=self.at))
        return sid


def write(ledger: Ledger) -> None:
    """Make a submission in every state, in two budgets, in one and in none."""
    make = Writer(ledger)
    both = (TEAM, ALL)
    make.reserve("reserved", *both)
    make.send("sending", *both)
    assert ledger.unknown(make.send("unknown", *both), "No answer.", make.at)
    assert ledger.void(make.reserve("void", *both), from_state=State.RESERVED, reason="Expired.", at=make.at)
    make.launch("launched", TEAM)
    make.settle("settled", 250_000, *both)
    assert ledger.correct(
        make.settle("billed", 100_000, *both), Settlement(cost_micro_usd=120_000, evidence="bill", at=make.at)
    )
    assert ledger.settle(
        make.launch("dearer", ALL), Settlement(cost_micro_usd=500_000, evidence="durations", at=make.at)
    )
    presumed = make.send("presumed", *both)
    assert ledger.unknown(presumed, "No answer.", make.at)
    assert ledger.presume(presumed, "Never found.", make.at)
    turned_up = make.reserve("turned up", *both)
    assert ledger.void(turned_up, from_state=State.RESERVED, reason="Expired.", at=make.at)
    assert ledger.found(turned_up, "job-turned up", "", make.at, "It is there after all.")
    make.reserve("free")
    waiver = Waiver(reason="a deadline", author="grace", expires=NOW + timedelta(days=1))
    small = BudgetWindow(budget="small", start=NOVEMBER, end=TEAM.end, limit_micro_usd=1, waiver=waiver)
    make.reserve("waived", small, ALL)
    october = BudgetWindow(budget="team", start=OCTOBER, end=NOVEMBER, limit_micro_usd=5_000_000)
    for job, windows in (("october", (october, ALL)), ("november", both)):
        ledger.adopt(
            Adoption(
                sid=f"adopted in {job}".ljust(32, "0"),
                job_id=f"job-{job}",
                terms=terms(60),
                cap_micro_usd=799_980,
                windows=windows,
                reason="Found by the ledger's label.",
                at=make.at,
            )
        )
    assert ledger.verify() == ()


def main(folder: Path) -> None:
    """Write both files."""
    with open_ledger(folder / "ledger_version_1.sqlite3") as ledger:
        write(ledger)
        read = {
            "ledger_id": ledger.ledger_id,
            "submissions": [one.to_json() for one in ledger.submissions()],
            "entries": [one.to_json() for one in ledger.entries()],
        }
    (folder / "ledger_version_1.json").write_text(json.dumps(read, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
