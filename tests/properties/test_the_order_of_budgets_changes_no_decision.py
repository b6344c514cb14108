"""Law: the order in which a policy names budgets and waivers changes no decision, no reason and no sum."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.budget.check import check_job
from hfplanner.budget.off_ledger import OffLedger
from hfplanner.budget.policy import Policy
from hfplanner.budget.terms import JobTerms
from tests.budget.checks import NOW, Figures
from tests.budget.policies import figures, jobs, outsides, policies


@given(st.randoms(), policies(), jobs(), figures(), outsides())
def test_the_order_of_budgets_changes_no_decision(
    random: Random, policy: Policy, job: JobTerms, books: Figures, off_ledger: OffLedger
) -> None:
    """The same inputs give the same answer, and so do the same inputs in another order."""
    decision = check_job(policy, job, books, off_ledger, now=NOW)
    assert check_job(policy, job, books, off_ledger, now=NOW) == decision
    budgets, waivers = list(policy.budgets), list(policy.waivers)
    random.shuffle(budgets)
    random.shuffle(waivers)
    shuffled = replace(policy, budgets=tuple(budgets), waivers=tuple(waivers))
    other = check_job(shuffled, job, books, off_ledger, now=NOW)
    assert (other.verdict, other.worst_case_micro_usd) == (decision.verdict, decision.worst_case_micro_usd)
    assert {line.window.budget: line for line in other.lines} == {line.window.budget: line for line in decision.lines}
    assert sorted(reason.code for reason in other.reasons) == sorted(reason.code for reason in decision.reasons)
