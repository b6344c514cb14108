"""Law: what a JSON writer writes is read as ``json`` reads it, and what is cut or damaged raises the one error."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.api.strict_json import StrictJsonError, loads

LIMIT = 10**6
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers() | FLOATS | st.text(st.characters(exclude_categories=()))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@given(VALUES)
def test_agrees(value: object) -> None:
    """Escaped and compact alike."""
    raw = json.dumps(value).encode()
    assert loads(raw, max_bytes=LIMIT) == json.loads(raw) == value


@given(VALUES, st.data())
def test_a_damaged_byte_is_one_kind_of_error(value: object, data: st.DataObject) -> None:
    """Any byte for any byte: a value or a :class:`StrictJsonError`."""
    raw = bytearray(json.dumps(value).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        loads(bytes(raw), max_bytes=LIMIT)
    except StrictJsonError:
        return


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    """And what is read, ``json`` reads as the same."""
    try:
        value = loads(raw, max_bytes=LIMIT)
    except StrictJsonError:
        return
    assert json.loads(raw) == value
