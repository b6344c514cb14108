"""An answer as a notebook shows it: one table without a colour of its own, so that light and dark both look right."""

from collections.abc import Sequence
from html import escape

from hfplanner.front.results import Column, Shown
from hfplanner.sanitize import sanitize

__all__ = ["to_html"]

# Lines and faint text are the text's own colour, thinned: a theme that changes the one changes the others.
_STYLE = """
.hfplanner{font-variant-numeric:tabular-nums;line-height:1.4}
.hfplanner p{margin:.3em 0}
.hfplanner table{border-collapse:collapse;border:0;margin:.4em 0;width:auto;color:inherit;background:none}
.hfplanner th,.hfplanner td{padding:.2em .8em .2em 0;border:0;white-space:nowrap;background:none;color:inherit}
.hfplanner thead th{font-weight:600;border-bottom:1px solid rgba(128,128,128,.6)}
.hfplanner tbody tr{background:none}
.hfplanner tbody tr td{border-bottom:1px solid rgba(128,128,128,.22)}
.hfplanner tbody tr:first-child td{font-weight:600}
.hfplanner .n{text-align:right}.hfplanner .t{text-align:left}
.hfplanner .hint{opacity:.72;font-size:.92em}
""".replace("\n", "")


def to_html(shown: Shown, *, most_rows: int) -> str:
    """Return an answer as a piece of a page; every text of it is escaped.

    >>> page = to_html(Shown("<b>", [Column("FLAVOR", ["l4x1"], right=False)]), most_rows=10)
    >>> "&lt;b&gt;" in page, '<td class="t">l4x1</td>' in page
    (True, True)
    """
    notes = "".join(f'<p class="hint">{_text(note)}</p>' for note in shown.notes)
    title = f"<p><strong>{_text(shown.title)}</strong></p>"
    return f'<div class="hfplanner"><style>{_STYLE}</style>{title}{_table(shown.columns, most_rows)}{notes}</div>'


def _table(columns: Sequence[Column], most_rows: int) -> str:
    if not columns:
        return ""
    rows = list(zip(*(column.cells for column in columns), strict=True))
    head = _row("th", [column.title for column in columns], columns)
    body = "".join(_row("td", row, columns) for row in rows[:most_rows])
    left = len(rows) - most_rows
    more = f'<p class="hint">... and {left} more</p>' if left > 0 else ""
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>{more}"


def _row(tag: str, cells: Sequence[str], columns: Sequence[Column]) -> str:
    shown = (
        f'<{tag} class="{"n" if column.right else "t"}">{_text(cell)}</{tag}>'
        for cell, column in zip(cells, columns, strict=True)
    )
    return f"<tr>{''.join(shown)}</tr>"


def _text(text: str) -> str:
    return escape(sanitize(text))
