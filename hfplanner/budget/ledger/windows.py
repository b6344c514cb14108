"""The counters of budgets' windows: the conditional UPDATE that decides, and the one that follows evidence.

A window is a stretch of time and a scope. Its counters are the sums of all submissions that count at a time within it
and whose terms its scope covers, in whatever budget each was decided: a budget that is renamed, or whose period, time
zone or scope changes, is a new window over the same submissions. Counters are made once, when a reservation first names
a window (:func:`open_window`); from then on everything that changes the money of a submission changes the counters of
all open windows that cover it (:func:`covering_windows`). So a decision reads one row for each budget, however long the
past.

``overrun`` is posted + held - limit where that is more than the limit's half a cent, and otherwise 0. What decides
never raises it, so that the table's CHECK refuses a decision that should not have been made; what evidence says may.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hfplanner.budget.ledger.dialect import Transaction, storable
from hfplanner.budget.ledger.limits import Balance, BudgetWindow
from hfplanner.budget.ledger.rows import read_scope, read_terms, scope_key, scope_text, to_us
from hfplanner.budget.scope import Scope, covers
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import LedgerError
from hfplanner.units import LIMIT_TOLERANCE_MICRO_USD, ceiling_micro_usd

__all__ = [
    "CEILING_SQL",
    "THIS_WINDOW",
    "Key",
    "Sums",
    "add_to_counters",
    "balance",
    "covering_windows",
    "hold_despite_limit",
    "hold_if_left",
    "in_lock_order",
    "is_slow",
    "key_of",
    "lock_counters",
    "open_window",
    "set_limit",
    "sum_submissions",
]

Key = tuple[str, int, int, str]
"""The budget's name, the first microsecond, the first one after it, and the hash of the scope."""

_NEVER_US = 2**62
CEILING_SQL = f"limit_micro_usd + CASE WHEN limit_micro_usd > 0 THEN {LIMIT_TOLERANCE_MICRO_USD} ELSE 0 END"
"""What :func:`~hfplanner.units.ceiling_micro_usd` is of a row's limit."""
THIS_WINDOW = "budget = ? AND start_us = ? AND end_us = ? AND scope_key = ?"
_STANDS = f"SELECT posted_micro_usd, held_micro_usd FROM counters WHERE {THIS_WINDOW}"  # noqa: S608 - the text above
_COVERING = "SELECT budget, start_us, end_us, scope_key, scope FROM counters WHERE end_us > ? AND start_us <= ?"
_COUNTED = """
    SELECT terms, CAST(SUM(COALESCE(posted_micro_usd, 0)) AS BIGINT),
        CAST(SUM(CASE WHEN state = 'SETTLED' THEN 0 ELSE cap_micro_usd END) AS BIGINT)
    FROM submissions WHERE counts_us >= ? AND counts_us < ? AND state <> 'VOID' GROUP BY terms
"""
_MOST_ADDED_UP = 1000
_SOME = f"SELECT 1 FROM submissions WHERE counts_us >= ? AND counts_us < ? LIMIT {_MOST_ADDED_UP + 1}"  # noqa: S608
_OPEN = """
    INSERT INTO counters
    (budget, start_us, end_us, scope_key, scope, limit_micro_usd, posted_micro_usd, held_micro_usd, overrun_micro_usd)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# I1: the row changes only where everything fits, and the limit is the policy's of this moment.
_HOLD = f"""
    UPDATE counters
    SET held_micro_usd = held_micro_usd + ?, limit_micro_usd = ?, overrun_micro_usd = 0
    WHERE {THIS_WINDOW} AND posted_micro_usd + held_micro_usd + ? + ? <= ?
"""  # noqa: S608 - as above
_FOLLOW = f"""
    UPDATE counters
    SET held_micro_usd = held_micro_usd + ?, posted_micro_usd = posted_micro_usd + ?,
        overrun_micro_usd = CASE WHEN posted_micro_usd + held_micro_usd + ? > {CEILING_SQL}
            THEN posted_micro_usd + held_micro_usd + ? - limit_micro_usd ELSE 0 END
    WHERE {THIS_WINDOW}
"""  # noqa: S608 - as above
_LIMIT = f"""
    UPDATE counters
    SET limit_micro_usd = ?,
        overrun_micro_usd = CASE WHEN posted_micro_usd + held_micro_usd > ?
            THEN posted_micro_usd + held_micro_usd - ? ELSE 0 END
    WHERE {THIS_WINDOW}
"""  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of the submissions of a window."""

    posted_micro_usd: int
    held_micro_usd: int


def key_of(window: BudgetWindow) -> Key:
    """Return what tells a window from all others."""
    end = _NEVER_US if window.end is None else to_us(window.end)
    return storable(window.budget), to_us(window.start), end, scope_key(window.scope)


def in_lock_order(windows: Sequence[BudgetWindow]) -> list[BudgetWindow]:
    """Return windows in the one order in which all transactions lock them, so that none waits for another in a circle.

    Raises:
        ValueError: one is named twice, or has no name.
    """
    ordered = sorted(windows, key=key_of)
    names = [(window.budget, window.start) for window in ordered]
    if len(set(names)) < len(names) or any(not window.budget for window in ordered):
        raise ValueError("a window that is named twice, or has no name")
    return ordered


