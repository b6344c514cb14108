"""How the value of an argument is read: from text as it is typed, or from a number in the argument's own unit.

Every reader raises :class:`~hfplanner.errors.UsageError` with one sentence that does not name the argument: who calls
it does, as the reader of the sentence spells it (``--max-cost`` or ``max_cost``).
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.units import (
    DURATION_FORMS,
    MAX_BYTES,
    MAX_DURATION_SECS,
    MAX_MICRO_USD,
    MONEY_FORMS,
    SIZE_FORMS,
    parse_duration,
    parse_money,
    parse_size,
)

__all__ = [
    "MeasuredDuration",
    "Reader",
    "one_of",
    "parse_confidence",
    "parse_increase",
    "parse_measured",
    "parse_percent",
    "parse_tokens",
    "read_flag",
    "read_flavor",
    "read_measured",
    "read_money",
    "read_params",
    "read_percent",
    "read_quantization",
    "read_seconds",
    "read_share",
    "read_size",
    "read_text",
    "read_timeout",
    "read_tokens",
    "shown",
    "whole_number",
]

Reader = Callable[[Any], Any]

_INCREASES = "Accepted: a share such as 10% or 12.5%; 0% allows none."

_SHARE = re.compile(r"([0-9]{1,2})\s*%|(0?\.[0-9]{1,18}|0)")
_MOST_TOKENS = 10**15
_MOST_PERCENT = 100_000
_TOKEN_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


class MeasuredDuration(NamedTuple):
    """How long a job runs, in seconds, and the flavor on which somebody measured it, if they say so."""

    seconds: int
    flavor: str | None


def shown(given: object) -> str:
    """Return a value as an error shows it: text in quotation marks, cut where it is long.

    >>> shown("soon"), shown(5.0)
    ("'soon'", '5.0')
    """
    return quoted(given) if isinstance(given, str) else quoted(repr(given))[1:-1]


def _text(given: object) -> str:
    """Return what was typed, or a number as it would be."""
    return given if isinstance(given, str) else repr(given)


def read_text(given: object) -> str:
    """Read text.

    Raises:
        UsageError: it is not text.

    >>> read_text("Qwen/Qwen3-8B")
    'Qwen/Qwen3-8B'
    """
    if not isinstance(given, str):
        raise UsageError(f"{shown(given)} is not text.", hint="Give text in quotation marks.")
    return given


def read_flavor(given: object) -> str:
    """Read the name of a flavor; the Hub spells all of them in lower case.

    >>> read_flavor("L4X1")
    'l4x1'
    """
    return read_text(given).strip().lower()


def read_flag(given: object) -> bool:
    """Read yes or no.

    Raises:
        UsageError: it is neither ``True`` nor ``False``.

    >>> read_flag(True)
    True
    """
    if not isinstance(given, bool):
        raise UsageError(f"{shown(given)} is neither True nor False.", hint="Give True or False.")
    return given


def one_of(choices: Sequence[str]) -> Callable[[object], str]:
    """Return how to read one of several words.

    >>> one_of(["cost", "time"])("tiem")
    Traceback (most recent call last):
    hfplanner.errors.UsageError: 'tiem' is not one of cost, time.
    """

    def read(given: object) -> str:
        text = given.strip().lower() if isinstance(given, str) else ""
        found = next((choice for choice in choices if choice.lower() == text), None)
        if found is None:
            typed = _text(given)
            hint = did_you_mean(typed, choices) or f"For example {choices[0]}."
            raise UsageError(f"{quoted(typed)} is not one of {', '.join(choices)}.", hint=hint)
        return found

    return read


def whole_number(most: int) -> Callable[[object], int]:
    """Return how to read a whole number from 1 to ``most``.

    >>> whole_number(8)("4"), whole_number(8)(4)
    (4, 4)
    >>> whole_number(8)("9")
    Traceback (most recent call last):
    hfplanner.errors.UsageError: '9' is not a whole number from 1 to 8.
    """

    def read(given: object) -> int:
        digits = given.strip() if isinstance(given, str) else str(given)
        # The length is looked at first: CPython refuses to read a number of thousands of digits.
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))
        if not is_number or not 1 <= int(digits) <= most:
            raise UsageError(f"{quoted(digits)} is not a whole number from 1 to {most}.", hint="For example 4.")
        return int(digits)

    return read


def read_size(given: object) -> int:
    """Read a size in bytes: text like ``"40GB"``, or a number of bytes.

    >>> read_size("40GB"), read_size(40_000_000_000)
    (40000000000, 40000000000)
    """
    return parse_size(given) if isinstance(given, str) else _number_of("bytes", given, MAX_BYTES, SIZE_FORMS)


def read_seconds(given: object) -> int:
    """Read a duration in seconds: text like ``"1h30m"``, or a number of seconds.

    >>> read_seconds("1h30m"), read_seconds(5400)
    (5400, 5400)
    """
    if isinstance(given, str):
        return parse_duration(given)
    return _number_of("seconds", given, MAX_DURATION_SECS, DURATION_FORMS)


def read_timeout(given: object) -> str | int:
    """Read a timeout as it is said: text stays as it was typed, which the default name of a job depends on.

    >>> read_timeout("60m"), read_timeout(3600)
    ('60m', 3600)
    """
    return given if isinstance(given, str) else read_seconds(given)


def read_money(given: object) -> int:
    """Read an amount in micro-USD: text like ``"$5"``, or a number of micro-USD. Money is never a float.

    >>> read_money("$5"), read_money(5_000_000)
    (5000000, 5000000)
    >>> read_money(5.0)
    Traceback (most recent call last):
    hfplanner.errors.UsageError: 5.0 is not a whole number of micro-USD from 1 to 9007199254740991.
    """
    return parse_money(given) if isinstance(given, str) else _number_of("micro-USD", given, MAX_MICRO_USD, MONEY_FORMS)


def _number_of(unit: str, given: object, most: int, forms: str) -> int:
    """Return a whole number of the unit in which data are kept."""
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= most:
        return given
    raise UsageError(f"{shown(given)} is not a whole number of {unit} from 1 to {most}.", hint=f"As text: {forms}")


def parse_measured(text: str) -> MeasuredDuration:
    """Read a duration that may name the flavor it was measured on.

    Raises:
        UsageError: the duration cannot be read, or no flavor stands after the ``@``.

    >>> parse_measured("2h20m@a10g-small"), parse_measured("90s")
    (MeasuredDuration(seconds=8400, flavor='a10g-small'), MeasuredDuration(seconds=90, flavor=None))
    """
    duration, at, flavor = text.partition("@")
    name = read_flavor(flavor) if at else None
    if name == "":
        raise UsageError(f"{quoted(text)} names no flavor after the @.", hint="For example 3h@l4x1.")
    return MeasuredDuration(parse_duration(duration), name)


def read_measured(given: object) -> MeasuredDuration:
    """Read a measured duration: text, or a number of seconds that is the same on every flavor.

    >>> read_measured(90)
    MeasuredDuration(seconds=90, flavor=None)
    """
    return parse_measured(given) if isinstance(given, str) else MeasuredDuration(read_seconds(given), None)


def parse_confidence(given: object) -> float:
    """Read a confidence, a share of all cases.

    Raises:
        UsageError: it is no share, or nearer to 1 than anybody can know.

    >>> parse_confidence("0.9"), parse_confidence("95%"), parse_confidence("0"), parse_confidence(0.9)
    (0.9, 0.95, 0.0, 0.9)
    """
    from hfplanner.recommend.needs import MOST_CONFIDENCE  # noqa: PLC0415 - only where a confidence is given

    text = _text(given)
    match = _SHARE.fullmatch(text.strip())
    share = -1.0 if match is None else int(match[1]) / 100 if match[1] else float(match[2])
    if not 0 <= share <= MOST_CONFIDENCE:
        hint = f"A number from 0 to {MOST_CONFIDENCE}, for example 0.9 or 90%."
        raise UsageError(f"{quoted(text)} is not a confidence.", hint=hint)
    return share


def read_share(given: object) -> float:
    """Read a share of a whole, above 0 and at most 1.

    Raises:
        UsageError: it is no share.

    >>> read_share("0.3"), read_share("45%"), read_share(1)
    (0.3, 0.45, 1.0)
    """
    text = _text(given).strip()
    match = _SHARE.fullmatch(text)
    share = 1.0 if text in {"1", "1.0", "100%"} else 0.0
    if match is not None:
        share = int(match[1]) / 100 if match[1] else float(match[2])
    if not 0 < share <= 1:
        raise UsageError(
            f"{quoted(text)} is not a share.", hint="A number above 0 and at most 1, for example 0.3 or 30%."
        )
    return share


def parse_tokens(text: str) -> int:
    """Read a number of tokens.

    Raises:
        UsageError: it is not one.

    >>> parse_tokens("2B"), parse_tokens("1.5M"), parse_tokens("300000")
    (2000000000, 1500000, 300000)
    """
    stripped = text.strip().lower()
    unit = stripped[-1:] if stripped[-1:].isalpha() else ""
    number = stripped.removesuffix(unit)
    is_number = number.isascii() and number.replace(".", "", 1).isdigit() and len(number) <= len(str(_MOST_TOKENS))
    count = round(float(number) * _TOKEN_FACTORS.get(unit, 0)) if is_number else 0
    if not 1 <= count <= _MOST_TOKENS:
        raise UsageError(f"{quoted(text)} is not a number of tokens.", hint="Accepted: 300000, 1.5M, 2B.")
    return count


def read_tokens(given: object) -> int:
    """Read a number of tokens: text, or a whole number.

    >>> read_tokens("1.5M"), read_tokens(1_500_000)
    (1500000, 1500000)
    """
    return parse_tokens(_text(given))


_ONE_PERCENT = 0.01


def parse_percent(text: str) -> float:
    """Read a share in percent.

    Raises:
        UsageError: it is not above 0 and at most 100; or it is below 1, without a sign that says of what.

    >>> parse_percent("60"), parse_percent("60%")
    (0.6, 0.6)
    """
    number = text.strip().removesuffix("%").strip()
    is_number = number.isascii() and number.replace(".", "", 1).isdigit() and len(number) <= len("100.00")
    share = float(number) / 100 if is_number else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"{quoted(text)} is not a share from 0 to 100 percent.", hint="For example 60 or 60%.")
    if share < _ONE_PERCENT and "%" not in text:
        raise UsageError(
            f"{quoted(text)} is less than one percent.", hint=f"If you mean {100 * 100 * share:g} %, write that."
        )
    return share


def read_percent(given: object) -> float:
    """Read a share in percent: text, or a number from 0 to 100.

    >>> read_percent("60%"), read_percent(60)
    (0.6, 0.6)
    """
    return parse_percent(_text(given))


def parse_increase(given: object) -> Decimal:
    """Return by which share the whole may become dearer.

    Raises:
        UsageError: it is no share.

    >>> parse_increase("10%"), parse_increase("0")
    (Decimal('0.1'), Decimal('0'))
    """
    text = str(given).strip().removesuffix("%").strip()
    try:
        percent = Decimal(text)
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or not 0 <= percent <= _MOST_PERCENT:
        raise UsageError(f"{quoted(str(given))} is not a share of the cost.", hint=_INCREASES)
    return percent / 100


def read_params(given: object) -> int:
    """Read a number of parameters: text like ``"8B"``, or a whole number.

    >>> read_params("8B"), read_params(8_000_000_000)
    (8000000000, 8000000000)
    """
    from hfplanner.models.by_hand import parse_params  # noqa: PLC0415 - only where a model is given by hand

    return parse_params(_text(given))


def read_quantization(given: object) -> str:
    """Read a quantization, or ``"auto"``.

    >>> read_quantization("gguf:q4_k_m")
    'gguf:Q4_K_M'
    """
    text = read_text(given).strip()
    if text.lower() == "auto":
        return "auto"
    from hfplanner.estimate.memory.weights import check_quantization  # noqa: PLC0415 - only where one is named

    return check_quantization(text)
