"""From the options of a run to its plan: the flavor, the price, the timeout, and whether the budget allows it.

``budget check`` and ``run`` make the same plan, so that they say the same.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.outside import Books
from hfplanner.budget.policy import Policy, applied_budgets
from hfplanner.budget.terms import JobTerms
from hfplanner.cli.account import Account, find_account
from hfplanner.cli.budget_inputs import ask_schedules, look_outside
from hfplanner.cli.estimates import Asked
from hfplanner.cli.job_options import JobOptions, JobRequest, job_terms, read_job
from hfplanner.cli.listing import now_utc
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.show.output import warn
from hfplanner.errors import BudgetBlocked, HubError, UsageError
from hfplanner.recommend.choose import recommend
from hfplanner.submit.choose import ChosenFlavor, choose_flavor, is_named
from hfplanner.submit.plan import ChosenRun, RunLimits, choose_run

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient
    from hfplanner.catalog.listing import Listing

__all__ = ["AskedRun", "Planned", "account_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A run as it would be sent.

    Args:
        request: the job, its flavor, timeout and attempts explicit.
        flavor: which, why, and how long the job takes there.
        run: the price, the timeout, and the most it can cost.
        account: who pays and submits.
        decision: whether it may run.
    """

    request: JobRequest
    flavor: ChosenFlavor
    run: ChosenRun
    account: Account
    decision: Decision

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent."""
        remarks = (reason.message for reason in self.decision.warnings)
        return (*self.flavor.warnings, *self.run.warnings, *remarks)


class AskedRun:
    """A run as it was asked for, read and checked; a plan is made once listing, books and account are known.

    Args:
        job: the job.
        machine: what the machine must have.
        model: which model is run.
        time: how long it runs.
        money: the limits on time and money.
        sends: whether the job is to be sent: then ``--max-cost`` shortens a timeout that nobody typed; in a check it
            is a limit.
        values: whether the values of secrets are needed.
        token: what ``-s HF_TOKEN`` means where ``HF_TOKEN`` is not set.
        offline: do not ask the Hub about the model.

    Raises:
        UsageError: options that cannot be meant, or contradict each other.
    """

    def __init__(
        self,
        job: JobOptions,
        machine: MachineOptions,
        model: ModelOptions,
        time: TimeOptions,
        money: MoneyOptions,
        *,
        sends: bool,
        values: bool,
        token: str | None,
        offline: bool,
    ) -> None:
        self.job, self._money, self._sends = job, money, sends
        self._request = read_job(job, values=values, token=token)
        self._asked = Asked(machine, model, time, offline=offline)
        # Without a duration, or on a flavor that is named, the money is a matter of the timeout alone.
        decides = self._asked.knows_duration and not is_named(job.flavor)
        self._needs = self._asked.needs(money if decides else replace(money, max_cost=None))

    def plan(
        self, policy: Policy, listing: "Listing", books: Books, account: Account, client: "JobsClient | None"
    ) -> Planned:
        """Return what would be sent, and whether it may be.

        Args:
            policy: the limits.
            listing: the prices.
            books: the ledger.
            account: who pays and submits.
            client: asked for schedules; ``None`` where the Hub is not asked.

        Raises:
            NothingFits: no flavor is named, and none meets the needs.
            BudgetRefused: not even one minute fits ``--max-cost``.
            HistoryError: the history cannot be read.
        """
        flavor = choose_flavor(self.job.flavor, recommend(self._needs, listing, self._asked.on(listing)))
        run = choose_run(flavor.name, listing, self._limits(flavor, policy))
        request = self._explicit(run)
        terms = job_terms(request, account, run.price)
        now = now_utc()
        applied = applied_budgets(policy, terms, now)
        schedules = ask_schedules(client, terms.namespace) if applied else None
        outside = look_outside(applied, books, listing, schedules, now)
        decision = check_job(policy, terms, books, outside, now=now, price_problem=run.problem)
        if run.too_dear is not None:
            decision = replace(decision, verdict=Verdict.REFUSED, reasons=(run.too_dear, *decision.reasons))
        return Planned(request=request, flavor=flavor, run=run, account=account, decision=decision)

    def spec_as(self, terms: JobTerms) -> dict[str, Any]:
        """Return the job that is asked for, with what was left to the plan as it was planned before.

        Args:
            terms: of the earlier plan.
        """
        named, timeout = self._request.flavor if is_named(self.job.flavor) else None, self._request.timeout_secs
        return {
            **self._request.body,
            "flavor": named or terms.flavor,
            "timeoutSeconds": timeout or terms.timeout_secs,
            "attempts": self._request.attempts,
        }

    def _limits(self, flavor: ChosenFlavor, policy: Policy) -> RunLimits:
        return RunLimits(
            timeout_secs=self._request.timeout_secs,
            estimated_timeout_secs=flavor.timeout_secs,
            estimated_timeout_bound=flavor.timeout_bound,
            max_timeout_secs=policy.limits.max_timeout_secs,
            attempts=self._request.attempts,
            has_ports=self._request.has_ports,
            max_cost_micro_usd=self._money.max_cost,
            may_shorten=self._sends,
            likely_secs=None if flavor.duration_secs is None else flavor.duration_secs.likely,
        )

    def _explicit(self, run: ChosenRun) -> JobRequest:
        """Return the job with what the Hub would otherwise decide by itself."""
        explicit = {"flavor": run.flavor, "timeoutSeconds": run.timeout_secs, "attempts": self._request.attempts}
        return replace(
            self._request,
            body={**self._request.body, **explicit},
            flavor=run.flavor,
            timeout_secs=run.timeout_secs,
        )


def account_for(policy: Policy, client: "JobsClient | None", namespace: str | None) -> Account:
    """Return who pays and submits, as far as the policy depends on it.

    Raises:
        UsageError: who pays decides, and nobody says it.
        BudgetBlocked: the same, because the Hub gave no usable answer.
    """
    try:
        account = find_account(client, namespace, needs_owner=policy.needs_owner)
    except HubError as error:
        if policy.needs_namespace and not namespace:
            raise BudgetBlocked(f"Who pays is not known: {error.message}", hint="Give --namespace NAME.") from error
        warn(f"Who submits is not known: {error.message}")
        account = Account(namespace or "")
    if policy.needs_namespace and not account.namespace:
        raise UsageError(
            "A budget depends on who pays, and that is not known without asking the Hub with a token.",
            hint="Give --namespace NAME, or run `hf auth login`.",
        )
    return account
