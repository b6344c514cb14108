"""How long the job runs, where it was measured, or what it works on where it never ran."""

from dataclasses import replace
from typing import Any

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.arguments.model import GPUS_OF_A_RUN, MODEL
from hfplanner.plan.readers import (
    read_flavor,
    read_measured,
    read_percent,
    read_seconds,
    read_tokens,
    whole_number,
)

__all__ = ["CHECKPOINT_EVERY", "DURATION", "FLAVORS", "TIME", "TO", "WORST_TIMEOUT"]

_MOST_EPOCHS = 100_000

_WORK = "hfplanner.estimate.duration.workload"

TIME: tuple[Argument, ...] = (
    Argument(
        name="duration",
        group="Time",
        read=read_measured,
        metavar="TIME[@FLAVOR]",
        repeatable=True,
        help="How long the job runs: 90m, the same on every flavor; or 2h20m@a10g-small, measured there and carried "
        "over to the others. Repeat it with each flavor that was measured.",
    ),
    Argument(
        name="like",
        group="Time",
        metavar="NAME_OR_ID",
        help="Instead of --duration: as long as the jobs of the history with this name, id, image or Space ran; "
        "@latest, @latest-failed, @latest-completed and @name=NAME are the newest such job.",
    ),
    Argument(
        name="log",
        group="Time",
        metavar="FILE_OR_JOB",
        help="The log of a job that was stopped before it was done: how far it was says how long the whole takes. A "
        "file, with --duration or --like saying where it ran and how long; or a job of the Hub, which tells both: an "
        "id, or @latest-failed.",
    ),
    Argument(name="phase", group="Time", choices=f"{_WORK}:Phase", help="What the job does."),
    Argument(
        name="bound",
        group="Time",
        choices=f"{_WORK}:Bound",
        default="auto",
        shown_default="auto",
        help="What its time goes to: arithmetic, memory bandwidth, loading data.",
    ),
    flag(
        name="scales_with_gpus",
        group="Time",
        help="It computes on every GPU of a flavor; otherwise on one.",
    ),
    Argument(
        name="tokens",
        group="Time",
        read=read_tokens,
        metavar="COUNT",
        help="Tokens the job reads, writes or is trained on: 300000, 1.5M, 2B. With a duration: for the cost of a "
        "million.",
    ),
    Argument(
        name="samples",
        group="Time",
        read=read_tokens,
        metavar="COUNT",
        help="Instead of --tokens: samples of the data set (by --method pairs, or prompts), each text of at most "
        "--seq-len tokens; requests; or pictures.",
    ),
    Argument(
        name="epochs",
        group="Time",
        read=whole_number(_MOST_EPOCHS),
        metavar="N",
        shown_default="1",
        help="How often each sample is seen.",
    ),
    Argument(
        name="input_tokens",
        group="Time",
        read=read_tokens,
        metavar="COUNT",
        help="Tokens of the prompt of each of --samples; without them of all prompts together.",
    ),
    Argument(
        name="output_tokens",
        group="Time",
        read=read_tokens,
        metavar="COUNT",
        help="Tokens generated for each of --samples; without them in all.",
    ),
    Argument(
        name="utilization",
        group="Time",
        read=read_percent,
        metavar="PERCENT",
        help="The share of the time in which the GPU computed where --duration or --like was measured, 35 for 35 %: no "
        "faster card shortens the rest.",
    ),
)
"""How long the job runs, as far as somebody knows."""


CHECKPOINT_EVERY = Argument(
    name="checkpoint_every",
    group="Time",
    read=read_seconds,
    metavar="TIME",
    help="How often the job writes a checkpoint that it goes on from: for the timeout of least cost.",
)


FLAVORS = Argument(
    name="flavor",
    group="Options",
    read=read_flavor,
    metavar="FLAVOR",
    repeatable=True,
    aliases=("to",),
    help="Only on this flavor; may be repeated.",
)
"""The flavors that a cost is for, each as if it were chosen."""

TO = replace(FLAVORS, name="to", aliases=("flavor",))
"""The flavors that a duration is carried over to."""


_UNSAID: dict[str, dict[str, Any]] = {
    "task": {"default": None, "shown_default": "", "help": "What is run; by default what --phase says."},
    "precision": {
        "choices": "hfplanner.plan.asked:WorkPrecision",
        "shown_default": "",
        "help": "What it computes in; 16 bits unless said.",
    },
}


DURATION: tuple[Argument, ...] = (
    *TIME,
    *(replace(one, **_UNSAID.get(one.name, {})) for one in MODEL),
    replace(GPUS_OF_A_RUN, default=None),
)
"""How long the job ran where it was measured, or what it works on where it never ran."""


WORST_TIMEOUT = Argument(
    name="timeout",
    group="Options",
    read=read_seconds,
    metavar="TIME",
    help="Of one attempt, for the worst case; by default the one suggested for each flavor.",
)
