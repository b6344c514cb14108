"""One more run of the very same duration never makes the next one less sure."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.duration.like import runs_like
from tests.estimate.like_jobs import history
from tests.properties.run_histories import as_jobs


@settings(deadline=None, max_examples=50)
@given(st.floats(1, 10**6), st.integers(1, 30), st.sampled_from(["train", "train-0a1b2c3d"]))
def test_more_runs_of_one_duration_narrow_the_interval_and_the_timeout(secs: float, count: int, name: str) -> None:
    """From one run to thirty. The third brings the timeout another margin, which the first two did not need."""
    spans = []
    for many in (count, count + 1):
        jobs = [one | {"name": name} for one in as_jobs([(secs, "completed")] * many)]
        (flavor,) = runs_like(history(*jobs), name).flavors
        assert flavor.duration_secs is not None
        assert flavor.timeout is not None
        spans.append((flavor.duration_secs.low, flavor.duration_secs.high, flavor.timeout.secs))
    (low, high, timeout), (next_low, next_high, next_timeout) = spans
    assert low <= next_low
    assert next_high <= high
    assert next_timeout <= timeout
