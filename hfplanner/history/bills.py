"""What the service charged, kept beside the history: one small file for each account and billing period.

``$HFPLANNER_HOME/history/bills/`` holds ``2026-09-01-....parquet``, named after the first day of the period and a hash
of the Hub's address and the account. The rows are the jobs of the bill; what is known of the period stands in the
file's own metadata, so that a bill without jobs is one too. A later bill of a period takes the place of an earlier one.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from hfplanner.errors import HistoryError
from hfplanner.files import make_private_folder, write_private
from hfplanner.history.store import HistoryStore
from hfplanner.times import json_moment, read_json_moment

__all__ = ["BILL_ROWS_SCHEMA", "BilledPeriod", "Bills", "keep_bill", "read_bills"]

_UTC = pl.Datetime("us", "UTC")
_PERIOD = "hfplanner_period"
_TIMES = ("start", "end", "seen_at")

BILL_ROWS_SCHEMA = pl.Schema(
    {
        "job_id": pl.String(),
        "flavor": pl.String(),
        "minutes": pl.Float64(),
        "bill_micro_usd": pl.Int64(),
        "started_at": _UTC,
        "completed_at": _UTC,
        "account": pl.String(),
        "period_start": _UTC,
        "period_end": _UTC,
        "seen_at": _UTC,
    }
)
"""One row for each job of a bill: what it was charged by then, null where that is no amount.

``completed_at`` is null while it ran. The last four columns say which bill it stands on, and when that was read.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledPeriod:
    """A bill, without its jobs.

    Args:
        source: the Hub's address.
        account: whose bill.
        start: its first moment, UTC.
        end: the first moment that is not on it, UTC.
        seen_at: when it was read, UTC.
        used_micro_usd: what it says that all of its jobs cost [micro-USD]; ``None`` where it does not.
    """

    source: str
    account: str
    start: datetime
    end: datetime
    seen_at: datetime
    used_micro_usd: int | None

    @property
    def name(self) -> str:
        """Return the name of its file."""
        who = hashlib.sha256(json.dumps([self.source, self.account]).encode()).hexdigest()[:16]
        return f"{self.start:%Y-%m-%d}-{who}.parquet"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {**asdict(self), **{name: json_moment(getattr(self, name)) for name in _TIMES}}


@dataclass(frozen=True, slots=True)
class Bills:
    """All bills that are kept.

    Args:
        periods: one for each account and billing period, by account and time.
        rows: their jobs, of :data:`BILL_ROWS_SCHEMA`.
    """

    periods: tuple[BilledPeriod, ...] = ()
    rows: pl.DataFrame = field(default_factory=BILL_ROWS_SCHEMA.to_frame)

    def settled(self) -> pl.LazyFrame:
        """Return what jobs were billed for good: ``job_id`` and ``bill_micro_usd``, each job once.

        A job that still ran when its bill was read is not among them, nor is one that began before the billing period:
        what of it the bill of the period before charged is not said. Neither is one with two different bills.
        """
        within = pl.col("started_at").is_null() | (pl.col("started_at") >= pl.col("period_start"))
        is_final = pl.col("completed_at").is_not_null() & pl.col("bill_micro_usd").is_not_null() & within
        once = self.rows.lazy().filter(pl.col("bill_micro_usd").n_unique().over("job_id") == 1)
        found = once.filter(is_final).unique("job_id", maintain_order=True)
        return found.select("job_id", "bill_micro_usd")


def keep_bill(store: HistoryStore, period: BilledPeriod, rows: pl.DataFrame) -> None:
    """Keep a bill; one of the same period that was read later stays.

    Args:
        store: beside whose jobs it is kept.
        period: which bill.
        rows: its jobs; the columns that say which bill it is are filled in.

    Raises:
        HistoryError: it cannot be written, or somebody else keeps the folder.
    """
    named = rows.match_to_schema(BILL_ROWS_SCHEMA, missing_columns="insert").with_columns(
        account=pl.lit(period.account),
        period_start=pl.lit(period.start, _UTC),
        period_end=pl.lit(period.end, _UTC),
        seen_at=pl.lit(period.seen_at, _UTC),
    )
    content = io.BytesIO()
    named.write_parquet(content, metadata={_PERIOD: json.dumps(period.to_json())})
    folder = store.folder / "bills"
    path = folder / period.name
    try:
        make_private_folder(folder)
        with store.locked():
            if not path.exists() or _read(path)[0].seen_at <= period.seen_at:
                write_private(path, content.getvalue())
    except OSError as error:
        raise HistoryError(f"The bill cannot be kept in {folder} ({error.strerror or error}).") from error


def read_bills(store: HistoryStore) -> Bills:
    """Return all bills that are kept; none where there is none.

    Raises:
        HistoryError: one of them is damaged.
    """
    found = [_read(path) for path in sorted((store.folder / "bills").glob("*.parquet"))]
    found.sort(key=lambda one: (one[0].account, one[0].source, one[0].start))
    rows = pl.concat([BILL_ROWS_SCHEMA.to_frame(), *(rows for _, rows in found)])
    return Bills(tuple(period for period, _ in found), rows)


def _read(path: Path) -> tuple[BilledPeriod, pl.DataFrame]:
    try:
        content = path.read_bytes()
        document = json.loads(pl.read_parquet_metadata(io.BytesIO(content))[_PERIOD])
        rows = pl.read_parquet(io.BytesIO(content))
        return _period(document), rows.match_to_schema(BILL_ROWS_SCHEMA, missing_columns="insert")
    except (OSError, ValueError, TypeError, KeyError, pl.exceptions.PolarsError) as error:
        raise HistoryError(
            f"The bill {path} is damaged.", hint="Remove the file; the bill of the current period can be synced again."
        ) from error


def _period(document: Mapping[str, Any]) -> BilledPeriod:
    return BilledPeriod(**{**document, **{name: read_json_moment(document[name]) for name in _TIMES}})
