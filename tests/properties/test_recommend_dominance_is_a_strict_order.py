"""Law: being beaten in everything is a strict partial order, and is what the axes say."""

from collections.abc import Callable
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.dominance import beaten_on_the_list, dominated
from hfplanner.recommend.needs import Needs
from tests.strategies import listings, questions

PRECISIONS = ("fp32", "fp16", "bf16", "fp8", "int8")


@settings(deadline=None)
@given(listings(), st.sampled_from([dominated, beaten_on_the_list]))
def test_no_flavor_beats_itself_and_beating_is_transitive(
    listing: Listing, beaten: Callable[[Flavor, Flavor], bool]
) -> None:
    """Irreflexive, hence asymmetric, and transitive."""
    beats = {(a.name, b.name) for a in listing.flavors for b in listing.flavors if beaten(a, b)}
    assert all((b, a) not in beats for a, b in beats)
    assert all((a, d) in beats for a, b in beats for c, d in beats if b == c)


def is_slower_somewhere(flavor: Flavor, other: Flavor) -> bool:
    """Whether the flavor's accelerator has more of a known bandwidth or compute than the other's."""
    mine, theirs = facts_of(flavor.accelerator), facts_of(other.accelerator)
    if mine is None or theirs is None:
        return False
    pairs = [(mine.bandwidth_bytes_per_sec, theirs.bandwidth_bytes_per_sec)]
    pairs += [(mine.ops_per_sec.get(p), theirs.ops_per_sec.get(p)) for p in PRECISIONS]
    return any(m is not None and t is not None and m > t for m, t in pairs)


@settings(deadline=None)
@given(questions())
def test_an_option_is_marked_by_every_option_that_beats_it(question: tuple[Needs, Listing]) -> None:
    """In the order of rank, and by nothing that does not fit; what is marked costs no less."""
    needs, listing = question
    options = recommend(needs, listing).options
    for option in options if needs.top is None else ():
        beating = tuple(other.flavor.name for other in options if dominated(option.flavor, other.flavor))
        assert option.dominated_by == beating
        assert option.break_even >= Fraction(1)


@settings(deadline=None)
@given(listings())
def test_what_beats_a_flavor_has_no_less_of_anything(listing: Listing) -> None:
    """No axis of the list and no known axis of speed speaks for a flavor that is beaten."""
    for mine, theirs in ((a, b) for a in listing.flavors for b in listing.flavors if dominated(a, b)):
        assert theirs.price_micro_usd_per_minute <= mine.price_micro_usd_per_minute
        assert theirs.vcpu >= mine.vcpu
        assert theirs.ram_bytes >= mine.ram_bytes
        assert theirs.disk_bytes >= mine.disk_bytes
        assert theirs.gpus >= mine.gpus
        assert theirs.vram_total_bytes >= mine.vram_total_bytes
        assert theirs.vram_per_gpu_bytes >= mine.vram_per_gpu_bytes
        assert not is_slower_somewhere(mine, theirs)
