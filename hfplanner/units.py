"""Bytes, seconds and micro-USD: parse what people type, show what they read.

The only place in the project that knows 1024, 3600 and 10**6. Values inside the project are integers: bytes, whole
seconds, micro-USD (10**-6 US dollars). Everything parsed here is greater than zero; nonsense raises
:class:`~hfplanner.errors.UsageError` with the accepted forms as its hint.
"""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hfplanner.errors import UsageError, quoted

__all__ = [
    "DURATION_FORMS",
    "GB",
    "LIMIT_TOLERANCE_MICRO_USD",
    "MAX_ATTEMPTS",
    "MAX_BYTES",
    "MAX_DURATION_SECS",
    "MAX_MICRO_USD",
    "MEGA",
    "MICROSECONDS_PER_SECOND",
    "MICRO_USD_PER_CENT",
    "MICRO_USD_PER_USD",
    "MINUTES_PER_HOUR",
    "MONEY_FORMS",
    "SECONDS_PER_DAY",
    "SECONDS_PER_MINUTE",
    "SIZE_FORMS",
    "TERA",
    "GiB",
    "KiB",
    "MiB",
    "ceil_div",
    "ceiling_micro_usd",
    "format_about_duration",
    "format_age",
    "format_bytes",
    "format_count",
    "format_duration",
    "format_usd",
    "format_usd_apart",
    "format_usd_exact",
    "format_usd_per_hour",
    "parse_duration",
    "parse_money",
    "parse_size",
    "per_minute_limit",
    "started_minutes",
    "usd_format_of_sums",
    "usd_per_hour",
]

MICRO_USD_PER_USD = 10**6
MICRO_USD_PER_CENT = 10**4
MICROSECONDS_PER_SECOND = 10**6
SECONDS_PER_MINUTE = 60
SECONDS_PER_DAY = 24 * 60 * SECONDS_PER_MINUTE
MINUTES_PER_HOUR = 60
GB = 10**9
_MB = 10**6
KiB = 2**10
MiB = 2**20
GiB = 2**30
MEGA = 10**6
TERA = 10**12

LIMIT_TOLERANCE_MICRO_USD = 5_000
"""By how much a limit on money may be exceeded: half a cent, see :func:`ceiling_micro_usd`."""

# A polars Int64 column must hold every size, and a JSON reader must not round a number (2**53, RFC 8259 section 6).
MAX_BYTES = 2**63 - 1
MAX_MICRO_USD = 2**53 - 1
# One hundred years. Longer than any job, and started minutes times any price of the listing stay below 2**53.
MAX_DURATION_SECS = 100 * 365 * 24 * 3600
# How often a job may be tried at most, wherever it is said: a policy, an order, an estimate. Beyond is a slip.
MAX_ATTEMPTS = 10**6

SIZE_FORMS = "Accepted sizes: 40GB (40 x 10^9 bytes), 40GiB (40 x 2^30 bytes), MB, TB, or a bare number of GB."
DURATION_FORMS = "Accepted durations: 90s, 30m, 1.5h, 2d, 1h30m, or a bare number of seconds."
MONEY_FORMS = "Accepted amounts: 5, 2.50, $5 or '5 USD'."

_SIZE_UNITS = {
    "b": 1,
    **{f"{p}b": 10 ** (3 * i) for i, p in enumerate("kmgtp", start=1)},
    **{f"{p}ib": 2 ** (10 * i) for i, p in enumerate("kmgtp", start=1)},
}
_DURATION_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_SIZE = re.compile(rf"({_NUMBER})\s*([A-Za-z]*)")
_DURATION_PART = re.compile(rf"({_NUMBER})\s*([dhms])\s*")
_MONEY = re.compile(rf"\$?\s*({_NUMBER})(?:\s*USD)?", re.IGNORECASE)
_LONGEST_INPUT = 64
# How many digits an amount is shown with, and how many one below a cent has at most.
_CENT, _FINEST = Decimal("0.01"), Decimal("0.0001")
_FEW_MINUTES = 10


def _refuse(text: str, kind: str, why: str, forms: str) -> UsageError:
    return UsageError(f"{quoted(text)} is not {kind}: {why}.", hint=forms)


