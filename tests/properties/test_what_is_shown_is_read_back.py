"""Law: a quantity that is shown and typed back is the same quantity, up to the digits that were shown."""

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.units import (
    GB,
    MAX_BYTES,
    MAX_DURATION_SECS,
    MAX_MICRO_USD,
    MICRO_USD_PER_CENT,
    format_bytes,
    format_duration,
    format_usd,
    format_usd_exact,
    parse_duration,
    parse_money,
    parse_size,
)

HALF_OF_THE_LAST_DIGIT_OF_GB = GB // 200
HALF_OF_THREE_DIGITS = 200


@given(st.integers(1, MAX_BYTES - GB) | st.integers(1, 10 * GB))
def test_sizes(size: int) -> None:
    """Two decimals of a GB, three digits of a number of MB, and bytes exactly."""
    error = abs(parse_size(format_bytes(size)) - size)
    if size >= GB:
        assert error <= HALF_OF_THE_LAST_DIGIT_OF_GB
    elif size >= 10**6:
        assert error <= size / HALF_OF_THREE_DIGITS
    else:
        assert error == 0


@given(st.integers(1, MAX_BYTES // GB))
def test_whole_gigabytes(gigabytes: int) -> None:
    """What the listing states comes back exactly, with its unit and without."""
    assert parse_size(format_bytes(gigabytes * GB)) == parse_size(str(gigabytes)) == gigabytes * GB


@given(st.integers(1, MAX_DURATION_SECS))
def test_durations(seconds: int) -> None:
    """To the second."""
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.integers(1, MAX_MICRO_USD))
def test_money(micro_usd: int) -> None:
    """To the micro-USD where it is shown exactly, else to half a cent; the commas that help reading are not typed."""
    assert parse_money(format_usd_exact(micro_usd).replace(",", "")) == micro_usd
    if micro_usd >= MICRO_USD_PER_CENT:
        shown = parse_money(format_usd(micro_usd).replace(",", ""))
        assert abs(shown - micro_usd) <= MICRO_USD_PER_CENT // 2
