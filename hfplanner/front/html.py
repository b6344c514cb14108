"""An answer as a notebook shows it: one table without a colour of its own, so that light and dark both look right."""

from collections.abc import Sequence
from html import escape

from hfplanner.front.shown import Column, Shown, said
from hfplanner.sanitize import sanitize

__all__ = ["to_html"]

# Lines and faint text are the text's own colour, thinned: a theme that changes the one changes the others. A notebook's
# own rules for tables are stronger than a class, so what must hold stands at the cell.
_STYLE = """
.hfplanner{font-variant-numeric:tabular-nums;line-height:1.4}
.hfplanner p{margin:.3em 0}
.hfplanner table{border-collapse:collapse;border:0;margin:.4em 0;width:auto;color:inherit}
.hfplanner th,.hfplanner td{padding:.2em .7em;border:0;white-space:nowrap;color:inherit}
.hfplanner thead th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.6)}
.hfplanner tbody td{border-bottom:1px solid rgba(128,128,128,.22)}
.hfplanner .best td{font-weight:600}
.hfplanner .hint{opacity:.72;font-size:.92em}
""".replace("\n", "")


def to_html(shown: Shown, *, most_rows: int) -> str:
    """Return an answer as a piece of a page; every text of it is escaped.

    >>> page = to_html(Shown("<b>", [Column("FLAVOR", ["l4x1"], right=False)]), most_rows=10)
    >>> "&lt;b&gt;" in page, '<td style="text-align:left">l4x1</td>' in page
    (True, True)
    """
    notes = "".join(f'<p class="hint">{escape(said(note))}</p>' for note in shown.notes)
    title = f"<p><strong>{escape(said(shown.title))}</strong></p>"
    return f'<div class="hfplanner"><style>{_STYLE}</style>{title}{_table(shown, most_rows)}{notes}</div>'


def _table(shown: Shown, most_rows: int) -> str:
    columns = shown.columns
    if not columns:
        return ""
    rows = list(zip(*(column.cells for column in columns), strict=True))
    head = _row("th", [column.title for column in columns], columns)
    body = "".join(
        _row("td", row, columns, best=shown.has_best and position == 0) for position, row in enumerate(rows[:most_rows])
    )
    left = len(rows) - most_rows
    more = f'<p class="hint">... and {left} more</p>' if left > 0 else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"


def _row(tag: str, cells: Sequence[str], columns: Sequence[Column], *, best: bool = False) -> str:
    shown = (
        f'<{tag} style="text-align:{"right" if column.right else "left"}">{_text(cell)}</{tag}>'
        for cell, column in zip(cells, columns, strict=True)
    )
    opened = '<tr class="best">' if best else "<tr>"
    return f"{opened}{''.join(shown)}</tr>"


def _text(text: str) -> str:
    return escape(sanitize(text))
