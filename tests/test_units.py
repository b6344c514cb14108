"""Sizes, durations and money: every form that is read, every form that is refused, and how they are shown."""

import pytest

from hfplanner.errors import UsageError
from hfplanner.units import (
    DURATION_FORMS,
    MAX_BYTES,
    MAX_DURATION_SECS,
    MAX_MICRO_USD,
    MONEY_FORMS,
    SIZE_FORMS,
    format_bytes,
    format_duration,
    format_usd,
    format_usd_exact,
    parse_duration,
    parse_money,
    parse_size,
    per_minute_limit,
    started_minutes,
    usd_format_of_sums,
    usd_per_hour,
)

SIZES = {
    "40GB": 40_000_000_000,
    "40GiB": 42_949_672_960,
    "40": 40_000_000_000,
    "40 gb": 40_000_000_000,
    "40gib": 42_949_672_960,
    "40GIB": 42_949_672_960,
    " 40GB\n": 40_000_000_000,
    "40\N{NO-BREAK SPACE}GB": 40_000_000_000,
    "0.5": 500_000_000,
    ".5GB": 500_000_000,
    "0040GB": 40_000_000_000,
    "1.5TB": 1_500_000_000_000,
    "1TiB": 2**40,
    "1PB": 10**15,
    "1PiB": 2**50,
    "512MB": 512_000_000,
    "512MiB": 2**29,
    "1kB": 1000,
    "1KiB": 1024,
    "7B": 7,
    "0.1B": 1,
    "0.0000000001GB": 1,
    "1.0000000001GB": 1_000_000_001,
    "9223372036854775807B": MAX_BYTES,
}

NO_SIZES = {
    "": "it is empty",
    " \t": "it is empty",
    "0": "it is zero",
    "0GB": "it is zero",
    "0.000TB": "it is zero",
    "-1GB": "it is negative",
    "-0": "it is negative",
    "\N{MINUS SIGN}40GB": "it is negative",
    "9223372036854775808B": "it is larger than any machine",
    "10000PB": "it is larger than any machine",
    "40XB": "'XB' is not a unit of size",
    "40G": "'G' is not a unit of size",
    "40Gbit": "'Gbit' is not a unit of size",
    "GB": "it is not a number with a unit",
    "nan": "it is not a number with a unit",
    "inf": "it is not a number with a unit",
    "Infinity GB": "it is not a number with a unit",
    "1e3GB": "it is not a number with a unit",
    "1E3": "it is not a number with a unit",
    "1,000GB": "it is not a number with a unit",
    "1_000GB": "it is not a number with a unit",
    "1.2.3GB": "it is not a number with a unit",
    "1.GB": "it is not a number with a unit",
    ".GB": "it is not a number with a unit",
    "+40GB": "it is not a number with a unit",
    "40GB40GB": "it is not a number with a unit",
    "40 GB total": "it is not a number with a unit",
    "0x28": "it is not a number with a unit",
    "\u0664\u0660GB": "it is not a number with a unit",
    "\uff14\uff10GB": "it is not a number with a unit",
    "\u00b2GB": "it is not a number with a unit",
    "40\x00GB": "it is not a number with a unit",
    "9" * 65: "it is longer than 64 characters",
    "9" * 1_000_000: "it is longer than 64 characters",
}

DURATIONS = {
    "90s": 90,
    "30m": 1800,
    "1.5h": 5400,
    ".5h": 1800,
    "2d": 172_800,
    "1h30m": 5400,
    "1d2h3m4s": 93_784,
    "1h 30m": 5400,
    "1 h 30 m": 5400,
    " 90 ": 90,
    "90": 90,
    "0.5m": 30,
    "90.0": 90,
    "0h5m": 300,
    "36500d": MAX_DURATION_SECS,
}

