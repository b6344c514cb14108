"""Prove the books, or name every row that does not add up; and make charges and counters anew from the rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hfplanner.budget.ledger.dialect import Database, Transaction
from hfplanner.budget.ledger.postings import StateChange, record_change
from hfplanner.budget.ledger.records import Problem
from hfplanner.budget.ledger.rows import moment, read_scope, read_terms, scope_key
from hfplanner.budget.ledger.schema import APPEND_ONLY
from hfplanner.budget.ledger.windows import CEILING_SQL, THIS_WINDOW, Key, Sums, sum_submissions
from hfplanner.errors import LedgerError
from hfplanner.times import json_moment

__all__ = ["repair", "verify"]

_SUMS = """
    SELECT sid, budget, start_us,
        CAST(SUM(held_micro_usd) AS BIGINT) AS held, CAST(SUM(posted_micro_usd) AS BIGINT) AS posted
    FROM entries GROUP BY sid, budget, start_us
"""
# What the entries say and the charges do not.
_CHARGES_OFF = f"""
    SELECT e.sid, e.budget, e.start_us, e.held, e.posted, c.held_micro_usd, c.posted_micro_usd
    FROM ({_SUMS}) e LEFT JOIN charges c ON c.sid = e.sid AND c.budget = e.budget AND c.start_us = e.start_us
    WHERE COALESCE(c.held_micro_usd, 0) <> e.held OR COALESCE(c.posted_micro_usd, 0) <> e.posted
    UNION ALL
    SELECT c.sid, c.budget, c.start_us, 0, 0, c.held_micro_usd, c.posted_micro_usd
    FROM charges c WHERE NOT EXISTS (
        SELECT 1 FROM entries e WHERE e.sid = c.sid AND e.budget = c.budget AND e.start_us = c.start_us)
"""  # noqa: S608 - the statement above
_COUNTERS = """
    SELECT budget, start_us, end_us, scope_key, scope, posted_micro_usd, held_micro_usd FROM counters
    ORDER BY start_us, budget, end_us, scope_key
"""
_OVERRUN = f"CASE WHEN ? > {CEILING_SQL} THEN ? - limit_micro_usd ELSE 0 END"
_MEND = f"""
    UPDATE counters SET held_micro_usd = ?, posted_micro_usd = ?, overrun_micro_usd = {_OVERRUN}
    WHERE {THIS_WINDOW}
        AND (held_micro_usd <> ? OR posted_micro_usd <> ? OR overrun_micro_usd <> {_OVERRUN})
