"""How far the listing of a namespace has been read: what the next sync need not read again, and where it goes on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hfplanner.times import json_moment, read_json_moment

__all__ = ["Gap", "Mark", "joined"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of a listing, newest first, that was not read yet.

    Args:
        cursor: where it begins, as the Hub names it; ``None`` is the newest job.
        until: creation of the newest job of what was read before; ``None`` goes to the end of the listing.
    """

    cursor: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What was read of a listing so far.

    Args:
        top: creation of the newest job that was read; all that is older was read as well, but for the gaps.
        gaps: from the newest on.
        bad: records that were not taken and why: a code for the id of each, or for a number where it has none.
        gone: ids of jobs that had not ended when they were read, and that the Hub does not know any more.
    """

    top: datetime | None = None
    gaps: tuple[Gap, ...] = ()
    bad: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    def plan(self) -> tuple[Gap, ...]:
        """Return what to read: what is new since, then the gaps.

        >>> Mark().plan()
        (Gap(cursor=None, until=None),)
        """
        return joined((Gap(None, self.top), *self.gaps))

    def to_text(self) -> str:
        """Return the mark as the manifest keeps it."""
        document = {
            "top": json_moment(self.top),
            "gaps": [{"cursor": gap.cursor, "until": json_moment(gap.until)} for gap in self.gaps],
            "bad": dict(self.bad),
            "gone": sorted(self.gone),
        }
        return json.dumps(document, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str | None) -> "Mark":
        """Return the mark that :meth:`to_text` wrote; an empty one for anything else, so that all is read again.

        >>> Mark.from_text(Mark(gone=frozenset("a")).to_text()).gone, Mark.from_text("page 3") == Mark()
        (frozenset({'a'}), True)
        """
        try:
            return cls._from_document(json.loads(text or "{}"))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls()

    @classmethod
    def _from_document(cls, document: Mapping[str, Any]) -> "Mark":
        return cls(
            top=_moment(document["top"]),
            gaps=tuple(Gap(_cursor(gap["cursor"]), _moment(gap["until"])) for gap in document["gaps"]),
            bad={str(key): str(code) for key, code in document["bad"].items()},
            gone=frozenset(str(job) for job in document["gone"]),
        )


def joined(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Return gaps as they can be read: one that begins with the newest job contains those before it.

    >>> from datetime import UTC
    >>> monday, sunday = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 5, 31, tzinfo=UTC)
    >>> joined([Gap(None, monday), Gap("x", sunday), Gap(None, None)])
    (Gap(cursor=None, until=None),)
    """
    last = max((place for place, gap in enumerate(gaps) if gap.cursor is None), default=0)
    return tuple(gaps[last:])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else read_json_moment(text)


def _cursor(value: str | None) -> str | None:
    return None if value is None else str(value)
