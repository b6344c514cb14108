"""Law: what the nearest miss says would make a flavor fit does make it fit, also when typed as printed."""

import shlex
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from hfplanner.units import parse_duration, parse_money, parse_size
from tests.strategies import questions

READ_AS = {
    "--vram": ("vram_bytes", parse_size),
    "--gpus": ("gpus", int),
    "--accelerator": ("accelerators", lambda text: (text,)),
    "--cpu": ("vcpu", int),
    "--ram": ("ram_bytes", parse_size),
    "--disk": ("disk_bytes", parse_size),
    "--max-time": ("max_time_secs", parse_duration),
    "--max-cost": ("max_cost_micro_usd", parse_money),
    "--max-price": ("max_price_micro_usd_per_hour", parse_money),
}


def typed(needs: Needs, options: tuple[str, ...]) -> Needs:
    """Return the needs with options as a shell and the command line read them."""
    changes: dict[str, Any] = {}
    words = iter(shlex.split(" ".join(options)))
    for word in words:
        if word == "--shard":
            changes["shard"] = True
        else:
            field, read = READ_AS[word]
            changes[field] = read(next(words))
    return replace(needs, **changes)


@settings(deadline=None)
@given(questions())
def test_under_the_changed_needs_the_nearest_miss_is_the_recommendation(question: tuple[Needs, Listing]) -> None:
    """It did not fit, and with the change it is the first option; the printed options are that change."""
    needs, listing = question
    answer = recommend(needs, listing)
    miss = answer.nearest_miss
    if miss is None:
        return
    rejected = {rejection.name: rejection.reasons for rejection in answer.rejected}
    assert "not_in_top" not in {reason.code for reason in rejected[miss.flavor.name]}
    assert recommend(miss.changed, listing).options[0].flavor == miss.flavor
    assert typed(answer.needs, miss.options) == miss.changed
    assert all(option in miss.message for option in miss.options)


@settings(deadline=None)
@given(questions())
def test_beside_a_recommendation_only_a_cheaper_flavor_is_named(question: tuple[Needs, Listing]) -> None:
    """What is dearer than the recommendation is no miss worth naming."""
    needs, listing = question
    answer = recommend(needs, listing)
    if answer.options and answer.nearest_miss:
        price = answer.options[0].flavor.price_micro_usd_per_minute
        assert answer.nearest_miss.flavor.price_micro_usd_per_minute < price


@settings(deadline=None)
@given(questions())
def test_where_nothing_fits_and_nothing_is_near_every_flavor_lacks_something_altogether(
    question: tuple[Needs, Listing],
) -> None:
    """Without options and without a nearest miss, each flavor has a reason that no smaller or larger number mends."""
    needs, listing = question
    answer = recommend(needs, listing)
    if answer.options or answer.nearest_miss:
        return
    for rejection in answer.rejected:
        hopeless = {r.code for r in rejection.reasons if not r.have} | {
            r.code for r in rejection.reasons if r.code == "max_cost" and isinstance(r.have, int) and r.have >= 2**53
        }
        assert hopeless, rejection
