"""What changed between two versions of the jobs in files: what appeared, went, became dearer or cheaper."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from hfplanner.plan.spec_check import CheckedSpec, SpecCheck

__all__ = ["SpecChange", "SpecComparison", "compare_specs", "costs_of_json"]

Kind = Literal["new", "gone", "dearer", "cheaper", "same", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecChange:
    """One job in two versions.

    Args:
        key: the file and the job.
        kind: what happened to it.
        before_micro_usd: what it cost at most; ``None`` where it was not there, or its cost is not known.
        after_micro_usd: what it costs at most now; ``None`` likewise.
    """

    key: str
    kind: Kind
    before_micro_usd: int | None
    after_micro_usd: int | None

    @property
    def more_micro_usd(self) -> int | None:
        """How much more it costs; ``None`` where that is not known."""
        if self.kind == "unknown":
            return None
        return (self.after_micro_usd or 0) - (self.before_micro_usd or 0)

    def to_json(self) -> dict[str, Any]:
        """Return the change as the interface spells it."""
        return {
            "key": self.key,
            "change": self.kind,
            "before_micro_usd": self.before_micro_usd,
            "after_micro_usd": self.after_micro_usd,
            "more_micro_usd": self.more_micro_usd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecComparison:
    """Two versions of the jobs in files.

    Args:
        base: what is compared with, as it was named.
        changes: each job of either version, the dearest change first.
        before_micro_usd: what all of them cost at most; ``None`` where one is not known.
        after_micro_usd: what they cost now; ``None`` likewise.
    """

    base: str
    changes: tuple[SpecChange, ...]
    before_micro_usd: int | None
    after_micro_usd: int | None

    @property
    def more_micro_usd(self) -> int | None:
        """How much more all of them cost; ``None`` where that is not known."""
        if self.before_micro_usd is None or self.after_micro_usd is None:
            return None
        return self.after_micro_usd - self.before_micro_usd

    def exceeds(self, max_increase: Decimal) -> bool:
        """Whether the whole became dearer than allowed; what is not known is dearer than any bound.

        Args:
            max_increase: the share by which it may, 0.1 for 10 %.

        >>> changes = SpecComparison(base="main", changes=(), before_micro_usd=100, after_micro_usd=110)
        >>> changes.exceeds(Decimal("0.1")), changes.exceeds(Decimal("0.09"))
        (False, True)
        """
        if self.before_micro_usd is None or self.after_micro_usd is None:
            return True
        return self.after_micro_usd > self.before_micro_usd * (1 + max_increase)

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as the interface spells it."""
        return {
            "base": self.base,
            "before_micro_usd": self.before_micro_usd,
            "after_micro_usd": self.after_micro_usd,
            "more_micro_usd": self.more_micro_usd,
            "changes": [change.to_json() for change in self.changes],
        }


def _costs(check: SpecCheck) -> dict[str, int | None]:
    """Return what each job costs at most by its key; of several with the same key, together."""
    found: dict[str, int | None] = {}
    for job in check.jobs:
        key = job.found.key
        found[key] = _sum(found[key], job) if key in found else job.worst_case_micro_usd
    return found


def _sum(before: int | None, job: CheckedSpec) -> int | None:
    return None if before is None or job.worst_case_micro_usd is None else before + job.worst_case_micro_usd


def costs_of_json(document: Mapping[str, Any]) -> dict[str, int | None]:
    """Return what each job costs at most by its key, from a saved ``hfplanner check --json``.

    Raises:
        ValueError: it is no such document.
    """
    jobs = document.get("jobs")
    rows = [job for job in jobs if isinstance(job, Mapping)] if isinstance(jobs, list) else None
    if rows is None or not all(_is_cost(row.get("worst_case_micro_usd", "none")) for row in rows):
        raise ValueError("it holds no jobs with a worst case each")
    found: dict[str, int | None] = {}
    for row in rows:
        key, cost = f"{row.get('source')}#{row.get('name')}", row["worst_case_micro_usd"]
        before = found.get(key, 0)
        found[key] = None if before is None or cost is None else before + cost
    return found


def _is_cost(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0)


def compare_specs(base: str, before: SpecCheck | Mapping[str, int | None], after: SpecCheck) -> SpecComparison:
    """Return what changed from one version to another.

    Args:
        base: what the earlier version is called.
        before: the earlier version, or the costs of :func:`costs_of_json`.
        after: the present one.
    """
    old = _costs(before) if isinstance(before, SpecCheck) else dict(before)
    new = _costs(after)
    changes = [_change(key, old, new) for key in dict.fromkeys((*new, *old))]
    changes.sort(key=lambda change: (-(change.more_micro_usd or 0), change.key))
    return SpecComparison(
        base=base,
        changes=tuple(changes),
        before_micro_usd=_together(old),
        after_micro_usd=_together(new),
    )


def _together(costs: Mapping[str, int | None]) -> int | None:
    known = [cost for cost in costs.values() if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def _change(key: str, old: Mapping[str, int | None], new: Mapping[str, int | None]) -> SpecChange:
    before, after = old.get(key), new.get(key)
    kind: Kind
    if (key in old and before is None) or (key in new and after is None):
        kind = "unknown"
    elif key not in old:
        kind = "new"
    elif key not in new:
        kind = "gone"
    else:
        kind = "same" if before == after else "dearer" if (after or 0) > (before or 0) else "cheaper"
    return SpecChange(key=key, kind=kind, before_micro_usd=before, after_micro_usd=after)
