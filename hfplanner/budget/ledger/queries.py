"""What the ledger answers: submissions and entries, read in pages so that a long list keeps no writer waiting."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any

from hfplanner.budget.ledger.dialect import Database, Transaction, Value
from hfplanner.budget.ledger.records import Entry, EntryKind, State, Submission
from hfplanner.budget.ledger.rows import SUBMISSION_COLUMNS, moment, read_submission
from hfplanner.errors import LedgerError

__all__ = ["answer", "by_job", "by_jobs", "by_key", "by_sid", "entries", "existing", "ledger_id", "submissions"]

_PAGE = 500
_LATEST_US = 2**62
_SELECT = f"SELECT {SUBMISSION_COLUMNS} FROM submissions"  # noqa: S608 - our own columns
_ENTRIES = """
    SELECT e.seq, e.sid, e.budget, e.start_us, e.kind, e.held_micro_usd, e.posted_micro_usd, c.at_us, c.reason, c.who
    FROM entries e JOIN changes c ON c.token = e.token
"""


def ledger_id(tx: Transaction) -> str:
    """Return the random id of these books."""
    row = tx.row("SELECT value FROM meta WHERE name = 'ledger_id'")
    if row is None:
        raise LedgerError("The ledger has lost its id: it is damaged.")
    return str(row[0])


def by_sid(tx: Transaction, sid: str) -> Submission | None:
    """Return the submission of an id."""
    return _one(tx, f"{_SELECT} WHERE sid = ?", sid)


def by_key(tx: Transaction, key: str) -> Submission | None:
    """Return the submission that a key belongs to now."""
    return _one(tx, f"{_SELECT} WHERE active_key = ?", key)


def by_job(tx: Transaction, job_id: str) -> Submission | None:
    """Return the submission of a job."""
    return _one(tx, f"{_SELECT} WHERE job_id = ?", job_id)


def by_jobs(tx: Transaction, job_ids: Sequence[str]) -> list[Submission]:
    """Return the submissions of jobs, of those that have one."""
    found: list[Submission] = []
    for start in range(0, len(job_ids), _PAGE):
        part = job_ids[start : start + _PAGE]
        places = ", ".join("?" * len(part))
        found += _read(tx, tx.rows(f"{_SELECT} WHERE job_id IN ({places})", *part))
    return found


def existing(tx: Transaction, sid: str) -> Submission:
    """Return the submission of an id that is there.

    Raises:
        LedgerError: it is not.
    """
    found = by_sid(tx, sid)
    if found is None:
        raise LedgerError(f"The ledger has lost submission {sid}.")
    return found


def answer(tx: Transaction, sid: str) -> str:
    """Return what is kept of the answer to a submission."""
    row = tx.row("SELECT answer FROM submissions WHERE sid = ?", sid)
    return "" if row is None else str(row[0])


def _one(tx: Transaction, sql: str, value: Value) -> Submission | None:
    found = _read(tx, tx.rows(sql, value))
    return found[0] if found else None


def _read(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> list[Submission]:
    """Return the submissions of rows, with the budgets they count against."""
    if not rows:
        return []
    places = ", ".join("?" * len(rows))
    sql = f"SELECT sid, budget, start_us FROM charges WHERE budget <> '' AND sid IN ({places})"  # noqa: S608 - placeholders
    budgets = defaultdict(list)
    for sid, budget, start_us in sorted(tx.rows(sql, *(row[0] for row in rows))):
        budgets[sid].append((budget, moment(start_us)))
    return [read_submission(row, budgets[row[0]]) for row in rows]


def submissions(database: Database, states: Collection[State] | None, limit: int | None) -> Iterator[Submission]:
    """Return submissions, the newest first."""
    page = _PAGE if limit is None else min(limit, _PAGE)
    if page < 1:
        return iter(())
    if states is None:
        streams = [_pages(database, f"{_SELECT} WHERE", (), page)]
    else:
        streams = [
            _pages(database, f"{_SELECT} WHERE state = ? AND", (state,), page) for state in State if state in states
        ]
    newest_first = merge(*streams, key=lambda found: (found.created_at, found.sid), reverse=True)
    return islice(newest_first, limit)


def _pages(database: Database, select: str, values: tuple[str, ...], page: int) -> Iterator[Submission]:
    sql = f"{select} (created_us, sid) < (?, ?) ORDER BY created_us DESC, sid DESC LIMIT ?"
    after: tuple[int, str] = (_LATEST_US, "")

    def read(tx: Transaction) -> tuple[list[tuple[Any, ...]], list[Submission]]:
        rows = tx.rows(sql, *values, *after, page)
        return rows, _read(tx, rows)

    while True:
        rows, found = database.read(read)
        yield from found
        if len(rows) < page:
            return
        after = (rows[-1][4], rows[-1][0])


def entries(database: Database, sid: str | None) -> Iterator[Entry]:
    """Return entries in the order they were made."""
    where = "WHERE e.seq > ?" if sid is None else "WHERE e.seq > ? AND e.sid = ?"
    sql = f"{_ENTRIES} {where} ORDER BY e.seq LIMIT {_PAGE}"
    after = 0
    while True:
        values: tuple[Value, ...] = (after,) if sid is None else (after, sid)
        rows = database.read(lambda tx, values=values: tx.rows(sql, *values))  # type: ignore[misc]
        yield from (_entry(row) for row in rows)
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, sid, budget, start_us, kind, held, posted, at_us, reason, who = row
    return Entry(
        seq=seq,
        sid=sid,
        budget=budget,
        window_start=moment(start_us),
        kind=EntryKind(kind),
        held_micro_usd=held,
        posted_micro_usd=posted,
        at=moment(at_us),
        reason=reason,
        who=who,
    )