def sum_submissions(tx: Transaction, key: Key, scope: Scope) -> Sums:
    """Return the sums of all submissions of a window, read one by one.

    Raises:
        LedgerError: the terms of one are damaged.
    """
    _, start, end, _ = key
    rows = [row[1:] for row in tx.rows(_COUNTED, start, end) if covers(scope, _terms(row[0]))]
    return Sums(*(sum(column) for column in zip(*rows, strict=True))) if rows else Sums(0, 0)


def _terms(text: str) -> JobTerms:
    try:
        return read_terms(text, with_price=False)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        hint = "`hfplanner ledger verify` names it."
        raise LedgerError(
            "A submission of the ledger is damaged, so its money cannot be counted.", hint=hint
        ) from error


def is_slow(tx: Transaction, window: BudgetWindow) -> bool:
    """Return whether a window has no counters, and so many submissions that it is worth making them to read it."""
    key = key_of(window)
    return tx.row(_STANDS, *key) is None and len(tx.rows(_SOME, *key[1:3])) > _MOST_ADDED_UP


def open_window(tx: Transaction, window: BudgetWindow) -> None:
    """Make the counters of a window that has none, from everything that counts in it.

    The transaction must be alone: whatever changes the money of a submission meanwhile would not know of the counters.
    """
    key = key_of(window)
    if tx.row(_STANDS, *key) is not None:
        return
    found, limit = sum_submissions(tx, key, window.scope), window.limit_micro_usd
    amounts = (found.posted_micro_usd, found.held_micro_usd)
    tx.change(_OPEN, *key, scope_text(window.scope), limit, *amounts, _overrun(sum(amounts), limit))


def _overrun(amount: int, limit: int) -> int:
    return amount - limit if amount > ceiling_micro_usd(limit) else 0


def covering_windows(tx: Transaction, terms: str, counts_us: int) -> list[Key]:
    """Return the windows with counters that a submission counts in, in lock order.

    Raises:
        LedgerError: the submission's terms are damaged.
    """
    rows = tx.rows(_COVERING, counts_us, counts_us)
    job = _terms(terms) if rows else None
    return sorted(
        (budget, start, end, key) for budget, start, end, key, scope in rows if job and covers(read_scope(scope), job)
    )


def balance(tx: Transaction, window: BudgetWindow, *, without: int = 0) -> Balance:
    """Return what a window stands at, under the limit that it is given with.

    Args:
        tx: the transaction.
        window: which one; where it has no counters, its submissions are added up.
        without: what this transaction holds of it, and will not have held [micro-USD].
    """
    key, window = key_of(window), _with_let_go(tx, window)
    stands = tx.row(_STANDS, *key)
    if stands is None:
        found = sum_submissions(tx, key, window.scope)
        stands = (found.posted_micro_usd, found.held_micro_usd)
    posted, held = stands[0], stands[1] - without
    overrun = _overrun(posted + held, window.limit_micro_usd)
    return Balance(window=window, posted_micro_usd=posted, held_micro_usd=held, overrun_micro_usd=overrun)


def lock_counters(tx: Transaction, key: Key) -> None:
    """Let nobody else change the counters of a window until the transaction ends."""
    tx.row(f"{_STANDS} FOR UPDATE", *key)


def hold_if_left(tx: Transaction, window: BudgetWindow, micro_usd: int) -> bool:
    """Hold an amount in a window where that much is left, and return whether it was held.

    What it was held beside is looked at once the counters are locked: who lets go of a schedule changes them, too.
    """
    if not _hold(tx, window, micro_usd):
        return False
    now = _with_let_go(tx, window)
    if now is window or _hold(tx, now, 0):
        return True
    add_to_counters(tx, key_of(window), held=-micro_usd)
    return False


def _hold(tx: Transaction, window: BudgetWindow, micro_usd: int) -> bool:
    limit = window.limit_micro_usd
    amounts = (window.other_micro_usd, micro_usd, ceiling_micro_usd(limit))
    return tx.change(_HOLD, micro_usd, limit, *key_of(window), *amounts) == 1


def _with_let_go(tx: Transaction, window: BudgetWindow) -> BudgetWindow:
    """Return a window with the schedules that the ledger let go of since the window was added up."""
    costs = dict(window.held_schedules)
    if not costs:
        return window
    places = ", ".join("?" * len(costs))
    gone = tx.rows(
        f"SELECT sid FROM submissions WHERE sid IN ({places}) AND state = 'SETTLED'",  # noqa: S608
        *costs,
    )
    if not gone:
        return window
    more = sum(costs[sid] for (sid,) in gone)
    return replace(window, other_micro_usd=window.other_micro_usd + more, held_schedules=())


def hold_despite_limit(tx: Transaction, window: BudgetWindow, micro_usd: int) -> None:
    """Hold an amount in a window, whatever is left of its limit."""
    set_limit(tx, window)
    add_to_counters(tx, key_of(window), held=micro_usd)


def set_limit(tx: Transaction, window: BudgetWindow) -> None:
    """Give a window the limit that the policy says now; what it stands at beyond that is its overrun."""
    limit = window.limit_micro_usd
    tx.change(_LIMIT, limit, ceiling_micro_usd(limit), limit, *key_of(window))


def add_to_counters(tx: Transaction, key: Key, *, held: int = 0, posted: int = 0) -> None:
    """Change a window's counters as evidence says, beyond its limit where it must be.

    Raises:
        LedgerError: the window has no row.
    """
    more = held + posted
    if tx.change(_FOLLOW, held, posted, more, more, *key) != 1:
        raise LedgerError(
            f"The ledger has lost the counters of budget {key[0]!r}.", hint="Run: hfplanner ledger verify"
        )
