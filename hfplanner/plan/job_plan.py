"""The plan of one job: which flavor, for how long, what it may cost, and whether it may run.

What recommends, checks or runs a job makes the same plan here, so that they say the same.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.policy import Policy, applied_budgets
from hfplanner.budget.terms import JobTerms, UsedPrice, terms_of
from hfplanner.catalog.listing import Listing
from hfplanner.plan.account import Account, account_for
from hfplanner.plan.approvals import judge_agent
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.chosen_flavor import ChosenFlavor, choose_flavor
from hfplanner.plan.chosen_run import ChosenRun, RunLimits, choose_run
from hfplanner.plan.evidence import ask_schedules, look_off_ledger
from hfplanner.plan.known import KnownJob, know_job
from hfplanner.plan.request import JobRequest
from hfplanner.plan.uploads import Uploads
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfplanner.api.new_job import NewJob
    from hfplanner.submit.send import JobOrder

__all__ = ["JobPlan", "KnownRequest", "know_request", "plan_job"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPlan:
    """A job as it would be sent.

    Args:
        job: its flavor, timeout and attempts explicit.
        flavor: which, why, and how long the job takes there.
        run: the price, the timeout and where it is from, and the most it can cost.
        account: who pays and submits.
        decision: whether it may run.
        notices: what could not be asked, a sentence each.
        uploads: files and folders of this machine that go up before it is sent.
    """

    job: "NewJob"
    flavor: ChosenFlavor
    run: ChosenRun
    account: Account
    decision: Decision
    notices: tuple[str, ...] = ()
    uploads: Uploads = field(default_factory=Uploads)

    @property
    def attempts(self) -> int:
        """How often it may be tried."""
        return self.job.attempts or 1

    @property
    def plan_warnings(self) -> tuple[str, ...]:
        """What to know of the flavor and the timeout before it is sent, a sentence each."""
        return (*self.flavor.warnings, *self.run.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Everything to know before it is sent, a sentence each."""
        return (*self.notices, *self.plan_warnings, *(reason.message for reason in self.decision.warnings))

    @property
    def shown(self) -> dict[str, Any]:
        """What is sent and who pays, as it may be shown."""
        return {"namespace": self.account.namespace, **self.job.shown()}

    def order(
        self, key: str | None = None, *, price_of: "Callable[[str], UsedPrice | None] | None" = None
    ) -> "JobOrder":
        """Return what is sent.

        Args:
            key: the user's own, to make a retry safe.
            price_of: the price of a flavor, should the Hub grant another one; by default as shipped.
        """
        from hfplanner.submit.charging import shipped_price  # noqa: PLC0415 - httpx
        from hfplanner.submit.send import JobOrder  # noqa: PLC0415 - as above

        return JobOrder(
            job=self.job,
            namespace=self.account.namespace,
            owner=self.account.owner,
            price=self.run.price,
            windows=self.decision.windows,
            caps=self.decision.caps,
            caller=self.decision.terms.caller,
            approve_above_micro_usd=self.decision.approve_above_micro_usd,
            key=key,
            price_of=price_of or shipped_price,
            notes={"image": self.job.image_or_space, "name": self.job.all_labels.get("name", "")},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what would be sent and what it may cost; the values of secrets are not in it."""
        run, flavor = self.run, self.flavor
        return {
            "dry_run": True,
            "submission_id": None,
            "state": None,
            "job_id": None,
            "url": None,
            "namespace": self.account.namespace or None,
            "flavor": run.flavor,
            "why": flavor.why,
            "timeout_secs": run.timeout_secs,
            "timeout_basis": run.timeout_basis,
            "attempts": self.attempts,
            "duration_secs": flavor.duration_secs and flavor.duration_secs.to_json(),
            "cost_micro_usd": flavor.cost_micro_usd and flavor.cost_micro_usd.to_json(),
            **self.decision.to_json(),
            "plan_warnings": list(self.plan_warnings),
            "spec": self.job.shown(),
        }


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
        policy = workspace.policy()
        found = listing or workspace.listing()
        # Nobody is asked anything that no rule depends on.
        hub = workspace.hub() if policy.sources or self.sends else None
        payer = account or account_for(policy, hub, self.request.namespace)
        named = self.request.job.flavor
        # Without a duration, or on a flavor that is named, the money is a matter of the timeout alone.
        compares = self.known.has_duration and named is None
        flavor = self._flavor(found, with_max_cost=compares)
        run = choose_run(flavor.name, found, self._limits(flavor, policy))
        job = self.request.explicit(run.flavor, run.timeout_secs, payer.namespace or "me")
        terms = terms_of(
            job,
            namespace=payer.namespace,
            owner=payer.owner,
            price_of=lambda _: run.price,
            caller=workspace.caller(),
        )
        applied = applied_budgets(policy, terms, workspace.now())
        schedules = ask_schedules(hub if applied else None, terms.namespace)
        off_ledger = look_off_ledger(workspace, applied, found, schedules)
        decision = check_job(
            policy, terms, workspace.books(), off_ledger, now=workspace.now(), price_problem=run.problem
        )
        if run.too_dear is not None:
            decision = replace(decision, verdict=Verdict.REFUSED, reasons=(run.too_dear, *decision.reasons))
        decision = judge_agent(decision, payer.namespace, job.to_api(), workspace)
        return JobPlan(
            job=job,
            flavor=flavor,
            run=run,
            account=payer,
            decision=decision,
            notices=tuple(filter(None, (payer.problem, schedules.problem))),
            uploads=self.request.uploads,
        )

    def _flavor(self, listing: Listing, *, with_max_cost: bool) -> ChosenFlavor:
        """Return which flavor it runs on; where one is named and nothing is asked of it, no other is looked at."""
        named = self.request.job.flavor
        if named is not None and self.known.flavor_needs(with_max_cost=with_max_cost) == Needs():
            there = listing.by_name().get(named)
            priced = there is None or there.price_micro_usd_per_minute is not None
            if priced and self.known.model is None and not self.known.has_duration:
                return ChosenFlavor(name=named, why="as named")
        from hfplanner.plan.recommending import recommend_known  # noqa: PLC0415 - a named flavor needs none

        return choose_flavor(named, recommend_known(self.known, listing, with_max_cost=with_max_cost))

    def _limits(self, flavor: ChosenFlavor, policy: Policy) -> RunLimits:
        job = self.request.job
        return RunLimits(
            timeout_secs=job.timeout_secs,
            estimated_timeout_secs=flavor.timeout_secs,
            estimated_timeout_bound=flavor.timeout_bound,
            max_timeout_secs=policy.limits.max_timeout_secs,
            attempts=self.request.attempts,
            has_ports=job.has_ports,
            max_cost_micro_usd=self.known.needs.limits.max_cost,
            may_shorten=self.sends,
            likely_secs=None if flavor.duration_secs is None else flavor.duration_secs.likely,
        )

    def spec_as(self, terms: JobTerms) -> dict[str, Any]:
        """Return the job that is asked for, with what was left to the plan as it was planned before.

        Args:
            terms: of the earlier plan.
        """
        job = self.request.job
        secs = job.timeout_secs or terms.timeout_secs or 1
        return self.request.explicit(job.flavor or terms.flavor, secs, terms.namespace).to_api()


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
    job = request.job
    known = know_job(needs, workspace, job.all_labels.get("name"), job.labels)
    return KnownRequest(request=request, known=known, sends=sends)


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
