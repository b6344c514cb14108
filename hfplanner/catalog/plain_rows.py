"""Rows of the listing as the Hub has always sent them, read without the validation that anything else goes through.

A quick answer reads one listing, and loading what validates the API's records takes longer than the answer. A row whose
every field has the type the API documents needs no validation: it is taken as it stands. Any other row, also one with a
field nobody has seen yet, is left to :class:`~hfplanner.api.hardware.JobHardwareInfo`.
"""

from math import isfinite
from typing import NamedTuple

__all__ = ["PlainAccelerator", "PlainRow", "plain_row"]

_TEXTS = ("name", "prettyName", "cpu", "ram", "ephemeralStorage", "unitLabel")
_AMOUNTS = ("unitCostMicroUSD", "unitCostUSD")
_KEYS = frozenset({*_TEXTS, *_AMOUNTS, "accelerator"})
_OF_ACCELERATOR = frozenset({"type", "model", "vram", "quantity", "manufacturer"})


class PlainAccelerator(NamedTuple):
    """The accelerators of a flavor; fields as of :class:`~hfplanner.api.hardware.JobAccelerator`."""

    type: str
    model: str
    quantity: str | int
    vram: str


class PlainRow(NamedTuple):
    """One flavor; fields as of :class:`~hfplanner.api.hardware.JobHardwareInfo`."""

    name: str
    pretty_name: str | None
    cpu: str | None
    ram: str | None
    ephemeral_storage: str | None
    accelerator: PlainAccelerator | None
    unit_cost_micro_usd: float | None
    unit_cost_usd: float | None
    unit_label: str | None


def plain_row(row: object) -> PlainRow | None:
    """Return a row whose every field is of its documented type; ``None`` for any other.

    >>> plain_row({"name": "cpu-basic", "cpu": "2 vCPU", "unitCostMicroUSD": 167}).unit_cost_micro_usd
    167
    >>> plain_row({"name": "cpu-basic", "cpu": 2}) is None
    True
    """
    if type(row) is not dict or not row.keys() <= _KEYS or not row.get("name"):
        return None
    if not all(_is_text(row.get(key)) for key in _TEXTS) or not all(_is_amount(row.get(key)) for key in _AMOUNTS):
        return None
    said = row.get("accelerator")
    accelerator = None if said is None else _plain_accelerator(said)
    if said is not None and accelerator is None:
        return None
    return PlainRow(
        name=row["name"],
        pretty_name=row.get("prettyName"),
        cpu=row.get("cpu"),
        ram=row.get("ram"),
        ephemeral_storage=row.get("ephemeralStorage", "N/A"),
        accelerator=accelerator,
        unit_cost_micro_usd=row.get("unitCostMicroUSD"),
        unit_cost_usd=row.get("unitCostUSD"),
        unit_label=row.get("unitLabel"),
    )


def _plain_accelerator(said: object) -> PlainAccelerator | None:
    if type(said) is not dict or not said.keys() <= _OF_ACCELERATOR:
        return None
    texts = [said.get(key) for key in ("type", "model", "vram")]
    quantity, maker = said.get("quantity"), said.get("manufacturer")
    if None in texts or not all(_is_text(text) for text in (*texts, maker)):
        return None
    if not (type(quantity) is int or (quantity is not None and _is_text(quantity))):
        return None
    return PlainAccelerator(type=said["type"], model=said["model"], quantity=said["quantity"], vram=said["vram"])


def _is_text(value: object) -> bool:
    """Whether a value is a text that any file can hold, or nothing."""
    return value is None or (type(value) is str and value.isascii())


def _is_amount(value: object) -> bool:
    return value is None or type(value) is int or (type(value) is float and isfinite(value))
