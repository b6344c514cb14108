"""What an answer of the front door is: frozen, shown in a few lines, in a notebook as a table, and as plain data."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.front.frames import Columns, frame_of
from hfplanner.front.shown import Column, Shown, said
from hfplanner.sanitize import sanitize

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Answer", "Table"]

# A notebook's or a terminal's cell is no place for a whole listing.
_MOST_LINES = 10
_MOST_ROWS_IN_HTML = 40


class Answer(ABC):
    """An answer: :meth:`to_dict` is what the command prints with ``--json``."""

    __slots__ = ()

    @abstractmethod
    def to_dict(self) -> Any:  # noqa: ANN401 - a JSON document
        """Return the answer as plain data, equal to the JSON of the command."""

    @abstractmethod
    def _shown(self) -> Shown:
        """Return the answer for people."""

    def __repr__(self) -> str:
        """Return at most ten lines."""
        shown = self._shown()
        lines = list(_text_lines(shown.columns))
        room = _MOST_LINES - 1 - bool(shown.notes)
        if len(lines) > room:
            left = len(lines) - room + 1
            lines = [*lines[: room - 1], f"... and {left} more"]
        return "\n".join([said(shown.title), *lines, *map(said, shown.notes[:1])])

    def _repr_html_(self) -> str:
        """Return the answer as a notebook shows it."""
        from hfplanner.front.html import to_html  # noqa: PLC0415 - only in a notebook

        return to_html(self._shown(), most_rows=_MOST_ROWS_IN_HTML)


class Table(Answer):
    """An answer that is a table."""

    __slots__ = ()

    @abstractmethod
    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        """Return the columns of its frame, and its rows as the JSON has them."""

    def to_polars(self) -> "pl.DataFrame":
        """Return its rows as a frame; an estimate is three columns: ``_low``, ``_likely`` and ``_high``."""
        return frame_of(*self._rows())


def _text_lines(columns: Sequence[Column]) -> Iterable[str]:
    """Yield a table as text, its header first."""
    if not columns:
        return
    texts = [[column.title, *map(sanitize, column.cells)] for column in columns]
    widths = [max(map(len, cells)) for cells in texts]
    rows = zip(*texts, strict=True)
    for row in rows:
        cells = (
            text.rjust(width) if column.right else text.ljust(width)
            for text, width, column in zip(row, widths, columns, strict=True)
        )
        yield "  ".join(cells).rstrip()
