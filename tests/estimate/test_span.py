"""A number with its bounds and its reasons."""

import pytest

from hfplanner.estimate.span import Estimate, exactly


@pytest.mark.parametrize("span", [(2, 1, 3), (1, 3, 2), (3, 2, 1)])
def test_a_span_that_is_upside_down_is_refused(span: tuple[int, int, int]) -> None:
    """Low, likely, high, in that order."""
    with pytest.raises(ValueError, match="not in order"):
        Estimate(*span, ())


def test_a_number_that_is_given_has_no_spread() -> None:
    """All three are the number, and the basis says where it is from."""
    assert exactly(7, "as given").to_json() == {"low": 7, "likely": 7, "high": 7, "basis": ["as given"]}
