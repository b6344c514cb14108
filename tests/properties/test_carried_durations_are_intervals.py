"""A carried duration is an interval around its likely value, and the measurement itself where it was measured."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.duration.carry import carry_over, carry_to_all
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly
from hfplanner.plan.readers import parse_measured
from tests.properties.durations import FLAVORS, WITH_GPU, measurements, workloads


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(measurements(), workloads())
def test_likely_lies_within(runs: list[MeasuredRun], workload: Workload) -> None:
    """On every flavor; where nothing can be said there is a reason and no number."""
    found = carry_to_all(runs, FLAVORS.values(), FLAVORS, workload)
    assert all(1 <= span.low <= span.likely <= span.high and span.basis for span in found.estimates.values())
    assert {*found.estimates, *found.unknown} == {*FLAVORS}
    assert not {*found.estimates} & {*found.unknown}


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(measurements(), workloads())
def test_carrying_to_the_same_flavor_returns_the_measurement(runs: list[MeasuredRun], workload: Workload) -> None:
    """To the second, however many others there are."""
    for run in runs:
        found = carry_over(runs, FLAVORS[run.flavor], FLAVORS, workload)
        assert found is not None
        assert (found.low, found.likely, found.high) == (run.duration_secs.likely,) * 3


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(measurements(), workloads())
def test_the_order_of_measurements_changes_nothing(runs: list[MeasuredRun], workload: Workload) -> None:
    """Nor that of the flavors asked for: but for rounding in the last place."""
    turned = list(reversed(runs))
    one, other = (carry_to_all(drawn, FLAVORS.values(), FLAVORS, workload).estimates for drawn in (runs, turned))
    for name in WITH_GPU:
        assert abs(one[name].likely - other[name].likely) <= 1 + one[name].likely * 1e-6


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(st.integers(1, 500), st.sampled_from(WITH_GPU), workloads())
def test_a_unit_change_changes_nothing(hours: int, name: str, workload: Workload) -> None:
    """Hours, minutes or seconds: the same estimates, to the second."""
    spellings = (f"{hours}h@{name}", f"{hours * 60}m@{name}", f"{hours * 3600}@{name}")
    answers = []
    for text in spellings:
        seconds, flavor = parse_measured(text)
        run = MeasuredRun(flavor=str(flavor), duration_secs=exactly(seconds, "measured"))
        answers.append(carry_to_all([run], FLAVORS.values(), FLAVORS, workload))
    assert answers[0] == answers[1] == answers[2]
