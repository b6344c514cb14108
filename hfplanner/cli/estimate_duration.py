"""``hfplanner estimate duration``."""

import os

from hfplanner.cli.duration_options import (
    ModelSaid,
    RunPrecisionOption,
    Said,
    ToOption,
    TrainedTaskOption,
    UtilizationOption,
    durations_on,
)
from hfplanner.cli.model_options import BatchSizeOption, ModelOption, ParamsOption, SeqLenOption
from hfplanner.cli.needs import BoundOption, DurationOption, LikeOption, PhaseOption, ScalesOption, TokensOption
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.output import OutputFormat, resolve_format
from hfplanner.cli.plan_output import show_plan
from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors
from hfplanner.estimate.duration.workload import Workload

__all__ = ["duration"]

EXAMPLES = [
    "hfplanner estimate duration --duration 2h20m@a10g-small --phase train",
    "hfplanner estimate duration --duration 2h20m@a10g-small --duration 50m@a100-large --to h200",
    "hfplanner estimate duration --duration 6h@a100-large --phase train --scales-with-gpus --to a100x4",
    "hfplanner estimate duration --duration 40m@l4x1 --phase decode --tokens 3M --json",
    "hfplanner estimate duration --model Qwen/Qwen3-8B --task lora --tokens 20M",
]


def duration(
    duration: DurationOption = None,
    like: LikeOption = None,
    phase: PhaseOption = None,
    precision: RunPrecisionOption = None,
    bound: BoundOption = "auto",
    scales_with_gpus: ScalesOption = False,
    utilization: UtilizationOption = None,
    to: ToOption = None,
    model: ModelOption = None,
    params: ParamsOption = None,
    task: TrainedTaskOption = None,
    tokens: TokensOption = None,
    seq_len: SeqLenOption = 2048,
    batch_size: BatchSizeOption = 1,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say how long a job that was measured on one flavor takes on the others, fastest first.

    The interval holds 90 of 100 cases. Measuring on a second flavor narrows it, and so does saying what the job does.
    Exit code 6 means that nothing can be said about any flavor asked for.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    workload = Workload(phase=phase, precision=precision, bound=bound, scales_with_gpus=scales_with_gpus)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    flavors = find_flavors(to or (), listing.by_name(), "--to")
    named = ModelSaid(
        model=model,
        params=params,
        task=task,
        tokens=tokens,
        seq_len=seq_len,
        batch_size=batch_size,
        offline=offline,
    )
    said = Said(durations=duration or (), like=like, workload=workload, utilization=utilization, model=named)
    plan = plan_flavors(durations_on(flavors, listing, said), flavors, Terms(tokens=tokens)).fastest_first()
    return show_plan(plan, shown, listing, now)
