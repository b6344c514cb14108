"""A person's word for a job of an agent: asked for, given, and used up by one submission.

An approval is bound to its job by a digest of everything that decides what runs and what it costs. It is used in the
transaction that reserves, and the table's key refuses a second use. What was used stays used, also where the job was
then never sent: whoever wants it again asks again.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.budget.ledger.approval import Approval, ApprovalRequest
from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.rows import moment, to_us
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import BudgetBlocked, BudgetRefused, quoted
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from hfplanner.budget.ledger.changes import Reservation

__all__ = [
    "approval_digest",
    "approve",
    "find_approval",
    "open_approvals",
    "plan_digest",
    "request_approval",
    "use_approval",
]

_READ = """
    SELECT a.code, a.digest, a.agent, a.worst_case_micro_usd, a.shown, a.created_us, a.expires_us,
        y.who, y.at_us, u.sid
    FROM approvals a
    LEFT JOIN approval_steps y ON y.code = a.code AND y.step = 'APPROVED'
    LEFT JOIN approval_steps u ON u.code = a.code AND u.step = 'USED'
"""
_BY_CODE = f"{_READ} WHERE a.code = ?"
_OPEN = f"{_READ} WHERE a.expires_us > ? AND u.sid IS NULL ORDER BY a.created_us, a.code"
_OF_JOB = f"""
    {_READ} WHERE a.digest = ? AND a.worst_case_micro_usd >= ? AND a.expires_us > ? AND u.sid IS NULL
    ORDER BY y.at_us IS NULL, a.created_us, a.code
"""
_ASK = """
    INSERT INTO approvals (code, digest, agent, worst_case_micro_usd, shown, created_us, expires_us)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_STEP = """
    INSERT INTO approval_steps (code, step, at_us, who, sid) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
"""


def approval_digest(spec_hash: str, terms: JobTerms) -> str:
    """Return what stands for a job in an approval: everything that is sent, at which price, for which agent.

    Args:
        spec_hash: of the job's specification, with who pays, flavor, timeout and attempts, and of a schedule with when
            it runs; values of secrets are not in it.
        terms: what decides its money.
    """
    said = [spec_hash, terms.caller.agent, terms.price and terms.price.micro_usd_per_minute]
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()[:32]


def plan_digest(digests: Sequence[str]) -> str:
    """Return what stands for jobs that are approved together, in any order; for one alone its own digest."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(json.dumps(sorted(digests)).encode()).hexdigest()[:32]


def find_approval(tx: Transaction, digest: str, cost: int, now_us: int) -> Approval | None:
    """Return the approval of a job that can still be given or used, one that is given first; ``None`` for none.

    Args:
        tx: the transaction.
        digest: of the job.
        cost: what it may cost [micro-USD]: an approval for less is none. The runs of a schedule cost less every day.
        now_us: the time.
    """
    row = tx.row(_OF_JOB, digest, cost, now_us)
    return None if row is None else _approval(row)


def open_approvals(tx: Transaction, now_us: int) -> tuple[Approval, ...]:
    """Return all that can still be given or used, the oldest first."""
    return tuple(_approval(row) for row in tx.rows(_OPEN, now_us))


def request_approval(tx: Transaction, wanted: ApprovalRequest) -> Approval:
    """Ask for an approval; the one that waits for the same job is asked for again."""
    # Two who ask at the same time get one code.
    tx.take_turn()
    known = find_approval(tx, wanted.digest, wanted.worst_case_micro_usd, to_us(wanted.created_at))
    if known is not None:
        return known
    when = (to_us(wanted.created_at), to_us(wanted.expires_at))
    tx.change(_ASK, wanted.code, wanted.digest, wanted.agent, wanted.worst_case_micro_usd, wanted.shown, *when)
    return Approval(request=wanted)


def approve(tx: Transaction, code: str, who: str, at_us: int) -> Approval:
    """Give an approval; one that is given already stays as it was.

    Raises:
        BudgetRefused: there is none of this code, or it has expired.
    """
    known = by_code(tx, code)
    if known is None:
        raise BudgetRefused(
            f"There is no approval {quoted(code)} in this ledger.", hint="`hfplanner approve` lists what is asked for."
        )
    if known.approved_by is None and at_us >= to_us(known.request.expires_at):
        raise BudgetRefused(
            f"The approval {code} expired at {known.request.expires_at:%Y-%m-%d %H:%M} UTC.",
            hint="Whoever wants the job asks for it again.",
        )
    tx.change(_STEP, code, "APPROVED", at_us, who, None)
    return by_code(tx, code) or known


def by_code(tx: Transaction, code: str) -> Approval | None:
    """Return an approval, whatever became of it."""
    row = tx.row(_BY_CODE, code)
    return None if row is None else _approval(row)


def use_approval(tx: Transaction, plan: "Sequence[tuple[Reservation, int]]") -> str | None:
    """Use up the approval that reservations of one plan need together, and return its code; ``None`` for none needed.

    Args:
        tx: the transaction, which has taken its turn.
        plan: what is reserved in it, with what each may cost [micro-USD].

    Raises:
        BudgetBlocked: nobody has approved it, or what was approved is used up or has expired.
    """
    limits = [one.approve_above_micro_usd for one, _ in plan if one.approve_above_micro_usd is not None]
    cost = sum(cap for _, cap in plan)
    if not limits or cost <= min(limits):
        return None
    first = plan[0][0]
    now_us = to_us(first.created_at)
    digest = plan_digest([approval_digest(one.spec_hash, one.terms) for one, _ in plan])
    for row in tx.rows(_OF_JOB, digest, cost, now_us):
        found = _approval(row)
        if found.approved_by is not None and tx.change(_STEP, found.request.code, "USED", now_us, "", first.sid) == 1:
            return found.request.code
    raise BudgetBlocked(
        f"It may cost {format_usd(cost)}, and above {format_usd(min(limits))} agent {quoted(first.terms.caller.agent)}"
        " needs a person's approval: none that can be used is in the ledger.",
        hint="Run it again for a code, which a person confirms with `hfplanner approve CODE`.",
    )


def _approval(row: Sequence[Any]) -> Approval:
    code, digest, agent, cost, shown, created, expires, who, at, sid = row
    request = ApprovalRequest(
        code=code,
        digest=digest,
        agent=agent,
        worst_case_micro_usd=cost,
        shown=shown,
        created_at=moment(created),
        expires_at=moment(expires),
    )
    return Approval(request=request, approved_by=who, approved_at=None if at is None else moment(at), used_by=sid)
