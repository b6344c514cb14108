"""An operator's word on a submission nobody can prove anything about."""

import re
from dataclasses import dataclass
from datetime import datetime

from hfplanner.budget.ledger.ledger import Ledger
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import SubmissionError, UsageError, quoted

__all__ = ["Word", "resolve"]

_JOB_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What an operator says, and why; kept in the ledger for good.

    Args:
        who: the operator's name.
        why: the reason.
        job_id: the job that it became; ``None`` says that there is none.

    Raises:
        UsageError: a name or a reason is missing.
    """

    who: str
    why: str
    job_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a word nobody could answer for."""
        for name, value in (("who", self.who), ("why", self.why)):
            if not value.strip():
                raise UsageError(f"A resolution says {name}.", hint='For example --reason "not in the Hub\'s listing".')
        if self.job_id is not None and not _JOB_ID.fullmatch(self.job_id):
            raise UsageError(f"{quoted(self.job_id)} is not the id of a job.", hint="24 hexadecimal digits.")


def resolve(ledger: Ledger, sid: str, word: Word, now: datetime) -> Submission:
    """Take an operator's word for an unknown submission: it became a job, or it never ran and lets its money go.

    Raises:
        UsageError: no such submission.
        SubmissionError: its state is known; only UNKNOWN waits for a word. Or the job is another submission's.
    """
    submission = ledger.get(sid)
    if submission is None:
        raise UsageError(f"{quoted(sid)} is no submission of this ledger.", hint="`hfplanner ledger show` lists them.")
    if word.job_id is None:
        done = ledger.void(sid, from_state=State.UNKNOWN, reason=word.why, at=now, who=word.who)
    else:
        done = submission.state is State.UNKNOWN and ledger.launched(
            sid, word.job_id, "", now, reason=word.why, who=word.who
        )
    if not done:
        booked = None if word.job_id is None else ledger.by_job(word.job_id)
        if booked is not None and booked.sid != sid:
            raise SubmissionError(
                f"Job {quoted(booked.job_id or '')} is in the books already, as submission {booked.sid}.",
                hint="`hfplanner ledger show` lists them.",
            )
        state = (ledger.get(sid) or submission).state
        raise SubmissionError(
            f"Submission {sid} is {state}; only an UNKNOWN one waits for a word.",
            hint="`hfplanner ledger reconcile` moves the others.",
        )
    return ledger.get(sid) or submission
