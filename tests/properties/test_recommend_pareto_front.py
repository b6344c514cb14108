"""Law: an option is on the Pareto front exactly where no other is better in cost or time and no worse in the other."""

from dataclasses import replace

from hypothesis import given, settings

from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from tests.strategies import questions


@settings(deadline=None)
@given(questions())
def test_the_front_is_what_nothing_beats(question: tuple[Needs, Listing]) -> None:
    """Compared over everything that fits; without a duration nothing is claimed."""
    needs, listing = question
    options = recommend(replace(needs, top=None), listing).options
    for option in options:
        if needs.duration_secs is None:
            assert (option.pareto, option.duration_secs, option.cost_micro_usd) == (None, None, None)
            continue
        cost, time = option.cost_micro_usd.likely, option.duration_secs.likely
        beaten = any(
            (other.cost_micro_usd.likely < cost and other.duration_secs.likely <= time)
            or (other.cost_micro_usd.likely <= cost and other.duration_secs.likely < time)
            for other in options
        )
        assert option.pareto is not beaten


@settings(deadline=None)
@given(questions())
def test_the_recommendation_is_on_the_front(question: tuple[Needs, Listing]) -> None:
    """Whatever the objective, nothing beats what is recommended; cutting the list does not change a mark."""
    needs, listing = question
    options = recommend(needs, listing).options
    if options and needs.duration_secs is not None:
        assert options[0].pareto is True
    assert options == recommend(replace(needs, top=None), listing).options[: len(options)]
