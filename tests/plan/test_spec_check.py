"""Jobs in files are judged by the same plan as a job that is typed, and beside each other."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hfplanner.budget.decision import Verdict
from hfplanner.plan.spec_check import SpecCheck, check_specs
from hfplanner.plan.spec_compare import compare_specs, costs_of_json
from hfplanner.plan.workspace import Workspace
from hfplanner.specs.at_revision import find_specs_at
from hfplanner.specs.discover import find_specs

_NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
Check = Callable[..., SpecCheck]

TRAIN = """\
# /// script
# dependencies = ["torch"]
# [tool.hf-jobs]
# flavor = "a100-large"
# timeout = "8h"
# ///
print("training")
"""

JOBS = """\
[jobs.evaluate]
image = "python:3.12"
command = "python evaluate.py"
flavor = "l4x1"
timeout = "1h"

[jobs.nightly]
script = "report.py"
flavor = "cpu-upgrade"
timeout = "30m"
schedule = "@daily"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with a script, a file of jobs and a workflow."""
    folder = tmp_path / "repository"
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    (folder / "jobs.toml").write_text(JOBS, encoding="utf-8")
    run = "hf jobs run --flavor h200 --timeout 2h python:3.12 python sweep.py"
    steps = f"on: push\njobs:\n  sweep:\n    strategy: {{matrix: {{seed: [1, 2]}}}}\n    steps:\n      - run: {run}\n"
    (workflows / "sweep.yml").write_text(steps, encoding="utf-8")
    return folder


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Return how to check files under a policy."""

    def judged(*paths: Path, policy: str = "") -> SpecCheck:
        (tmp_path / "hfplanner.toml").write_text(policy, encoding="utf-8")
        with Workspace(home=tmp_path / "home", offline=True, clock=lambda: _NOW, working_folder=tmp_path) as workspace:
            return check_specs(find_specs(paths), workspace)

    return judged


def test_every_job_of_a_repository_has_its_worst_case(repository: Path, check: Check) -> None:
    """8 h of an a100-large, 1 h of an l4x1, 30 half hours of cpu-upgrade, and twice 2 h of an h200."""
    found = {job.found.title: job for job in check(repository).jobs}
    assert {title: job.worst_case_micro_usd for title, job in found.items()} == {
        "sweep": 2 * 120 * 83333,
        "evaluate": 60 * 13333,
        "nightly": 30 * 30 * 500,
        "train": 480 * 41667,
    }
    assert found["nightly"].runs == 30
    assert found["sweep"].runs == 2


def test_a_header_is_refused_where_its_job_would_be(repository: Path, check: Check) -> None:
    """8 hours at $2.50 are above a limit of $10.00 a job, and a file is no way around it."""
    answer = check(repository / "train.py", policy='[limits]\nmax_job_usd = "10.00"\n')
    assert answer.verdict is Verdict.REFUSED
    assert answer.exit_code == 3
    assert "$20.00" in answer.jobs[0].reasons[0]


def test_jobs_that_fit_one_by_one_need_not_fit_together(repository: Path, check: Check) -> None:
    """Two jobs of $20.00 each in a budget of $30.00: the second is refused, and says beside what."""
    (repository / "again.py").write_text(TRAIN, encoding="utf-8")
    policy = '[[budget]]\nname = "team"\nlimit_usd = "30.00"\nperiod = "month"\n'
    answer = check(repository / "again.py", repository / "train.py", policy=policy)
    assert [job.verdict for job in answer.jobs] == [Verdict.ALLOWED, Verdict.REFUSED]
    assert "beside $20.00 of the jobs before it" in answer.jobs[1].reasons[0]


def test_what_cannot_be_priced_is_never_free(tmp_path: Path, check: Check) -> None:
    """An unknown flavor blocks, and a command line that is known only when it runs is listed."""
    job = tmp_path / "job.json"
    job.write_text('{"dockerImage": "python:3.12", "command": ["id"], "flavor": "h9000"}', encoding="utf-8")
    answer = check(job)
    assert answer.verdict is Verdict.BLOCKED
    assert answer.exit_code == 3
    assert answer.once_micro_usd is None

    workflow = tmp_path / "ci.yml"
    workflow.write_text(
        "on: push\njobs:\n  a:\n    steps:\n      - run: hf jobs run --flavor $F python:3.12 id\n", encoding="utf-8"
    )
    answer = check(workflow)
    assert answer.jobs == ()
    assert answer.verdict is Verdict.BLOCKED
    assert answer.exit_code == 3
    assert [one.line for one in answer.not_checked] == [5]
    assert replace(answer, allows_unchecked=True).exit_code == 0


