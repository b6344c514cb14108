"""A key that was used before: what became of its job, without a new plan that would count the job twice."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hfplanner.budget.ledger.records import State, Submission
from hfplanner.budget.ledger.reserving import key_conflict
from hfplanner.budget.terms import JobTerms
from hfplanner.submit.identity import spec_hash
from hfplanner.units import format_usd

__all__ = ["sent_before", "sent_before_words"]

# What may still be sent under its key: nothing was, or certainly nothing came of it.
_NOT_SENT = frozenset({State.RESERVED, State.VOID})


class _Keys(Protocol):
    """What is asked of a ledger."""

    def by_key(self, key: str) -> Submission | None:
        """Return the submission that a key belongs to."""


def sent_before(ledger: _Keys, key: str | None, spec_of: Callable[[JobTerms], Mapping[str, Any]]) -> Submission | None:
    """Return the submission that a key was sent for; ``None`` where there is none, or it was not sent.

    Args:
        ledger: the books.
        key: the user's own; ``None`` for none.
        spec_of: returns the job that is asked for now, with what was left to the plan as the terms have it. Prices and
            recommendations change, and a retry is still a retry.

    Raises:
        KeyConflict: it was sent for another job.
    """
    known = None if key is None else ledger.by_key(key)
    if known is None or known.state in _NOT_SENT:
        return None
    if spec_hash(known.terms.namespace, spec_of(known.terms)) != known.spec_hash:
        raise key_conflict(key or "", known.sid)
    return known


def sent_before_words(sent: Submission, key: str) -> str:
    """Return when a key's job was sent and what it costs, a sentence."""
    if sent.posted_micro_usd is None:
        cost = f"it may cost {format_usd(sent.cap_micro_usd)} at most, which stay held"
    else:
        cost = f"it cost {format_usd(sent.posted_micro_usd)}"
    job = f"job {sent.job_id}" if sent.job_id else f"submission {sent.sid}, which is {sent.state}"
    return f"Key {key!r} was sent on {sent.created_at:%Y-%m-%d %H:%M} UTC as {job}: {cost}. Nothing is sent again."
