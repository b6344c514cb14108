"""Law: options and rejected together are every listed flavor, each once, and every rejection has its reasons."""

from hypothesis import given, settings

from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from tests.strategies import questions

CODES = {
    "accelerator",
    "accelerator_type",
    "disk",
    "gpus",
    "max_cost",
    "max_price",
    "max_time",
    "not_in_top",
    "ram",
    "unpriced",
    "unreadable",
    "vcpu",
    "vram",
}


@settings(deadline=None)
@given(questions())
def test_options_and_rejected_are_every_listed_name_once(question: tuple[Needs, Listing]) -> None:
    """A name that stands in the listing, even in a row that cannot be read, stands in the answer exactly once."""
    needs, listing = question
    answer = recommend(needs, listing)
    listed = {flavor.name for flavor in listing.flavors} | {p.name for p in listing.problems if p.name is not None}
    answered = [option.flavor.name for option in answer.options] + [rejection.name for rejection in answer.rejected]
    assert sorted(answered) == sorted(listed)


@settings(deadline=None)
@given(questions())
def test_every_rejection_has_a_known_code_and_a_sentence(question: tuple[Needs, Listing]) -> None:
    """No flavor is turned away without a reason, and no code stands twice for one flavor."""
    needs, listing = question
    for rejection in recommend(needs, listing).rejected:
        codes = [reason.code for reason in rejection.reasons]
        assert codes
        assert set(codes) <= CODES
        assert all(reason.message for reason in rejection.reasons)
        assert len(set(codes)) == len(codes) or set(codes) == {"unreadable"}
