"""The counters of budgets' windows: the conditional UPDATE that decides, and the one that follows evidence.

``overrun`` is max(0, posted + held - limit), always. What decides never raises it, so that the table's CHECK (posted +
held <= limit + overrun) refuses a decision that should not have been made; what evidence says may.
"""

from collections.abc import Sequence

from hfplanner.budget.ledger.dialect import Transaction
from hfplanner.budget.ledger.records import Balance, BudgetWindow
from hfplanner.budget.ledger.rows import to_us
from hfplanner.errors import LedgerError

__all__ = ["allow", "balance", "follow", "hold", "hold_waived", "in_lock_order", "open_window"]

_STANDS = "SELECT posted_micro_usd, held_micro_usd FROM windows WHERE budget = ? AND start_us = ?"
_OPEN = """
    INSERT INTO windows
    (budget, start_us, end_us, limit_micro_usd, posted_micro_usd, held_micro_usd, overrun_micro_usd)
    VALUES (?, ?, ?, ?, 0, 0, 0) ON CONFLICT (budget, start_us) DO NOTHING
"""
# I1: the row changes only where everything fits, and the limit is the policy's of this moment.
_HOLD = """
    UPDATE windows
    SET held_micro_usd = held_micro_usd + ?, limit_micro_usd = ?, end_us = ?, overrun_micro_usd = 0
    WHERE budget = ? AND start_us = ? AND posted_micro_usd + held_micro_usd + ? + ? <= ?
"""
_FOLLOW = """
    UPDATE windows
    SET held_micro_usd = held_micro_usd + ?, posted_micro_usd = posted_micro_usd + ?,
        overrun_micro_usd = CASE WHEN posted_micro_usd + held_micro_usd + ? > limit_micro_usd
            THEN posted_micro_usd + held_micro_usd + ? - limit_micro_usd ELSE 0 END
    WHERE budget = ? AND start_us = ?
"""
_LIMIT = """
    UPDATE windows
    SET limit_micro_usd = ?, end_us = ?,
        overrun_micro_usd = CASE WHEN posted_micro_usd + held_micro_usd > ?
            THEN posted_micro_usd + held_micro_usd - ? ELSE 0 END
    WHERE budget = ? AND start_us = ?
"""


def in_lock_order(windows: Sequence[BudgetWindow]) -> list[BudgetWindow]:
    """Return windows in the one order in which all transactions lock them, so that none waits for another in a circle.

    Raises:
        ValueError: one is named twice, or has no name.
    """
    ordered = sorted(windows, key=lambda window: (window.budget, to_us(window.start)))
    names = [(window.budget, window.start) for window in ordered]
    if len(set(names)) < len(names) or any(not window.budget for window in ordered):
        raise ValueError("a window that is named twice, or has no name")
    return ordered


def open_window(tx: Transaction, window: BudgetWindow) -> None:
    """Make the window's row where it has none."""
    end = None if window.end is None else to_us(window.end)
    tx.change(_OPEN, window.budget, to_us(window.start), end, window.limit_micro_usd)


def balance(tx: Transaction, window: BudgetWindow, *, locked: bool = False, without: int = 0) -> Balance:
    """Return what a window stands at, under the limit that it is given with; zeros where it has no row.

    Args:
        tx: the transaction.
        window: which one.
        locked: whether nobody else may change it until the transaction ends.
        without: what this transaction holds of it, and will not have held [micro-USD].
    """
    sql = f"{_STANDS} FOR UPDATE" if locked else _STANDS
    posted, held = tx.row(sql, window.budget, to_us(window.start)) or (0, 0)
    overrun = max(0, posted + held - without - window.limit_micro_usd)
    return Balance(window=window, posted_micro_usd=posted, held_micro_usd=held - without, overrun_micro_usd=overrun)


def hold(tx: Transaction, window: BudgetWindow, micro_usd: int) -> bool:
    """Hold money of a window if that much is left; whether it was."""
    end = None if window.end is None else to_us(window.end)
    key = (window.budget, to_us(window.start))
    limit = window.limit_micro_usd
    return tx.change(_HOLD, micro_usd, limit, end, *key, window.other_micro_usd, micro_usd, limit) == 1


def hold_waived(tx: Transaction, window: BudgetWindow, micro_usd: int) -> None:
    """Hold money of a window whatever is left."""
    allow(tx, window)
    follow(tx, (window.budget, to_us(window.start)), held=micro_usd)


def allow(tx: Transaction, window: BudgetWindow) -> None:
    """Give a window the limit that the policy says now; what it stands at beyond that is its overrun."""
    end = None if window.end is None else to_us(window.end)
    limit = window.limit_micro_usd
    tx.change(_LIMIT, limit, end, limit, limit, window.budget, to_us(window.start))


def follow(tx: Transaction, key: tuple[str, int], *, held: int = 0, posted: int = 0) -> None:
    """Change a window's counters as evidence says, beyond its limit where it must be.

    Raises:
        LedgerError: the window has no row.
    """
    more = held + posted
    if tx.change(_FOLLOW, held, posted, more, more, *key) != 1:
        raise LedgerError(
            f"The ledger has lost the counters of budget {key[0]!r}.", hint="Run: hfplanner ledger verify"
        )
