"""Parts of records that many records have in common: people, states, labels. Each is decoded once, by its JSON text."""

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec
import polars as pl

from hfplanner.frames.job_schema import LABELS

__all__ = [
    "LABELS_PROBLEM",
    "Person",
    "Repeats",
    "Status",
    "labels_frame",
    "people_frame",
    "read_labels",
    "states_frame",
]

T = TypeVar("T")

LABELS_PROBLEM = "problem with labels"
"""The column of :func:`labels_frame` that says why labels could not be read."""


class Person(msgspec.Struct, gc=False):
    """A user or an organization, as a record names it."""

    id: str | None = None
    name: str | None = None
    type: str | None = None


class Status(msgspec.Struct, gc=False):
    """What a record says of how its job goes: the API's name of a field first, Python's as ``..._too``."""

    stage: str | None = None
    message: str | None = None
    cancel_reason: str | None = msgspec.field(default=None, name="cancelReason")
    cancel_reason_too: str | None = msgspec.field(default=None, name="cancel_reason")
    failure_count: float | None = msgspec.field(default=None, name="failureCount")
    failure_count_too: float | None = msgspec.field(default=None, name="failure_count")


class _Numbers(dict[bytes, int]):
    """The number of each text; one that is new is read at the first look."""

    def __init__(self, read: Callable[[bytes], Any], values: list[Any]) -> None:
        super().__init__()
        self._read = read
        self._values = values

    def __missing__(self, text: bytes) -> int:
        self._values.append(self._read(text))
        number = self[text] = len(self)
        return number


class Repeats(Generic[T]):
    """Values by their text, numbered in the order in which they came.

    Args:
        read: returns the value of a text; what it raises, :meth:`numbers` raises.

    >>> repeats = Repeats(int)
    >>> repeats.numbers([b"7", b"5", b"7"]), repeats.values
    ([0, 1, 0], [7, 5])
    """

    def __init__(self, read: Callable[[bytes], T]) -> None:
        self.values: list[T] = []
        self._numbers = _Numbers(read, self.values)

    def numbers(self, texts: Iterable[bytes]) -> list[int]:
        """Return the number of each text's value."""
        return list(map(self._numbers.__getitem__, texts))


def people_frame(people: list[Person | None]) -> pl.DataFrame:
    """Return people by number, as columns ``id``, ``name`` and ``type``."""
    nobody = Person()
    given = [person or nobody for person in people]
    columns = {name: [getattr(person, name) for person in given] for name in Person.__struct_fields__}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def states_frame(states: list[Status | str | None]) -> pl.DataFrame:
    """Return states by number; ``hf jobs ps`` writes the stage alone."""
    nothing = Status()
    given = [Status(state) if isinstance(state, str) else state or nothing for state in states]
    columns = {
        "stage_text": [state.stage for state in given],
        "message": [state.message for state in given],
        "cancel_reason": [state.cancel_reason or state.cancel_reason_too for state in given],
        "failure_count": [
            state.failure_count_too if state.failure_count is None else state.failure_count for state in given
        ],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String) | {"failure_count": pl.Float64})


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


def labels_frame(found: list[dict[str, str] | str]) -> pl.DataFrame:
    """Return labels by number: lists sorted by key, the label ``name`` (how ``hf`` names a job), problems."""
    given = [labels if isinstance(labels, dict) else {} for labels in found]
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
    problems = [labels if isinstance(labels, str) else None for labels in found]
    # Lists in several pieces are gathered twenty times as slowly.
    return whole.with_columns(names, pl.Series(LABELS_PROBLEM, problems, dtype=pl.String)).rechunk()
