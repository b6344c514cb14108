"""Durations with their costs, timeouts and worst cases."""

from dataclasses import replace

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors, same_everywhere
from hfplanner.estimate.duration.tail import timeout_of_tail
from hfplanner.estimate.span import Estimate, exactly

FLAVORS = shipped_listing().by_name()
L4 = FLAVORS["l4x1"]


def test_three_hours_on_an_l4_cost_240_and_at_most_two_timeouts() -> None:
    """13333 micro-USD a minute: 180 minutes, and two attempts of 240."""
    carried = same_everywhere(exactly(10800, "as given"), [L4])
    (row,) = plan_flavors(carried, [L4], Terms(timeout_secs=14400, attempts=2, tokens=3_000_000)).flavors
    assert row.cost_micro_usd is not None
    assert row.cost_micro_usd.likely == 180 * 13333
    assert row.worst_case_micro_usd == 2 * 240 * 13333
    assert row.micro_usd_per_million_tokens is not None
    assert row.micro_usd_per_million_tokens.likely == 60 * 13333


def test_without_a_price_there_is_a_duration_and_no_cost() -> None:
    """Unpriced is never free, and comes last."""
    unpriced = replace(L4, name="new", price_micro_usd_per_minute=None, unpriced_reason="the Hub names no price")
    carried = same_everywhere(exactly(60, "as given"), [unpriced, L4])
    rows = plan_flavors(carried, [unpriced, L4], Terms()).cheapest_first().flavors
    assert [row.flavor.name for row in rows] == ["l4x1", "new"]
    assert rows[1].to_json() | {"duration_secs": None} == {
        "flavor": "new",
        "duration_secs": None,
        "cost_micro_usd": None,
        "worst_case_micro_usd": None,
        "timeout_secs": 120,
        "suggested_timeout_secs": 120,
        "micro_usd_per_million_tokens": None,
    }


@pytest.mark.parametrize(
    ("span", "timeout"),
    [((3600, 3600, 3600), 4560), ((3000, 3600, 4500), 4980), ((600, 1200, 3600), 5700), ((1, 1, 1), 60)],
)
def test_the_suggested_timeout_is_in_minutes_beyond_the_interval(span: tuple[int, int, int], timeout: int) -> None:
    """Of a duration that was measured once it leaves what repeats differ by."""
    found = timeout_of_tail(Estimate(*span, ("an example",)))
    assert (found, found % 60) == (timeout, 0)
    assert found >= span[2]


def test_a_flavor_that_is_not_listed_is_named_with_near_ones() -> None:
    """Before anything is computed."""
    with pytest.raises(UsageError, match="--to: the listing has no flavor 'l4x2'") as caught:
        find_flavors(["l4x2"], FLAVORS, "--to")
    assert "l4x4" in str(caught.value.hint)
    assert find_flavors([], FLAVORS, "--to") == tuple(FLAVORS.values())


@pytest.mark.parametrize("terms", [{"timeout_secs": 0}, {"attempts": 0}, {"tokens": 0}, {"tokens": -1}])
def test_terms_that_cannot_be_are_refused(terms: dict[str, int]) -> None:
    """Nothing is free because of a zero."""
    with pytest.raises(ValueError, match="not above 0"):
        Terms(**terms)
