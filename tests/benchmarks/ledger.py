"""The ledger: how long it takes to decide and hold money: alone, among others, in a file, on a server, with a past."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import TypeVar

from hfplanner.budget.ledger.dialect import SQLITE, Database, Transaction
from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_database, open_ledger
from tests.benchmarks.processes import REPOSITORY, child_environ, interleaved, python
from tests.benchmarks.ratio import Ratio, against_peer
from tests.benchmarks.reserve_jobs import WINDOWS
from tests.budget.books import NOW, SENDER, reserve, settled
from tests.budget.postgres_server import running_postgres

__all__ = ["measure"]

T = TypeVar("T")

_ROUNDS = 5
_PROCESSES = 16
_RESERVATIONS = 320
_PAST = 100_000
_CALLS = 50


def measure() -> list[Ratio]:
    """Return reservations in a file beside those on a server, and in books with a long past beside new ones."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_beside_a_server(Path(folder)), *_with_a_past(Path(folder))]


def _beside_a_server(folder: Path) -> list[Ratio]:
    path = str(folder / "ledger.sqlite3")
    # The server's files lie beside the ledger's: both wait for the same disk.
    with running_postgres(Path(tempfile.gettempdir())) as server:
        sides = {
            (name, count): partial(_reserve, address, count, folder)
            for name, address in (("SQLite", path), ("PostgreSQL", server.url()))
            for count in (1, _PROCESSES)
        }
        figures = interleaved(sides, rounds=_ROUNDS)
    return [
        against_peer(
            f"reserve in 3 budgets, {count} at once, {what}: SQLite",
            [share(took) for took in figures["SQLite", count]],
            "PostgreSQL",
            [share(took) for took in figures["PostgreSQL", count]],
            goal=goal,
            remark="each reservation is on the disk when it returns, on both; the server has all processors for itself",
        )
        for count, what, share, goal in (
            (1, "p50", median, 2.0),
            (1, "p99", _p99, 2.0),
            (_PROCESSES, "p50", median, 4.0),
            (_PROCESSES, "p99", _p99, 4.0),
        )
    ]


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[-1]


def _reserve(address: str, processes: int, home: Path) -> list[float]:
    """Return how long each reservation took, of as many at once as there are processes."""
    command = python("-m", "tests.benchmarks.reserve_jobs", address, str(_RESERVATIONS // processes))
    environ = child_environ(os.environ, home)
    started = [
        subprocess.Popen(command, cwd=REPOSITORY, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    took = []
    # All are told to begin before any is waited for.
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        out, _ = process.communicate()
        took += json.loads(out)
    return took


class _OneTransaction:
    """A database whose every call is part of one transaction, so that 100,000 jobs are written in seconds."""

    dialect = SQLITE
    place = "one transaction"

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx

    def write(self, work: Callable[[Transaction], T], _committed: object, /, *, alone: bool = False) -> T:  # noqa: ARG002
        """Run it."""
        return work(self.tx)

    def read(self, work: Callable[[Transaction], T], /) -> T:
        """Run it."""
        return work(self.tx)

    def flaws(self) -> list[str]:
        """Return nothing."""
        return []

    def close(self) -> None:
        """Do nothing."""


def _settle_many(path: Path) -> None:
    def work(tx: Transaction) -> None:
        database: Database = _OneTransaction(tx)
        ledger = Ledger(database)
        for number in range(_PAST):
            sid = f"{number:032x}"
            reserve(ledger, sid, 100, *WINDOWS)
            ledger.mark_sending(sid, SENDER, NOW)
            ledger.launched(sid, f"job-{sid}", "{}", NOW)
            ledger.settle(sid, settled(60))

    database = open_database(path)
    database.write(work, lambda _: None)
    database.close()


def _with_a_past(folder: Path) -> list[Ratio]:
    _settle_many(folder / "old.sqlite3")
    with open_ledger(folder / "old.sqlite3") as old, open_ledger(folder / "new.sqlite3") as new:
        sides: dict[tuple[str, str], Callable[[], float]] = {}
        for name, ledger in (("old", old), ("new", new)):
            sides[name, "reserve"] = partial(_seconds_of, partial(_reserve_one, ledger))
            sides[name, "balances"] = partial(_seconds_of, partial(ledger.balances, WINDOWS))
        figures = interleaved(sides, rounds=4 * _ROUNDS)
    return [
        against_peer(
            f"{what} after {_PAST:,} settled jobs", figures["old", what], "in new books", figures["new", what], goal=1.1
        )
        for what in ("reserve", "balances")
    ]


def _reserve_one(ledger: Ledger) -> None:
    reserve(ledger, os.urandom(16).hex(), 100, *WINDOWS)


def _seconds_of(call: Callable[[], object]) -> float:
    """Return the median of several calls: one that waits for the disk longer than others says nothing of the books."""
    took = []
    for _ in range(_CALLS):
        begun = time.perf_counter()
        call()
        took.append(time.perf_counter() - begun)
    return median(took)
