"""What was spent for nothing, with the evidence."""

from dataclasses import dataclass
from typing import Any

from hfplanner.report.money import Money, add_up

__all__ = ["Finding", "Waste"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of waste.

    Args:
        code: its name for programs.
        title: its name for people.
        jobs: how many jobs it is about.
        cost: what they cost, or what could have been saved.
        unpriced_jobs: jobs among them without a price.
        evidence: what was seen, a sentence each.
        examples: the id of the dearest job among them.
        counted: whether it is a part of the waste's sum. What overlaps with another kind is told and not added.
        idle_secs: time that was lost and that nobody billed [s]; 0 for what is about money.
    """

    code: str
    title: str
    jobs: int
    cost: Money
    unpriced_jobs: int = 0
    evidence: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counted: bool = True
    idle_secs: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "code": self.code,
            "title": self.title,
            "jobs": self.jobs,
            "cost_micro_usd": self.cost.to_json(),
            "unpriced_jobs": self.unpriced_jobs,
            "evidence": list(self.evidence),
            "examples": list(self.examples),
            "counted": self.counted,
            "idle_secs": self.idle_secs,
        }


@dataclass(frozen=True, slots=True)
class Waste:
    """Every kind of waste that was found, dearest first."""

    findings: tuple[Finding, ...]

    @property
    def cost(self) -> Money:
        """What the kinds that do not overlap cost together, without the jobs that have no price."""
        return add_up(one.cost for one in self.findings if one.counted and one.unpriced_jobs < one.jobs)

    def to_json(self) -> dict[str, Any]:
        """Return the waste as the interface spells it."""
        return {"cost_micro_usd": self.cost.to_json(), "findings": [finding.to_json() for finding in self.findings]}
