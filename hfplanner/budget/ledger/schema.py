"""The tables, and the numbered steps that made them: forward only, each in the transaction that notes its number.

``counters``: what has been spent and is held in one stretch of time and scope, under whose limit. ``submissions``: each
as it stands. ``charges``: what one holds and has posted of each budget it was decided in. ``changes``: every change of
a state; ``entries``: every change of money; ``waivers``: whose word let a limit be exceeded; ``approvals``: what agents
asked a person for; ``approval_steps``: who said yes, and what used it up. The last five are only ever added to. Times
are microseconds since 1970, UTC.
"""

from collections.abc import Callable, Sequence

from hfplanner.budget.ledger.answers import reduce_answers
from hfplanner.budget.ledger.dialect import Dialect, Transaction
from hfplanner.budget.ledger.records import State
from hfplanner.budget.ledger.windows import CEILING_SQL

__all__ = ["APPEND_ONLY", "STEPS", "Step"]

# What brings the tables from one version to the next: statements, and what reads and writes rows.
Step = Callable[[Dialect], Sequence[str | Callable[[Transaction], None]]]

_STATES = ", ".join(f"'{state}'" for state in State)
APPEND_ONLY = ("changes", "entries", "waivers", "approvals", "approval_steps")
_OF_VERSION_1 = ("changes", "entries", "waivers")

_TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL){end}",
    """
    CREATE TABLE windows (
        budget TEXT NOT NULL CHECK (budget <> ''),
        start_us {integer} NOT NULL,
        end_us {integer},
        limit_micro_usd {integer} NOT NULL CHECK (limit_micro_usd >= 0),
        posted_micro_usd {integer} NOT NULL CHECK (posted_micro_usd >= 0),
        held_micro_usd {integer} NOT NULL CHECK (held_micro_usd >= 0),
        overrun_micro_usd {integer} NOT NULL CHECK (overrun_micro_usd >= 0),
        CHECK (posted_micro_usd + held_micro_usd <= limit_micro_usd + overrun_micro_usd),
        PRIMARY KEY (budget, start_us)
    ){end}
    """,
    # A key belongs to one submission at a time (active_key); user_key stays with each that ever had it.
    """
    CREATE TABLE submissions (
        sid TEXT PRIMARY KEY,
        user_key TEXT,
        active_key TEXT UNIQUE,
        spec_hash TEXT NOT NULL,
        terms TEXT NOT NULL,
        notes TEXT NOT NULL,
        created_us {integer} NOT NULL,
        expires_us {integer} NOT NULL,
        state TEXT NOT NULL CHECK (state IN (<states>)),
        cap_micro_usd {integer} NOT NULL CHECK (cap_micro_usd >= 0),
        posted_micro_usd {integer} CHECK (posted_micro_usd >= 0),
        presumed {integer} NOT NULL CHECK (presumed IN (0, 1)),
        evidence TEXT NOT NULL,
        job_id TEXT UNIQUE,
        answer TEXT NOT NULL,
        sender TEXT,
        reason TEXT NOT NULL,
        changed_us {integer} NOT NULL,
        CHECK (active_key = user_key),
        CHECK ((state = 'SETTLED') = (posted_micro_usd IS NOT NULL)),
        CHECK (presumed = 0 OR state = 'SETTLED'),
        CHECK (job_id IS NOT NULL OR state NOT IN ('LAUNCHED', 'ADOPTED'))
    ){end}
    """.replace("<states>", _STATES),
    "CREATE INDEX submissions_by_time ON submissions (created_us, sid)",
    "CREATE INDEX submissions_by_state ON submissions (state, created_us, sid)",
    """
    CREATE TABLE charges (
        sid TEXT NOT NULL,
        budget TEXT NOT NULL,
        start_us {integer} NOT NULL,
        held_micro_usd {integer} NOT NULL CHECK (held_micro_usd >= 0),
        posted_micro_usd {integer} NOT NULL CHECK (posted_micro_usd >= 0),
        PRIMARY KEY (sid, budget, start_us)
    ){end}
    """,
    """
    CREATE TABLE changes (
        seq {serial},
        token TEXT NOT NULL UNIQUE,
        sid TEXT NOT NULL,
        from_state TEXT NOT NULL,
        to_state TEXT NOT NULL,
        at_us {integer} NOT NULL,
        reason TEXT NOT NULL,
        who TEXT NOT NULL
    ){end}
    """,
    "CREATE INDEX changes_by_sid ON changes (sid, seq)",
    """
    CREATE TABLE entries (
        seq {serial},
        token TEXT NOT NULL,
        sid TEXT NOT NULL,
        budget TEXT NOT NULL,
        start_us {integer} NOT NULL,
        kind TEXT NOT NULL,
        once TEXT NOT NULL,
        held_micro_usd {integer} NOT NULL,
        posted_micro_usd {integer} NOT NULL,
        UNIQUE (sid, budget, start_us, once)
    ){end}
    """,
    """
    CREATE TABLE waivers (
        sid TEXT NOT NULL,
        budget TEXT NOT NULL,
        start_us {integer} NOT NULL,
        reason TEXT NOT NULL,
        author TEXT NOT NULL,
        expires_us {integer} NOT NULL,
        PRIMARY KEY (sid, budget, start_us)
    ){end}
    """,
)


