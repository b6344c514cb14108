"""One of many processes that reserve plans of several jobs: ``plan_worker ADDRESS NUMBER PLANS``.

It says of each job of each plan ``reserved`` or ``refused``. The jobs fall under two budgets or one of them,
named in an order of its own.
"""

import random
import sys

from hfplanner.budget.ledger.changes import Refused
from hfplanner.budget.ledger.open import open_ledger
from tests.budget.books import reservation, window


def main(address: str, number: int, plans: int) -> None:
    """Do it."""
    chance = random.Random(number)  # noqa: S311 - a test's chances
    budgets = [window(1000, "first"), window(900, "second")]
    with open_ledger(address, wait_secs=200) as ledger:
        for plan in range(plans):
            wanted = []
            for job in range(chance.randint(2, 6)):
                chance.shuffle(budgets)
                named = budgets[: chance.randint(1, 2)]
                wanted.append(reservation(f"{number}-{plan}-{job}", chance.randint(3, 20), *named))
            found = ledger.reserve_all(wanted)
            word = "refused" if isinstance(found, Refused) else "reserved"
            sys.stdout.write("".join(f"{one.sid} {word}\n" for one in wanted))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
