"""The order in which a history lists its jobs changes nothing: moments tell which came first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.duration.like import runs_like
from tests.estimate.like_jobs import history
from tests.properties.run_histories import as_jobs, runs


@settings(deadline=None, max_examples=50)
@given(st.data(), runs(least=2), runs())
def test_the_order_of_rows_changes_nothing(
    data: st.DataObject, found: list[tuple[float, str]], elsewhere: list[tuple[float, str]]
) -> None:
    """Two flavors, shuffled: every quantile, interval, timeout and trend is the same."""
    jobs = as_jobs(found) + [one | {"id": f"b{one['id']}"} for one in as_jobs(elsewhere, "t4-small")]
    shuffled = data.draw(st.permutations(jobs))
    assert runs_like(history(*shuffled), "train") == runs_like(history(*jobs), "train")
