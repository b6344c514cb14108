"""One of many processes that reserve, settle and release at once: ``ledger_worker ADDRESS NUMBER ATTEMPTS``.

Its jobs fall under a company, a team and a user, one within the other. It says ``ready`` once it is connected; what the
ledger has acknowledged, a line each, before anything else is done; then ``done``. After a line on stdin it reserves the
smallest job until that is refused, and ends.
"""

import random
import sys

from hfplanner.budget.ledger.changes import Reservation, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State
from tests.budget.books import CENT, LATER, NOW, SENDER, reservation, settled, window

__all__ = ["COMPANY", "SMALLEST", "TEAMS", "USERS", "nested"]

SMALLEST = 7
# Of each budget less than those within it would use, and not a multiple of what jobs cost.
COMPANY = 1_000_003
TEAMS = 4
USERS = 16
_CAPS = (SMALLEST, 100, 1_000, 2_503)


def nested(number: int) -> tuple[BudgetWindow, ...]:
    """Return the budgets of a worker."""
    team, user = number % TEAMS, number % USERS
    return (
        window(COMPANY, "company"),
        window(COMPANY // 3, f"team-{team}"),
        window(COMPANY // 10, f"user-{user}"),
    )


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class _Worker:
    def __init__(self, ledger: Ledger, number: int) -> None:
        self.ledger = ledger
        self.chance = random.Random(number)  # noqa: S311 - a test's chances
        self.windows = nested(number)

    def _wanted(self, cap: int) -> Reservation:
        return reservation(f"{self.chance.getrandbits(128):032x}", cap, *self.windows)

    def attempt(self) -> None:
        """Reserve a job, and sometimes take it further."""
        found = self.ledger.reserve(self._wanted(self.chance.choice(_CAPS)))
        if not isinstance(found, Reserved):
            return
        sid = found.submission.sid
        _say(sid)
        fate = self.chance.random()
        if fate < 0.3:
            assert self.ledger.void(sid, from_state=State.RESERVED, reason="Cancelled.", at=LATER)
        elif fate < 0.5:
            assert self.ledger.mark_sending(sid, SENDER, NOW)
            assert self.ledger.launched(sid, f"job-{sid}", "{}", LATER)
            assert self.ledger.settle(sid, settled(self.chance.randint(0, found.submission.cap_micro_usd // CENT)))

    def fill(self) -> None:
        """Reserve the smallest job until there is no room for it."""
        while isinstance(found := self.ledger.reserve(self._wanted(SMALLEST)), Reserved):
            _say(found.submission.sid)


def main(address: str, number: int, attempts: int) -> None:
    """Do it."""
    with open_ledger(address, wait_secs=300) as ledger:
        _say("ready")
        worker = _Worker(ledger, number)
        for _ in range(attempts):
            worker.attempt()
        _say("done")
        sys.stdin.readline()
        worker.fill()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
