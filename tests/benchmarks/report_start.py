"""The report over 1,000 jobs as a whole process, beside importing polars: without a bill, and with one to reconcile."""

import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from hfplanner.catalog.prices import price_on
from hfplanner.history.bills import BilledPeriod, keep_bill
from hfplanner.history.files import import_jobs
from hfplanner.history.store import HistoryStore, default_history_folder
from hfplanner.units import SECONDS_PER_MINUTE
from tests.benchmarks.import_jobs import make_jobs
from tests.benchmarks.processes import child_environ, interleaved, python, run_process, script
from tests.benchmarks.ratio import Ratio, against_peer

__all__ = ["measure"]

_ROUNDS = 25
_JOBS = 1000
_GOAL = 2.0
_PEER = 'python -c "import polars"'
_COMMAND = ("report", "--json", "--offline")
_SEEN = datetime(2026, 2, 1, tzinfo=UTC)


def measure() -> list[Ratio]:
    """Return what a report of a small history costs beside the import of the library that reads it."""
    with tempfile.TemporaryDirectory() as folder:
        plain, billed = (Path(folder, name) for name in ("plain", "billed"))
        _write_history(plain, with_bill=False)
        _write_history(billed, with_bill=True)
        sides = {
            "without a bill": partial(_seconds, [script("hfplanner"), *_COMMAND], _environ(plain)),
            "with a bill": partial(_seconds, [script("hfplanner"), *_COMMAND], _environ(billed)),
            _PEER: partial(_seconds, python("-c", "import polars"), _environ(plain)),
        }
        figures = interleaved(sides, rounds=_ROUNDS)
    title = f"hfplanner report --json, {_JOBS:,} jobs"
    return [
        against_peer(f"{title}, {name}", figures[name], _PEER, figures[_PEER], goal=_GOAL)
        for name in ("without a bill", "with a bill")
    ]


def _environ(home: Path) -> dict[str, str]:
    return child_environ(os.environ, home) | {"HFPLANNER_HOME": str(home)}


def _write_history(home: Path, *, with_bill: bool) -> None:
    home.mkdir()
    listing = home / "jobs.json"
    listing.write_text(json.dumps(list(make_jobs(_JOBS))), encoding="utf-8")
    store = HistoryStore(default_history_folder({"HFPLANNER_HOME": str(home)}))
    import_jobs([str(listing)], store, stdin=io.BytesIO(), now=_SEEN)
    if with_bill:
        _keep_bill(store)


def _keep_bill(store: HistoryStore) -> None:
    """Keep a bill of all the jobs, as the rule has it."""
    month = datetime(2026, 1, 1, tzinfo=UTC)
    period = BilledPeriod(
        source="https://huggingface.co",
        account="acme",
        start=month,
        end=_SEEN,
        seen_at=_SEEN + timedelta(days=1),
        used_micro_usd=None,
    )
    jobs = store.scan().collect()
    rows = [_billed(job) for job in jobs.select("id", "flavor", "started_at", "finished_at").iter_rows(named=True)]
    keep_bill(store, period, pl.DataFrame(rows))


def _billed(job: Mapping[str, object]) -> dict[str, object]:
    started, finished, flavor = job["started_at"], job["finished_at"], job["flavor"]
    if not isinstance(started, datetime) or not isinstance(finished, datetime) or not isinstance(flavor, str):
        raise TypeError("the benchmark's jobs all ran")
    minutes = -(-int((finished - started).total_seconds()) // SECONDS_PER_MINUTE)
    price = price_on(flavor, started.date())
    return {
        "job_id": job["id"],
        "flavor": flavor,
        "minutes": float(minutes),
        "bill_micro_usd": minutes * (price or 0),
        "started_at": started,
        "completed_at": finished,
    }


def _seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    return run_process(command, environ)[0]
