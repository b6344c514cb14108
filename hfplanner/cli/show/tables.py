"""Tables and sentences for people: rich, with everything remote sanitized and nothing read as markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.sanitize import sanitize
from hfplanner.units import format_age, format_bytes, format_usd_per_hour

__all__ = ["Column", "age_line", "console", "gpu_text", "price_text", "print_table", "print_text", "size_text"]

_GAP = 2
_LONGEST_TEXT = 4000


def console() -> Console:
    """Return a console on stdout that prints text as text."""
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_text(out: Console, text: str, style: str = "", *, indent: str = "") -> None:
    """Print a paragraph, sanitized and wrapped, without blanks at the ends of its lines."""
    # A sentence may name every flavor of a long listing.
    paragraph = Text(sanitize(text, limit=_LONGEST_TEXT), style=style)
    for line in paragraph.wrap(out, max(out.width - len(indent), 1)):
        line.rstrip()
        out.print(Text(indent).append_text(line))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Args:
        title: the header.
        cells: the text of every row.
        keep: columns with the lowest number are left out first where the terminal is too narrow.
        right: whether it holds numbers.
    """

    title: str
    cells: Sequence[str]
    keep: int
    right: bool = True

    @property
    def width(self) -> int:
        """Terminal cells the column takes, with the gap to the next."""
        return max(cell_len(text) for text in (self.title, *self.cells)) + _GAP


def print_table(out: Console, columns: Sequence[Column], *, bold_first: bool = False) -> None:
    """Print a table without rules and without blanks at the ends of its lines.

    Columns that do not fit are left out whole, and named: a price is never cut.
    """
    shown = list(columns)
    while len(shown) > 1 and sum(column.width for column in shown) - _GAP > out.width:
        shown.remove(min(shown, key=lambda column: column.keep))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", collapse_padding=True)
    for column in shown:
        table.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for index, row in enumerate(zip(*(column.cells for column in shown), strict=True)):
        table.add_row(*(Text(cell) for cell in row), style="bold green" if bold_first and index == 0 else "")
    for segments in out.render_lines(table, pad=False):
        line = Text.assemble(*((segment.text, segment.style or "") for segment in segments))
        line.rstrip()
        out.print(line)
    left_out = [column.title for column in columns if column not in shown]
    if left_out:
        print_text(out, f"No room for {', '.join(left_out)} in {out.width} columns.", "dim")


def price_text(flavor: Flavor) -> str:
    """Show a flavor's price per hour.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> price_text(shipped_listing().by_name()["l40sx1"])
    '$1.80'
    """
    price = flavor.price_micro_usd_per_minute
    return "unpriced" if price is None else format_usd_per_hour(price)


def size_text(size: int | None) -> str:
    """Show a size in GB without the unit, ``-`` where it is not known or there is none.

    >>> size_text(1_500_000_000), size_text(1134 * 10**9), size_text(0), size_text(None)
    ('1.5', '1134', '-', '-')
    """
    return format_bytes(size).removesuffix(" GB") if size else "-"


def gpu_text(flavor: Flavor) -> str:
    """Show a flavor's accelerators.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> gpu_text(shipped_listing().by_name()["a100x4"])
    '4x A100'
    """
    return sanitize(f"{flavor.gpus}x {flavor.accelerator}") if flavor.gpus else "-"


def age_line(listing: Listing, now: datetime) -> str:
    """Say where the prices come from and how old they are."""
    age = f"{format_age(int(listing.age(now).total_seconds()))} old"
    match listing.source:
        case "hub":
            return f"Prices: asked now from {listing.origin}."
        case "cache":
            return f"Prices: kept from {listing.origin}, {age}."
        case _:
            return f"Prices: shipped with hfplanner, of {listing.checked:%Y-%m-%d}, {age}."
