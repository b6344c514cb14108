"""A report as CSV (RFC 4180), in which no cell is a formula."""

import csv
import io
from decimal import Decimal

from hfplanner.report.flat import flat_header, flat_rows
from hfplanner.report.result import Report
from hfplanner.sanitize import sanitize
from hfplanner.units import MICRO_USD_PER_USD

__all__ = ["FORMULA_STARTS", "neutral", "to_csv"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet may take for the start of a formula, full-width forms included."""

_LONGEST_CELL = 1000


def neutral(text: str) -> str:
    """Return a text that no spreadsheet runs: one line, and an apostrophe before what could start a formula.

    >>> neutral("=HYPERLINK(1)"), neutral(" @SUM(A1)"), neutral("plain")
    ("'=HYPERLINK(1)", "'@SUM(A1)", 'plain')
    """
    safe = sanitize(text, limit=_LONGEST_CELL)
    return f"'{safe}" if safe.startswith(FORMULA_STARTS) else safe


def _usd(micro_usd: str | float | None) -> str:
    """Return an amount in dollars, exactly; nothing where it is not known."""
    return "" if micro_usd is None else f"{Decimal(micro_usd) / MICRO_USD_PER_USD:.6f}"


def to_csv(report: Report) -> str:
    """Return one row for each group; a report that is incomplete says so in a column of its own."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    header = flat_header(report)
    costs = [header.index(f"cost_{bound}_micro_usd") for bound in ("low", "high")]
    writer.writerow([*(neutral(name) for name in header), "complete", "cost_usd", "cost_high_usd"])
    for row in flat_rows(report):
        cells = ["" if cell is None else neutral(cell) if isinstance(cell, str) else cell for cell in row]
        writer.writerow([*cells, str(report.complete).lower(), *(_usd(row[place]) for place in costs)])
    return out.getvalue()
