"""Law: what a user's policy or a project's refuses alone, both together do not allow."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from hfplanner.budget.agent_check import AskedOfAgent, agent_decision
from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Verdict
from hfplanner.budget.off_ledger import OffLedger
from hfplanner.budget.policy import Policy, tightened, with_defaults
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import PolicyError
from hfplanner.plan.evidence import EMPTY_BOOKS
from tests.budget.checks import NOW, Figures
from tests.budget.policies import figures, jobs, outsides, policies


def _verdict(policy: Policy, job: JobTerms, books: Figures, off_ledger: OffLedger) -> Verdict:
    decision = check_job(policy, job, books, off_ledger, now=NOW)
    return agent_decision(decision, policy, AskedOfAgent("digest", EMPTY_BOOKS, NOW)).verdict


@given(st.data(), policies(), policies(completed=False), jobs(), figures(), outsides())
def test_a_project_never_allows_more(  # noqa: PLR0913, PLR0917 - all that a decision depends on
    data: st.DataObject, user: Policy, project: Policy, job: JobTerms, books: Figures, off_ledger: OffLedger
) -> None:
    """Budgets, limits, agents, ages of prices, flavors, and what to do with unknown spending."""
    if data.draw(st.booleans()):
        # Of one shape, so that only the limits differ.
        shapes = {budget.name: budget for budget in user.budgets}
        project = Policy(
            budgets=tuple(
                type(budget)(
                    name=budget.name,
                    limit_micro_usd=budget.limit_micro_usd,
                    period=shapes.get(budget.name, budget).period,
                    scope=shapes.get(budget.name, budget).scope,
                    source=budget.source,
                )
                for budget in project.budgets
            ),
            limits=project.limits,
            agents=project.agents,
            sources=project.sources,
        )
    project = replace(project, agents=tuple(replace(rule, source="project.toml") for rule in project.agents))
    try:
        both = tightened(user, project)
    except PolicyError:
        assume(False)  # noqa: FBT003 - hypothesis's interface
    alone = Policy(
        budgets=project.budgets,
        limits=with_defaults(project.limits),
        waivers=project.waivers,
        agents=project.agents,
        sources=project.sources,
    )
    verdicts = [_verdict(policy, job, books, off_ledger) for policy in (both, user, alone)]
    if verdicts[0] is Verdict.ALLOWED:
        assert verdicts[1] is Verdict.ALLOWED
        # What the project leaves unsaid has a default, which it does not impose on a user who said otherwise.
        said = (project.limits.max_price_age, project.limits.unknown_spending)
        assert None in said or verdicts[2] is Verdict.ALLOWED
