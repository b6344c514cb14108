"""The bill of the current period, from the Hub into the history; where the token may not see it, a note."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import polars as pl

from hfplanner.api.account import JobUsage
from hfplanner.api.client import JobsClient
from hfplanner.errors import HubError, HubForbidden, HubNotFound
from hfplanner.history.bills import BILL_ROWS_SCHEMA, BilledPeriod, keep_bill
from hfplanner.history.store import HistoryStore

__all__ = ["BillSync", "sync_bill"]

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BillSync:
    """What became of the bill.

    Args:
        status: whether it was read, may not be seen, or could not be read.
        reason: why not, a sentence.
        period: which bill; ``None`` where there is none.
        jobs: how many are on it.
        billed_micro_usd: what these were charged together [micro-USD].
    """

    status: Literal["read", "no_access", "failed"]
    reason: str | None = None
    period: BilledPeriod | None = None
    jobs: int = 0
    billed_micro_usd: int = 0

    @property
    def failed(self) -> bool:
        """Whether there is a bill that should have been read and was not."""
        return self.status == "failed"

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "status": self.status,
            "reason": self.reason,
            "period": self.period and self.period.to_json(),
            "jobs": self.jobs,
            "billed_micro_usd": self.billed_micro_usd,
        }


def sync_bill(client: JobsClient, store: HistoryStore, *, account: str, now: datetime) -> BillSync:
    """Read the bill of the token's user for the current period, and keep it.

    Args:
        client: of the Hub.
        store: beside whose jobs it is kept.
        account: the user's name.
        now: the time, UTC.

    Raises:
        HistoryError: it cannot be kept.
    """
    try:
        answer = client.billing.jobs_usage()
    except (HubForbidden, HubNotFound) as error:
        return BillSync(status="no_access", reason=f"The token may not see the bill: {error.message}")
    except HubError as error:
        return BillSync(status="failed", reason=f"The bill was not read: {error.message}")
    usage = answer.usage
    if answer.has_access is False or (usage is None and answer.has_access is None):
        return BillSync(status="no_access", reason=f"{account} may not see the bill of its jobs.")
    if usage is None or usage.period_start is None or usage.period_end is None:
        return BillSync(status="failed", reason="The bill does not say which period it is of, and was not kept.")
    period = BilledPeriod(
        source=client.endpoint,
        account=account,
        start=usage.period_start,
        end=usage.period_end,
        seen_at=now,
        used_micro_usd=_micro_usd(usage.used_micro_usd),
    )
    rows = pl.DataFrame([_row(detail) for detail in usage.job_details], schema=BILL_ROWS_SCHEMA)
    keep_bill(store, period, rows)
    billed = sum(amount for amount in rows["bill_micro_usd"] if amount is not None)
    return BillSync(status="read", period=period, jobs=rows["job_id"].n_unique(), billed_micro_usd=billed)


def _row(detail: JobUsage) -> dict[str, Any]:
    minutes = detail.total_minutes
    return {
        "job_id": detail.job_id,
        "flavor": detail.hardware_flavor,
        "minutes": float(minutes) if minutes is not None and 0 <= minutes < _LARGEST else None,
        "bill_micro_usd": _micro_usd(detail.total_cost_micro_usd),
        "started_at": detail.started_at,
        "completed_at": detail.completed_at,
    }


def _micro_usd(amount: float | None) -> int | None:
    """Return an amount in whole micro-USD, rounded half up; ``None`` for what cannot be one.

    >>> _micro_usd(13334), _micro_usd(0.5), _micro_usd(-1), _micro_usd(1e300)
    (13334, 1, None, None)
    """
    if amount is None or not 0 <= amount <= _LARGEST:
        return None
    return int(Decimal(amount).to_integral_value(ROUND_HALF_UP))
