"""Dictionary encoding of what many records have in common (people, states, labels): each JSON text is decoded once."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
import polars as pl

from hfplanner.frames.job_columns import LABELS

__all__ = ["LABELS_PROBLEM", "DictionaryEncoder", "labels_frame", "read_labels"]

T = TypeVar("T")

LABELS_PROBLEM = "problem with labels"
"""The column of :func:`labels_frame` that says why labels could not be read."""


class _Codes(dict[bytes, int]):
    """The code of each text; one that is new is decoded at the first look."""

    def __init__(self, decode: Callable[[bytes], Any], values: list[Any]) -> None:
        super().__init__()
        self._decode = decode
        self._values = values

    def __missing__(self, text: bytes) -> int:
        self._values.append(self._decode(text))
        code = self[text] = len(self)
        return code


class DictionaryEncoder(Generic[T]):
    """Values by their text, with codes in the order in which they came.

    Args:
        decode: returns the value of a text; what it raises, :meth:`codes` raises.

    >>> encoder = DictionaryEncoder(int)
    >>> encoder.codes([b"7", b"5", b"7"]), encoder.values
    ([0, 1, 0], [7, 5])
    """

    def __init__(self, decode: Callable[[bytes], T]) -> None:
        self.values: list[T] = []
        self._codes = _Codes(decode, self.values)

    def codes(self, texts: Iterable[bytes]) -> list[int]:
        """Return the code of each text's value."""
        return list(map(self._codes.__getitem__, texts))


_LABELS = msgspec.json.Decoder(dict[str, str] | None)


def read_labels(text: bytes) -> dict[str, str] | str:
    """Return labels, or what is wrong with them.

    >>> read_labels(b'{"team": "nlp"}'), read_labels(b"7")
    ({'team': 'nlp'}, 'labels: Expected `object | null`, got `int`.')
    """
    try:
        return _LABELS.decode(text) or {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"labels: {error}."


def labels_frame(values: list[dict[str, str] | str]) -> pl.DataFrame:
    """Return labels by code: lists sorted by key, the label ``name`` (how ``hf`` names a job), problems."""
    given = [labels if isinstance(labels, dict) else {} for labels in values]
    each = pl.DataFrame(
        {
            "row": [row for row, labels in enumerate(given) for _ in labels],
            "key": [key for labels in given for key in labels],
            "value": [value for labels in given for value in labels.values()],
        },
        schema={"row": pl.UInt32, "key": pl.String, "value": pl.String},
    )
    lists = each.sort("row", "key").group_by("row", maintain_order=True).agg(labels=pl.struct("key", "value"))
    rows = pl.DataFrame({"row": range(len(given))}, schema={"row": pl.UInt32})
    whole = rows.join(lists, on="row", how="left", maintain_order="left").select(pl.col("labels").cast(LABELS))
    names = pl.Series("name", [labels.get("name") for labels in given], dtype=pl.String)
    problems = [labels if isinstance(labels, str) else None for labels in values]
    # Lists in several pieces are gathered twenty times as slowly.
    return whole.with_columns(names, pl.Series(LABELS_PROBLEM, problems, dtype=pl.String)).rechunk()
