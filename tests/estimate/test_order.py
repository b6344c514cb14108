"""Batches of different lengths: how far the high side reaches follows what a simulated allocator did."""

import statistics

import pytest

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import estimate_memory
from tests.benchmarks.order_of_batches import JOBS, OrderRow, allowed_gb, read_orders
from tests.properties.jobs import known

DEFAULT = [row for row in read_orders() if row.allocator == "default"]
GROWING = [row for row in read_orders() if row.allocator == "expandable segments"]


def test_every_job_was_simulated() -> None:
    """No job of the table is left out."""
    assert {row.job for row in DEFAULT} == {row.job for row in GROWING} == set(JOBS)


@pytest.mark.parametrize("row", DEFAULT, ids=lambda row: row.job)
def test_the_high_side_holds_more_than_half_of_the_orders(row: OrderRow) -> None:
    """It lies above the median of the simulated orders, and not far beyond the worst."""
    assert statistics.median(row.beyond_gb) < allowed_gb(row.job) < 1.5 * row.beyond_gb[-1]


@pytest.mark.parametrize("row", GROWING, ids=lambda row: row.job)
def test_segments_that_grow_end_it(row: OrderRow) -> None:
    """With them no order reserves more than constant lengths do without; the estimate adds nothing for order."""
    assert max(row.beyond_gb) <= 0
    model, how = JOBS[row.job]
    varying, packed = (
        estimate_memory(known(model), MemoryJob(**how, expandable_segments=True, lengths=lengths))
        for lengths in ("varying", "fixed")
    )
    assert varying.per_gpu_bytes.high - varying.per_gpu_bytes.likely == pytest.approx(
        packed.per_gpu_bytes.high - packed.per_gpu_bytes.likely, rel=0.05
    )