NO_DURATIONS = {
    "": "it is empty",
    "0": "it is zero",
    "0s": "it is zero",
    "0h0m": "it is zero",
    "-5m": "it is negative",
    "\N{MINUS SIGN}5m": "it is negative",
    "0.5s": "it is not a whole number of seconds",
    "0.5": "it is not a whole number of seconds",
    "0.0001h": "it is not a whole number of seconds",
    "36501d": "it is longer than 100 years",
    "9" * 40: "it is longer than 100 years",
    "9" * 65: "it is longer than 64 characters",
    "1w": "it is not numbers with the units",
    "1y": "it is not numbers with the units",
    "5min": "it is not numbers with the units",
    "2H": "it is not numbers with the units",
    "30m1h": "it is not numbers with the units",
    "1h1h": "it is not numbers with the units",
    "5m30": "it is not numbers with the units",
    "1 30m": "it is not numbers with the units",
    "9 0": "it is not numbers with the units",
    "1 2h": "it is not numbers with the units",
    "h": "it is not numbers with the units",
    "1h-30m": "it is not numbers with the units",
    "1:30": "it is not numbers with the units",
    "1,5h": "it is not numbers with the units",
    "1e3s": "it is not numbers with the units",
    "nan": "it is not numbers with the units",
    "inf": "it is not numbers with the units",
    "soon": "it is not numbers with the units",
    "\u0663\u0660m": "it is not numbers with the units",
}

AMOUNTS = {
    "5": 5_000_000,
    "$5": 5_000_000,
    "$ 5": 5_000_000,
    "5 USD": 5_000_000,
    "5usd": 5_000_000,
    "$5 USD": 5_000_000,
    "2.50": 2_500_000,
    ".5": 500_000,
    "0.000001": 1,
    "1.5000000": 1_500_000,
    "9007199254.740991": MAX_MICRO_USD,
}

NO_AMOUNTS = {
    "": "it is empty",
    "0": "it is zero",
    "$0.00": "it is zero",
    "-5": "it is negative",
    "$-5": "it is negative",
    "-$5": "it is negative",
    "\N{MINUS SIGN}5": "it is negative",
    "0.0000001": "it is finer than a millionth of a dollar",
    "9007199254.740992": "it is more than can be spent",
    "9" * 60: "it is more than can be spent",
    "9" * 65: "it is longer than 64 characters",
    "5 EUR": "it is not a number of US dollars",
    "\N{EURO SIGN}5": "it is not a number of US dollars",
    "5 cents": "it is not a number of US dollars",
    "1,000": "it is not a number of US dollars",
    "1_000": "it is not a number of US dollars",
    "1e3": "it is not a number of US dollars",
    "nan": "it is not a number of US dollars",
    "inf USD": "it is not a number of US dollars",
    "$": "it is not a number of US dollars",
    "USD": "it is not a number of US dollars",
    "5$": "it is not a number of US dollars",
    "\uff15": "it is not a number of US dollars",
}


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_every_form_of_a_size_is_read(text: str, size: int) -> None:
    """A size is a number with a unit in any case, a bare number is GB, and a fraction of a byte is rounded up."""
    assert parse_size(text) == size