def _checked(text: str, kind: str, forms: str) -> str:
    """Return the trimmed text, or refuse what no pattern should have to look at."""
    stripped = text.strip()
    if not stripped:
        raise _refuse(text, kind, "it is empty", forms)
    if len(stripped) > _LONGEST_INPUT:
        raise _refuse(text, kind, f"it is longer than {_LONGEST_INPUT} characters", forms)
    if stripped.startswith(("-", "\N{MINUS SIGN}", "$-")):
        raise _refuse(text, kind, "it is negative", forms)
    return stripped


def ceil_div(dividend: int, divisor: int) -> int:
    """Divide and round up, in integers.

    >>> ceil_div(61, 60), ceil_div(60, 60), ceil_div(0, 60)
    (2, 1, 0)
    """
    return -(-dividend // divisor)


def parse_size(text: str) -> int:
    """Read a size in bytes; a bare number is GB. A fraction of a byte is rounded up: a need is never understated.

    Raises:
        UsageError: empty, negative, zero, too large, or an unknown unit.

    >>> parse_size("40GB"), parse_size("40GiB"), parse_size("40"), parse_size("1.5 TB")
    (40000000000, 42949672960, 40000000000, 1500000000000)
    """
    stripped = _checked(text, "a size", SIZE_FORMS)
    match = _SIZE.fullmatch(stripped)
    if match is None:
        raise _refuse(text, "a size", "it is not a number with a unit", SIZE_FORMS)
    number, unit = match.groups()
    factor = _SIZE_UNITS.get(unit.lower()) if unit else GB
    if factor is None:
        raise _refuse(text, "a size", f"{unit!r} is not a unit of size", SIZE_FORMS)
    exact = Fraction(number) * factor
    size = ceil_div(exact.numerator, exact.denominator)
    if size == 0:
        raise _refuse(text, "a size", "it is zero", SIZE_FORMS)
    if size > MAX_BYTES:
        raise _refuse(text, "a size", "it is larger than any machine", SIZE_FORMS)
    return size


def parse_duration(text: str) -> int:
    """Read a duration in whole seconds; a bare number is seconds.

    Raises:
        UsageError: empty, negative, zero, over 100 years, an unknown unit, or not a whole number of seconds.

    >>> parse_duration("90s"), parse_duration("1.5h"), parse_duration("1h30m"), parse_duration("90")
    (90, 5400, 5400, 90)
    """
    stripped = _checked(text, "a duration", DURATION_FORMS)
    exact = _duration_fraction(stripped)
    if exact is None:
        raise _refuse(text, "a duration", "it is not numbers with the units d, h, m, s in that order", DURATION_FORMS)
    if exact == 0:
        raise _refuse(text, "a duration", "it is zero", DURATION_FORMS)
    if exact.denominator != 1:
        raise _refuse(text, "a duration", "it is not a whole number of seconds", DURATION_FORMS)
    if exact > MAX_DURATION_SECS:
        raise _refuse(text, "a duration", "it is longer than 100 years", DURATION_FORMS)
    return int(exact)


def _duration_fraction(text: str) -> Fraction | None:
    if re.fullmatch(_NUMBER, text):
        return Fraction(text)
    parts = list(_DURATION_PART.finditer(text))
    units = [part[2] for part in parts]
    in_order = units == sorted(set(units), key=list(_DURATION_UNITS).index)
    if not in_order or "".join(part[0] for part in parts) != text:
        return None
    return sum((Fraction(part[1]) * _DURATION_UNITS[part[2]] for part in parts), Fraction(0))


def parse_money(text: str) -> int:
    """Read an amount of US dollars as integer micro-USD.

    Raises:
        UsageError: empty, negative, zero, too large, another currency, or finer than one micro-USD.

    >>> parse_money("5"), parse_money("$2.50"), parse_money("5 USD")
    (5000000, 2500000, 5000000)
    """
    stripped = _checked(text, "an amount of money", MONEY_FORMS)
    match = _MONEY.fullmatch(stripped)
    if match is None:
        raise _refuse(text, "an amount of money", "it is not a number of US dollars", MONEY_FORMS)
    exact = Fraction(match.group(1)) * MICRO_USD_PER_USD
    if exact == 0:
        raise _refuse(text, "an amount of money", "it is zero", MONEY_FORMS)
    if exact.denominator != 1:
        raise _refuse(text, "an amount of money", "it is finer than a millionth of a dollar", MONEY_FORMS)
    if exact > MAX_MICRO_USD:
        raise _refuse(text, "an amount of money", "it is more than can be spent", MONEY_FORMS)
    return int(exact)


def started_minutes(seconds: int) -> int:
    """Return the minutes that have at least started after ``seconds``, which is how Jobs are charged.

    >>> started_minutes(0), started_minutes(1), started_minutes(60), started_minutes(61)
    (0, 1, 1, 2)
    """
    return ceil_div(seconds, SECONDS_PER_MINUTE)


def ceiling_micro_usd(limit_micro_usd: int) -> int:
    """Return the most that still counts as within a limit on money [micro-USD].

    Limits are said in cents, prices come in whole micro-USD a minute: $2.50 an hour arrives as 41667 a minute, and 8
    hours of that are $20.00016. A limit is therefore kept to half a cent, once for the limit and never for each job. No
    money at all stays none.

    >>> ceiling_micro_usd(20_000_000) >= 8 * 60 * 41667, ceiling_micro_usd(0)
    (True, 0)
    """
    return limit_micro_usd + (LIMIT_TOLERANCE_MICRO_USD if limit_micro_usd > 0 else 0)


def per_minute_limit(micro_usd_per_hour: int) -> int:
    """Return the highest price in micro-USD per minute that still counts as ``micro_usd_per_hour``.

    The service delivers whole micro-USD per minute, so $2.50 an hour arrives as 41667 (which is $2.50002) and $5.00 as
    83333 or 83334. A limit therefore admits the next whole micro-USD per minute, at most $0.00006 an hour above it.

    >>> per_minute_limit(2_500_000), per_minute_limit(5_000_000)
    (41667, 83334)
    """
    return ceil_div(micro_usd_per_hour, MINUTES_PER_HOUR)


def usd_per_hour(micro_usd_per_minute: int) -> float:
    """Return US dollars per hour for showing, rounded to $0.0001: finer digits are the rounding of the minute.

    Never an input of a cost, which is counted in micro-USD per minute.

    >>> usd_per_hour(41667), usd_per_hour(83334), usd_per_hour(83333), usd_per_hour(167)
    (2.5, 5.0, 5.0, 0.01)
    """
    exact = Decimal(micro_usd_per_minute * MINUTES_PER_HOUR) / MICRO_USD_PER_USD
    return float(round(exact, 4))


def format_usd(micro_usd: int, rounding: str = ROUND_HALF_UP) -> str:
    """Show an amount in cents; one below a cent with as many digits as it needs, at most four.

    Args:
        micro_usd: the amount.
        rounding: one of :mod:`decimal`'s, for a bound that must not be rounded inwards.

    >>> format_usd(1_866_620), format_usd(26_173_552_347), format_usd(0), format_usd(-240_480)
    ('$1.87', '$26,173.55', '$0.00', '-$0.24')
    >>> format_usd(2_700), format_usd(167), format_usd(1)
    ('$0.0027', '$0.0002', '<$0.0001')
    """
    exact = Decimal(abs(micro_usd)) / MICRO_USD_PER_USD
    sign = "-" if micro_usd < 0 else ""
    if exact >= _CENT or not exact:
        return f"{sign}${exact.quantize(_CENT, rounding=rounding):,}"
    fine = exact.quantize(_FINEST, rounding=rounding)
    return f"{sign}${str(fine).rstrip('0')}" if fine else f"{sign}<${_FINEST}"


def format_usd_exact(micro_usd: int) -> str:
    """Show an amount exactly, with cents and as many more digits as it has.

    >>> format_usd_exact(5_000_000), format_usd_exact(240_480), format_usd_exact(-1)
    ('$5.00', '$0.24048', '-$0.000001')
    """
    dollars, rest = divmod(abs(micro_usd), MICRO_USD_PER_USD)
    digits = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micro_usd < 0 else ''}${dollars:,}.{digits}"


