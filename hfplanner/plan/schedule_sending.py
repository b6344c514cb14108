"""From a schedule that was asked for to one that exists: its key, its plan, its files, its one POST."""

from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.budget.decision import Verdict
from hfplanner.budget.ledger.records import State
from hfplanner.budget.ledger.reserving import key_conflict
from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError
from hfplanner.plan.account import find_account
from hfplanner.plan.after_upload import planned_after
from hfplanner.plan.approvals import ask_approval
from hfplanner.plan.job_plan import KnownRequest
from hfplanner.plan.schedule_plan import SchedulePlan, plan_schedule
from hfplanner.plan.sending import refusal_of
from hfplanner.plan.uploads import HubUploader, Uploader
from hfplanner.plan.workspace import Workspace
from hfplanner.submit.identity import spec_hash
from hfplanner.submit.timetable import When, is_schedule, timeout_of_a_run

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.submit.send import Submitted

__all__ = ["ScheduleSender", "schedule_of_key"]

_NOT_SENT = frozenset({State.RESERVED, State.VOID})


def schedule_of_key(asked: KnownRequest, when: When, key: str | None, workspace: Workspace) -> "Submitted | None":
    """Return what a key was sent for; ``None`` where there is no key, or nothing was sent under it.

    Raises:
        KeyConflict: it was sent for another schedule, or for a job.
        LedgerError: the ledger cannot be used.
    """
    from hfplanner.submit.send import Submitted  # noqa: PLC0415 - httpx

    known = None if key is None else workspace.books().by_key(key)
    if known is None or known.state in _NOT_SENT:
        return None
    if not is_schedule(known):
        raise key_conflict(key or "", known.sid)
    job, terms = asked.request.job, known.terms
    secs = job.timeout_secs or timeout_of_a_run(known)
    spec = asked.request.explicit(job.flavor or terms.flavor, secs, terms.namespace).to_api()
    if spec_hash(terms.namespace, spec | when.options()) != known.spec_hash:
        raise key_conflict(key or "", known.sid)
    return Submitted(submission=known, is_new=False, job_id=known.job_id, url=None)


class ScheduleSender:
    """Plans and makes one schedule.

    Args:
        asked: one run.
        when: it runs.
        workspace: where it is sent from.
        uploader: brings files of this machine into the bucket; by default ``huggingface_hub``.

    Raises:
        HubError: who pays is not said, and the Hub does not tell.
        TokenError: there is no token.
        UsageError: offline.
    """

    def __init__(self, asked: KnownRequest, when: When, workspace: Workspace, uploader: Uploader | None = None) -> None:
        self._asked, self._when, self._workspace = asked, when, workspace
        self._uploader = uploader or HubUploader(workspace.endpoint, workspace.token)
        self._account = find_account(workspace.submitter().hub, asked.request.namespace)
        self._listing: Listing | None = None

    def plan(self, listing: Listing | None = None) -> SchedulePlan:
        """Return the plan as things stand now.

        Raises:
            HfplannerError: see :func:`~hfplanner.plan.schedule_plan.plan_schedule`.
        """
        self._listing = listing
        return plan_schedule(self._asked, self._when, self._workspace, listing, self._account)

    def ask_approval(self, plan: SchedulePlan) -> "Approval | None":
        """Ask for a person's word where only that is missing for an agent's schedule.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        held = replace(plan.decision, worst_case_micro_usd=plan.timetable.held.cap_micro_usd)
        return ask_approval(held, plan.one.shown | self._when.options(), self._workspace)

    def send(self, plan: SchedulePlan, key: str | None) -> "Submitted":
        """Hold what its runs can cost, make it once, and record what came of it.

        Raises:
            BudgetError: it may not be made; nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.send.submit`.
        """
        from hfplanner.submit.send import submit  # noqa: PLC0415 - httpx

        if plan.decision.verdict is not Verdict.ALLOWED:
            raise refusal_of(plan.decision, self.ask_approval(plan))
        one = plan.one
        if not one.uploads.is_empty:

            def bring() -> None:
                one.uploads.send(one.account.namespace, self._uploader)

            plan = planned_after(bring, plan, lambda: self.plan(self._listing))
            if plan.one.job.volumes != one.job.volumes:
                raise UsageError("The files of the job changed while they went up; no schedule was made.")
            if plan.decision.verdict is not Verdict.ALLOWED:
                raise refusal_of(plan.decision, self.ask_approval(plan))
        return submit(plan.order(key), self._workspace.submitter())
