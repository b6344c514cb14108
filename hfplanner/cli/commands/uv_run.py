"""``hfplanner uv run``."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.commands.run import run_request
from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.job import JOB_OPTIONS, asked_needs
from hfplanner.cli.options.submission import BOOKS, RUN_SUBMISSION, How, taken_workspace
from hfplanner.plan.arguments import Argument
from hfplanner.plan.asked import AskedJob, JobNeeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.script_run import ScriptRun
    from hfplanner.plan.workspace import Workspace


def uv_run(
    *,
    script: str,
    args: "Sequence[str]",
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job and of its submission
) -> int:
    """Run a Python script on Hugging Face Jobs with uv, through the same gate as `run`.

    Takes the options of `hf jobs uv run`, before the script; what stands after it is the script's. Its header is read:
    [tool.hf-jobs] as `hf` reads it, and [tool.hfplanner] with vram, model, task, duration and max-cost. What is typed
    wins. A local script, local files among its arguments and local folders of --volume are uploaded into the private
    bucket jobs-artifacts, after the decision and before the job is sent. Without a flavor, typed or in the header, the
    job runs on cpu-basic, as with `hf`; --flavor auto takes the cheapest that meets the needs.
    """
    how = How.taken(given, shown)
    with (
        taken_workspace(given) as workspace,
        TemporaryDirectory(prefix="hfplanner-") as temporary,
    ):
        workspace.policy()
        asked = asked_script(given, script, args, workspace, Path(temporary), values=not how.dry_run)
        how.refuse_what_cannot_be()
        return run_request(asked, workspace, how)


def asked_script(
    given: dict[str, Any],
    script: str,
    args: "Sequence[str]",
    workspace: "Workspace",
    temporary: Path,
    *,
    values: bool,
) -> "KnownRequest":
    """Return a script's job as it was typed and as the script says, with what is known of it.

    Raises:
        UsageError: options that cannot be meant, or contradict each other.
        JobSpecError: the header cannot be meant.
    """
    from hfplanner.plan.job_plan import know_request  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.script_run import ScriptRun, load_script, read_script_run  # noqa: PLC0415 - as above
    from hfplanner.specs.found import DEFAULT_FLAVOR  # noqa: PLC0415 - as above

    words = tuple(args[1:] if args[:1] in (("--",), ["--"]) else args)
    packages, python = given.pop("with") or (), given.pop("python")
    run = ScriptRun(script=script, args=words, packages=tuple(packages), python=python)
    loaded = load_script(run, temporary)
    job = pack(AskedJob, given)
    if job.flavor is None and "flavor" not in loaded.jobs:
        job = replace(job, flavor=DEFAULT_FLAVOR)
    request = read_script_run(job, loaded, workspace.variables, values=values, token=workspace.token)
    return know_request(request, _needs(given, loaded), workspace, sends=True)


def _needs(given: dict[str, Any], run: "ScriptRun") -> JobNeeds:
    """Return what was typed of the needs; where nothing was, what the script says."""
    from hfplanner.plan.spec_needs import needs_of_table  # noqa: PLC0415 - as above

    typed = asked_needs(given)
    said = needs_of_table(run.planner, run.script)
    return JobNeeds(
        machine=said.machine if typed.machine == JobNeeds().machine else typed.machine,
        model=said.model if typed.model == JobNeeds().model else typed.model,
        time=said.time if typed.time == JobNeeds().time else typed.time,
        limits=replace(typed.limits, max_cost=typed.limits.max_cost or said.limits.max_cost),
    )


SCRIPT = (
    Positional(name="script", metavar="SCRIPT", help="A file, a URL, or a command of a package."),
    Positional(
        name="args",
        metavar="[ARGS]...",
        is_required=False,
        takes_rest=True,
        help="What the script is called with, with its own options.",
    ),
)
"""A script and its arguments."""

SCRIPT_OPTIONS = (
    Argument(name="image", group="Job", metavar="IMAGE", help="Another image with uv in it."),
    Argument(
        name="with", group="Job", metavar="PACKAGE", repeatable=True, help="A package to be installed; repeatable."
    ),
    Argument(name="python", group="Job", short="-p", metavar="VERSION", help="The Python it runs with."),
)
"""What a script is run with."""

COMMAND = Command(
    call=uv_run,
    acts=True,
    positionals=SCRIPT,
    options=(
        *SCRIPT_OPTIONS,
        *JOB_OPTIONS,
        *RUN_SUBMISSION,
        *BOOKS,
    ),
    stops_at_positional=True,
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner uv run --flavor l4x1 --timeout 2h train.py --epochs 3",
        "hfplanner uv run --flavor auto --vram 24GB --duration 3h@l4x1 --with trl train.py",
        "hfplanner uv run --dry-run train.py",
    ],
)
