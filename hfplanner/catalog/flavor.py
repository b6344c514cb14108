"""One flavor of the listing in numbers, and how a row of the API becomes one."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeGuard

from hfplanner.catalog.plain_rows import PlainAccelerator, PlainRow, plain_row
from hfplanner.errors import UsageError
from hfplanner.units import MAX_MICRO_USD, MICRO_USD_PER_USD, parse_size, usd_per_hour

if TYPE_CHECKING:
    from pydantic import JsonValue, ValidationError

    from hfplanner.api.hardware import JobAccelerator, JobHardwareInfo

__all__ = [
    "LEAST_MICRO_USD_PER_MINUTE",
    "Flavor",
    "RowProblem",
    "far_apart",
    "hardware_row",
    "price_difference",
    "read_flavor",
    "read_rows",
]

# One started minute may cost at most this much: a hundred dollars, 150 times the dearest flavor of 2026. Anything above
# is no price of a machine, and a century of started minutes at this price is still an exact number in JSON (2**53).
MAX_MICRO_USD_PER_MINUTE = 100_000_000
LEAST_MICRO_USD_PER_MINUTE = 84
"""$0.005 an hour, half of the cheapest flavor of 2026: what costs less has another unit, or a digit too few."""
# The same price said twice may differ by rounding; by more than this it is two prices, and neither is known to hold.
_MOST_DIFFERENCE_PERCENT = 1
_ROUNDING_MICRO_USD = Fraction("1.001")
_SHOWN = 40
_CPU = re.compile(r"([0-9]{1,6})\s*vCPUs?", re.IGNORECASE)
_COUNT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """What one flavor offers and costs. ``None`` is unknown, which never satisfies a need; 0 GPUs is known.

    Args:
        name: the key of the listing.
        pretty_name: for reading, not unique.
        vcpu: virtual processors.
        ram_bytes: main memory as listed, GB = 10^9 bytes.
        disk_bytes: ephemeral storage as listed; ``None`` where the Hub names none.
        accelerator: model as the Hub spells it, ``None`` on CPU flavors.
        accelerator_type: ``"gpu"``, ``"neuron"``; ``None`` on CPU flavors.
        gpus: accelerators in the flavor, 0 on CPU flavors.
        vram_total_bytes: listed memory of all accelerators together.
        vram_per_gpu_bytes: listed memory of one, rounded down.
        price_micro_usd_per_minute: as delivered; ``None`` while unpriced.
        unpriced_reason: why there is no price; ``None`` while priced.
    """

    name: str
    pretty_name: str
    vcpu: int | None
    ram_bytes: int | None
    disk_bytes: int | None
    accelerator: str | None
    accelerator_type: str | None
    gpus: int
    vram_total_bytes: int
    vram_per_gpu_bytes: int
    price_micro_usd_per_minute: int | None
    unpriced_reason: str | None

    @property
    def price(self) -> int:
        """The price in micro-USD per minute of a flavor that has one.

        Raises:
            ValueError: it has none. Unpriced is never free.
        """
        if self.price_micro_usd_per_minute is None:
            raise ValueError(f"{self.name} has no price")
        return self.price_micro_usd_per_minute

    @property
    def usd_per_hour(self) -> float | None:
        """US dollars per hour, for showing."""
        price = self.price_micro_usd_per_minute
        return None if price is None else usd_per_hour(price)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row of a listing that was not taken as it stood.

    Args:
        position: the row's place in the listing, from 0.
        name: the flavor it names, if it names one.
        code: ``"unreadable"`` or ``"duplicate"``.
        reason: one sentence.
    """

    position: int
    name: str | None
    code: str
    reason: str


