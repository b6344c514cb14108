"""A source of jobs, as the history tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.report.generated import NOW

__all__ = ["FileSource"]


@dataclass(frozen=True)
class FileSource:
    """A source that was read to its end, unless it says otherwise."""

    source: str
    namespace: str | None = None
    complete: bool = True
    reason: str | None = None
    seen_at: datetime = NOW
    bad: Mapping[str, int] = field(default_factory=dict)
