"""Workflows are read command by command; what cannot be priced is listed."""

import textwrap

import pytest

from hfplanner.specs.discover import read_spec
from hfplanner.specs.found import FoundSpecs


def workflow(run: str, *, matrix: str = "") -> FoundSpecs:
    """Read a workflow with one step, and a matrix where one is given."""
    strategy = f"    strategy:\n      matrix: {matrix}\n" if matrix else ""
    script = textwrap.indent(textwrap.dedent(run).strip(), " " * 10)
    steps = f"    steps:\n      - uses: actions/checkout@v4\n      - run: |\n{script}\n"
    return read_spec("ci.yml", f"on: push\njobs:\n  train:\n{strategy}{steps}")


def test_a_step_that_starts_a_job_is_that_job() -> None:
    """Continuation lines, assignments in front and options with an equals sign are read as a shell reads them."""
    found = workflow(
        """
        set -euo pipefail
        HF_TOKEN=$TOKEN uvx hf jobs run --flavor=a100-large \\
            --timeout 8h -l team=nlp -e SEED=1 --detach \\
            pytorch/pytorch:2.6 python train.py --timeout 3
        """
    )
    (job,) = found.jobs
    assert (job.where, job.flavor, job.timeout_secs) == ("ci.yml:8", "a100-large", 8 * 3600)
    assert job.command == ("python", "train.py", "--timeout", "3")
    assert job.labels == {"team": "nlp"}
    assert found.not_checked == ()


@pytest.mark.parametrize(
    "run",
    [
        "hf auth login\npip install hf",
        "hf jobs ps -a",
        "hf jobs logs 687fb701029421ae5549d998",
        "hf jobs run --dry-run python:3.12 id",
        "# hf jobs run --flavor h200x8 python:3.12 id",
        "hfplanner report",
    ],
)
def test_what_starts_nothing_is_nothing(run: str) -> None:
    """A step that reads, or says what it would do, costs nothing."""
    assert workflow(run) == FoundSpecs()


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        ("hf jobs run --flavor $FLAVOR python:3.12 id", "its --flavor is known only when it runs"),
        ("hf jobs run --flavor ${{ inputs.flavor }} python:3.12 id", "its --flavor is known only when it runs"),
        ("hf jobs run --timeout $(cat t) python:3.12 id", "its --timeout is known only when it runs"),
        ("hf jobs run --flavour h200 python:3.12 id", "--flavour is no option that is known here"),
        ("hf jobs run --timeout '8 hours' python:3.12 id", "'8 hours' is not a duration"),
        ("for i in 1 2 3; do hf jobs run python:3.12 id; done", "it stands in a loop"),
        ("for i in $(seq 40)\ndo\n  hf jobs run python:3.12 id\ndone", "it stands in a loop"),
        ("seq 9 | xargs -n1 hf jobs run python:3.12 id", "names jobs in a way that is not read"),
        ('bash -c "hf jobs run --flavor h200x8 python:3.12 id"', "names jobs in a way that is not read"),
        ("hf jobs rerun 687fb701029421ae5549d998", "a rerun costs what the job it repeats costs"),
        ("hf sandbox create --pool p1", "a host of the pool may be started"),
        ("hf jobs run 'python:3.12 id", "cannot be parted"),
        ("hf jobs launch python:3.12 id", "its subcommand is not known here"),
        ("hf jobs run", "it names no image or script"),
    ],
)
def test_what_cannot_be_priced_is_listed(run: str, reason: str) -> None:
    """Nothing that may start a paid job is passed over."""
    found = workflow(run)
    assert found.jobs == ()
    assert len(found.not_checked) == 1
    assert reason in found.not_checked[0].reason


def test_a_command_whose_output_is_kept_is_run_all_the_same() -> None:
    """JOB=$(hf jobs run ...) starts a job."""
    (job,) = workflow("JOB=$(hf jobs run -d --flavor l4x1 python:3.12 id)").jobs
    assert job.flavor == "l4x1"


def test_a_matrix_of_written_values_multiplies() -> None:
    """Two seeds on three sizes are six jobs; a matrix that is made at run time is not checked."""
    assert workflow("hf jobs run python:3.12 id", matrix="{seed: [1, 2], size: [s, m, l]}").jobs[0].times == 6
    made = workflow("hf jobs run python:3.12 id", matrix="${{ fromJSON(needs.plan.outputs.m) }}")
    assert made.jobs == ()
    assert "matrix is made when the workflow runs" in made.not_checked[0].reason


def test_schedules_and_scripts_are_known() -> None:
    """A schedule and a script, `hf jobs scheduled uv run SCHEDULE SCRIPT`, with a cron expression."""
    (job,) = workflow('hf jobs scheduled uv run --flavor l4x1 "0 3 * * *" evaluate.py --all').jobs
    assert (job.schedule, job.kind, job.command) == ("0 3 * * *", "script", ("evaluate.py", "--all"))