"""  # noqa: S608 - the rule of the counters
_DROP = f"DELETE FROM counters WHERE {THIS_WINDOW}"  # noqa: S608 - as above


@dataclass(frozen=True, slots=True)
class Check:
    """A query that finds nothing in books that are right.

    Args:
        code: of the problem.
        sql: the query.
        sentence: with a row's values by their numbers; ``{window}`` stands for the last two, a budget and a start.
    """

    code: str
    sql: str
    sentence: str


_CHECKS = (
    Check(
        "limit",
        f"""
        SELECT overrun_micro_usd, posted_micro_usd, held_micro_usd, limit_micro_usd, budget, start_us FROM counters
        WHERE overrun_micro_usd <> CASE WHEN posted_micro_usd + held_micro_usd > {CEILING_SQL}
            THEN posted_micro_usd + held_micro_usd - limit_micro_usd ELSE 0 END
        """,  # noqa: S608 - the rule of the counters
        "The overrun of {window} is {0}, with {1} posted and {2} held of a limit of {3} micro-USD.",
    ),
    Check(
        "negative",
        """
        SELECT posted_micro_usd, held_micro_usd, limit_micro_usd, budget, start_us FROM counters
        WHERE posted_micro_usd < 0 OR held_micro_usd < 0 OR limit_micro_usd < 0 OR overrun_micro_usd < 0
        """,
        "A counter of {window} is below 0: {0} posted, {1} held, a limit of {2} micro-USD.",
    ),
    Check(
        "negative",
        """
        SELECT c.sid, c.held_micro_usd, c.posted_micro_usd, c.budget, c.start_us FROM charges c
        WHERE c.held_micro_usd < 0 OR c.posted_micro_usd < 0
        """,
        "A charge of submission {0} to {window} is below 0: {1} held, {2} posted micro-USD.",
    ),
    Check(
        "held",
        """
        SELECT s.sid, s.state, s.cap_micro_usd, c.held_micro_usd, c.budget, c.start_us
        FROM submissions s JOIN charges c ON c.sid = s.sid
        WHERE c.held_micro_usd <> CASE WHEN s.state IN ('SETTLED', 'VOID') THEN 0 ELSE s.cap_micro_usd END
        """,
        "Submission {0}, {1} with a cap of {2}, holds {3} micro-USD of {window}.",
    ),
    Check(
        "posted",
        """
        SELECT s.sid, s.state, COALESCE(s.posted_micro_usd, 0), c.posted_micro_usd, c.budget, c.start_us
        FROM submissions s JOIN charges c ON c.sid = s.sid
        WHERE c.posted_micro_usd <> COALESCE(s.posted_micro_usd, 0)
            OR (s.state = 'SETTLED') <> (s.posted_micro_usd IS NOT NULL)
        """,
        "Submission {0}, {1}, has posted {2}, and to {window} {3} micro-USD.",
    ),
    Check(
        "orphan",
        "SELECT sid FROM submissions WHERE sid NOT IN (SELECT sid FROM charges)",
        "Submission {0} is charged to nothing.",
    ),
    Check(
        "orphan",
        "SELECT DISTINCT sid FROM charges WHERE sid NOT IN (SELECT sid FROM submissions)",
        "Submission {0} is charged, and is not there.",
    ),
    Check(
        "orphan",
        "SELECT DISTINCT sid FROM changes WHERE sid <> '' AND sid NOT IN (SELECT sid FROM submissions)",
        "Submission {0} has a history, and is not there.",
    ),
    Check(
        "orphan",
        "SELECT seq, sid FROM entries WHERE token NOT IN (SELECT token FROM changes)",
        "Entry {0}, of submission {1}, belongs to no change of a state.",
    ),
    Check(
        "state",
        """
        SELECT s.sid, s.state, COALESCE(c.to_state, 'nothing') FROM submissions s
        LEFT JOIN changes c ON c.seq = (SELECT MAX(seq) FROM changes WHERE sid = s.sid)
        WHERE c.seq IS NULL OR s.state <> c.to_state
        """,
        "Submission {0} is {1}, and its history ends with {2}.",
    ),
    Check(
        "state",
        """
        SELECT s.sid, c.seq FROM submissions s
        JOIN changes c ON c.seq = (SELECT MAX(seq) FROM changes WHERE sid = s.sid)
        WHERE s.changed_us <> c.at_us OR s.reason <> c.reason
        """,
        "Submission {0} does not say when or why it is in its state as change {1} does.",
    ),
    Check(
        "state",
        """
        SELECT s.sid FROM submissions s JOIN changes c ON c.seq = (SELECT MIN(seq) FROM changes WHERE sid = s.sid)
        WHERE s.created_us <> c.at_us OR s.expires_us < s.created_us
        """,
        "Submission {0} was not made when its history begins, or expired before.",
    ),
    Check(
        "state",
        """
        SELECT sid, state FROM submissions
        WHERE (job_id IS NULL AND state IN ('LAUNCHED', 'ADOPTED'))
            OR (sender IS NULL AND state IN ('SENDING', 'UNKNOWN'))
            OR (job_id IS NOT NULL AND state IN ('RESERVED', 'SENDING', 'UNKNOWN', 'VOID'))
        """,
        "Submission {0} is {1}, and its job or its sender does not go with that.",
    ),
    Check(
        "state",
        """
        SELECT s.sid, s.presumed FROM submissions s
        JOIN entries e ON e.seq = (SELECT MAX(seq) FROM entries WHERE sid = s.sid)
        WHERE s.presumed <> CASE WHEN e.kind = 'PRESUME' THEN 1 ELSE 0 END
        """,
        "Submission {0} says {1} for whether its cost is presumed, against its last entry.",
    ),
    Check(
        "chain",
        """
        SELECT seq, sid, from_state, was FROM (
            SELECT seq, sid, from_state, COALESCE(LAG(to_state) OVER (PARTITION BY sid ORDER BY seq), '') AS was
            FROM changes WHERE sid <> ''
        ) chained WHERE from_state <> was
        """,
        "Change {0}, of submission {1}, is from {2!r}, where the one before led to {3!r}.",
    ),
    Check(
        "chain",
        """
        SELECT seq, sid, from_state, to_state FROM changes WHERE sid <> '' AND from_state || '>' || to_state NOT IN (
            '>RESERVED', '>ADOPTED', 'RESERVED>SENDING', 'RESERVED>VOID', 'SENDING>LAUNCHED', 'SENDING>UNKNOWN',
            'SENDING>VOID', 'UNKNOWN>LAUNCHED', 'UNKNOWN>VOID', 'UNKNOWN>SETTLED', 'LAUNCHED>SETTLED',
            'ADOPTED>SETTLED', 'LAUNCHED>LAUNCHED', 'ADOPTED>ADOPTED', 'SETTLED>SETTLED', 'SETTLED>LAUNCHED',
            'VOID>ADOPTED')
        """,
        "Change {0}, of submission {1}, leads from {2!r} to {3!r}, which nothing does.",
    ),
    Check(
        "entry",
        """
        SELECT e.seq, e.sid, e.kind, e.held_micro_usd, e.posted_micro_usd FROM entries e
        JOIN changes c ON c.token = e.token
        WHERE c.sid <> e.sid
            OR e.once <> CASE WHEN e.kind IN ('CORRECT', 'RAISE') THEN e.kind || ':' || e.token ELSE e.kind END
            OR NOT CASE e.kind
            WHEN 'RESERVE' THEN c.to_state = 'RESERVED' AND e.held_micro_usd >= 0 AND e.posted_micro_usd = 0
            WHEN 'ADOPT' THEN c.to_state = 'ADOPTED' AND e.held_micro_usd >= 0 AND e.posted_micro_usd = 0
            WHEN 'RELEASE' THEN c.to_state = 'VOID' AND e.held_micro_usd <= 0 AND e.posted_micro_usd = 0
            WHEN 'SETTLE' THEN c.to_state = 'SETTLED' AND e.held_micro_usd <= 0 AND e.posted_micro_usd >= 0
            WHEN 'PRESUME' THEN c.to_state = 'SETTLED' AND e.held_micro_usd = -e.posted_micro_usd
            WHEN 'RAISE' THEN c.to_state IN ('LAUNCHED', 'ADOPTED') AND e.held_micro_usd >= 0 AND e.posted_micro_usd = 0
            WHEN 'REOPEN' THEN c.to_state = 'LAUNCHED' AND e.held_micro_usd >= 0 AND e.posted_micro_usd <= 0
            WHEN 'CORRECT' THEN c.to_state = 'SETTLED' AND e.held_micro_usd = 0
            ELSE 1 = 0 END
        """,
        "Entry {0}, of submission {1}, is no {2} that can be: {3} held, {4} posted micro-USD.",
    ),
    Check(
        "approval",
        """
        SELECT s.code, s.step FROM approval_steps s LEFT JOIN approvals a ON a.code = s.code
        WHERE a.code IS NULL OR s.at_us < a.created_us OR s.at_us >= a.expires_us
        """,
        "Approval {0} was {1} without having been asked for, or not in its time.",
    ),
    Check(
        "approval",
        """
        SELECT u.code, u.sid FROM approval_steps u
        LEFT JOIN approval_steps y ON y.code = u.code AND y.step = 'APPROVED'
        WHERE u.step = 'USED' AND (y.code IS NULL OR y.at_us > u.at_us)
        """,
        "Approval {0} let submission {1} through before anybody had given it.",
    ),
    Check(
        "approval",
        """
        SELECT u.code, u.sid, a.worst_case_micro_usd FROM approval_steps u JOIN approvals a ON a.code = u.code
        WHERE u.step = 'USED' AND NOT EXISTS (
            SELECT 1 FROM entries e WHERE e.sid = u.sid AND e.kind = 'RESERVE'
                AND e.held_micro_usd <= a.worst_case_micro_usd)
        """,
        "Approval {0}, for {2} micro-USD, is used up by submission {1}, which did not reserve that much at most.",
    ),
    Check(
        "key",
        "SELECT sid FROM submissions WHERE active_key <> user_key OR (active_key IS NOT NULL AND user_key IS NULL)",
        "Submission {0} has the key of another.",
    ),
)
_CAPS = """
    SELECT sid, cap_micro_usd, terms FROM submissions
    WHERE sid > ? AND (sid NOT IN (SELECT sid FROM entries WHERE kind = 'ADOPT')
        OR sid IN (SELECT sid FROM entries WHERE kind = 'RAISE'))
    ORDER BY sid LIMIT ?