def read_flavor(info: "JobHardwareInfo | PlainRow") -> Flavor:
    """Turn a row of the API into numbers.

    Raises:
        ValueError: a text of the row cannot be read, with the reason as a sentence.

    >>> row = {"name": "l4x1", "cpu": "8 vCPU", "ram": "30 GB", "unitCostMicroUSD": 13333, "unitLabel": "minute",
    ...        "accelerator": {"type": "gpu", "model": "L4", "quantity": "1", "vram": "24 GB"}}
    >>> from hfplanner.api.hardware import JobHardwareInfo
    >>> flavor = read_flavor(JobHardwareInfo.model_validate(row))
    >>> flavor.vram_per_gpu_bytes, flavor.price_micro_usd_per_minute, flavor.usd_per_hour, flavor.disk_bytes
    (24000000000, 13333, 0.8, None)
    """
    accelerator = info.accelerator
    _check_text(info.name, "name")
    _check_text(info.pretty_name, "prettyName")
    if accelerator:
        _check_text(accelerator.model, "accelerator.model")
        _check_text(accelerator.type, "accelerator.type")
    gpus = _read_count(accelerator) if accelerator else 0
    vram = _read_size(accelerator.vram, "vram") if accelerator else 0
    if vram is None:
        raise ValueError("its accelerator names no vram")
    unpriced = _unpriced_reason(info)
    return Flavor(
        name=info.name,
        pretty_name=info.pretty_name or info.name,
        vcpu=_read_vcpu(info.cpu),
        ram_bytes=_read_size(info.ram, "ram"),
        disk_bytes=_read_size(info.ephemeral_storage, "ephemeralStorage"),
        accelerator=accelerator.model if accelerator else None,
        accelerator_type=accelerator.type if accelerator else None,
        gpus=gpus,
        vram_total_bytes=vram,
        vram_per_gpu_bytes=vram // gpus if gpus else 0,
        price_micro_usd_per_minute=None if unpriced else _whole(info.unit_cost_micro_usd),
        unpriced_reason=unpriced,
    )


def _check_text(text: str | None, field: str) -> None:
    """Refuse a lone surrogate: JSON can spell it (RFC 8259, section 8.2), no file or frame can hold it."""
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"its {field} {_shown(text)} holds half a character") from error


def _shown(value: "JsonValue") -> str:
    """Return the beginning of a value of the row, for a sentence about it."""
    return ascii(value[:_SHOWN]) if isinstance(value, str) else json.dumps(value)[:_SHOWN]


def _read_vcpu(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    match = _CPU.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"its cpu {_shown(text)} is not a number of vCPU")
    return int(match[1])


def _read_size(text: str | None, field: str) -> int | None:
    if text is None or text.strip() in {"", "N/A"}:
        return None
    try:
        return parse_size(text)
    except UsageError as error:
        raise ValueError(f"its {field} {_shown(text)} is not a size") from error


def _read_count(accelerator: "JobAccelerator | PlainAccelerator") -> int:
    text = str(accelerator.quantity)
    if _COUNT.fullmatch(text) is None or int(text) == 0:
        raise ValueError(f"its accelerator quantity {_shown(text)} is not a number of accelerators")
    return int(text)