def format_usd_apart(first: int, second: int) -> tuple[str, str]:
    """Show two amounts that are compared: in cents, or exactly where two that differ would look the same.

    >>> format_usd_apart(799_980, 500_000), format_usd_apart(799_980, 800_000)
    (('$0.80', '$0.50'), ('$0.79998', '$0.80'))
    """
    shown = format_usd(first), format_usd(second)
    if first != second and shown[0] == shown[1]:
        return format_usd_exact(first), format_usd_exact(second)
    return shown


def usd_format_of_sums(*sums: tuple[int, Sequence[int]]) -> Callable[[int], str]:
    """Return how the amounts of sums are shown: in cents where each sum still adds up then, exactly otherwise.

    Args:
        sums: each a total and its parts [micro-USD].

    >>> adds_up = usd_format_of_sums((5_000_000, [240_480, 4_759_520]))
    >>> adds_up(240_480), adds_up(4_759_520)
    ('$0.24', '$4.76')
    >>> usd_format_of_sums((799_980, [266_660, 266_660, 266_660]))(266_660)
    '$0.26666'
    """
    amounts = [amount for total, parts in sums for amount in (total, *parts)]
    is_lost = any(amount and abs(amount) < MICRO_USD_PER_CENT for amount in amounts)
    add_up = all(_cents(total) == sum(map(_cents, parts)) for total, parts in sums)
    return format_usd if add_up and not is_lost else format_usd_exact