"""
_PAGE = 2000


def verify(database: Database) -> tuple[Problem, ...]:
    """Return everything that does not add up.

    Counters that are not the sums of entries, holds that do not go with states, histories with gaps, amounts that the
    job's terms do not give, rules that somebody has taken away, and what the database finds in its file.
    """
    flaws = [Problem("file", f"The database says: {flaw}") for flaw in database.flaws()]
    try:
        return (*flaws, *_found(database))
    except LedgerError as error:
        # What is damaged may not be readable to its end.
        if flaws:
            return (*flaws, Problem("file", error.message))
        raise


def _found(database: Database) -> tuple[Problem, ...]:
    guards = database.read(lambda tx: database.dialect.missing_guards(APPEND_ONLY, tx))
    missing = [
        Problem("guard", f"The trigger {name}, which keeps rows from being changed, is gone.") for name in guards
    ]
    return (*missing, *database.read(lambda tx: tuple(_problems(tx))))


def _problems(tx: Transaction) -> Iterator[Problem]:
    for sid, budget, start_us, held, posted, held_now, posted_now in tx.rows(_CHARGES_OFF):
        yield Problem(
            "counter",
            f"The entries of submission {sid} for {_window(budget, start_us)} add up to {held} held, {posted} posted; "
            f"its charge says {held_now or 0} and {posted_now or 0} micro-USD.",
        )
    yield from _counters(tx)
    for check in _CHECKS:
        for row in tx.rows(check.sql):
            window = _window(*row[-2:]) if "{window}" in check.sentence else ""
            yield Problem(check.code, check.sentence.format(*row, window=window))
    yield from _caps(tx)


def _counters(tx: Transaction) -> Iterator[Problem]:
    """Compare the counters of every window with the submissions that count in it."""
    for row in tx.rows(_COUNTERS):
        where = _window(row[0], row[1])
        try:
            found = _counted(tx, row)
        except (LedgerError, ValueError, TypeError, KeyError, AttributeError) as error:
            said = error.message if isinstance(error, LedgerError) else "Its scope cannot be read."
            yield Problem("counter", f"The counters of {where} cannot be proven: {said}")
            continue
        posted, held = row[5:]
        if found != Sums(posted, held):
            yield Problem(
                "counter",
                f"The submissions of {where} add up to {found.held_micro_usd} held, {found.posted_micro_usd} posted; "
                f"its counters say {held} and {posted} micro-USD.",
            )


def _counted(tx: Transaction, row: tuple[Any, ...]) -> Sums:
    """Return what the counters of a window must say.

    Raises:
        LedgerError: a submission is damaged.
        ValueError, TypeError, KeyError, AttributeError: the scope is, or is not that of the key.
    """
    key: Key = row[:4]
    scope = read_scope(row[4])
    if scope_key(scope) != key[3]:
        raise ValueError(row[4])
    return sum_submissions(tx, key, scope)


def _caps(tx: Transaction) -> Iterator[Problem]:
    """Compare what was reserved with what the job's terms give."""
    after = ""
    while rows := tx.rows(_CAPS, after, _PAGE):
        for sid, cap, terms in rows:
            due = _cap(terms)
            if due != cap:
                yield Problem("cap", f"Submission {sid} has a cap of {cap} micro-USD, where its terms give {due}.")
        after = rows[-1][0]


