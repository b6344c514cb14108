"""Whatever the runs of a schedule do that waits for its last run, they cost at most what is held for them."""

from datetime import UTC, datetime, timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.budget.off_ledger_schedules import committed
from hfplanner.budget.period import Period
from hfplanner.budget.policy import applied_budgets
from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.cost import job_cost_micro_usd
from tests.budget.checks import budget, policy
from tests.hub.cron import next_due

DAY = datetime(2026, 9, 1, tzinfo=UTC)
PRICE = 13_333


@given(
    schedule=st.sampled_from(["@hourly", "*/7 * * * *", "0 */20 * * * *", "*/45 * * * * *", "30 1 * * *"]),
    left_secs=st.integers(1, 4 * 3600),
    timeout=st.integers(1, 3 * 3600),
    attempts=st.integers(1, 3),
    lengths=st.lists(st.floats(0.01, 1), min_size=1, max_size=8),
)
def test_runs_that_do_not_overlap_cost_at_most_what_is_held(
    schedule: str, left_secs: int, timeout: int, attempts: int, lengths: list[float]
) -> None:
    """The runs of the rest of a day, played one after the other with any lengths of their attempts."""
    now = DAY + timedelta(days=1, seconds=-left_secs)
    (applied,) = applied_budgets(policy(budget(period=Period.DAY)), None, now)
    spec = {"flavor": "l4x1", "timeout": timeout, "attempts": attempts}
    told = {"id": "s", "schedule": schedule, "jobSpec": spec, "concurrency": False}
    held = committed(applied, [ScheduledJobInfo.model_validate(told)], shipped_listing(), now)
    spent, number, free = 0, 0, 0.0
    due = next_due(schedule, int(now.timestamp() * 1000) - 1)
    while due is not None and due < (DAY + timedelta(days=1)).timestamp() * 1000:
        if due / 1000 >= free:
            free = due / 1000
            for _ in range(attempts):
                secs = max(lengths[number % len(lengths)] * timeout, 0.001)
                number += 1
                free += secs
                spent += job_cost_micro_usd(PRICE, ceil(secs))
        due = next_due(schedule, due)
    assert spent <= held.scheduled_micro_usd
