"""One of many processes of one agent: ``agent_worker ADDRESS NUMBER ATTEMPTS LIMIT``.

It says ``ready``, waits for a line, and then reserves jobs of a cent in the agent's session, whose limit is that many
cents, and beside them tries to use the one approval of a dear job. It says how many cents it holds, and how often the
dear job was let through.
"""

import random
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from hfplanner.budget.caller import Caller
from hfplanner.budget.ledger.approval import ApprovalRequest
from hfplanner.budget.ledger.approving import approval_digest
from hfplanner.budget.ledger.changes import Reservation, Reserved
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.period import Period, window_at
from hfplanner.budget.scope import Scope
from hfplanner.errors import BudgetBlocked
from hfplanner.zones import parse_zone
from tests.budget.books import CENT, LATER, NOW, reservation, terms

__all__ = ["DEAR", "THRESHOLD", "agent_reservation", "request", "session_window"]

CALLER = Caller("trainer", "s1")
THRESHOLD = 50 * CENT
DEAR = 60
"""What the dear job costs, in cents."""


def session_window(limit: int) -> BudgetWindow:
    """Return the budget of the session, of so many cents."""
    period = window_at(Period.TOTAL, parse_zone("UTC"), NOW)
    scope = Scope(agents=frozenset({CALLER.agent}), sessions=frozenset({CALLER.session}))
    return BudgetWindow(
        budget="agent trainer, this session",
        start=period.start,
        end=period.end,
        limit_micro_usd=limit * CENT,
        scope=scope,
    )


def agent_reservation(sid: str, cap: int, limit: int) -> Reservation:
    """Return what the agent asks of the ledger for a job of so many cents."""
    wanted = reservation(sid, cap, session_window(limit), terms=terms(cap, caller=CALLER))
    return replace(wanted, approve_above_micro_usd=THRESHOLD)


def request(code: str, cap: int = DEAR) -> ApprovalRequest:
    """Return what is asked of a person for the dear job."""
    wanted = agent_reservation("any", cap, 1)
    return ApprovalRequest(
        code=code,
        digest=approval_digest(wanted.spec_hash, wanted.terms),
        agent=CALLER.agent,
        worst_case_micro_usd=cap * CENT,
        shown="{}",
        created_at=NOW - timedelta(minutes=1),
        expires_at=LATER,
    )


def main(address: str, number: int, attempts: int, limit: int) -> None:
    """Do it."""
    chance, held, approved = random.Random(number), 0, 0  # noqa: S311 - a test's chances
    with open_ledger(address, wait_secs=300) as ledger:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for attempt in range(attempts):
            sid, cap = f"s{number}-{attempt}", DEAR if attempt == attempts // 2 else chance.choice([1, 2, 3])
            with suppress(BudgetBlocked):
                if isinstance(ledger.reserve(agent_reservation(sid, cap, limit)), Reserved):
                    held += cap
                    approved += cap == DEAR
    sys.stdout.write(f"{held} {approved}\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
