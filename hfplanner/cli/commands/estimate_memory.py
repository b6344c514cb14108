"""``hfplanner estimate memory``."""

from typing import Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import GPUS_OF_A_RUN, MODEL, find_arguments


def memory(*, gpus: int, refresh: bool, offline: bool, **given: Any) -> Answer:  # noqa: ANN401 - the options of a model
    """Say how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    The interval holds what torch reserves plus the CUDA context in 90 of 100 cases.
    """
    from hfplanner.cli.show.memory import memory_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.estimate.memory.places import places_of  # noqa: PLC0415 - as above
    from hfplanner.estimate.memory.report import report_memory  # noqa: PLC0415 - as above

    model = pack(ModelOptions, given)
    job, shape = model.job(gpus), model.shape(offline=offline)
    listing = get_listing(offline=offline, refresh=refresh, now=now_utc())
    return memory_answer(report_memory(shape, job, places_of(listing.flavors)))


COMMAND = Command(
    call=memory,
    options=(*MODEL, GPUS_OF_A_RUN, *find_arguments("refresh", "offline")),
    names="the names of the flavors it fits or likely fits, one a line",
    examples=[
        "hfplanner estimate memory --model Qwen/Qwen3-8B --seq-len 8192",
        "hfplanner estimate memory --model meta-llama/Llama-3.1-8B --task qlora --batch-size 4 --seq-len 2048",
        "hfplanner estimate memory --model google/gemma-3-27b-it --task full --sharding fsdp --gpus 8",
        "hfplanner estimate memory --model openai/gpt-oss-20b --engine vllm --seq-len 32768 --json",
        "hfplanner estimate memory --params 8B --task lora",
    ],
)
