"""What was billed against what the billing rule says: kinds of agreement and of difference, with evidence."""

from dataclasses import dataclass
from typing import Any

from hfplanner.history.bills import BilledPeriod
from hfplanner.report.money import Money

__all__ = ["Comparison", "Reconciliation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Jobs for which bill and rule compare alike.

    Args:
        code: its name for programs.
        title: its name for people.
        jobs: how many jobs it is about.
        billed_micro_usd: what the bills say of them [micro-USD].
        computed: what the billing rule says of those it has a price for.
        flagged: whether somebody should look at it.
        likely: what explains it most likely, a sentence.
        evidence: the job with the largest difference, in words; empty where there is nothing to see.
        examples: ids of the jobs with the largest differences.
    """

    code: str
    title: str
    jobs: int
    billed_micro_usd: int
    computed: Money
    flagged: bool
    likely: str
    evidence: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def difference_micro_usd(self) -> int | None:
        """What the bills say beyond the rule [micro-USD]; ``None`` where the rule knows bounds only."""
        return self.billed_micro_usd - self.computed.low if self.computed.exact else None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "code": self.code,
            "title": self.title,
            "jobs": self.jobs,
            "billed_micro_usd": self.billed_micro_usd,
            "computed_micro_usd": self.computed.to_json(),
            "difference_micro_usd": self.difference_micro_usd,
            "flagged": self.flagged,
            "likely": self.likely,
            "evidence": list(self.evidence),
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All bills against all jobs of a report.

    Args:
        periods: the bills.
        comparisons: each job of the bills is in one of them, and so is each job that should be on one and is not.
    """

    periods: tuple[BilledPeriod, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def flagged(self) -> tuple[Comparison, ...]:
        """Those that somebody should look at."""
        return tuple(one for one in self.comparisons if one.flagged)

    def to_json(self) -> dict[str, Any]:
        """Return the reconciliation as the interface spells it."""
        return {
            "periods": [period.to_json() for period in self.periods],
            "flagged_jobs": sum(one.jobs for one in self.flagged),
            "comparisons": [one.to_json() for one in self.comparisons],
        }
