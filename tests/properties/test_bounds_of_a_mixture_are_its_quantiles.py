"""The bounds of a duration that may be of either kind of job are the quantiles that they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.estimate.duration.fit import Point, believe
from hfplanner.estimate.duration.shares import shares_of
from hfplanner.estimate.duration.workload import Workload

LOGS = st.floats(-2, 2)
WORKLOADS = st.sampled_from(
    [Workload(), Workload(phase="train"), Workload(phase="prefill"), Workload(phase="inference")]
)


@given(WORKLOADS, st.lists(st.tuples(LOGS, LOGS, st.floats(7, 9)), min_size=1, max_size=3), st.tuples(LOGS, LOGS))
def test_a_bound_has_its_share_of_cases_below_it(
    workload: Workload, measured: list[tuple[float, float, float]], target: tuple[float, float]
) -> None:
    """From one measurement to three, towards faster accelerators and slower ones."""
    points = [Point(31 + compute, 27 + memory, 21, secs) for compute, memory, secs in measured]
    belief = believe(points, shares_of(workload))
    there = Point(31 + target[0], 27 + target[1], 21)
    change = belief.change(there)
    assert change.low <= change.likely <= change.high
    if change.low < change.likely < change.high:
        assert belief.share_below(there, change.low) == pytest.approx(belief.level, abs=1e-6)
        assert belief.share_below(there, change.high) == pytest.approx(1 - belief.level, abs=1e-6)
