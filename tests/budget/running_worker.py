"""One of many processes that start jobs under a cap on what runs at once: ``running_worker ADDRESS NUMBER TRIES CAP``.

It says ``ready``, waits for a line, and then reserves jobs in every way there is (one alone, as ``run`` and a trigger
do; several together, as a sweep and a group do; one in place of another that has ended, as a fallback does),
launches and ends them. After each reservation it looks at what may be running, and says the most it has seen: jobs,
those of its owner, and micro-USD an hour.
"""

import random
import sys
from collections.abc import Sequence

from hfplanner.budget.ledger.changes import Reservation, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.limits import RunningCaps
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.errors import BudgetRefused
from tests.budget.books import LATER, NOW, SENDER, labels, reservation, settled, terms, window

__all__ = ["CAPS", "HOUR", "OWNERS"]

OWNERS = 6
# A minute of a cent is 60 cents an hour: ten of those, and not eleven.
HOUR = 60 * 10_000
CAPS = {
    "jobs": RunningCaps(jobs=9),
    "jobs of an owner": RunningCaps(jobs_per_owner=3),
    "money an hour": RunningCaps(micro_usd_per_hour=10 * HOUR),
}


class Worker:
    """Starts jobs of one owner, and keeps the most it has seen.

    Args:
        ledger: open.
        number: of the process.
        caps: on what runs at once.
    """

    def __init__(self, ledger: Ledger, number: int, caps: RunningCaps) -> None:
        self.ledger, self.number, self.caps = ledger, number, caps
        self.chance = random.Random(number)  # noqa: S311 - a test's chances
        self.owner, self.budget = f"owner-{number % OWNERS}", window(10**9)
        self.made, self.reserved, self.most = 0, 0, [0, 0, 0]
        self.open: list[str] = []

    def attempt(self) -> None:
        """Reserve in one of the ways, look, and end most of what was reserved."""
        ways = [self.alone, self.together, *([self.instead] if self.open else [])]
        try:
            sids = self.chance.choice(ways)()
        except BudgetRefused:
            return
        self.reserved += len(sids)
        seen = self.ledger.running()
        mine = seen.by_owner.get(self.owner, 0)
        self.most = [max(pair) for pair in zip(self.most, (seen.jobs, mine, seen.micro_usd_per_hour), strict=True)]
        for sid in sids:
            assert self.ledger.mark_sending(sid, SENDER, NOW)
            assert self.ledger.launched(sid, f"job-{sid}", "{}", LATER)
            if self.chance.random() < 0.9:
                assert self.ledger.settle(sid, settled(1))
            else:
                self.open.append(sid)

    def alone(self) -> Sequence[str]:
        """Reserve one job."""
        found = self.ledger.reserve(self._wanted())
        assert isinstance(found, Reserved)
        return [found.submission.sid]

    def together(self) -> Sequence[str]:
        """Reserve two or three, or none."""
        found = self.ledger.reserve_all([self._wanted() for _ in range(self.chance.randint(2, 3))])
        assert isinstance(found, tuple)
        return [one.submission.sid for one in found]

    def instead(self) -> Sequence[str]:
        """Reserve one in place of another that has ended."""
        ended = self.open[-1]
        found = self.ledger.settle_and_reserve(ended, settled(1), self._wanted())
        self.open.pop()
        assert isinstance(found, Reserved)
        return [found.submission.sid]

    def _wanted(self) -> Reservation:
        self.made += 1
        job = terms(self.chance.choice([1, 1, 2]), owner=self.owner, labels=labels((self.budget,)))
        return reservation(f"s{self.number}-{self.made}", 1, self.budget, terms=job, caps=self.caps)


def main(address: str, number: int, attempts: int, cap: str) -> None:
    """Do it."""
    with open_ledger(address, wait_secs=300) as ledger:
        worker = Worker(ledger, number, CAPS[cap])
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for _ in range(attempts):
            worker.attempt()
    sys.stdout.write(" ".join(map(str, (worker.reserved, *worker.most))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
