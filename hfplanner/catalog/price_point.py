"""What one flavor was seen to cost on a day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from hfplanner.units import usd_per_hour

__all__ = ["PricePoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """What one flavor was seen to cost.

    Args:
        seen: the day.
        flavor: its name.
        price_micro_usd_per_minute: ``None`` where the flavor had no usable price, or was gone.
        source: who said so.
        note: what else was said.
    """

    seen: date
    flavor: str
    price_micro_usd_per_minute: int | None
    source: str
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        price = self.price_micro_usd_per_minute
        return {
            "seen": self.seen.isoformat(),
            "price_micro_usd_per_minute": price,
            "usd_per_hour": None if price is None else usd_per_hour(price),
            "source": self.source,
            "note": self.note,
        }
