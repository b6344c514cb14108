"""Many processes at one ledger: not a cent beyond a limit, no error, nothing acknowledged is lost."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State
from tests.budget.books import CENT
from tests.budget.ledger_worker import SMALLEST, USERS, nested
from tests.budget.postgres_server import running_postgres
from tests.program import REPOSITORY

pytestmark = pytest.mark.process

_SQLITE_PROCESSES = 64
_SQLITE_ATTEMPTS = 20_000
_POSTGRES_CLIENTS = 32
_POSTGRES_ATTEMPTS = 10_000
_KILLS = 5


@contextmanager
def working(address: str, folder: Path, count: int, attempts: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start workers that share the attempts, each with a file of what was acknowledged; none is left behind."""
    each = -(-attempts // count)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            command = [sys.executable, "-m", "tests.budget.ledger_worker", address, str(number), str(each)]
            with (folder / f"{number}.out").open("wb") as out, (folder / f"{number}.err").open("wb") as err:
                workers.append(subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=out, stderr=err))
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()


def said(folder: Path, number: int) -> list[str]:
    """Return what a worker has said so far."""
    return (folder / f"{number}.out").read_text().split()


def watch(ledger: Ledger, workers: list[subprocess.Popen[bytes]], folder: Path) -> Iterator[int]:
    """Look at the books until every worker has tried all it should, and return how many have begun."""
    windows = [one for number in range(USERS) for one in nested(number)]
    while True:
        for balance in ledger.balances(windows):
            assert balance.left_micro_usd >= 0
            assert balance.overrun_micro_usd == 0
        lines = [said(folder, number) for number in range(len(workers))]
        failed = [number for number, worker in enumerate(workers) if worker.poll() is not None]
        assert not failed, (folder / f"{failed[0]}.err").read_text()
        if all(line[-1:] == ["done"] for line in lines):
            return
        yield sum(map(bool, lines))
        time.sleep(0.2)


def finish(workers: list[subprocess.Popen[bytes]], folder: Path) -> set[str]:
    """Let the workers fill what is left, and return all that was acknowledged."""
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(b"\n")
        worker.stdin.flush()
    codes = [worker.wait(300) for worker in workers]
    errors = "".join((folder / f"{number}.err").read_text() for number in range(len(workers)))
    assert (set(codes), errors) == ({0}, "")
    return {line for number in range(len(workers)) for line in said(folder, number)} - {"ready", "done"}


def check(ledger: Ledger, acknowledged: set[str]) -> None:
    """Hold the books against what the workers were told."""
    assert acknowledged <= {found.sid for found in ledger.submissions()}
    for number in range(USERS):
        balances = ledger.balances(nested(number))
        assert all(balance.left_micro_usd >= 0 and balance.overrun_micro_usd == 0 for balance in balances)
        assert min(balance.left_micro_usd for balance in balances) < SMALLEST * CENT
    assert ledger.verify() == ()


def test_64_processes_fill_three_nested_budgets_to_the_last_job_and_never_beyond(quick_path: Path) -> None:
    """20,000 attempts on one SQLite file: nothing over, 0 errors, and no room left for the smallest job."""
    address = str(quick_path / "ledger.sqlite3")
    with (
        open_ledger(address) as ledger,
        working(address, quick_path, _SQLITE_PROCESSES, _SQLITE_ATTEMPTS) as workers,
    ):
        for _ in watch(ledger, workers, quick_path):
            pass
        acknowledged = finish(workers, quick_path)
        check(ledger, acknowledged)
        assert acknowledged == {found.sid for found in ledger.submissions()}
        assert next(ledger.submissions([State.SETTLED]), None) is not None


def test_32_clients_lose_nothing_when_the_server_is_killed_five_times(quick_path: Path) -> None:
    """10,000 attempts on PostgreSQL: 0 micro-USD over, and every reservation that was acknowledged is there."""
    with (
        running_postgres() as server,
        open_ledger(server.url(), wait_secs=300) as ledger,
        working(server.url(), quick_path, _POSTGRES_CLIENTS, _POSTGRES_ATTEMPTS) as workers,
    ):
        kills, since = 0, time.monotonic()
        for begun in watch(ledger, workers, quick_path):
            # While all work: a program that starts while there is no server ends with an error at once.
            if kills < _KILLS and begun == len(workers) and time.monotonic() - since > 2:
                server.kill()
                server.start()
                kills, since = kills + 1, time.monotonic()
        assert kills == _KILLS
        check(ledger, finish(workers, quick_path))
