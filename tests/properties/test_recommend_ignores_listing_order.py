"""Law: the order of the listing does not matter, and equal questions have equal answers."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from tests.strategies import as_listing, need_values, rows


@settings(deadline=None)
@given(st.data(), st.lists(rows(), max_size=10))
def test_a_shuffled_listing_gives_the_same_answer(data: st.DataObject, listed: list[dict[str, Any]]) -> None:
    """Options with all their notes, rejections with all their reasons and the nearest miss stay as they are."""
    shuffled = data.draw(st.permutations(listed))
    needs = Needs(**data.draw(need_values(as_listing(listed))))
    one, other = recommend(needs, as_listing(listed)), recommend(needs, as_listing(shuffled))
    assert other.needs == one.needs
    assert other.options == one.options
    assert other.rejected == one.rejected
    assert other.nearest_miss == one.nearest_miss
