"""Needs and hardware in, ranked options out, and every rejected flavor with its reasons.

>>> from hfplanner.catalog.listing import shipped_listing
>>> from hfplanner.recommend import Needs, recommend
>>> recommend(Needs(vram_bytes=40 * 10**9), shipped_listing()).options[0].flavor.name
'l40sx1'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfplanner.recommend.choose import recommend
    from hfplanner.recommend.durations import durations_from
    from hfplanner.recommend.estimates import Estimates
    from hfplanner.recommend.memory import memory_need
    from hfplanner.recommend.needs import Needs

__all__ = ["Estimates", "Needs", "durations_from", "memory_need", "recommend"]

# Imported when they are used: estimates bring polars and more with them.
_MODULES = {
    "Estimates": "estimates",
    "Needs": "needs",
    "durations_from": "durations",
    "memory_need": "memory",
    "recommend": "choose",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
