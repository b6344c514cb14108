"""What raises a hold: the Hub granted more than was asked, so more can be spent than was reserved (I20)."""

from dataclasses import replace

from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.postings import StateChange, change_state, lock_submission, post_raise
from hfplanner.budget.ledger.records import State
from hfplanner.budget.ledger.rows import terms_text
from hfplanner.budget.ledger.windows import add_to_counters, covering_windows
from hfplanner.budget.terms import JobTerms

__all__ = ["raise_hold"]

_TERMS = "UPDATE submissions SET terms = ? WHERE sid = ?"


def raise_hold(tx: Transaction, sid: str, terms: JobTerms, change: StateChange) -> bool:
    """Give a submission the terms that its job really has, and hold what those cost; whether anything changed.

    What it held is never lowered. It counts from now on in every window that covers the new terms, beyond the limits
    where it must: that is their overrun.
    """
    before = lock_submission(tx, sid)
    if before is None or before.state not in {State.LAUNCHED, State.ADOPTED}:
        return False
    text, cap = terms_text(terms), terms.cap_micro_usd
    if cap is None or cap < before.cap_micro_usd or text == before.terms:
        return False
    after = replace(before, cap_micro_usd=cap, terms=text)
    if not change_state(tx, before.state, after, change):
        return False
    tx.change(_TERMS, text, sid)
    post_raise(tx, sid, change, held=cap)
    held = dict.fromkeys(covering_windows(tx, before.terms, before.counts_us), before.cap_micro_usd)
    holds = dict.fromkeys(covering_windows(tx, text, after.counts_us), cap)
    for key in sorted(held.keys() | holds.keys()):
        add_to_counters(tx, key, held=holds.get(key, 0) - held.get(key, 0))
    return True
