"""``hfplanner estimate memory``."""

from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import FIT, GPUS_OF_A_RUN, MODEL, SOLVE, TRACE, find_arguments
from hfplanner.plan.asked import AskedModel
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.estimate.memory.solve import Unknown


def memory(
    *,
    gpus: int,
    trace: bool,
    solve: "Unknown | None",
    fit: str | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401
) -> Answer:
    """Say how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    The interval holds what torch reserves plus the CUDA context in 90 of 100 cases.
    Exit code 4 means that no change makes the job fit the flavor of --fit.
    """
    from hfplanner.cli.show.memory import memory_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.estimating import estimate_memory  # noqa: PLC0415 - as above

    with Workspace.from_environ(offline=offline) as workspace:
        listing = get_listing(workspace, refresh=refresh)
        asked = pack(AskedModel, given)
        return memory_answer(estimate_memory(asked, gpus, workspace, listing, trace=trace, solve=solve, fit=fit))


COMMAND = Command(
    call=memory,
    options=(*MODEL, GPUS_OF_A_RUN, TRACE, SOLVE, FIT, *find_arguments("refresh", "offline")),
    names="the names of the flavors it fits or likely fits, one a line",
    examples=[
        "hfplanner estimate memory --model Qwen/Qwen3-8B --seq-len 8192",
        "hfplanner estimate memory --model meta-llama/Llama-3.1-8B --task qlora --batch-size 4 --seq-len 2048",
        "hfplanner estimate memory --model google/gemma-3-27b-it --task full --sharding fsdp --gpus 8",
        "hfplanner estimate memory --model openai/gpt-oss-20b --engine vllm --seq-len 32768 --json",
        "hfplanner estimate memory --params 8B --task lora",
        "hfplanner estimate memory --model Qwen/Qwen3-8B --task qlora --solve seq-len",
        "hfplanner estimate memory --model Qwen/Qwen3-8B --task full --batch-size 8 --fit l4x1",
    ],
)
