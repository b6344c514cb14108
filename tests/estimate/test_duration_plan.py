"""Durations with their costs, timeouts and worst cases."""

from dataclasses import replace

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors, same_everywhere
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
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
        "suggested_timeout_bound": None,
        "micro_usd_per_million_tokens": None,
    }


@pytest.mark.parametrize("span", [(3600, 3600, 3600), (3000, 3600, 4500), (600, 1200, 3600), (1, 1, 1)])
def test_the_suggested_timeout_is_that_of_the_interval_or_of_the_history(span: tuple[int, int, int]) -> None:
    """In minutes beyond the interval; where a flavor's own runs tell one, theirs."""
    carried = same_everywhere(Estimate(*span, ("an example",)), [L4])
    (row,) = plan_flavors(carried, [L4], Terms()).flavors
    assert row.suggested_timeout_secs == row.timeout_secs == suggested_timeout_secs(row.duration_secs)
    assert row.suggested_timeout_secs % 60 == 0
    assert row.suggested_timeout_secs >= span[2]
    (own,) = plan_flavors(replace(carried, timeouts={"l4x1": 7200}), [L4], Terms()).flavors
    assert (own.suggested_timeout_secs, own.worst_case_micro_usd) == (7200, 120 * 13333)


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
