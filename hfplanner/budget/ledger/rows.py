"""Records to rows and back: times as microseconds since 1970, what is never searched for as JSON."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from hfplanner.budget.caller import PERSON, Caller
from hfplanner.budget.ledger.records import Sender, State, Submission
from hfplanner.budget.scope import Scope
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.errors import LedgerError
from hfplanner.times import json_moment, read_json_moment

__all__ = [
    "SUBMISSION_COLUMNS",
    "moment",
    "notes_text",
    "read_scope",
    "read_submission",
    "read_terms",
    "scope_key",
    "scope_text",
    "sender_text",
    "terms_text",
    "to_us",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

SUBMISSION_COLUMNS = (
    "sid, user_key, spec_hash, terms, created_us, expires_us, notes, state, cap_micro_usd, posted_micro_usd, presumed, "
    "job_id, sender, reason, changed_us, counts_us"
)


def to_us(at: datetime) -> int:
    """Return microseconds since 1970.

    Raises:
        TypeError: the time has no zone.

    >>> to_us(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (at - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """Return the time of microseconds since 1970, UTC.

    >>> moment(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return _EPOCH + timedelta(microseconds=microseconds)


def terms_text(terms: JobTerms) -> str:
    """Return terms as JSON."""
    price = terms.price
    plain = {
        **{name: getattr(terms, name) for name in ("namespace", "owner", "flavor", "timeout_secs", "attempts")},
        "has_ports": terms.has_ports,
        "labels": dict(terms.labels),
        **({"also": sorted(terms.also)} if terms.also else {}),
        **({"caller": [terms.caller.agent, terms.caller.session]} if terms.caller.is_agent else {}),
        "price": None
        if price is None
        else {
            "micro_usd_per_minute": price.micro_usd_per_minute,
            "source": price.source,
            "checked": json_moment(price.checked),
        },
    }
    return json.dumps(plain, sort_keys=True)


def read_terms(text: str, *, with_price: bool = True) -> JobTerms:
    """Return the terms that :func:`terms_text` wrote; without the price where only whose job it is matters.

    Raises:
        KeyError, TypeError, ValueError: it did not write this.
    """
    plain = json.loads(text)
    price = plain.pop("price")
    if not with_price:
        price = None
    elif price is not None:
        price = UsedPrice(**{**price, "checked": read_json_moment(price["checked"])})
    also = frozenset(plain.pop("also", ()))
    caller = Caller(*plain.pop("caller")) if "caller" in plain else PERSON
    return JobTerms(price=price, also=also, caller=caller, **plain)


def scope_text(scope: Scope) -> str:
    """Return a scope as JSON: the same for all that mean the same jobs.

    >>> scope_text(Scope(namespaces=frozenset({"ACME"}))) == scope_text(Scope(namespaces=frozenset({"acme"})))
    True
    """
    plain = {
        "namespaces": sorted({name.casefold() for name in scope.namespaces}),
        "owners": sorted({name.casefold() for name in scope.owners}),
        "labels": {key: sorted(values) for key, values in scope.labels.items()},
        # Only where they are said: the hash of a scope from before there were any stays what it was.
        **({"agents": sorted(scope.agents)} if scope.agents else {}),
        **({"sessions": sorted(scope.sessions)} if scope.sessions else {}),
    }
    return json.dumps(plain, sort_keys=True)


def scope_key(scope: Scope) -> str:
    """Return the hash that stands for a scope in a key."""
    return hashlib.sha256(scope_text(scope).encode()).hexdigest()[:32]


@lru_cache(maxsize=1024)
def read_scope(text: str) -> Scope:
    """Return the scope that :func:`scope_text` wrote.

    Raises:
        KeyError, TypeError, ValueError: it did not write this.
    """
    plain = json.loads(text)
    return Scope(
        namespaces=frozenset(plain["namespaces"]),
        owners=frozenset(plain["owners"]),
        labels={key: frozenset(values) for key, values in plain["labels"].items()},
        agents=frozenset(plain.get("agents", ())),
        sessions=frozenset(plain.get("sessions", ())),
    )


def notes_text(notes: Any) -> str:  # noqa: ANN401 - any mapping of text
    """Return notes as JSON."""
    return json.dumps(dict(notes), sort_keys=True)


def sender_text(sender: Sender) -> str:
    """Return a sender as JSON."""
    return json.dumps(asdict(sender), sort_keys=True)


def read_submission(row: Sequence[Any], budgets: Sequence[tuple[str, datetime]]) -> Submission:
    """Return the submission of a row of :data:`SUBMISSION_COLUMNS`.

    Raises:
        LedgerError: the row is damaged.
    """
    sid, key, spec_hash, terms, created, expires, notes, state, cap, posted, presumed, *last = row
    job, sender, reason, changed, counts = last
    try:
        return Submission(
            sid=sid,
            key=key,
            spec_hash=spec_hash,
            terms=read_terms(terms),
            created_at=moment(created),
            expires_at=moment(expires),
            notes=json.loads(notes),
            state=State(state),
            cap_micro_usd=cap,
            posted_micro_usd=posted,
            presumed=bool(presumed),
            job_id=job,
            sender=None if sender is None else Sender(**json.loads(sender)),
            reason=reason,
            changed_at=moment(changed),
            budgets=tuple(budgets),
            counts_at=moment(counts),
        )
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise LedgerError(f"Submission {sid} of the ledger is damaged and cannot be read.") from error
