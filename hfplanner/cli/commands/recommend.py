"""``hfplanner recommend``."""

from pathlib import Path
from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.job import asked_needs
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.recommend import Shown, recommendation_answer
from hfplanner.plan.arguments import (
    CHECKPOINT_EVERY,
    LIMITS,
    MODEL,
    NEEDS,
    OBJECTIVE,
    TIME,
    TOP,
    TRIALS,
    Argument,
    find_arguments,
    flag,
)
from hfplanner.plan.known import know_job
from hfplanner.plan.recommending import recommend_known, with_inputs
from hfplanner.plan.workspace import Workspace


def recommend(
    *,
    plot: str | None,
    all: bool,  # noqa: A002 - the option's name
    why: bool,
    refresh: bool,
    offline: bool,
    said: frozenset[str],
    **given: Any,  # noqa: ANN401 - the options of a job
) -> Answer:
    """Say which flavor is cheapest for what a job needs, and why.

    Every listed flavor is ranked, or rejected with its reasons. Exit code 4 means that nothing fits.
    """
    picture = None if plot is None else _picture(plot)
    with Workspace.from_environ(offline=offline) as workspace:
        needs, now = asked_needs(given), workspace.now()
        answer = recommend_known(know_job(needs, workspace), get_listing(workspace, refresh=refresh))
        answer = with_inputs(answer, needs, said)
    if picture is not None:
        from hfplanner.recommend.plot import write_plot  # noqa: PLC0415 - only where a picture is asked for

        write_plot(answer, picture)
    return recommendation_answer(answer, now, picture, Shown(every=all or given["top"] is not None, why=why))


def _picture(plot: str) -> Path:
    from hfplanner.recommend.plot import check_plot_path  # noqa: PLC0415 - only where a picture is asked for

    return check_plot_path(Path(plot))


COMMAND = Command(
    call=recommend,
    takes_said=True,
    options=(
        *NEEDS,
        *MODEL,
        *TIME,
        *LIMITS,
        *TRIALS,
        CHECKPOINT_EVERY,
        OBJECTIVE,
        *find_arguments("refresh", "offline"),
        TOP,
        flag(name="all", group="Output", help="Show every option, not five."),
        flag(
            name="why",
            group="Output",
            help="Say why: how options compare, what to know of them, and why the rest does not fit.",
        ),
        Argument(
            name="plot",
            group="Output",
            metavar="FILE",
            help="Draw price against VRAM, or with --duration cost and time of each option: .png, .svg or .pdf.",
        ),
    ),
    names="the names of the flavors that fit, best first, one a line",
    examples=[
        "hfplanner recommend --model Qwen/Qwen3-8B --task qlora --batch-size 4 --checkpointing full",
        "hfplanner recommend --model meta-llama/Llama-3.1-70B --shard --engine vllm --seq-len 8192",
        "hfplanner recommend --vram 40GB",
        "hfplanner recommend --vram 160GB --shard",
        "hfplanner recommend --vram 24GB --ram 60GB --max-price 2.50",
        "hfplanner recommend --vram 40GB --duration 3h --max-cost 6",
        "hfplanner recommend --vram 24GB --duration 2h20m@a10g-small --phase train --max-time 1h --confidence 0.9",
        "hfplanner recommend --model Qwen/Qwen3-8B --task lora --tokens 20M --max-cost 5",
        "hfplanner recommend --vram 24GB --like sft-0a1b2c3d --objective time --max-cost 10",
        "hfplanner recommend --vram 24GB --duration 40m@l4x1 --trials 20 --deadline 12h",
        "hfplanner recommend --accelerator a100 --accelerator h200 --gpus 4",
        "hfplanner recommend --vram 40GB --plot flavors.png",
        "hfplanner recommend --vram 40GB --top 3 --json",
        "hfplanner recommend --vram 40GB --top 1 --quiet",
    ],
)
