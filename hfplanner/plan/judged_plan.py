"""The plan of a job whose flavor is chosen: the price, the timeout, what it may cost, and whether it may run.

Kept apart from how a flavor is chosen: where one is named and nothing is asked of it, this is all there is to do, and a
hook of an agent waits for it.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.policy import applied_budgets
from hfplanner.budget.terms import UsedPrice, terms_of
from hfplanner.plan.account import Account, account_for
from hfplanner.plan.chosen_flavor import ChosenFlavor
from hfplanner.plan.chosen_run import ChosenRun, RunLimits, choose_run
from hfplanner.plan.evidence import ask_schedules, look_off_ledger
from hfplanner.plan.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from hfplanner.api.new_job import NewJob
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.request import JobRequest
    from hfplanner.plan.workspace import Workspace
    from hfplanner.submit.send import JobOrder
    from hfplanner.submit.triggers import Trigger

__all__ = ["ChosenJob", "JobPlan", "judge_chosen", "plan_as_named", "takes_as_named"]


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
        trigger: the schedule that the Hub starts it of; ``None`` where it is sent whole.
    """

    job: "NewJob"
    flavor: ChosenFlavor
    run: ChosenRun
    account: Account
    decision: Decision
    notices: tuple[str, ...] = ()
    uploads: Uploads = field(default_factory=Uploads)
    trigger: "Trigger | None" = None

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
            notes={
                "image": self.job.image_or_space,
                "name": self.job.all_labels.get("name", ""),
                **self.flavor.prediction,
            },
            trigger=self.trigger,
        )

    def checked(self) -> dict[str, Any]:
        """Return the decision on it, with what it likely takes and costs; what is sent is not in it."""
        flavor = self.flavor
        return {
            **self.decision.to_json(),
            "why": flavor.why,
            "duration_secs": flavor.duration_secs and flavor.duration_secs.to_json(),
            "cost_micro_usd": flavor.cost_micro_usd and flavor.cost_micro_usd.to_json(),
            "plan_warnings": list(self.plan_warnings),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what would be sent and what it may cost; the values of secrets are not in it."""
        return {"dry_run": True, **self.unsent()}

    def unsent(self) -> dict[str, Any]:
        """Return the plan with the keys of a submission that was not made, as the interface spells it."""
        run, flavor = self.run, self.flavor
        return {
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
            **({} if self.trigger is None else {"schedule_id": self.trigger.schedule_id}),
            "spec": self.job.shown(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenJob:
    """A job whose flavor is chosen.

    Args:
        request: the job.
        flavor: where it runs.
        max_cost_micro_usd: the most it may cost at worst; ``None`` without one.
        sends: whether it is to be sent: then ``max_cost`` shortens a timeout that nobody gave; else it is a limit.
    """

    request: "JobRequest"
    flavor: ChosenFlavor
    max_cost_micro_usd: int | None = None
    sends: bool = False

    def limits(self, max_timeout_secs: int | None) -> RunLimits:
        """Return how long and how often it may run, and for how much, where a policy allows so many seconds."""
        job, flavor = self.request.job, self.flavor
        return RunLimits(
            timeout_secs=job.timeout_secs,
            estimated_timeout_secs=flavor.timeout_secs,
            estimated_timeout_bound=flavor.timeout_bound,
            max_timeout_secs=max_timeout_secs,
            attempts=self.request.attempts,
            has_ports=job.has_ports,
            max_cost_micro_usd=self.max_cost_micro_usd,
            may_shorten=self.sends,
            likely_secs=None if flavor.duration_secs is None else flavor.duration_secs.likely,
        )


def judge_chosen(
    chosen: ChosenJob, workspace: "Workspace", listing: "Listing", account: Account | None = None
) -> JobPlan:
    """Return what would be sent, and whether it may be, as things stand now.

    Args:
        chosen: the job, and where it runs.
        workspace: where policy, books and the Hub are.
        listing: what can be rented.
        account: who pays and submits; by default as the Hub tells.

    Raises:
        BudgetRefused: not even one minute fits ``max_cost``.
        BudgetError: the policy or the ledger cannot be read, or who pays decides and is not known.
        HistoryError: the history cannot be read.
    """
    policy, request = workspace.policy(), chosen.request
    # Nobody is asked anything that no rule depends on.
    hub = workspace.hub() if policy.sources or chosen.sends else None
    payer = account or account_for(policy, hub, request.namespace)
    run = choose_run(chosen.flavor.name, listing, chosen.limits(policy.limits.max_timeout_secs))
    job = request.explicit(run.flavor, run.timeout_secs, payer.namespace or "me")
    terms = terms_of(
        job,
        namespace=payer.namespace,
        owner=payer.owner,
        price_of=lambda _: run.price,
        caller=workspace.caller(),
    )
    applied = applied_budgets(policy, terms, workspace.now())
    schedules = ask_schedules(hub if applied else None, terms.namespace).without(request.replaces)
    off_ledger = look_off_ledger(workspace, applied, listing, schedules)
    decision = check_job(policy, terms, workspace.books(), off_ledger, now=workspace.now(), price_problem=run.problem)
    if run.too_dear is not None:
        decision = replace(decision, verdict=Verdict.REFUSED, reasons=(run.too_dear, *decision.reasons))
    return JobPlan(
        job=job,
        flavor=chosen.flavor,
        run=run,
        account=payer,
        decision=_for_caller(decision, payer.namespace, job, workspace),
        notices=tuple(filter(None, (payer.problem, schedules.problem))),
        uploads=request.uploads,
        trigger=request.trigger,
    )


def _for_caller(decision: "Decision", namespace: str, job: "NewJob", workspace: "Workspace") -> "Decision":
    """Return a decision with what the policy says of the agent that asks; that of a person's job as it is."""
    if not decision.terms.caller.is_agent:
        return decision
    from hfplanner.plan.approvals import judge_agent  # noqa: PLC0415 - for jobs of agents

    return judge_agent(decision, namespace, job.to_api(), workspace)


def takes_as_named(flavor: str, listing: "Listing") -> bool:
    """Whether a flavor that is named is taken unseen: it has a price, or the listing knows nothing of it."""
    there = listing.by_name().get(flavor)
    return there is None or there.price_micro_usd_per_minute is not None


def plan_as_named(request: "JobRequest", workspace: "Workspace", account: Account) -> JobPlan | None:
    """Return the plan of a job of which nothing is known but what is sent; ``None`` where its flavor must be looked at.

    Args:
        request: the job; its flavor is named.
        workspace: where prices, policy, books and the Hub are.
        account: who pays and submits.

    Raises:
        HfplannerError: see :func:`judge_chosen`.
    """
    listing, named = workspace.listing(), request.job.flavor
    if named is None or not takes_as_named(named, listing):
        return None
    chosen = ChosenJob(request=request, flavor=ChosenFlavor(name=named, why="as named"))
    return judge_chosen(chosen, workspace, listing, account)
