"""``hfplanner measured add``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.rest import read_rest
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import GPUS_OF_A_RUN, MEASURED, MODEL, find_arguments
from hfplanner.plan.workspace import Workspace

_SETTINGS = (*MODEL, GPUS_OF_A_RUN)


def add(*, options: tuple[str, ...], refresh: bool, offline: bool, **given: Any) -> Answer:  # noqa: ANN401 - options
    """Keep what a run took of one GPU, or that it ran out of memory there.

    How it was run is said as for `estimate memory`, before or after --. The number is that of nvidia-smi or of the
    job's metrics, unless --metric says that torch counted it. It is used by estimate memory, recommend, check and run:
    for the same settings as it is, for others carried over by the formulas' ratio.
    """
    from hfplanner.cli.show.measured import measured_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.measuring import AskedPeak, keep_peak  # noqa: PLC0415 - as above

    said = {**given, **read_rest("measured add --", _SETTINGS, options)}
    with Workspace.from_environ(offline=offline) as workspace:
        kept = keep_peak(AskedPeak.of(**said), workspace, get_listing(workspace, refresh=refresh))
    return measured_answer((kept,), "Kept")


COMMAND = Command(
    call=add,
    options=(*MEASURED, *_SETTINGS, *find_arguments("refresh", "offline")),
    positionals=(
        Positional(
            name="options",
            metavar="[-- OPTIONS]",
            is_required=False,
            takes_rest=True,
            help="How it was run, as `estimate memory` takes it.",
        ),
    ),
    names="the id of what was kept",
    examples=[
        "hfplanner measured add --flavor a10g-large --peak 19.3GB -- --model Qwen/Qwen3-8B --task lora --batch-size 4",
        "hfplanner measured add --flavor l4x1 --out-of-memory -- --model Qwen/Qwen3-8B --task lora --batch-size 16",
        "hfplanner measured add --flavor l4x1 --peak 18.5GiB --metric reserved -- --model Qwen/Qwen3-8B --task qlora",
    ],
)
