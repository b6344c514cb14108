"""One of many processes that start jobs under a cap on what runs at once: ``running_worker ADDRESS NUMBER ATTEMPTS``.

It says ``ready``, waits for a line, and then reserves, launches and ends jobs. After each reservation it looks at what
may be running, and says the most it has seen: jobs, those of its owner, and micro-USD an hour.
"""

import random
import sys

from hfplanner.budget.ledger.changes import Reserved
from hfplanner.budget.ledger.limits import RunningCaps
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.errors import BudgetRefused
from tests.budget.books import LATER, NOW, SENDER, labels, reservation, settled, terms, window

__all__ = ["CAPS", "HOUR", "OWNERS"]

OWNERS = 6
# A minute of a cent is 60 cents an hour: ten of those, and not eleven.
HOUR = 60 * 10_000
CAPS = RunningCaps(jobs=12, jobs_per_owner=3, micro_usd_per_hour=10 * HOUR)


def main(address: str, number: int, attempts: int) -> None:
    """Do it."""
    chance = random.Random(number)  # noqa: S311 - a test's chances
    owner, budget = f"owner-{number % OWNERS}", window(10**9)
    most, reserved = (0, 0, 0), 0
    with open_ledger(address, wait_secs=300) as ledger:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for attempt in range(attempts):
            sid = f"s{number}-{attempt}"
            job = terms(chance.choice([1, 1, 2]), owner=owner, labels=labels((budget,)))
            try:
                found = ledger.reserve(reservation(sid, 1, budget, terms=job, caps=CAPS))
            except BudgetRefused:
                continue
            assert isinstance(found, Reserved)
            reserved += 1
            seen = ledger.running()
            most = tuple(map(max, most, (seen.jobs, seen.by_owner[owner], seen.micro_usd_per_hour)))
            if chance.random() < 0.9:
                assert ledger.mark_sending(sid, SENDER, NOW)
                assert ledger.launched(sid, f"job-{sid}", "{}", LATER)
                assert ledger.settle(sid, settled(1))
    sys.stdout.write(" ".join(map(str, (reserved, *most))) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
