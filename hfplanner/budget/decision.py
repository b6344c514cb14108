"""What a check found: the decision, the arithmetic behind it, and how it is spelled for programs and people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from hfplanner.budget.ledger.limits import Balance, BudgetWindow, RunningCaps
from hfplanner.budget.off_ledger import Spending
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import BudgetError
from hfplanner.times import json_moment
from hfplanner.units import ceiling_micro_usd

__all__ = ["BudgetLine", "Decision", "Verdict", "verdict_of"]


class Verdict(StrEnum):
    """May it run: yes; no, a limit forbids it; or nobody can tell, so no."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """The arithmetic of one budget: limit - spent - held - this job = left, to the micro-USD.

    Args:
        balance: of the ledger; its window holds what is outside of it.
        off_ledger: the parts of that.
        this_job_micro_usd: the job's worst case; 0 where no job is asked about, or where it is not known.
        scope: what the budget is about, in words.
        period: ``"day"``, ``"week"``, ``"month"`` or ``"total"``.
        zone: the time zone in which days begin.
    """

    balance: Balance
    off_ledger: Spending
    this_job_micro_usd: int
    scope: str
    period: str
    zone: str

    @property
    def window(self) -> BudgetWindow:
        """The budget's period."""
        return self.balance.window

    @property
    def limit_micro_usd(self) -> int:
        """What may be spent in the period."""
        return self.window.limit_micro_usd

    @property
    def spent_micro_usd(self) -> int:
        """What has been: posted in the ledger, and by ended jobs outside of it."""
        return self.balance.posted_micro_usd + self.off_ledger.spent_micro_usd

    @property
    def held_micro_usd(self) -> int:
        """What may yet be: by open submissions, running jobs outside the ledger, and runs of schedules."""
        return self.balance.held_micro_usd + self.off_ledger.held_micro_usd + self.off_ledger.scheduled_micro_usd

    @property
    def available_micro_usd(self) -> int:
        """What is left before this job; below 0 where more is spent and held than the limit."""
        return self.limit_micro_usd - self.spent_micro_usd - self.held_micro_usd

    @property
    def left_micro_usd(self) -> int:
        """What is left after this job at its worst case."""
        return self.available_micro_usd - self.this_job_micro_usd

    @property
    def is_within(self) -> bool:
        """Whether the limit covers all of it, to half a cent."""
        return self.limit_micro_usd - self.left_micro_usd <= ceiling_micro_usd(self.limit_micro_usd)

    def to_json(self) -> dict[str, Any]:
        """Return the line as the interface spells it."""
        window, waiver = self.window, self.window.waiver
        return {
            "name": window.budget,
            "limit_micro_usd": self.limit_micro_usd,
            "spent_micro_usd": self.spent_micro_usd,
            "held_micro_usd": self.held_micro_usd,
            "this_job_micro_usd": self.this_job_micro_usd,
            "left_micro_usd": self.left_micro_usd,
            "available_micro_usd": self.available_micro_usd,
            "overrun_micro_usd": self.balance.overrun_micro_usd,
            "parts": {
                "settled_micro_usd": self.balance.posted_micro_usd,
                "outside_spent_micro_usd": self.off_ledger.spent_micro_usd,
                "submissions_held_micro_usd": self.balance.held_micro_usd,
                "outside_held_micro_usd": self.off_ledger.held_micro_usd,
                "scheduled_micro_usd": self.off_ledger.scheduled_micro_usd,
            },
            "period": self.period,
            "timezone": self.zone,
            "start": json_moment(window.start),
            "end": json_moment(window.end),
            "scope": self.scope,
            "waiver": waiver
            and {"reason": waiver.reason, "author": waiver.author, "expires": json_moment(waiver.expires)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """May this job run.

    Args:
        verdict: the answer.
        terms: the job.
        worst_case_micro_usd: the most it can cost; ``None`` where that is not known.
        lines: the budgets it falls under, in the policy's order.
        reasons: why not, and what to know although it may.
        caps: on what runs at once; the ledger decides for good.
        approve_above_micro_usd: what may cost more needs a person's approval; the ledger decides.
        approval_digest: what an approval of this job is looked for by; empty where none can be needed.
        history_seen_at: when jobs outside the ledger were last seen, UTC; ``None`` where there are none.
    """

    verdict: Verdict
    terms: JobTerms
    worst_case_micro_usd: int | None
    lines: tuple[BudgetLine, ...]
    reasons: tuple[DecisionReason, ...]
    caps: RunningCaps = field(default_factory=RunningCaps)
    approve_above_micro_usd: int | None = None
    approval_digest: str = ""
    history_seen_at: datetime | None = None

    @property
    def windows(self) -> tuple[BudgetWindow, ...]:
        """What to reserve against: every budget's period, with what is outside the ledger taken off."""
        return tuple(line.window for line in self.lines)

    @property
    def balances(self) -> tuple[Balance, ...]:
        """What the periods stood at."""
        return tuple(line.balance for line in self.lines)

    @property
    def exit_code(self) -> int:
        """0 or 3, as the contract says."""
        return 0 if self.verdict is Verdict.ALLOWED else BudgetError.exit_code

    @property
    def against(self) -> Iterator[DecisionReason]:
        """The reasons that keep it from running."""
        return (reason for reason in self.reasons if reason.effect is not Effect.WARN)

    @property
    def warnings(self) -> Iterator[DecisionReason]:
        """The reasons that do not."""
        return (reason for reason in self.reasons if reason.effect is Effect.WARN)

    def to_json(self) -> dict[str, Any]:
        """Return the decision as the interface spells it."""
        terms, price, seen = self.terms, self.terms.price, self.history_seen_at
        return {
            "decision": self.verdict.value,
            "worst_case_micro_usd": self.worst_case_micro_usd,
            "budgets": [line.to_json() for line in self.lines],
            "reasons": [reason.to_json() for reason in self.against],
            "warnings": [reason.to_json() for reason in self.warnings],
            "history_seen_at": json_moment(seen),
            "job": {
                "namespace": terms.namespace or None,
                "owner": terms.owner or None,
                "labels": dict(terms.labels),
                "flavor": terms.flavor,
                "timeout_secs": terms.timeout_secs,
                "attempts": terms.attempts,
                "has_ports": terms.has_ports,
                "agent": terms.caller.agent or None,
                "session": terms.caller.session or None,
                "price_micro_usd_per_minute": price and price.micro_usd_per_minute,
                "price_source": price and price.source,
                "price_checked": price and json_moment(price.checked),
            },
        }


def verdict_of(reasons: Sequence[DecisionReason]) -> Verdict:
    """Return what reasons make of a job together: a limit that is exceeded weighs more than what is not known."""
    effects = {reason.effect for reason in reasons}
    if Effect.REFUSE in effects:
        return Verdict.REFUSED
    return Verdict.BLOCKED if Effect.BLOCK in effects else Verdict.ALLOWED
