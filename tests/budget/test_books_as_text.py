"""What a policy, the books and a job give, each test a text that can be read and reckoned by hand."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision
from hfplanner.budget.ledger.changes import Reserved, Settlement
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import Sender
from hfplanner.budget.off_ledger import OffLedger
from hfplanner.budget.policy_file import parse_policy
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.units import format_usd
from tests.budget.checks import reservation

SENDER = Sender(host="box", boot_id="b00t", pid=4321, lock_path="/run/lock", deadline_boot_secs=71.5)

CASES = {
    "what is settled is spent, what is open is held at its worst case": """
        [[budget]]
        name = "team"
        limit_usd = "10.00"

        2026-09-03 10:00Z  $4.00  settled $3.00
        2026-09-10 10:00Z  $2.00  open
        2026-09-15 12:00Z  $1.00  ?

        allowed
        team: 10.00 - 3.00 - 2.00 - 1.00 = 4.00
    """,
    "a job that does not fit is refused, with what is short": """
        [[budget]]
        name = "team"
        limit_usd = "5.00"

        2026-09-03 10:00Z  $4.00  settled $3.00
        2026-09-10 10:00Z  $2.00  open
        2026-09-15 12:00Z  $1.00  ?

        refused: over_budget
        team: 5.00 - 3.00 - 2.00 - 1.00 = -1.00
    """,
    "a new month begins with nothing spent, whatever was spent before": """
        [[budget]]
        name = "team"
        limit_usd = "5.00"

        2026-09-30 10:00Z  $4.00  settled $4.00
        2026-10-01 00:30Z  $2.00  ?

        allowed
        team: 5.00 - 0.00 - 0.00 - 2.00 = 3.00
    """,
    "a month begins at midnight of its own zone": """
        [[budget]]
        name = "team"
        limit_usd = "5.00"
        timezone = "Europe/Berlin"

        2026-09-30 21:59Z  $2.00  settled $2.00
        2026-09-30 22:01Z  $1.00  settled $1.00
        2026-10-02 12:00Z  $2.00  ?

        allowed
        team: 5.00 - 1.00 - 0.00 - 2.00 = 2.00
    """,
    "a budget counts the jobs of its scope, whatever it was called when they were reserved": """
        [[budget]]
        name = "nlp, renamed"
        limit_usd = "5.00"
        scope = { labels = { team = "nlp" } }

        2026-09-03 10:00Z  $4.00  settled $3.00  team=nlp
        2026-09-04 10:00Z  $4.00  settled $4.00  team=vision
        2026-09-15 12:00Z  $1.00  ?              team=nlp

        allowed
        nlp, renamed: 5.00 - 3.00 - 0.00 - 1.00 = 1.00
    """,
    "every budget that a job falls under must have room": """
        [[budget]]
        name = "team"
        limit_usd = "9.00"
        scope = { labels = { team = "nlp" } }

        [[budget]]
        name = "all, ever"
        limit_usd = "8.00"
        period = "total"

        2026-08-03 10:00Z  $4.00  settled $4.00  team=vision
        2026-09-03 10:00Z  $4.00  settled $3.00  team=nlp
        2026-09-15 12:00Z  $2.00  ?              team=nlp

        refused: over_budget
        team: 9.00 - 3.00 - 0.00 - 2.00 = 4.00
        all, ever: 8.00 - 7.00 - 0.00 - 2.00 = -1.00
    """,
    "a job of nobody's scope is nobody's": """
        [[budget]]
        name = "team"
        limit_usd = "1.00"
        scope = { labels = { team = "nlp" } }

        2026-09-15 12:00Z  $9.00  ?  team=vision

        allowed: no_budget_applies
    """,
    "a waiver lets the budget be overdrawn until it ends": """
        [[budget]]
        name = "team"
        limit_usd = "1.00"

        [[waiver]]
        budget = "team"
        reason = "the deadline of a paper"
        author = "grace"
        expires = 2026-09-16

        2026-09-15 12:00Z  $2.00  ?

        allowed: waived
        team: 1.00 - 0.00 - 0.00 - 2.00 = -1.00
    """,
}
_ENTRY = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\d \d\d:\d\dZ)  \$(?P<cap>[\d.]+) +(?P<fate>open|\?|settled \$(?P<cost>[\d.]+))"
    r"(?: +(?P<key>\w+)=(?P<value>\w+))?$",
    re.MULTILINE,
)


def _micro_usd(dollars: str) -> int:
    return round(float(dollars) * 10**6)


def _job(entry: re.Match[str], at: datetime) -> JobTerms:
    """Return a job of one minute at its worst case."""
    price = UsedPrice(micro_usd_per_minute=_micro_usd(entry["cap"]), source="live", checked=at)
    labels = {entry["key"]: entry["value"]} if entry["key"] else {}
    return JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=price, timeout_secs=60, labels=labels)


def _write(ledger: Ledger, sid: str, entry: re.Match[str], at: datetime) -> None:
    """Put a job into the books; no budget of today is named in it."""
    asked = replace(reservation(sid, _job(entry, at), at=at), windows=())
    assert isinstance(ledger.reserve(asked), Reserved)
    assert ledger.mark_sending(sid, SENDER, at)
    assert ledger.launched(sid, f"job-{sid}", "{}", at)
    if entry["cost"]:
        cost, ended = _micro_usd(entry["cost"]), at + timedelta(minutes=1)
        assert ledger.settle(sid, Settlement(cost_micro_usd=cost, evidence="durations", at=ended))


def _told(decision: Decision) -> Iterator[str]:
    codes = ", ".join(reason.code for reason in decision.reasons)
    yield f"{decision.verdict.value}{f': {codes}' if codes else ''}"
    for line in decision.to_json()["budgets"]:
        limit, spent, held, job, left = (
            format_usd(line[f"{name}_micro_usd"]).replace("$", "")
            for name in ("limit", "spent", "held", "this_job", "left")
        )
        yield f"{line['name']}: {limit} - {spent} - {held} - {job} = {left}"


@pytest.mark.parametrize("title", CASES)
def test_the_books_give_what_the_text_says(title: str, tmp_path: Path) -> None:
    """The rule is the title; policy, books, job and answer stand in the text."""
    text = dedent(CASES[title]).strip()
    entries = list(_ENTRY.finditer(text))
    rules = parse_policy(text[: entries[0].start()].encode())
    expected = text[entries[-1].end() :].split("\n")[2:]
    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
        for number, entry in enumerate(entries):
            at = datetime.fromisoformat(entry["at"])
            if entry["fate"] != "?":
                _write(ledger, f"{number:032x}", entry, at)
                continue
            asked = OffLedger(asked_schedules=True)
            assert list(_told(check_job(rules, _job(entry, at), ledger, asked, now=at))) == expected
