"""Running a canary and its job: send it, watch it, read how far it was, plan anew.

Every step leaves the books as another process can go on from: the canary is found by its key, its log is read again
from the Hub, and what it told is kept in the history.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hfplanner.api.streams import LogLine
from hfplanner.budget.decision import Verdict
from hfplanner.errors import HistoryError, SubmissionUnknown
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.plan.canary import (
    CanaryPlan,
    NotMeasured,
    canary_key,
    canary_of,
    choose_canary,
    plan_with_canary,
    with_less_money,
)
from hfplanner.plan.canary_told import CanaryEnded, canary_json, refuse_what_does_not_fit, told_by
from hfplanner.plan.durations import with_measurement
from hfplanner.plan.followed import FollowedRun
from hfplanner.plan.job_log import LoggedRun, row_of_job, with_row
from hfplanner.plan.sending import Sender, refusal_of, sent_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfplanner.api.models import JobInfo
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.job_plan import JobPlan, KnownRequest
    from hfplanner.plan.uploads import Uploader
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import Submitted

__all__ = ["CanaryRun", "known_canary"]


class CanaryRun:
    """A job that is measured before it is sent.

    Args:
        asked: the job.
        key: the user's own, to make a retry safe.
        books: what charges a job that is granted otherwise than it was asked for.
        workspace: where both are sent from.
        uploader: brings files of this machine into the bucket; by default ``huggingface_hub``.

    Raises:
        HubError: who pays is not said, and the Hub does not tell.
        TokenError: there is no token.
        HubUnreachable: offline.
    """

    def __init__(
        self,
        asked: "KnownRequest",
        key: str | None,
        books: "Charging",
        workspace: "Workspace",
        uploader: "Uploader | None" = None,
    ) -> None:
        self._asked, self._key, self._books, self._workspace = asked, key, books, workspace
        self._uploader = uploader
        self._submitter = workspace.submitter()
        self._sender = Sender(canary_of(asked), canary_key(key), books, workspace, uploader)

    def begun(self) -> "Submitted | None":
        """Return the canary that was sent under the job's key before; ``None`` where none was.

        Raises:
            KeyConflict: it was sent for another job.
            SubmissionUnknown: nobody knows whether it exists.
        """
        found = sent_before(canary_of(self._asked), canary_key(self._key), self._workspace)
        if found is not None and found.job_id is None:
            sid, state = found.submission.sid, found.submission.state.value
            raise SubmissionUnknown(
                f"Whether the canary runs is not known: its submission {sid} is {state}.",
                submission_id=sid,
                hint="`hfplanner ledger reconcile` looks for it by its label; then run this again.",
            )
        return found

    def plan(self, listing: "Listing") -> CanaryPlan | NotMeasured:
        """Return what would be sent as things stand now, or why nothing is measured.

        Raises:
            NothingFits: no flavor meets the needs.
            HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
        """
        chosen = choose_canary(self._asked, listing)
        if isinstance(chosen, NotMeasured):
            return chosen
        return plan_with_canary(self._asked, chosen, self._workspace, listing, self._sender.account)

    def ask_approval(self, planned: CanaryPlan) -> "Approval | None":
        """Ask for a person's word where only that is missing, for the canary first; ``None`` where something else is.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        is_canary = planned.plan.decision.verdict is not Verdict.ALLOWED
        return self._sender.ask_approval(planned.plan if is_canary else planned.run)

    def send(self, planned: CanaryPlan) -> "Submitted":
        """Send the canary, once.

        Raises:
            BudgetError: both together may not run; nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.send.submit`.
        """
        if planned.decision.verdict is not Verdict.ALLOWED:
            raise refusal_of(planned.decision, self.ask_approval(planned))
        return self._sender.send(planned.plan)

    def follow(self, submitted: "Submitted", see: "Callable[[JobInfo | LogLine], None] | None" = None) -> CanaryEnded:
        """Wait until the canary has ended, settle it, and return what it told.

        Args:
            submitted: the canary.
            see: is given all that can be seen of it, as it comes.

        Raises:
            CanaryFailed: it told nothing.
            HubError: the Hub does not show it.
        """
        from hfplanner.submit.follow import follow_job  # noqa: PLC0415 - httpx

        namespace, job_id = submitted.submission.terms.namespace, str(submitted.job_id)
        seen: list[JobInfo | LogLine] = []
        for one in follow_job(self._submitter.hub, namespace, job_id):
            seen.append(one)
            if see is not None:
                see(one)
        lines = [one for one in seen if isinstance(one, LogLine)]
        memory = FollowedRun(self._asked, self._workspace, only_out_of_memory=True)
        for line in lines:
            memory.see(line.data)
        # The last of all is the record of the job that has ended.
        job = next(one for one in reversed(seen) if not isinstance(one, LogLine))
        cost = self._settle(job, submitted)
        memory.keep(job)
        row = row_of_job(job, self._workspace, namespace)
        run = with_row(told_by(job, row, lines, epochs=self._asked.known.epochs, now=self._submitter.clock()), row)
        return CanaryEnded(submitted=self.now(submitted), cost_micro_usd=cost, run=run, warnings=self._keep(run))

    def measured(self, ended: CanaryEnded, listing: "Listing") -> "KnownRequest":
        """Return the job with what its canary told, and with the money that is left.

        Raises:
            BudgetRefused: nothing is left of ``max_cost``.
        """
        run = MeasuredRun(flavor=ended.run.flavor, duration_secs=ended.run.whole)
        known = with_measurement(self._asked.known, run, listing)
        return with_less_money(replace(self._asked, known=known), ended.cost_micro_usd)

    def job_after(self, ended: CanaryEnded, listing: "Listing") -> "tuple[Sender, JobPlan]":
        """Return the job as it is planned with what its canary told and the money that is left, and what sends it.

        Raises:
            NothingFits: as measured, no flavor meets the needs, or the job would be stopped before it is done.
            BudgetRefused: nothing is left of ``max_cost``, or too little for what was measured.
        """
        sender = Sender(self.measured(ended, listing), self._key, self._books, self._workspace, self._uploader)
        planned = sender.plan(listing)
        refuse_what_does_not_fit(planned, ended)
        return sender, planned

    def measured_before(self, listing: "Listing") -> "KnownRequest":
        """Return the job as :meth:`measured` does, of a canary that ended before; as it was asked without one.

        Raises:
            HfplannerError: see :meth:`begun`, :meth:`follow` and :meth:`measured`.
        """
        begun = self.begun()
        return self._asked if begun is None else self.measured(self.follow(begun), listing)

    def _settle(self, job: "JobInfo", submitted: "Submitted") -> int:
        """Post what the canary cost, and return it."""
        from hfplanner.submit.settlement import foreign_price, settlement  # noqa: PLC0415 - httpx

        submission = submitted.submission
        cost = settlement(job, submission, self._submitter.clock(), ran_at=foreign_price(job, submission, self._books))
        if cost is None:
            return submission.cap_micro_usd
        # It may be settled already, and corrected by a bill.
        self._submitter.ledger.settle(submission.sid, cost)
        posted = self.now(submitted).submission.posted_micro_usd
        return cost.cost_micro_usd if posted is None else posted

    def now(self, submitted: "Submitted") -> "Submitted":
        """Return the canary as the ledger has it now."""
        from hfplanner.submit.send import as_it_stands  # noqa: PLC0415 - httpx

        return as_it_stands(submitted.submission, self._submitter)

    def _keep(self, run: LoggedRun) -> tuple[str, ...]:
        """Keep the measurement in the history, for the next run of this name."""
        if run.row is None:
            return ()
        try:
            self._workspace.history().add(run.row)
        except HistoryError as error:
            return (f"The measurement is not kept: {error.message}",)
        return ()


def known_canary(key: str | None, workspace: "Workspace") -> dict[str, Any]:
    """Return what the ledger tells of the canary of a job that was sent under a key, as the interface spells it."""
    from hfplanner.submit.send import Submitted, job_url  # noqa: PLC0415 - httpx

    found = None if key is None else workspace.books().by_key(f"{canary_key(key)}")
    if found is None:
        return NotMeasured("The job was sent without a canary.").to_json()
    url = None if found.job_id is None else job_url(workspace.endpoint, found.terms.namespace, found.job_id)
    return canary_json(Submitted(submission=found, is_new=False, job_id=found.job_id, url=url))