def _whole(value: "JsonValue") -> int | None:
    """Return a whole number; JSON does not tell 167 from 167.0 (RFC 8259, section 6), and true is no number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _unpriced_reason(info: "JobHardwareInfo | PlainRow") -> str | None:
    """Say why a row has no price that may be used; price 0 has meant "not priced yet" (January 2026)."""
    raw = info.unit_cost_micro_usd
    whole = _whole(raw)
    price = whole or 0
    reasons = (
        (raw is None, "the Hub names no price"),
        (whole is None, f"its price {_shown(raw)} is not a whole number of micro-USD"),
        (price == 0, "its price is 0, which the Hub shows for flavors not priced yet"),
        (price < 0, f"its price {_shown(price)} is negative"),
        (
            0 < price < LEAST_MICRO_USD_PER_MINUTE,
            f"its price {_shown(price)} a minute is below any that a machine ever had",
        ),
        (far_apart(info), f"it is {_shown(price)} micro-USD and {_shown(info.unit_cost_usd)} USD a minute"),
        (price > MAX_MICRO_USD_PER_MINUTE, f"its price {_shown(price)} a minute is no price of a machine"),
        (info.unit_label is None, "the Hub does not say per what its price is"),
        (info.unit_label != "minute", f"its price is per {_shown(info.unit_label)}, not per minute"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def price_difference(info: "JobHardwareInfo | PlainRow") -> Fraction:
    """Return how far the price in US dollars is from that in micro-USD [micro-USD]; 0 where that is rounding alone."""
    micro, dollars = info.unit_cost_micro_usd, info.unit_cost_usd
    if not _is_number(micro) or not _is_number(dollars):
        return Fraction(0)
    difference = abs(Fraction(dollars) * MICRO_USD_PER_USD - Fraction(micro))
    return difference if difference > _ROUNDING_MICRO_USD else Fraction(0)


def far_apart(info: "JobHardwareInfo | PlainRow") -> bool:
    """Return whether a row says two prices that rounding does not explain."""
    return price_difference(info) * 100 > abs(_whole(info.unit_cost_micro_usd) or 0) * _MOST_DIFFERENCE_PERCENT


def _is_number(value: "JsonValue") -> TypeGuard[int | float]:
    """Whether it is a number that may be an amount; what is larger is called unpriced elsewhere."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_MICRO_USD


def read_rows(rows: Iterable[object]) -> tuple[tuple[Flavor, ...], tuple[RowProblem, ...]]:
    """Read the rows of a listing: the flavors in their order, and every row that was not taken, with its reason.

    A row that cannot be read costs no other row its place. Of rows with the same name the dearest is kept, so that the
    order of the listing changes neither the choice nor, downwards, the cost; a priced row is kept before an unpriced.

    >>> flavors, problems = read_rows([{"name": "cpu-basic", "cpu": "2 vCPU"}, {"name": "x", "cpu": "lots"}, 5])
    >>> [flavor.name for flavor in flavors], [(p.position, p.name) for p in problems]
    (['cpu-basic'], [(1, 'x'), (2, None)])
    """
    kept: dict[str, tuple[int, Flavor]] = {}
    problems: list[RowProblem] = []
    for position, row in enumerate(rows):
        try:
            flavor = read_flavor(hardware_row(row))
        except ValueError as error:
            problems.append(RowProblem(position, _name_of(row), "unreadable", f"{error}."))
            continue
        other = kept.get(flavor.name)
        if other is None:
            kept[flavor.name] = (position, flavor)
            continue
        if _preference(flavor) > _preference(other[1]):
            kept[flavor.name] = (position, flavor)
            position = other[0]  # noqa: PLW2901 - the problem names the row that was left out
        reason = "the name stands twice in the listing; the dearest row is used."
        problems.append(RowProblem(position, flavor.name, "duplicate", reason))
    return tuple(flavor for _, flavor in kept.values()), tuple(problems)


def hardware_row(row: object) -> "JobHardwareInfo | PlainRow":
    """Return a row of a listing, as it stands or as the API's own model reads it.

    Raises:
        ValueError: it is no row, with the reason as a sentence.
    """
    plain = plain_row(row)
    if plain is not None:
        return plain
    from pydantic import ValidationError  # noqa: PLC0415 - only for a row that is not as it has always been

    from hfplanner.api.hardware import JobHardwareInfo  # noqa: PLC0415 - as above

    try:
        return JobHardwareInfo.model_validate(row)
    except ValidationError as error:
        raise ValueError(_first_error(error)) from error


def _preference(flavor: Flavor) -> tuple[int, str]:
    """Order rows of one name: by price, and by their whole content where that is equal."""
    return flavor.price_micro_usd_per_minute or 0, repr(flavor)


def _name_of(row: object) -> str | None:
    name = row.get("name") if isinstance(row, dict) else None
    return name.encode(errors="replace").decode() if isinstance(name, str) and name else None


def _first_error(error: "ValidationError") -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"its {where}: {first['msg'].lower()}" if where else first["msg"].lower()
