"""Law: whatever is typed for a size, a duration or money gives a positive integer in range, or a usage error."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.errors import UsageError
from hfplanner.units import MAX_BYTES, MAX_DURATION_SECS, MAX_MICRO_USD, parse_duration, parse_money, parse_size

NEAR_MISSES = st.text(alphabet="0123456789.,-+$ eE_dhmsGgiIbBUSD\u0660\u00b2\u2212\n", max_size=12)


@pytest.mark.parametrize(
    ("parse", "largest"),
    [(parse_size, MAX_BYTES), (parse_duration, MAX_DURATION_SECS), (parse_money, MAX_MICRO_USD)],
)
@given(text=st.text(st.characters(exclude_categories=()), max_size=100) | NEAR_MISSES)
def test_any_text(parse: Callable[[str], int], largest: int, text: str) -> None:
    """No other exception, no zero, nothing out of range, and a hint with every refusal."""
    refused = None
    value = 1
    try:
        value = parse(text)
    except UsageError as error:
        refused = error
    assert 0 < value <= largest
    assert refused is None or (refused.hint and len(refused.message) < 1000)
