"""The plan of one job: which flavor, for how long, what it may cost, and whether it may run.

What recommends, checks or runs a job makes the same plan here, so that they say the same.
"""

from dataclasses import dataclass, replace
from typing import Any

from hfplanner.budget.terms import JobTerms
from hfplanner.catalog.listing import Listing
from hfplanner.plan.account import Account
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.chosen_flavor import ChosenFlavor, choose_flavor
from hfplanner.plan.judged_plan import ChosenJob, JobPlan, judge_chosen, takes_as_named
from hfplanner.plan.known import KnownJob, know_job
from hfplanner.plan.request import JobRequest
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.needs import Needs

__all__ = ["JobPlan", "KnownRequest", "know_request", "plan_job"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """A job as it was asked for, with what is known of it; a plan can be made of it again and again.

    Args:
        request: the job.
        known: what it needs and how long it runs.
        sends: whether it is to be sent: then ``max_cost`` shortens a timeout that nobody gave; else it is a limit.
    """

    request: JobRequest
    known: KnownJob
    sends: bool

    def plan(self, workspace: Workspace, listing: Listing | None = None, account: Account | None = None) -> JobPlan:
        """Return what would be sent, and whether it may be, as things stand now.

        Args:
            workspace: where prices, policy, books and the Hub are.
            listing: what can be rented; by default that of the workspace.
            account: who pays and submits; by default as the Hub tells.

        Raises:
            NothingFits: no flavor is named, and none meets the needs.
            BudgetRefused: not even one minute fits ``max_cost``.
            BudgetError: the policy or the ledger cannot be read, or who pays decides and is not known.
            HistoryError: the history cannot be read.
        """
        found = listing or workspace.listing()
        # Without a duration, or on a flavor that is named, the money is a matter of the timeout alone.
        compares = self.known.has_duration and self.request.job.flavor is None
        chosen = ChosenJob(
            request=self.request,
            flavor=self._flavor(found, with_max_cost=compares),
            max_cost_micro_usd=self.known.needs.limits.max_cost,
            sends=self.sends,
        )
        return judge_chosen(chosen, workspace, found, account)

    def _flavor(self, listing: Listing, *, with_max_cost: bool) -> ChosenFlavor:
        """Return which flavor it runs on; where one is named and nothing is asked of it, no other is looked at."""
        named = self.request.job.flavor
        needs_nothing = self.known.flavor_needs(with_max_cost=with_max_cost) == Needs()
        is_known = self.known.model is not None or self.known.has_duration
        if named is not None and needs_nothing and not is_known and takes_as_named(named, listing):
            return ChosenFlavor(name=named, why="as named")
        from hfplanner.plan.own_outcomes import prediction_notes  # noqa: PLC0415 - a named flavor needs none
        from hfplanner.plan.recommending import recommend_known  # noqa: PLC0415 - as above

        chosen = choose_flavor(named, recommend_known(self.known, listing, with_max_cost=with_max_cost))
        told, calibration = chosen.duration_secs, self.known.calibration
        before = calibration.before(told) if told is not None and calibration is not None else told
        return replace(chosen, prediction=prediction_notes(chosen.name, before, self.known.predicted_from))

    def spec_as(self, terms: JobTerms) -> dict[str, Any]:
        """Return the job that is asked for, with what was left to the plan as it was planned before.

        Args:
            terms: of the earlier plan.
        """
        job = self.request.job
        secs = job.timeout_secs or terms.timeout_secs or 1
        spec = self.request.explicit(job.flavor or terms.flavor, secs, terms.namespace).to_api()
        return spec if self.request.trigger is None else spec | self.request.trigger.said()


def know_request(request: JobRequest, needs: JobNeeds, workspace: Workspace, *, sends: bool) -> KnownRequest:
    """Return a job with what is known of it, before any price is asked for.

    Args:
        request: the job.
        needs: what it needs, how long it runs and what it may cost.
        workspace: where models and history are.
        sends: whether it is to be sent.

    Raises:
        UsageError: what was asked contradicts itself.
        ModelError: the model cannot be had, or read.
        HistoryError: the history cannot be read.
        NoSuchJobs: it has no job like the one named.
    """
    return KnownRequest(request=request, known=know_job(needs, workspace, request.job), sends=sends)


def plan_job(
    request: JobRequest,
    needs: JobNeeds,
    workspace: Workspace,
    *,
    sends: bool = False,
    account: Account | None = None,
) -> JobPlan:
    """Return the plan of a job: what ``check`` judges and ``run`` sends.

    Args:
        request: the job.
        needs: what it needs, how long it runs and what it may cost.
        workspace: where prices, policy, books and the Hub are.
        sends: whether it is to be sent: then ``max_cost`` shortens a timeout that nobody gave; else it is a limit.
        account: who pays and submits; by default as the Hub tells.

    Raises:
        HfplannerError: see :func:`know_request` and :meth:`KnownRequest.plan`.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from hfplanner.plan.asked import AskedJob
    >>> from hfplanner.plan.request import read_job
    >>> request = read_job(AskedJob(flavor="l4x1", timeout="1h"), {}, values=False)
    >>> with tempfile.TemporaryDirectory() as folder, Workspace(home=Path(folder), offline=True) as here:
    ...     plan = plan_job(request, JobNeeds(), here)
    >>> plan.decision.verdict.value, plan.decision.worst_case_micro_usd
    ('allowed', 799980)
    """
    return know_request(request, needs, workspace, sends=sends).plan(workspace, account=account)
