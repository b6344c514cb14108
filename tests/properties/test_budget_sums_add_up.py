"""Law: limit - spent - held - this job = left in every budget, and a job runs exactly where no budget goes below 0."""

import re
from decimal import Decimal

from hypothesis import given

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.explain import line_rows, line_text
from hfplanner.budget.off_ledger import OffLedger
from hfplanner.budget.policy import Policy
from hfplanner.budget.scope import covers
from hfplanner.budget.terms import JobTerms
from hfplanner.units import LIMIT_TOLERANCE_MICRO_USD, MICRO_USD_PER_USD
from tests.budget.checks import NOW, Figures
from tests.budget.policies import figures, jobs, outsides, policies


@given(policies(), jobs(), figures(), outsides())
def test_budget_sums_add_up(policy: Policy, job: JobTerms, books: Figures, off_ledger: OffLedger) -> None:
    """In the document for programs, and in the lines for people as they are shown."""
    decision = check_job(policy, job, books, off_ledger, now=NOW)
    named = [line.window.budget for line in decision.lines if not line.window.scope.agents]
    assert named == [budget.name for budget in policy.budgets if covers(budget.scope, job)]
    for line in decision.lines:
        shown = line.to_json()
        cost = decision.worst_case_micro_usd or 0
        assert shown["this_job_micro_usd"] == cost
        assert (
            shown["limit_micro_usd"] - shown["spent_micro_usd"] - shown["held_micro_usd"] - cost
            == shown["left_micro_usd"]
        )
        parts = shown["parts"]
        assert shown["spent_micro_usd"] == parts["settled_micro_usd"] + parts["outside_spent_micro_usd"]
        held = ("submissions_held_micro_usd", "outside_held_micro_usd", "scheduled_micro_usd")
        assert shown["held_micro_usd"] == sum(parts[name] for name in held)
        limit, *less, left = [amount for _, amount, _ in line_rows(line, with_job=True)]
        assert limit - sum(less) == left
        limit, *less, left = map(_micro_usd, line_text(line, with_job=True))
        over = limit - sum(less) - left
        assert over == 0 or (left == 0 and -LIMIT_TOLERANCE_MICRO_USD <= over < 0)
        # What the ledger may reserve is what is left before this job.
        assert line.balance.left_micro_usd == line.available_micro_usd
    _follows_from_its_reasons(decision)


def _micro_usd(text: str) -> int:
    """Return the amount of a line of the arithmetic."""
    amount = re.search(r"(-?)\$ *([0-9,]+\.[0-9]+)", text.removeprefix("- "))
    assert amount is not None
    return int(f"{amount[1]}1") * round(Decimal(amount[2].replace(",", "")) * MICRO_USD_PER_USD)


def _follows_from_its_reasons(decision: Decision) -> None:
    over = any(not line.is_within and line.window.waiver is None for line in decision.lines)
    if decision.verdict is Verdict.ALLOWED:
        assert decision.worst_case_micro_usd is not None
        assert not over
        assert not list(decision.against)
    else:
        assert list(decision.against)
    if over and decision.worst_case_micro_usd is not None:
        assert decision.verdict is Verdict.REFUSED
