"""A schedule that the ledger lets go of between the look at a budget and the reservation still counts. In cents."""

import pytest

from hfplanner.budget.ledger.changes import Refused, Reserved
from hfplanner.budget.ledger.ledger import Ledger
from tests.budget.books import CENT, launch, reservation, reserve, settled, window


@pytest.mark.parametrize("cap", [400, 401])
def test_what_was_let_go_since_the_look_counts(ledger: Ledger, cap: int) -> None:
    """600 of 1,000 were held for it when somebody looked; it was settled at nothing, and its runs cost 600 still."""
    launch(ledger, "schedule", 600)
    seen = window(held_schedules=(("schedule", 600 * CENT),))
    assert ledger.settle("schedule", settled(0))
    found = ledger.reserve(reservation("next", cap, seen))
    assert isinstance(found, Reserved if cap == 400 else Refused)
    (stands,) = ledger.balances([seen])
    assert (stands.left_micro_usd, stands.held_micro_usd) == ((0, 400 * CENT) if cap == 400 else (400 * CENT, 0))
    assert ledger.verify() == ()


def test_what_is_held_is_not_counted_twice(ledger: Ledger) -> None:
    """The ledger holds it still: all that is left may be reserved."""
    launch(ledger, "schedule", 600)
    seen = window(held_schedules=(("schedule", 600 * CENT),))
    assert isinstance(ledger.reserve(reservation("next", 400, seen)), Reserved)
    assert isinstance(ledger.reserve(reservation("more", 1, seen)), Refused)
    assert ledger.verify() == ()


def test_one_that_was_never_made_counts_no_more(ledger: Ledger) -> None:
    """The Hub rejected it meanwhile: nothing of it runs."""
    reserve(ledger, "schedule", 600)
    seen = window(held_schedules=(("schedule", 600 * CENT),))
    assert ledger.void("schedule", from_state=ledger.get("schedule").state, reason="No.", at=settled(0).at)  # type: ignore[union-attr] # it was reserved
    assert isinstance(ledger.reserve(reservation("next", 1000, seen)), Reserved)
