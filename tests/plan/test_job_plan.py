"""One plan, for whoever asks: what is judged is what would be sent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hfplanner.errors import BudgetRefused, NothingFits
from hfplanner.plan.asked import AskedJob, AskedLimits, AskedMachine, AskedTime, JobNeeds
from hfplanner.plan.job_plan import JobPlan, plan_job
from hfplanner.plan.readers import parse_measured
from hfplanner.plan.request import read_job
from hfplanner.plan.workspace import Workspace

POLICY = """
[[budget]]
name = "team"
limit_usd = "2.00"
period = "month"
scope = { labels = { team = "nlp" } }
"""
JOB = AskedJob(image="python:3.12", command=("python", "-V"), namespace="acme", label=("team=nlp",))
NEEDS = JobNeeds(machine=AskedMachine(vram=20 * 10**9))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a world with a policy, offline, whose time stands."""
    (tmp_path / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    now = datetime(2026, 9, 1, tzinfo=UTC)
    with Workspace(home=tmp_path, offline=True, working_folder=tmp_path, clock=lambda: now) as opened:
        yield opened


def _plan(workspace: Workspace, job: AskedJob = JOB, needs: JobNeeds = NEEDS, *, sends: bool = False) -> JobPlan:
    return plan_job(read_job(job, {}, values=False), needs, workspace, sends=sends)


def test_the_job_that_is_judged_is_the_one_that_is_ordered(workspace: Workspace) -> None:
    """Flavor, timeout, attempts and labels of the order are those of the decision."""
    plan = _plan(workspace, replace(JOB, timeout="1h", attempts=2))
    order = plan.order("nightly")
    assert order.terms == plan.decision.terms
    assert order.windows == plan.decision.windows
    assert (order.job.flavor, order.job.timeout_secs, order.job.attempts, order.key) == ("l4x1", 3600, 2, "nightly")
    assert order.terms.cap_micro_usd == plan.decision.worst_case_micro_usd == 2 * 60 * 13333
    assert [window.budget for window in order.windows] == ["team"]


def test_the_timeout_has_one_holder(workspace: Workspace) -> None:
    """Changing the job of an order changes what is reserved for it: nothing else says how long it may run."""
    order = _plan(workspace, replace(JOB, timeout="1h")).order()
    longer = replace(order, job=order.job.but(timeout_secs=7200))
    assert (order.terms.timeout_secs, longer.terms.timeout_secs) == (3600, 7200)
    assert longer.terms.cap_micro_usd == 120 * 13333


@pytest.mark.parametrize(("sends", "timeout_secs", "verdict"), [(True, 75 * 60, "allowed"), (False, 20340, "refused")])
def test_money_shortens_a_timeout_nobody_gave_only_where_the_job_is_sent(
    workspace: Workspace, *, sends: bool, timeout_secs: int, verdict: str
) -> None:
    """In a check it is a limit."""
    needs = JobNeeds(time=AskedTime(duration=(parse_measured("3h"),)), limits=AskedLimits(max_cost=1_000_000))
    plan = _plan(workspace, replace(JOB, flavor="l4x1", label=()), needs, sends=sends)
    assert (plan.job.timeout_secs, plan.decision.verdict.value) == (timeout_secs, verdict)


@pytest.mark.parametrize("sends", [True, False])
def test_a_timeout_that_was_given_is_never_changed(workspace: Workspace, *, sends: bool) -> None:
    """It is refused, with the one that would do."""
    needs = JobNeeds(limits=AskedLimits(max_cost=1_000_000))
    plan = _plan(workspace, replace(JOB, flavor="l4x1", timeout="2h"), needs, sends=sends)
    assert (plan.job.timeout_secs, plan.decision.verdict.value) == (7200, "refused")
    assert "a --timeout of 1h15m" in next(plan.decision.against).message


def test_what_nobody_can_pay_for_is_refused(workspace: Workspace) -> None:
    """Not one minute: there is no timeout to shorten it to."""
    with pytest.raises(BudgetRefused, match="does not pay for one minute"):
        _plan(workspace, JOB, replace(NEEDS, limits=AskedLimits(max_cost=1)), sends=True)


def test_what_fits_nowhere_is_no_plan(workspace: Workspace) -> None:
    """Nothing is named, and nothing is recommended."""
    with pytest.raises(NothingFits):
        _plan(workspace, JOB, JobNeeds(machine=AskedMachine(vram=10**13)))


def test_a_plan_shows_no_secret(workspace: Workspace) -> None:
    """Not in its document, and not in its repr."""
    plan = _plan(workspace, replace(JOB, secrets=("KEY=hush",), env=("LR=whisper",)))
    assert plan.to_dict()["spec"]["secrets"] == ["KEY"]
    assert "hush" not in f"{plan.to_dict()} {plan!r}"
    assert "whisper" not in repr(plan)
