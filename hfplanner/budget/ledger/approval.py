"""A person's word for one job of an agent, as the ledger keeps it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hfplanner.times import json_moment

__all__ = [
    "Approval",
    "ApprovalRequest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """A job that an agent may start once a person says so.

    Args:
        code: a person names it by.
        digest: of everything that was asked for: another job, timeout, flavor, price or agent has another.
        agent: who asks.
        worst_case_micro_usd: what the job may cost.
        shown: what a person is shown of it, JSON; no values of variables or secrets.
        created_at: when it was asked for, UTC.
        expires_at: after which neither the word nor the job comes any more, UTC.
    """

    code: str
    digest: str
    agent: str
    worst_case_micro_usd: int
    shown: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An approval as it stands.

    Args:
        request: what was asked for.
        approved_by: who said so; ``None`` for nobody yet.
        approved_at: when, UTC.
        used_by: the submission that it let through; ``None`` for none yet.
    """

    request: ApprovalRequest
    approved_by: str | None = None
    approved_at: datetime | None = None
    used_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the approval as the interface spells it."""
        asked = self.request
        return {
            "code": asked.code,
            "agent": asked.agent,
            "worst_case_micro_usd": asked.worst_case_micro_usd,
            "created_at": json_moment(asked.created_at),
            "expires": json_moment(asked.expires_at),
            "approved_by": self.approved_by,
            "approved_at": self.approved_at and json_moment(self.approved_at),
            "submission_id": self.used_by,
            "job": json.loads(asked.shown),
        }
