"""What people see of an answer, before it is text or a page: a sentence, a table, notes."""

from collections.abc import Sequence
from dataclasses import dataclass

from hfplanner.plan.arguments import in_python
from hfplanner.sanitize import sanitize

__all__ = ["Column", "Shown", "said"]


def said(sentence: str) -> str:
    """Return a sentence of the engine as Python spells it, safe to be shown.

    >>> said("It fits with --shard.")
    'It fits with shard.'
    """
    return sanitize(in_python(sentence))


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table for people.

    Args:
        title: above it.
        cells: one text a row.
        right: whether it is set to the right, as numbers are.
    """

    title: str
    cells: Sequence[str]
    right: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer for people.

    Args:
        title: the answer in a sentence.
        columns: of its table; none where there is none.
        notes: what else to know, a sentence each.
        has_best: whether the first row is the answer, and the others stand beside it.
    """

    title: str
    columns: Sequence[Column] = ()
    notes: Sequence[str] = ()
    has_best: bool = False
