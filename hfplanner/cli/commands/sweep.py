"""``hfplanner sweep``."""

from typing import Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.sweep import sweep_answer
from hfplanner.errors import UsageError
from hfplanner.plan.arguments import LIMITS, MODEL, NEEDS, SWEEP, TIME, TRIALS, find_arguments
from hfplanner.plan.asked import AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.sweeping import AskedSweep, plan_sweep
from hfplanner.plan.when import parse_when
from hfplanner.plan.workspace import Workspace


def sweep(
    *,
    trials: int | None,
    deadline: str | None,
    parallel: int | None,
    startup: int | None,
    policy: str | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> Answer:
    """Plan many trials of one job: on which flavors, how many in a job, how many jobs at once, for how much.

    What one trial needs and takes is said as for `recommend`. Trials of one job run one after the other, and side by
    side on a flavor with several GPUs. --max-cost is for all trials together.

    Exit code 4: no flavor fits, or nothing keeps the limits; the hint says what would.
    """
    if trials is None:
        raise UsageError("How many trials there are is not said.", hint="For example --trials 40.")
    with Workspace.from_environ(policy=policy, offline=offline) as workspace:
        if refresh:
            workspace.listing(refresh=True)
        asked = AskedSweep(
            trials=trials,
            deadline=None if deadline is None else parse_when(deadline, workspace.now()),
            parallel=parallel,
            startup_secs=startup or 0,
        )
        needs = JobNeeds(
            machine=pack(AskedMachine, given),
            model=pack(AskedModel, given),
            time=pack(AskedTime, given),
            limits=pack(AskedLimits, given),
        )
        return sweep_answer(plan_sweep(asked, needs, workspace), workspace.now())


COMMAND = Command(
    call=sweep,
    options=(*TRIALS, *SWEEP, *NEEDS, *MODEL, *TIME, *LIMITS, *find_arguments("policy", "refresh", "offline")),
    names="the flavors of the plan and their numbers of jobs, one a line",
    examples=[
        "hfplanner sweep --trials 40 --duration 45m@l4x1 --vram 20GB --max-cost 100 --deadline tomorrow",
        "hfplanner sweep --trials 200 --like sft-0a1b2c3d --parallel 8 --deadline 12h --confidence 0.9",
        "hfplanner sweep --trials 1000 --duration 10m@a10g-small --vram 16GB --startup 2m --json",
    ],
)
