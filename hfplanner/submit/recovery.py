"""Charging that were lost, made again from the labels of the jobs: the Hub is the second copy."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hfplanner.api.models import JobInfo
from hfplanner.budget.ledger.records import SID_LABEL, Submission
from hfplanner.errors import HubError, UsageError
from hfplanner.submit.adopt import adoption_of
from hfplanner.submit.charging import Charging
from hfplanner.submit.identity import LEDGER_LABEL, copy_sid, is_sid
from hfplanner.submit.labelled_jobs import original
from hfplanner.submit.send import Submitter
from hfplanner.submit.settlement import foreign_price, settlement

__all__ = ["Rebuilt", "rebuild"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was taken back into the books.

    Args:
        jobs: how many carry the labels.
        adopted: how many of them the ledger did not have.
        settled: how many of those have ended.
        gaps: what could not be asked or charged, a sentence each.
    """

    jobs: int
    adopted: int
    settled: int
    gaps: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every namespace was listed to its end and every job charged."""
        return not self.gaps

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        counts = {"jobs": self.jobs, "adopted": self.adopted, "settled": self.settled}
        return {"complete": self.complete, **counts, "gaps": list(self.gaps)}


def rebuild(
    submitter: Submitter, charging: Charging, namespaces: Iterable[str], *, of_ledger: str | None = None
) -> Rebuilt:
    """Take every job that carries a ledger's label into the books: held while it runs, settled where it has ended.

    What was reserved and never sent is not on the Hub, and needs nothing. What was on its way when the books were lost
    is found here once it is listed.

    Args:
        submitter: with the new ledger.
        charging: what charges them.
        namespaces: to be listed.
        of_ledger: the id of the lost ledger; by default that of the submitter's own. Only where the jobs carry labels
            of one ledger it need not be said.

    Raises:
        UsageError: the jobs carry labels of several ledgers, and none was said.
        LedgerError: the ledger cannot be used.
    """
    gaps: list[str] = []
    jobs = list(_labelled(submitter, namespaces, gaps))
    lost = of_ledger or _only_ledger(jobs, submitter.ledger.ledger_id)
    by_sid: dict[str, list[JobInfo]] = {}
    for job in jobs:
        labels = job.labels or {}
        if labels.get(LEDGER_LABEL) == lost:
            by_sid.setdefault(labels.get(SID_LABEL, ""), []).append(job)
    taken: list[Submission] = []
    settled = 0
    for sid, group in by_sid.items():
        first = original(group)
        for job in group:
            if submitter.ledger.by_job(job.id) is not None:
                continue
            known = submitter.ledger.get(sid) if is_sid(sid) else None
            is_first = job is first and is_sid(sid) and (known is None or known.job_id is None)
            own = sid if is_first else copy_sid(lost, job.id)
            adoption = adoption_of(job, own, charging, reason="Taken back from its labels.", at=submitter.clock())
            if adoption is None:
                gaps.append(f"nothing is known of the price of job {job.id}")
                continue
            submission = submitter.ledger.adopt(adoption)
            taken.append(submission)
            cost = settlement(job, submission, submitter.clock(), ran_at=foreign_price(job, submission, charging))
            settled += cost is not None and submitter.ledger.settle(submission.sid, cost)
    count = sum(map(len, by_sid.values()))
    return Rebuilt(jobs=count, adopted=len(taken), settled=settled, gaps=tuple(gaps))


def _labelled(submitter: Submitter, namespaces: Iterable[str], gaps: list[str]) -> Iterable[JobInfo]:
    for namespace in namespaces:
        try:
            for job in submitter.hub.list_jobs(namespace):
                if (job.labels or {}).get(LEDGER_LABEL):
                    yield job
        except HubError as error:
            gaps.append(f"the jobs of {namespace} could not be listed whole: {error.message.rstrip('.')}")


def _only_ledger(jobs: Iterable[JobInfo], own: str) -> str:
    found = sorted({(job.labels or {})[LEDGER_LABEL] for job in jobs})
    if own in found or not found:
        return own
    if len(found) > 1:
        raise UsageError(
            f"The jobs carry the labels of {len(found)} ledgers: {', '.join(found)}.", hint="Say which: --of LEDGER_ID."
        )
    return found[0]