def _cents(micro_usd: int) -> int:
    return int((Decimal(micro_usd) / MICRO_USD_PER_CENT).to_integral_value(ROUND_HALF_UP))


def format_usd_per_hour(micro_usd_per_minute: int) -> str:
    """Show a price per hour, as :func:`format_usd` shows an amount.

    >>> format_usd_per_hour(30000), format_usd_per_hour(41667), format_usd_per_hour(167), format_usd_per_hour(50)
    ('$1.80', '$2.50', '$0.01', '$0.003')
    """
    return format_usd(micro_usd_per_minute * MINUTES_PER_HOUR)


def format_age(seconds: int) -> str:
    """Show how old something is, in the largest unit that it fills.

    >>> format_age(59), format_age(3600), format_age(200_000)
    ('0 minutes', '1 hour', '2 days')
    """
    units = (("day", "d"), ("hour", "h"), ("minute", "m"))
    counts = ((seconds // _DURATION_UNITS[unit], name) for name, unit in units)
    count, name = next((found for found in counts if found[0]), (0, "minute"))
    return f"{count} {name}{'' if count == 1 else 's'}"


def format_count(number: int, thing: str) -> str:
    """Count things.

    >>> format_count(1, "job"), format_count(2000, "job")
    ('1 job', '2,000 jobs')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_bytes(size: int) -> str:
    """Show a size in GB (10^9 bytes), as the listing does, in MB below one GB, and in bytes below one MB.

    MB have three digits that count.

    >>> format_bytes(48 * GB), format_bytes(1_500_000_000), format_bytes(40 * GiB), format_bytes(1000)
    ('48 GB', '1.5 GB', '42.95 GB', '1000 B')
    >>> format_bytes(767_697_000), format_bytes(87_294_000), format_bytes(999_700_000)
    ('768 MB', '87.3 MB', '1 GB')
    """
    if size < _MB:
        return f"{size} B"
    megabytes = Decimal(size) / _MB
    places = max(2 - megabytes.adjusted(), 0)
    shown = round(megabytes, places)
    unit, text = ("MB", f"{shown:f}") if shown < GB // _MB else ("GB", f"{Decimal(size) / GB:.2f}")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def format_duration(seconds: int) -> str:
    """Show a duration in the largest units it fills.

    >>> format_duration(8400), format_duration(90), format_duration(0), format_duration(86400)
    ('2h20m', '1m30s', '0s', '1d')
    """
    parts = []
    rest = seconds
    for unit, factor in _DURATION_UNITS.items():
        count, rest = divmod(rest, factor)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def format_about_duration(seconds: int) -> str:
    """Show an estimated duration: in whole minutes, which is as well as it is known, and exactly below ten of them.

    >>> format_about_duration(7190), format_about_duration(95)
    ('2h', '1m35s')
    """
    minutes = round(seconds / SECONDS_PER_MINUTE)
    return format_duration(minutes * SECONDS_PER_MINUTE if minutes >= _FEW_MINUTES else seconds)
