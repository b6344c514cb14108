"""Answers about agents: what they ask a person for, and what a person said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.front.answers.cells import usd_text
from hfplanner.front.frames import APPROVALS, Columns
from hfplanner.front.results import Answer, Table
from hfplanner.front.shown import Column, Shown

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval

__all__ = ["Approvals", "Approved"]


@dataclass(frozen=True, slots=True, repr=False)
class Approvals(Table):
    """What agents ask for, and nobody has used yet.

    Args:
        waiting: each of them.
    """

    waiting: "tuple[Approval, ...]"

    def to_dict(self) -> dict[str, Any]:
        """Return them as ``hfplanner approve --json`` does."""
        return {"approvals": [one.to_json() for one in self.waiting]}

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return APPROVALS, [one.to_json() for one in self.waiting]

    def _shown(self) -> Shown:
        if not self.waiting:
            return Shown("No agent asks for anything", (), ())
        asked = [one.request for one in self.waiting]
        columns = [
            Column("CODE", [one.code for one in asked], right=False),
            Column("AGENT", [one.agent for one in asked], right=False),
            Column("AT MOST", [usd_text(one.worst_case_micro_usd) for one in asked]),
            Column("UNTIL", [f"{one.expires_at:%Y-%m-%d %H:%M} UTC" for one in asked], right=False),
            Column("APPROVED BY", [one.approved_by or "" for one in self.waiting], right=False),
        ]
        return Shown(f"{len(asked)} asked for", columns, ())


@dataclass(frozen=True, slots=True, repr=False)
class Approved(Answer):
    """A person's yes to one job of an agent.

    Args:
        approval: as the ledger has it.
    """

    approval: "Approval"

    @property
    def code(self) -> str:
        """The code."""
        return self.approval.request.code

    @property
    def worst_case_micro_usd(self) -> int:
        """The most that was said yes to."""
        return self.approval.request.worst_case_micro_usd

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner approve CODE --json`` does."""
        return self.approval.to_json()

    def _shown(self) -> Shown:
        asked = self.approval.request
        said = f"Approved by {self.approval.approved_by}: at most {usd_text(asked.worst_case_micro_usd)}"
        return Shown(said, (), (f"Agent {asked.agent}'s same command goes through once.",))
