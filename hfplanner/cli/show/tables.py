"""Tables and sentences for people: plain text, sanitized, as wide as the terminal.

Written here and not taken from a library: what a quick answer shows are paragraphs and one aligned table, and the
libraries that draw those take longer to load than the answer takes to compute.
"""

import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.sanitize import sanitize
from hfplanner.units import GB, format_age, format_bytes, format_usd_per_hour

__all__ = [
    "Column",
    "Screen",
    "about_gb",
    "age_line",
    "gpu_text",
    "price_text",
    "print_table",
    "print_text",
    "screen",
    "size_text",
    "wrap",
]

_GAP = 2
_LONGEST_TEXT = 4000
_WIDTH = 80
# No colors: what is green or yellow on black cannot be read on white. In the palettes of six terminals bold green has a
# contrast of 1.4 to 5 there, bold yellow of 1.1 to 4; a text needs 4.5 (WCAG 2.2, 1.4.3).
_CODES = {"bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class Screen:
    """Where people read.

    Args:
        width: in characters of a terminal.
        is_styled: whether it shows bold and dim text.
    """

    width: int
    is_styled: bool = False

    def write(self, line: str = "", style: str = "") -> None:
        """Write one line to stdout, without blanks at its end, in a style: ``"bold"`` or ``"dim"``."""
        text = line.rstrip()
        if style and self.is_styled and text:
            text = f"\x1b[{_CODES[style]}m{text}\x1b[0m"
        sys.stdout.write(f"{text}\n")


def screen() -> Screen:
    """Return the screen that stdout is shown on: ``COLUMNS`` wide, else as the terminal is, else 80."""
    shows_style = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return Screen(width=_width(), is_styled=shows_style)


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns[:6]) > 0:
        return int(columns[:6])
    # Who pages or redirects stdout still sits before a terminal.
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        with suppress(AttributeError, ValueError, OSError):
            width = os.get_terminal_size(stream.fileno()).columns  # type: ignore[union-attr] # a closed one is None
            if width > 0:
                return width
    return _WIDTH


def print_text(out: Screen, text: str, style: str = "", *, indent: str = "") -> None:
    """Print a paragraph, sanitized and wrapped, without blanks at the ends of its lines."""
    # A sentence may name every flavor of a long listing.
    for line in wrap(sanitize(text, limit=_LONGEST_TEXT), max(out.width - len(indent), 1)):
        out.write(f"{indent}{line}", style)


def wrap(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text; a word that is wider than a line is cut.

    >>> list(wrap("one two three", 7)), list(wrap("abcdefgh", 3))
    (['one two', 'three'], ['abc', 'def', 'gh'])
    """
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_width(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        *full, line = _pieces(word, width)
        yield from full
    yield line


def _pieces(word: str, width: int) -> list[str]:
    """Return a word in pieces that are no wider than a line."""
    pieces = [""]
    for character in word:
        if pieces[-1] and cell_width(pieces[-1] + character) > width:
            pieces.append("")
        pieces[-1] += character
    return pieces


def cell_width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> cell_width("abc"), cell_width("\N{CJK UNIFIED IDEOGRAPH-8A9E}"), cell_width("e\N{COMBINING ACUTE ACCENT}")
    (3, 2, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text
    )


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
        """Columns of the terminal the widest cell takes."""
        return max(cell_width(text) for text in (self.title, *self.cells))

    def aligned(self, text: str) -> str:
        """Return a cell with the blanks that align it."""
        blanks = " " * (self.width - cell_width(text))
        return blanks + text if self.right else text + blanks


def print_table(
    out: Screen, columns: Sequence[Column], *, bold_first: bool = False, names_missing: bool = True
) -> None:
    """Print a table without rules and without blanks at the ends of its lines.

    Columns that do not fit are left out whole, and named unless told otherwise: a price is never cut.
    """
    shown = list(columns)
    while len(shown) > 1 and sum(column.width + _GAP for column in shown) - _GAP > out.width:
        shown.remove(min(shown, key=lambda column: column.keep))
    gap = " " * _GAP
    for index, row in enumerate(zip(*((column.title, *column.cells) for column in shown), strict=True)):
        line = gap.join(column.aligned(text) for column, text in zip(shown, row, strict=True)).rstrip()
        style = "bold" if index == 0 or (bold_first and index == 1) else ""
        # Only a table of one column can still be too wide.
        for piece in _pieces(line, out.width) if cell_width(line) > out.width else [line]:
            out.write(piece, style)
    left_out = [column.title for column in columns if column not in shown]
    if left_out and names_missing:
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


def about_gb(size: int) -> str:
    """Show a size in whole GB: an estimate of memory is not known to the megabyte.

    >>> about_gb(116_090_000_000), about_gb(7_440_000_000)
    ('116 GB', '7.4 GB')
    """
    digits = 0 if size >= 10 * GB else 1
    return f"{size / GB:.{digits}f} GB"


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