def test_a_schedule_that_does_not_overlap_fills_its_month_at_most(tmp_path: Path, check: Check) -> None:
    """Every hour with a timeout of a day: 30 days of one run, and the last one's end; overlapping it is 720 days."""
    row = '[jobs.a]\nimage = "x"\ncommand = "id"\nflavor = "l4x1"\ntimeout = "1d"\nschedule = "@hourly"\n'
    jobs = tmp_path / "jobs.toml"
    jobs.write_text(row, encoding="utf-8")
    assert check(jobs).monthly_micro_usd == (30 + 1) * 1440 * 13333
    jobs.write_text(row + "concurrency = true\n", encoding="utf-8")
    assert check(jobs).monthly_micro_usd == 720 * 1440 * 13333


@pytest.mark.process
def test_a_change_is_told_against_an_earlier_version(repository: Path, check: Check) -> None:
    """From git's store, without a checkout: one job became dearer, one appeared, one went."""

    def git(*args: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
        command = ["git", "-C", str(repository), *identity, *args]
        subprocess.run(command, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    before = check(repository)
    (repository / "train.py").write_text(TRAIN.replace("8h", "16h"), encoding="utf-8")
    jobs = repository / "jobs.toml"
    jobs.write_text(JOBS.replace("jobs.evaluate", "jobs.judge"), encoding="utf-8")

    specs = find_specs_at("HEAD", [repository], repository)
    assert {job.key for job in specs.jobs} == {job.found.key for job in before.jobs}
    comparison = compare_specs("HEAD", before, check(repository))
    kinds = {change.key.rpartition("#")[2]: change.kind for change in comparison.changes}
    assert kinds == {"train": "dearer", "judge": "new", "evaluate": "gone", "nightly": "same", "sweep": "same"}
    assert comparison.more_micro_usd == 480 * 41667
    assert comparison.changes[0].key.endswith("#train")
    saved = costs_of_json(before.to_json())
    assert compare_specs("HEAD", saved, check(repository)) == comparison


_OF_ACME = '[[budget]]\nname = "team"\nlimit_usd = "30.00"\nperiod = "month"\nscope = { namespace = "acme" }\n'


def test_a_job_whose_payer_is_not_known_has_its_cost_and_is_blocked(repository: Path, check: Check) -> None:
    """A pull request from a fork has no token: the amount is said, and the budget of acme decides nothing."""
    answer = check(repository / "train.py", policy=_OF_ACME)
    assert answer.verdict is Verdict.BLOCKED
    assert answer.once_micro_usd == 480 * 41667
    assert answer.jobs[0].reason_codes == {"payer_unknown"}
    assert "--namespace" in answer.jobs[0].reasons[0]


def test_a_limit_that_does_not_depend_on_who_pays_refuses_all_the_same(repository: Path, check: Check) -> None:
    """$20.00 are above $10.00 a job, whoever pays them."""
    answer = check(repository / "train.py", policy=_OF_ACME + '[limits]\nmax_job_usd = "10.00"\n')
    assert answer.verdict is Verdict.REFUSED
    assert answer.jobs[0].reason_codes == {"over_max_job", "payer_unknown"}


def test_who_pays_for_files_can_be_said(repository: Path, tmp_path: Path) -> None:
    """A header without a namespace is counted against the budget of the one that is given."""
    (tmp_path / "hfplanner.toml").write_text(_OF_ACME, encoding="utf-8")
    with Workspace(home=tmp_path / "home", offline=True, clock=lambda: _NOW, working_folder=tmp_path) as workspace:
        mine, theirs = (
            check_specs(find_specs([repository / "train.py"]), workspace, namespace=name) for name in ("acme", "other")
        )
    assert mine.verdict is theirs.verdict is Verdict.ALLOWED
    assert mine.jobs[0].budgets == ("team",)
    assert theirs.jobs[0].budgets == ()


def test_a_refused_job_takes_nothing_from_a_budget(repository: Path, check: Check) -> None:
    """$20.00 are refused by the limit of a job; the next two dollars are not counted beside them."""
    (repository / "small.toml").write_text(JOBS, encoding="utf-8")
    policy = '[[budget]]\nname = "team"\nlimit_usd = "5.00"\nperiod = "month"\n[limits]\nmax_job_usd = "4.00"\n'
    answer = check(repository / "train.py", repository / "small.toml", policy=policy)
    assert [job.verdict for job in answer.jobs] == [Verdict.REFUSED, Verdict.ALLOWED, Verdict.ALLOWED]
