"""The one table of results."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from hfplanner.units import GB
from tests.benchmarks.ratio import NotMeasured, Ratio, Result

__all__ = ["cells", "print_table"]

_HEADER = ("NAME", "OURS", "PEER", "PEER'S", "RATIO", "QUARTILES", "GOAL", "MET")
_WIDTH_WITHOUT_TERMINAL = 180


def print_table(results: Sequence[Result], title: str) -> None:
    """Print medians, their ratio, the quartiles of the ratio over the rounds, and whether the goal is met."""
    table = Table(*_HEADER, box=None, pad_edge=False, title=title, title_justify="left")
    for result in results:
        table.add_row(*cells(result))
    out = Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _WIDTH_WITHOUT_TERMINAL)
    out.print(table)
    for remark in dict.fromkeys(r.remark for r in results if isinstance(r, Ratio) and r.remark):
        out.print(f"Note: {remark}.")


def cells(result: Result) -> tuple[str, ...]:
    """Return one row of the table.

    >>> cells(Ratio(name="a", ours=0.15, peer_name="b", peer=0.2, unit="s", goal=0.8, spread=(0.7, 0.8)))
    ('a', '150 ms', 'b', '200 ms', '0.750', '0.700-0.800', '<= 0.8', 'yes')
    >>> cells(NotMeasured(name="a", peer_name="b", goal=0.1, reason="not measured: no b"))[-1]
    'not measured: no b'
    """
    if isinstance(result, NotMeasured):
        return (result.name, "-", result.peer_name, "-", "-", "-", f"<= {result.goal}", result.reason)
    low, high = result.spread
    return (
        result.name,
        _amount(result.ours, result.unit),
        result.peer_name,
        _amount(result.peer, result.unit),
        f"{result.ratio:.3f}",
        f"{low:.3f}-{high:.3f}",
        f"<= {result.goal}",
        "yes" if result.met else "NO",
    )


def _amount(amount: float, unit: str) -> str:
    """Show seconds in the unit that leaves digits before the point, bytes in GB, and anything else as it is.

    >>> _amount(1.5, "s"), _amount(0.0712, "s"), _amount(1.54e-6, "s"), _amount(2**31, "bytes")
    ('1.5 s', '71.2 ms', '1.54 us', '2.15 GB')
    >>> _amount(0.5, "points")
    '0.5 points'
    """
    if unit == "bytes":
        return f"{amount / GB:.2f} GB"
    if unit != "s":
        return f"{amount:.3g} {unit}"
    name, factor = next(
        ((name, factor) for name, factor in (("s", 1.0), ("ms", 1e-3)) if amount >= factor), ("us", 1e-6)
    )
    return f"{amount / factor:.3g} {name}"
