"""Reserve jobs one after the other and print how long each took: ``reserve_jobs ADDRESS COUNT``, as its own process.

It waits for a line on stdin before it begins, so that many begin together. Three budgets are asked each time.
"""

import json
import secrets
import sys
import time

from hfplanner.budget.ledger.changes import Reserved
from hfplanner.budget.ledger.limits import BudgetWindow
from hfplanner.budget.ledger.open import open_ledger
from tests.budget.books import reservation, window

__all__ = ["WINDOWS"]

WINDOWS: tuple[BudgetWindow, ...] = tuple(window(10**12, name) for name in ("company", "team", "user"))


def main(address: str, count: int) -> None:
    """Do it."""
    with open_ledger(address, wait_secs=120) as ledger:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        took = []
        for _ in range(count):
            wanted = reservation(secrets.token_hex(16), 100, *WINDOWS)
            begun = time.perf_counter()
            found = ledger.reserve(wanted)
            took.append(time.perf_counter() - begun)
            assert isinstance(found, Reserved)
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
