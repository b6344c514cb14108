"""Why a job may not run, or may although: a code for programs, a sentence for people, and what follows from it."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["DecisionReason", "Effect"]


class Effect(StrEnum):
    """What a reason does: a limit refuses, something unknown blocks, a warning changes nothing."""

    REFUSE = "refuse"
    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class DecisionReason:
    """One reason.

    Args:
        code: one word, an interface.
        message: a sentence.
        effect: what follows.
    """

    code: str
    message: str
    effect: Effect

    def to_json(self) -> dict[str, str]:
        """Return the reason as the interface spells it."""
        return {"code": self.code, "message": self.message}
