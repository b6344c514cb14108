"""``hfplanner sweep``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.options.image import IMAGE_AND_COMMAND, job_words
from hfplanner.cli.options.job import asked_needs
from hfplanner.cli.options.submission import SUBMISSION, How
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.sweep import sweep_answer
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import (
    LIMITS,
    MODEL,
    NEEDS,
    RUN_SWEEP,
    SWEEP,
    SWEEP_JOB,
    TIME,
    TRIALS,
    find_arguments,
)
from hfplanner.plan.asked import AskedJob
from hfplanner.plan.sweeping import AskedSweep, plan_sweep
from hfplanner.plan.when import parse_when
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.plan.sweep_run import AskedSweepRun

_ONLY_WITH_RUN = ("key", "detach", "dry_run", "yes")


def sweep(
    *,
    image: str | None,
    command: Sequence[str],
    trials: int | None,
    deadline: str | None,
    parallel: int | None,
    startup: int | None,
    policy: str | None,
    ledger: str | None,
    token: str | None,
    refresh: bool,
    offline: bool,
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> int:
    """Plan many trials of one job, and run them: which flavors, how many in a job, how many jobs at once, how much.

    What one trial needs and takes is said as for `recommend`. Trials of one job run one after the other, and side by
    side on a flavor with several GPUs. --max-cost is for all trials together, as they are likely to run.

    With --run all jobs are reserved in one step, each until its timeout, or none is; then they are sent, each once. A
    job finds its trials in HFPLANNER_TRIALS, for example 0,1,2, and in HFPLANNER_SLOTS how many to run side by side; to
    give each its GPU is the script's part (guide: choose). With --parallel the next is sent when one has ended: the
    command waits, or with --detach and in JSON it returns. The same command with the same --key goes on where it ended,
    and sends nothing twice.

    Exit code 3: a budget refuses the whole; 4: no flavor fits, or nothing keeps the limits; 5: of a job that was sent
    nobody knows whether it exists: its money stays held, and the others are sent.
    """
    if trials is None:
        raise UsageError("How many trials there are is not said.", hint="For example --trials 40.")
    how = _how(given, image, shown)
    with Workspace.from_environ(token=token, offline=offline, policy=policy, ledger=ledger) as workspace:
        if refresh:
            workspace.listing(refresh=True)
        asked = AskedSweep(
            trials=trials,
            deadline=None if deadline is None else parse_when(deadline, workspace.now()),
            parallel=parallel,
            startup_secs=startup or 0,
        )
        if how is None:
            return show(sweep_answer(plan_sweep(asked, asked_needs(given), workspace), workspace.now()), shown)
        from hfplanner.cli.commands.sweep_run import run_sweep  # noqa: PLC0415 - not for a plan

        return run_sweep(_asked_run(asked, given, job_words(image, command), workspace, how), workspace, how)


def _how(given: Mapping[str, Any], image: str | None, shown: str) -> How | None:
    """Return how it is to be run; ``None`` for a plan.

    Raises:
        UsageError: what only counts where it is run, or cannot be.
    """
    if not given["run"]:
        said = [f"--{name.replace('_', '-')}" for name in _ONLY_WITH_RUN if given[name]]
        if image is not None or said:
            what = f"{said[0]} is" if said else "An image is"
            raise UsageError(f"{what} given, and --run is not.", hint="Add --run; without it a sweep is only planned.")
        return None
    if image is None:
        raise UsageError(
            "No image is given.", hint="For example: hfplanner sweep --run --trials 40 ... python:3.12 python train.py"
        )
    how = How(key=given["key"], dry_run=given["dry_run"], yes=given["yes"], follows=not given["detach"], shown=shown)
    how.refuse_what_cannot_be()
    return how


def _asked_run(
    asked: AskedSweep, given: Mapping[str, Any], words: tuple[str | None, Sequence[str]], workspace: Workspace, how: How
) -> "AskedSweepRun":
    from hfplanner.plan.request import read_job  # noqa: PLC0415 - not for a plan
    from hfplanner.plan.sweep_run import AskedSweepRun, new_sweep_key  # noqa: PLC0415 - as above

    workspace.policy()
    job = pack(AskedJob, {**given, "image": words[0], "command": words[1]})
    request = read_job(job, workspace.variables, values=not how.dry_run, token=workspace.token)
    return AskedSweepRun(sweep=asked, needs=asked_needs(given), request=request, key=how.key or new_sweep_key())


COMMAND = Command(
    call=sweep,
    acts=True,
    positionals=IMAGE_AND_COMMAND,
    options=(
        *TRIALS,
        *SWEEP,
        *NEEDS,
        *MODEL,
        *TIME,
        *LIMITS,
        *RUN_SWEEP,
        *SWEEP_JOB,
        *SUBMISSION,
        *find_arguments("policy", "ledger", "token", "refresh", "offline"),
    ),
    stops_at_positional=True,
    names="the flavors of the plan and their numbers of jobs, one a line; with --run the ids of the jobs",
    examples=[
        "hfplanner sweep --trials 40 --duration 45m@l4x1 --vram 20GB --max-cost 100 --deadline tomorrow",
        "hfplanner sweep --trials 200 --like sft-0a1b2c3d --parallel 8 --deadline 12h --confidence 0.9",
        "hfplanner sweep --trials 1000 --duration 10m@a10g-small --vram 16GB --startup 2m --json",
        "hfplanner sweep --run --trials 40 --duration 45m@l4x1 --vram 20GB --key lr-1 python:3.12 python trials.py",
    ],
)
