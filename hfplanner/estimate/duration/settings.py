"""Which runs of one name are runs of one job: those whose labels say the same.

A name that somebody chose stands for whatever was run under it. Where labels tell its runs apart, only those with the
labels asked for say how long the next one takes; the others say how much runs of this program differ, and where no run
has these labels they are all that is known, one vote for each set of labels. Three kinds of labels tell nothing of what
is run: those that the planner writes itself, the name, and those that never repeat, as the number of a commit does.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING

from hfplanner.estimate.duration.spread import SHORTEST_SECS, LogRun

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Labels", "asked_numbers", "known_keys", "labels_of", "settings_of", "votes_of_settings", "with_alike"]

Labels = Mapping[str, str]

_OWN = "hfplanner-"
_NAMES = frozenset({"name", "peak"})
# Two values that differ are two settings; three that all differ are names of runs.
_FEWEST_NAMES = 3


def labels_of(observed: "pl.DataFrame") -> list[dict[str, str]]:
    """Return the labels of each job of a frame that has them as a list of keys and values."""
    return [{one["key"]: one["value"] for one in labels or ()} for labels in observed["labels"].to_list()]


def known_keys(labels: Sequence[Labels], parameters: Sequence[str]) -> frozenset[str]:
    """Return the keys that tell settings apart: not those that never repeat, save numbers that a duration may follow.

    Args:
        labels: of each run.
        parameters: labels in which such a number is looked for.

    >>> runs = [{"size": "s", "commit": "a"}, {"size": "s", "commit": "b"}, {"size": "l", "commit": "c"}]
    >>> sorted(known_keys(runs, ()))
    ['size']
    """
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for one in labels:
        for key, value in one.items():
            counted[key][value] += 1
    return frozenset(
        key
        for key, values in counted.items()
        if not key.startswith(_OWN)
        and key not in _NAMES
        and (key in parameters or not _FEWEST_NAMES <= len(values) == values.total())
    )


def settings_of(labels: Labels, keys: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return what the labels of a run say of its settings."""
    return tuple(sorted((key, value) for key, value in labels.items() if key in keys))


def asked_numbers(asked: Labels, parameters: Sequence[str]) -> dict[str, float]:
    """Return the numbers above 0 in labels that a duration may follow.

    >>> asked_numbers({"steps": "2000", "epochs": "all", "size": "7"}, ["steps", "epochs"])
    {'steps': 2000.0}
    """
    found = {}
    for key in parameters:
        try:
            number = float(asked.get(key, ""))
        except ValueError:
            continue
        if math.isfinite(number) and number > 0:
            found[key] = number
    return found


def with_alike(observed: "pl.DataFrame", asked: Labels | None, parameters: Sequence[str]) -> "pl.DataFrame":
    """Return the jobs with two columns: ``alike``, whether each has the labels asked for, and ``settings``, as text.

    A number that the duration may follow is no other setting: runs with other numbers tell the line it is on.

    Args:
        observed: jobs with ``labels``.
        asked: the labels of the next run, each of which a run must have; ``None`` where nothing is known of them.
        parameters: labels in which such a number is looked for.
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    labels = labels_of(observed)
    keys = known_keys(labels, parameters) - frozenset(parameters)
    texts = [repr(settings_of(one, keys)) for one in labels]
    said = {} if asked is None else _compared(asked, labels, keys, parameters)
    alike = [all(one.get(key) == value for key, value in said.items()) for one in labels]
    return observed.with_columns(pl.Series("alike", alike, dtype=pl.Boolean), pl.Series("settings", texts, pl.String))


def _compared(
    asked: Labels, labels: Sequence[Labels], keys: frozenset[str], parameters: Sequence[str]
) -> dict[str, str]:
    """Return the labels of the next run that are compared: those that are settings, and those no run ever had."""
    ever = {key for one in labels for key in one}
    return {
        key: value
        for key, value in asked.items()
        if key in keys or (key not in ever and not key.startswith(_OWN) and key not in _NAMES and key not in parameters)
    }


def votes_of_settings(told: "pl.DataFrame") -> tuple[LogRun, ...]:
    """Return one run for each set of labels: the median of those that completed, or the longest that was cut off.

    Args:
        told: jobs with ``settings``, ``secs`` and ``completed``.
    """
    by_settings: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for settings, secs, completed in told.select("settings", "secs", "completed").iter_rows():
        by_settings[settings].append((math.log(max(secs, SHORTEST_SECS)), completed))
    found = []
    for _, runs in sorted(by_settings.items()):
        ended = [log for log, completed in runs if completed]
        found.append(LogRun(median(ended), completed=True) if ended else LogRun(max(runs)[0], completed=False))
    return tuple(found)