# Version 2: money counts by when and for whom it was, not by a budget's name.
_COUNTERS = (
    # Kept as they were. A program of version 1 that is still running finds them gone, and writes nothing more.
    "ALTER TABLE windows RENAME TO windows_of_version_1",
    f"""
    CREATE TABLE counters (
        budget TEXT NOT NULL CHECK (budget <> ''),
        start_us {{integer}} NOT NULL,
        end_us {{integer}} NOT NULL,
        scope_key TEXT NOT NULL,
        scope TEXT NOT NULL,
        limit_micro_usd {{integer}} NOT NULL CHECK (limit_micro_usd >= 0),
        posted_micro_usd {{integer}} NOT NULL CHECK (posted_micro_usd >= 0),
        held_micro_usd {{integer}} NOT NULL CHECK (held_micro_usd >= 0),
        overrun_micro_usd {{integer}} NOT NULL CHECK (overrun_micro_usd >= 0),
        CHECK (posted_micro_usd + held_micro_usd <= {CEILING_SQL} + overrun_micro_usd),
        PRIMARY KEY (budget, start_us, end_us, scope_key)
    ){{end}}
    """,
    "CREATE INDEX counters_by_end ON counters (end_us, start_us)",
    "ALTER TABLE submissions ADD COLUMN counts_us {integer} NOT NULL DEFAULT 0",
    "UPDATE submissions SET counts_us = created_us",
    # A job that was adopted later than it was created counted in the period it was created in.
    f"""
    UPDATE submissions SET counts_us = (SELECT MAX(c.start_us) FROM charges c WHERE c.sid = submissions.sid)
    WHERE EXISTS (
        SELECT 1 FROM charges c
        JOIN windows_of_version_1 w ON w.budget = c.budget AND w.start_us = c.start_us
        WHERE c.sid = submissions.sid
            AND NOT (submissions.created_us >= w.start_us AND submissions.created_us < COALESCE(w.end_us, {2**62})))
    """,  # noqa: S608 - a number
    "CREATE INDEX submissions_by_counting ON submissions (counts_us)",
)


def _second(dialect: Dialect) -> Sequence[str | Callable[[Transaction], None]]:
    return [*(dialect.definition(statement) for statement in _COUNTERS), reduce_answers]


def _first(dialect: Dialect) -> Sequence[str]:
    triggers = [statement for table in _OF_VERSION_1 for statement in dialect.append_only(table)]
    return [*(dialect.definition(table) for table in _TABLES), *triggers]


# Version 3: agents ask, a person approves, a submission uses that up. Its keys let neither happen twice.
_APPROVALS = (
    """
    CREATE TABLE approvals (
        code TEXT PRIMARY KEY,
        digest TEXT NOT NULL,
        agent TEXT NOT NULL CHECK (agent <> ''),
        worst_case_micro_usd {integer} NOT NULL CHECK (worst_case_micro_usd >= 0),
        shown TEXT NOT NULL,
        created_us {integer} NOT NULL,
        expires_us {integer} NOT NULL CHECK (expires_us > created_us)
    ){end}
    """,
    "CREATE INDEX approvals_by_digest ON approvals (digest, expires_us)",
    """
    CREATE TABLE approval_steps (
        code TEXT NOT NULL,
        step TEXT NOT NULL CHECK (step IN ('APPROVED', 'USED')),
        at_us {integer} NOT NULL,
        who TEXT NOT NULL,
        sid TEXT UNIQUE,
        CHECK ((step = 'USED') = (sid IS NOT NULL)),
        CHECK ((step = 'APPROVED') = (who <> '')),
        PRIMARY KEY (code, step)
    ){end}
    """,
)


def _third(dialect: Dialect) -> Sequence[str]:
    triggers = [statement for table in ("approvals", "approval_steps") for statement in dialect.append_only(table)]
    return [*(dialect.definition(statement) for statement in _APPROVALS), *triggers]


# The number of a version is how many of these were taken.
STEPS: tuple[Step, ...] = (_first, _second, _third)