@pytest.mark.parametrize(("text", "why"), NO_SIZES.items(), ids=lambda value: ascii(value[:20]))
def test_what_is_no_size_is_refused_with_the_accepted_forms(text: str, why: str) -> None:
    """A size that cannot be meant is a usage error, one sentence long, whose hint lists the forms."""
    with pytest.raises(UsageError, match=why) as caught:
        parse_size(text)
    assert caught.value.hint == SIZE_FORMS
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_every_form_of_a_duration_is_read(text: str, seconds: int) -> None:
    """A duration is numbers with the units d, h, m, s in that order, each once; a bare number is seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "why"), NO_DURATIONS.items(), ids=lambda value: ascii(value[:20]))
def test_what_is_no_duration_is_refused_with_the_accepted_forms(text: str, why: str) -> None:
    """A duration that cannot be meant is a usage error; digits apart are never read as one number."""
    with pytest.raises(UsageError, match=why) as caught:
        parse_duration(text)
    assert caught.value.hint == DURATION_FORMS
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("text", "micro_usd"), AMOUNTS.items())
def test_every_form_of_an_amount_of_money_is_read(text: str, micro_usd: int) -> None:
    """Money is US dollars, exact to the millionth."""
    assert parse_money(text) == micro_usd


@pytest.mark.parametrize(("text", "why"), NO_AMOUNTS.items(), ids=lambda value: ascii(value[:20]))
def test_what_is_no_amount_of_money_is_refused_with_the_accepted_forms(text: str, why: str) -> None:
    """An amount that cannot be meant is a usage error; another currency is never taken for dollars."""
    with pytest.raises(UsageError, match=why) as caught:
        parse_money(text)
    assert caught.value.hint == MONEY_FORMS
    assert len(str(caught.value)) < 200


def test_a_refusal_shows_what_was_typed_without_its_control_characters() -> None:
    """An escape sequence in an option reaches the sentence as text."""
    with pytest.raises(UsageError) as caught:
        parse_size("\x1b[31m40GB\u202e")
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (999_999, "999999 B"),
        (1_000_000, "1 MB"),
        (1_234_567, "1.23 MB"),
        (999_000_000, "999 MB"),
        (10**9, "1 GB"),
        (1_128 * 10**9, "1128 GB"),
        (100 * 10**9, "100 GB"),
        (47_663_399_567, "47.66 GB"),
    ],
)
def test_sizes_are_shown_in_gb_as_the_listing_does(size: int, shown: str) -> None:
    """Trailing zeros go, whole numbers stay whole, and a byte is never shown as nothing."""
    assert format_bytes(size) == shown


@pytest.mark.parametrize(
    ("micro_usd", "shown"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (50, "$0.0001"),
        (2_700, "$0.0027"),
        (5_000, "$0.005"),
        (9_999, "$0.01"),
        (240_480, "$0.24"),
        (1_866_620, "$1.87"),
        (1_234_567_000_000, "$1,234,567.00"),
        (-1_500_000, "-$1.50"),
        (-2_700, "-$0.0027"),
    ],
)
def test_money_is_shown_in_cents_and_below_one_with_at_most_four_digits(micro_usd: int, shown: str) -> None:
    """An amount above nothing is never shown as nothing."""
    assert format_usd(micro_usd) == shown


@pytest.mark.parametrize(
    ("micro_usd", "shown"),
    [(0, "$0.00"), (1, "$0.000001"), (10, "$0.00001"), (240_480, "$0.24048"), (100_000, "$0.10"), (-1, "-$0.000001")],
)
def test_money_is_shown_to_its_last_digit_where_that_is_asked_for(micro_usd: int, shown: str) -> None:
    """Nothing is rounded away: 24 hours of cpu-basic are $0.24048."""
    assert format_usd_exact(micro_usd) == shown


@pytest.mark.parametrize(
    ("total", "parts", "shown"),
    [
        (5_000_000, (240_480, 4_759_520), "$5.00 = $0.24 + $4.76"),
        (799_980, (266_660, 266_660, 266_660), "$0.79998 = $0.26666 + $0.26666 + $0.26666"),
        (500_000, (2_000, 498_000), "$0.50 = $0.002 + $0.498"),
        (500_000, (0, 500_000), "$0.50 = $0.00 + $0.50"),
        (1_000_000, (1_799_980, -799_980), "$1.00 = $1.80 + -$0.80"),
    ],
)
def test_a_sum_that_is_shown_adds_up(total: int, parts: tuple[int, ...], shown: str) -> None:
    """In cents where it does, otherwise exactly; an amount below a cent is not lost in it."""
    show = usd_format_of_sums((total, parts))
    assert f"{show(total)} = {' + '.join(map(show, parts))}" == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (1, "1s"), (60, "1m"), (3601, "1h1s"), (90_061, "1d1h1m1s"), (86_399, "23h59m59s")],
)
def test_durations_are_shown_in_the_largest_units_they_fill(seconds: int, shown: str) -> None:
    """Units that are empty are left out."""
    assert format_duration(seconds) == shown


def test_a_started_minute_is_a_whole_minute() -> None:
    """The rule the service's own budget guard charges by."""
    assert [started_minutes(seconds) for seconds in (0, 1, 59, 60, 61, 86_400)] == [0, 1, 1, 1, 2, 1440]


def test_a_limit_per_hour_admits_both_roundings_of_the_same_price() -> None:
    """$5.00 an hour is delivered as 83333 on h200 and as 83334 on a10g-largex4; a limit of $5 admits both."""
    limit = per_minute_limit(5_000_000)
    assert (limit >= 83_333, limit >= 83_334, limit >= 83_335) == (True, True, False)


def test_prices_per_hour_are_shown_without_the_rounding_of_the_minute() -> None:
    """391666 a minute is sold as $23.50 an hour."""
    assert [usd_per_hour(price) for price in (391_666, 83_333, 83_334, 167, 0)] == [23.5, 5.0, 5.0, 0.01, 0.0]
