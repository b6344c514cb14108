"""A run that is cut off where it would have ended never makes the others look shorter."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.run_histories import curve_of, runs

SHARES = (0.1, 0.5, 0.9, 0.95, 0.99)


@settings(deadline=None, max_examples=50)
@given(st.data(), runs())
def test_a_run_that_is_cut_off_raises_quantiles_or_leaves_them(
    data: st.DataObject, found: list[tuple[float, str]]
) -> None:
    """One completed run becomes a timeout of the same length; unknown is longer than anything known."""
    chosen = data.draw(st.sampled_from([number for number, (_, end) in enumerate(found) if end == "completed"]))
    cut = [(secs, "timeout" if number == chosen else end) for number, (secs, end) in enumerate(found)]
    for before, after in zip(curve_of(found).quantiles(SHARES), curve_of(cut).quantiles(SHARES), strict=True):
        assert (before.secs or float("inf")) <= (after.secs or float("inf"))


@settings(deadline=None, max_examples=50)
@given(runs(), st.floats(1, 10**6))
def test_a_run_that_is_cut_off_before_any_other_ends_changes_no_quantile(
    found: list[tuple[float, str]], share: float
) -> None:
    """A crash in the first moment says nothing of how long the whole takes."""
    crashed = [*found, (min(secs for secs, _ in found) * share / 10**6 / 2, "error")]
    before, after = curve_of(found).quantiles(SHARES), curve_of(crashed).quantiles(SHARES)
    assert [one.secs for one in before] == [one.secs for one in after]
