"""What says that a job which waits may be replaced: written before anybody asks the Hub to cancel it."""

import json

from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.postings import StateChange, change_state, lock_submission
from hfplanner.budget.ledger.records import GIVEN_UP, State
from hfplanner.budget.ledger.rows import moment, notes_text
from hfplanner.times import json_moment

__all__ = ["give_up"]

_NOTES = "SELECT notes FROM submissions WHERE sid = ?"
_SET_NOTES = "UPDATE submissions SET notes = ? WHERE sid = ?"


def give_up(tx: Transaction, sid: str, change: StateChange) -> bool:
    """Note that a job whose money is held is given up; whether that is noted now. Again is no harm."""
    before = lock_submission(tx, sid)
    if before is None or before.state not in {State.LAUNCHED, State.ADOPTED}:
        return False
    (row,) = tx.rows(_NOTES, sid)
    notes = json.loads(row[0])
    if GIVEN_UP in notes:
        return True
    tx.change(_SET_NOTES, notes_text({**notes, GIVEN_UP: json_moment(moment(change.at_us))}), sid)
    return change_state(tx, before.state, before, change)
