"""Strategies for histories: runs of one name, some of them cut off, ties included."""

from typing import Any

import polars as pl
from hypothesis import strategies as st

from hfplanner.estimate.duration.survival import SurvivalCurve, product_limit
from tests.estimate.like_jobs import job

__all__ = ["as_jobs", "curve_of", "runs"]

_SECS = st.sampled_from([60.0, 600.0, 601.0, 3600.0]) | st.floats(1, 10**6)
_ENDS = ("completed", "completed", "completed", "timeout", "cancelled", "error")


def runs(least: int = 1, most: int = 12) -> st.SearchStrategy[list[tuple[float, str]]]:
    """Draw runs as seconds and how they ended, at least one of them by itself."""
    drawn = st.lists(st.tuples(_SECS, st.sampled_from(_ENDS)), min_size=least, max_size=most)
    return drawn.filter(lambda found: any(end == "completed" for _, end in found))


def curve_of(found: list[tuple[float, str]]) -> SurvivalCurve:
    """Return the Kaplan-Meier curve of runs."""
    return product_limit(pl.Series([secs for secs, _ in found]), pl.Series([end == "completed" for _, end in found]))


def as_jobs(found: list[tuple[float, str]], flavor: str = "l4x1") -> list[dict[str, Any]]:
    """Return runs as jobs, one an hour."""
    stages = {"completed": "completed", "cancelled": "cancelled"}
    return [
        job(number, secs, flavor=flavor, stage=stages.get(end, "error"), reason=end)
        for number, (secs, end) in enumerate(found)
    ]