def _cap(terms: str) -> int | str | None:
    try:
        return read_terms(terms).cap_micro_usd
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return f"nothing that can be read ({type(error).__name__})"


def _window(budget: Any, start_us: Any) -> str:  # noqa: ANN401 - columns of a table that may be damaged
    if not budget:
        return "no budget"
    try:
        return f"budget {budget!r} from {json_moment(moment(start_us))}"
    except (TypeError, OverflowError):
        return f"budget {budget!r} from {start_us!r}"


def repair(tx: Transaction, change: StateChange) -> int:
    """Make charges what the entries say, and counters what the submissions do; return how many were wrong.

    The transaction must be alone. No submission, change, entry or waiver is touched.

    Raises:
        LedgerError: a submission is damaged, so that what it costs cannot be counted.
    """
    charges = tx.rows(_CHARGES_OFF)
    for sid, budget, start_us, held, posted, _, _ in charges:
        tx.change(
            """
            INSERT INTO charges (sid, budget, start_us, held_micro_usd, posted_micro_usd) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (sid, budget, start_us) DO UPDATE
            SET held_micro_usd = excluded.held_micro_usd, posted_micro_usd = excluded.posted_micro_usd
            """,
            *(sid, budget, start_us, held, posted),
        )
    counters = _mend_counters(tx)
    if charges or counters:
        record_change(tx, "", ("", ""), change)
    return len(charges) + counters


def _mend_counters(tx: Transaction) -> int:
    """Make every window's counters what they must be, with the overrun that follows; drop those of no known scope."""
    wrong = 0
    for row in tx.rows(_COUNTERS):
        try:
            found = _counted(tx, row)
        except (ValueError, TypeError, KeyError, AttributeError):
            # They are made anew when a reservation names the window.
            wrong += tx.change(_DROP, *row[:4])
            continue
        total = found.posted_micro_usd + found.held_micro_usd
        sums = (found.held_micro_usd, found.posted_micro_usd)
        wrong += tx.change(_MEND, *sums, total, total, *row[:4], *sums, total, total)
    return wrong
