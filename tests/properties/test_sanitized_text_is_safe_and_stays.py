"""Law: sanitized text holds nothing that steers a terminal, and sanitizing it again changes nothing."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.sanitize import sanitize

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
DOTS = 3


@given(ANY_TEXT, st.integers(1, 40))
def test_safe(text: str, limit: int) -> None:
    """No control, format, surrogate or separator character, on one line, no longer than the limit and its dots."""
    shown = sanitize(text, limit=limit)
    assert not {unicodedata.category(character) for character in shown} & UNSAFE
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= limit + DOTS
    shown.encode()


@given(ANY_TEXT, st.integers(1, 40))
def test_idempotent(text: str, limit: int) -> None:
    """It may be called at every border."""
    shown = sanitize(text, limit=limit)
    assert sanitize(shown, limit=limit) == shown


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S")), max_size=60))
def test_letters_digits_and_signs_stay(text: str) -> None:
    """Nothing that only draws is changed."""
    assert sanitize(text) == text
