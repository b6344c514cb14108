"""Every argument that means something beyond the command line, declared once: needs, model, time, limits, job, where.

The command line derives its options from this table, the Python interface its keyword arguments. An error is one
sentence that either spells its own way: :func:`as_option` writes ``--max-cost``, :func:`as_argument` ``max_cost``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import Any, Literal, get_args

from hfplanner.errors import UsageError
from hfplanner.plan.readers import (
    Reader,
    one_of,
    parse_confidence,
    parse_increase,
    read_flag,
    read_measured,
    read_money,
    read_params,
    read_percent,
    read_quantization,
    read_seconds,
    read_size,
    read_text,
    read_timeout,
    read_tokens,
    whole_number,
)
from hfplanner.units import MAX_ATTEMPTS

__all__ = [
    "ATTEMPTS",
    "CHECKPOINT_EVERY",
    "DURATION",
    "FILES",
    "FLAVORS",
    "GPUS_OF_A_RUN",
    "JOB",
    "LIMITS",
    "MODEL",
    "NEEDS",
    "OBJECTIVE",
    "REPORT",
    "SENDING",
    "SOLVE",
    "SWEEP",
    "SYNC",
    "TIME",
    "TOP",
    "TRIALS",
    "WHERE",
    "WORST_TIMEOUT",
    "Argument",
    "AskedMachine",
    "Group",
    "as_argument",
    "as_option",
    "find_arguments",
    "in_python",
    "read_value",
]

Group = Literal["Options", "Job", "Needs", "Model", "Time", "Limits", "Submission", "Where", "Output"]

_MOST = 2**31 - 1
_MOST_WIDTH = 10**7
_MOST_RANK = 65536
_MOST_PORTS = 65535
# Beyond these a number of a listing's column is a slip of the keyboard.
_MOST_GPUS = 10_000
_MOST_VCPU = 1_000_000
_MOST_FLAVORS = 10_000
_MOST_GPUS_OF_A_RUN = 8
_MOST_TRIALS = 100_000
_MOST_EPOCHS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument, whoever gives it.

    Args:
        name: as Python spells it, with underscores.
        group: where help shows it.
        help: one sentence for people.
        read: how its value is read, from text as it is typed or from a number; raises :class:`UsageError`.
        metavar: what stands for its value in a help text; empty for a flag, and where there are choices.
        default: what holds where it is not given, already read.
        shown_default: how help shows the default; empty where it shows none.
        choices: its words, if it takes one of several, or where they are declared: ``"module:Literal"``.
        repeatable: whether it may be given several times; its value is then a list, or ``None``.
        short: a second spelling on the command line, of one letter.
        aliases: other long spellings on the command line.
        is_flag: whether it is yes or no.
        is_required: whether nothing can be done without it.
    """

    name: str
    group: Group
    help: str
    read: Reader = read_text
    metavar: str = ""
    default: Any = None
    shown_default: str = ""
    choices: str | tuple[str, ...] = ()
    repeatable: bool = False
    short: str = ""
    aliases: tuple[str, ...] = ()
    is_flag: bool = False
    is_required: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words it takes, where it takes one of several; empty otherwise.

        >>> find_arguments("task")[0].words
        ('inference', 'full', 'lora', 'qlora')
        """
        if not isinstance(self.choices, str):
            return self.choices
        module, _, attribute = self.choices.partition(":")
        return get_args(getattr(import_module(module), attribute))

    def value(self, given: Any) -> Any:  # noqa: ANN401 - what the argument holds
        """Return one value of the argument, read.

        Raises:
            UsageError: it cannot be meant; the sentence does not name the argument.
        """
        return one_of(self.words)(given) if self.choices else self.read(given)


def read_value(argument: Argument, given: Any, spell: Callable[[str], str]) -> Any:  # noqa: ANN401 - as above
    """Return a value that was given for an argument; an error names the argument as ``spell`` does.

    Raises:
        UsageError: it cannot be meant.

    >>> read_value(find_arguments("max_cost")[0], "5 EUR", as_option)
    Traceback (most recent call last):
    hfplanner.errors.UsageError: --max-cost: '5 EUR' is not an amount of money: it is not a number of US dollars.
    """
    try:
        return argument.value(given)
    except UsageError as error:
        raise UsageError(f"{spell(argument.name)}: {error.message}", hint=error.hint) from error


def as_option(name: str) -> str:
    """Return an argument's name as the command line spells it.

    >>> as_option("max_cost")
    '--max-cost'
    """
    return f"--{name.replace('_', '-')}"


def as_argument(name: str) -> str:
    """Return an option's or an argument's name as Python spells it.

    >>> as_argument("--max-cost")
    'max_cost'
    """
    return name.removeprefix("--").replace("-", "_")


_MEMORY = "hfplanner.estimate.memory.job"
_WORK = "hfplanner.estimate.duration.workload"

NEEDS: tuple[Argument, ...] = (
    Argument(
        name="vram",
        group="Needs",
        read=read_size,
        metavar="SIZE",
        help="Listed memory needed on one GPU: 40GB, 40GiB.",
    ),
    Argument(
        name="shard",
        group="Needs",
        read=read_flag,
        is_flag=True,
        default=False,
        help="That memory, or the model, may be spread over the GPUs of one flavor.",
    ),
    Argument(
        name="gpus",
        group="Needs",
        read=whole_number(_MOST_GPUS),
        metavar="N",
        help="At least this many GPUs; a model runs on so many.",
    ),
    Argument(
        name="accelerator",
        group="Needs",
        metavar="NAME",
        repeatable=True,
        help="Only this accelerator; repeat it to allow several: l4, a100.",
    ),
    Argument(
        name="cpu",
        group="Needs",
        read=whole_number(_MOST_VCPU),
        metavar="N",
        help="At least this many vCPU.",
    ),
    Argument(name="ram", group="Needs", read=read_size, metavar="SIZE", help="At least this much main memory."),
    Argument(name="disk", group="Needs", read=read_size, metavar="SIZE", help="At least this much disk."),
)
"""What the machine must have; :class:`AskedMachine` holds their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMachine:
    """What the machine must have: a field for each argument of :data:`NEEDS`."""

    vram: int | None = None
    shard: bool = False
    gpus: int | None = None
    accelerator: Sequence[str] | None = None
    cpu: int | None = None
    ram: int | None = None
    disk: int | None = None

    def as_needs(self) -> dict[str, Any]:
        """Return the values by the names that :class:`~hfplanner.recommend.needs.Needs` has for them.

        >>> AskedMachine(cpu=8, ram=62 * 10**9).as_needs()["vcpu"]
        8
        """
        values = {_NEED_OF.get(field.name, field.name): getattr(self, field.name) for field in fields(self)}
        return values | {"accelerators": tuple(self.accelerator or ())}


# Where the need has another name than its argument: its unit, or the field's word.
_NEED_OF = {
    "vram": "vram_bytes",
    "accelerator": "accelerators",
    "cpu": "vcpu",
    "ram": "ram_bytes",
    "disk": "disk_bytes",
}


def _width(name: str, words: str) -> Argument:
    """Return the argument of one width of a model given by hand."""
    return Argument(
        name=name, group="Model", read=whole_number(_MOST_WIDTH), metavar="N", help=f"With --params: {words}."
    )


MODEL: tuple[Argument, ...] = (
    Argument(
        name="preset",
        group="Model",
        choices="hfplanner.plan.presets:PresetName",
        help="As a library runs it: its defaults for what is not typed; data/presets.csv has each with its source.",
    ),
    Argument(
        name="model",
        group="Model",
        metavar="ID_OR_DIR",
        help="A model of the Hub, a folder, or a GGUF file (OWNER/NAME:FILE.gguf).",
    ),
    Argument(name="params", group="Model", read=read_params, metavar="COUNT", help="Without a model: 8B, 350M."),
    _width("layers", "layers"),
    _width("hidden", "width of the residual stream"),
    _width("heads", "query heads"),
    _width("kv_heads", "key and value heads"),
    _width("ffn", "inner width of the feed-forward block"),
    _width("vocab", "tokens of the vocabulary"),
    Argument(
        name="task",
        group="Model",
        choices=f"{_MEMORY}:Task",
        default="inference",
        shown_default="inference",
        help="What is run: generating, or training of what.",
    ),
    Argument(
        name="precision",
        group="Model",
        choices=f"{_MEMORY}:Precision",
        shown_default="bf16",
        help="Of weights and compute; -mixed keeps fp32 weights under autocast.",
    ),
    Argument(
        name="quantization",
        group="Model",
        read=read_quantization,
        metavar="KIND",
        default="auto",
        shown_default="auto",
        help="none, int8, fp8, nf4, nf4-single, gptq-4bit, gptq-8bit, awq-4bit, mxfp4, gguf:KIND; auto: as stored, "
        "nf4 for qlora.",
    ),
    Argument(
        name="quantized_experts",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="bitsandbytes quantizes a mixture's experts too (transformers 5 leaves them).",
    ),
    Argument(
        name="kv_dtype",
        group="Model",
        choices=f"{_MEMORY}:KvDtype",
        default="auto",
        shown_default="auto",
        help="Of the cache of keys and values.",
    ),
    Argument(
        name="engine",
        group="Model",
        choices=f"{_MEMORY}:Engine",
        default="transformers",
        shown_default="transformers",
        help="What generates.",
    ),
    Argument(
        name="batch_size",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        shown_default="1",
        help="Sequences per GPU and step.",
    ),
    Argument(
        name="seq_len",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        default=2048,
        shown_default="2048",
        help="Tokens of a sequence; for inference prompt and answer together.",
    ),
    Argument(
        name="optimizer",
        group="Model",
        choices=f"{_MEMORY}:Optimizer",
        default="adamw",
        shown_default="adamw",
        help="Of the trained weights; adamw keeps its states in their precision.",
    ),
    Argument(
        name="lora_rank",
        group="Model",
        read=whole_number(_MOST_RANK),
        metavar="N",
        default=16,
        shown_default="16",
        help="Rank of the adapters.",
    ),
    Argument(
        name="lora_targets",
        group="Model",
        metavar="NAMES",
        default="all-linear",
        shown_default="all-linear",
        help="Modules the adapters are on, with commas: q_proj,v_proj.",
    ),
    Argument(
        name="trained_embeddings",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Adapters aside, train embedding and output projection (modules_to_save).",
    ),
    Argument(
        name="checkpointing",
        group="Model",
        choices=f"{_MEMORY}:Checkpointing",
        default="auto",
        shown_default="auto",
        help="Recompute activations: of no, every second, every layer; auto: full for decoders, as TRL.",
    ),
    Argument(
        name="attention",
        group="Model",
        choices=f"{_MEMORY}:Attention",
        default="sdpa",
        shown_default="sdpa",
        help="eager keeps the score matrices.",
    ),
    Argument(
        name="loss",
        group="Model",
        choices=f"{_MEMORY}:Loss",
        default="auto",
        shown_default="auto",
        help="How logits become a loss: in chunks (TRL; auto for decoders), at once, fused (Liger), held in fp32.",
    ),
    Argument(
        name="accumulation",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        default=1,
        shown_default="1",
        help="Micro-batches per step.",
    ),
    Argument(
        name="packed",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Sequences are packed: no padding, no attention mask.",
    ),
    Argument(
        name="lengths",
        group="Model",
        choices=f"{_MEMORY}:Lengths",
        default="varying",
        shown_default="varying",
        help="Of the sequences of a batch: fixed, packed, or varying and padded.",
    ),
    Argument(
        name="expandable_segments",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True: the allocator wastes less.",
    ),
    Argument(
        name="unquantized",
        group="Model",
        choices=f"{_MEMORY}:Unquantized",
        default="fp32",
        shown_default="fp32",
        help="Precision of embeddings, head and norms of a 4-bit model that is trained.",
    ),
    Argument(
        name="grad_sync",
        group="Model",
        choices=f"{_MEMORY}:GradSync",
        default="last",
        shown_default="last",
        help="When FSDP shares gradients out while it accumulates.",
    ),
    Argument(
        name="own_loop",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Adapters are trained in a loop of your own, without the autocast of the Trainer.",
    ),
    Argument(
        name="compiled",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="The layers are compiled: torch_compile.",
    ),
    Argument(
        name="foreach",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="The optimizer's multi-tensor kernel, with one more copy of the trained weights.",
    ),
    Argument(
        name="optimizer_in_backward",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Step each layer as soon as its gradient is there.",
    ),
    Argument(
        name="prompt_len",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Tokens of the prompt; all of --seq-len where it is not given.",
    ),
    Argument(
        name="logits",
        group="Model",
        choices=f"{_MEMORY}:Logits",
        default="last",
        shown_default="last",
        help="Of the last token of the prompt, or of all.",
    ),
    Argument(
        name="resolution",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Pixels along one side of a picture.",
    ),
    Argument(
        name="legacy_cache",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="The cache is copied for every token, as transformers did before 4.36.",
    ),
    Argument(
        name="legacy_quantization",
        group="Model",
        read=read_flag,
        is_flag=True,
        default=False,
        help="4-bit layers keep their inputs, as bitsandbytes did before 0.43.",
    ),
    Argument(
        name="offload",
        group="Model",
        choices=f"{_MEMORY}:Offload",
        default="none",
        shown_default="none",
        help="What lives in main memory between uses.",
    ),
    Argument(
        name="sharding",
        group="Model",
        choices=f"{_MEMORY}:Sharding",
        default="none",
        shown_default="none",
        help="What the GPUs of a run share.",
    ),
)
"""Which model is run, and how."""

GPUS_OF_A_RUN = Argument(
    name="gpus",
    group="Model",
    read=whole_number(_MOST_GPUS_OF_A_RUN),
    metavar="N",
    default=1,
    shown_default="1",
    help="GPUs of the run.",
)
"""How many GPUs an estimate of memory is for; :data:`NEEDS` has the argument that a flavor must meet."""

SOLVE = Argument(
    name="solve",
    group="Model",
    choices="hfplanner.estimate.memory.solve:Unknown",
    help="The largest value of one input with which the job still fits each flavor.",
)
"""The inverse question of an estimate of memory."""

TRACE = Argument(
    name="trace",
    group="Model",
    read=read_flag,
    is_flag=True,
    default=False,
    help="Run one step of the installed transformers and peft on fake tensors, instead of formulas.",
)
"""Whether memory is traced from the real code; needs the extra ``trace``."""

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
        metavar="FILE",
        help="The log of a job that ran for --duration and was not done: how far it was says how long the whole takes.",
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
    Argument(
        name="scales_with_gpus",
        group="Time",
        read=read_flag,
        is_flag=True,
        default=False,
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
        help="Instead of --tokens: samples of the data set, each of at most --seq-len tokens; or requests.",
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
        help="The share of the time in which the GPU computed, where it was measured.",
    ),
)
"""How long the job runs, as far as somebody knows."""

LIMITS: tuple[Argument, ...] = (
    Argument(
        name="max_time",
        group="Limits",
        read=read_seconds,
        metavar="TIME",
        help="At most this long; needs --duration, --like or --tokens.",
    ),
    Argument(
        name="max_cost",
        group="Limits",
        read=read_money,
        metavar="USD",
        help="At most this much for the job: likely, where flavors are compared by a known duration; at worst, where "
        "one is run or checked.",
    ),
    Argument(
        name="max_price",
        group="Limits",
        read=read_money,
        metavar="USD",
        help="At most this price per hour, as the Hub shows it: in cents.",
    ),
    Argument(
        name="confidence",
        group="Limits",
        read=parse_confidence,
        metavar="SHARE",
        help="How surely limits are kept and memory fits: 0.9 is the high end of an estimate. By default likely time "
        "and cost, and memory at 0.9.",
    ),
)
"""What it may take and cost."""

CHECKPOINT_EVERY = Argument(
    name="checkpoint_every",
    group="Time",
    read=read_seconds,
    metavar="TIME",
    help="How often the job writes a checkpoint that it goes on from: for the timeout of least cost.",
)

TRIALS: tuple[Argument, ...] = (
    Argument(
        name="trials",
        group="Time",
        read=whole_number(_MOST_TRIALS),
        metavar="N",
        help="So many runs of the job: what is saved by measuring first, or planned as a sweep.",
    ),
    Argument(
        name="deadline",
        group="Limits",
        metavar="WHEN",
        help="Done by then, the wait in the queue counted: 6h, tomorrow, 18:00, 2026-12-01T09:00 (UTC).",
    ),
)
"""How many runs there will be, and by when."""

SWEEP: tuple[Argument, ...] = (
    Argument(
        name="parallel",
        group="Limits",
        read=whole_number(_MOST_TRIALS),
        metavar="N",
        help="At most so many jobs at once.",
    ),
    Argument(
        name="startup",
        group="Time",
        read=read_seconds,
        metavar="TIME",
        help="Of the duration of one run, what a job needs only once however many trials it runs: image, download.",
    ),
)
"""How a sweep may be cut into jobs."""

ATTEMPTS = Argument(
    name="attempts",
    group="Job",
    read=whole_number(MAX_ATTEMPTS),
    metavar="N",
    shown_default="1",
    help="How often it may be tried, the first time included.",
)

JOB: tuple[Argument, ...] = (
    Argument(name="flavor", group="Job", metavar="NAME", help="The hardware; see `hardware`."),
    Argument(
        name="timeout",
        group="Job",
        read=read_timeout,
        metavar="TIME",
        help="How long one attempt may run: 90s, 30m, 1.5h, 2d.",
    ),
    ATTEMPTS,
    Argument(name="namespace", group="Job", metavar="NAME", help="Who pays: you by default, or an organization."),
    Argument(name="name", group="Job", metavar="TEXT", help="The job's name, its label 'name'."),
    Argument(
        name="label",
        group="Job",
        short="-l",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="A label; repeatable.",
    ),
    Argument(
        name="env",
        group="Job",
        short="-e",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="An environment variable; without a value, yours.",
    ),
    Argument(
        name="secrets",
        group="Job",
        short="-s",
        metavar="KEY[=VALUE]",
        repeatable=True,
        help="A secret; better without a value: yours is taken.",
    ),
    Argument(
        name="env_file", group="Job", metavar="FILE", help="A file of environment variables; - is standard input."
    ),
    Argument(name="secrets_file", group="Job", metavar="FILE", help="A file of secrets; - is standard input."),
    Argument(
        name="volume",
        group="Job",
        short="-v",
        metavar="URI",
        repeatable=True,
        help="hf://[TYPE/]OWNER/NAME[/PATH]:/MOUNT[:ro|:rw]; repeatable.",
    ),
    Argument(
        name="expose",
        group="Job",
        read=whole_number(_MOST_PORTS),
        metavar="PORT",
        repeatable=True,
        help="Expose a port.",
    ),
    Argument(
        name="expose_public",
        group="Job",
        read=whole_number(_MOST_PORTS),
        metavar="PORT",
        repeatable=True,
        help="Expose a port to everybody.",
    ),
    Argument(
        name="ssh",
        group="Job",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Make the job reachable over SSH.",
    ),
    Argument(name="network_group", group="Job", metavar="NAME", help="Jobs of one group reach each other."),
    Argument(
        name="network_alias", group="Job", metavar="NAME", repeatable=True, help="A name in the group; repeatable."
    ),
    Argument(name="resource_group_id", group="Job", metavar="ID", help="Of the organization's resource group."),
)
"""A job, as ``hf jobs run`` has it."""

WHERE: tuple[Argument, ...] = (
    Argument(
        name="policy",
        group="Where",
        metavar="FILE",
        help="The policy; by default HFPLANNER_POLICY, else hfplanner.toml here and in your configuration.",
    ),
    Argument(
        name="ledger",
        group="Where",
        metavar="PATH|URL",
        shown_default="HFPLANNER_LEDGER",
        help="The ledger: a file, or postgresql://...",
    ),
    Argument(name="token", group="Where", metavar="TOKEN", help="By default that of `hf auth login` or HF_TOKEN."),
    Argument(
        name="refresh",
        group="Where",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Ask the Hub now, even if a kept listing is fresh.",
    ),
    Argument(
        name="offline",
        group="Where",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Do not ask the Hub; use kept or shipped prices. HF_HUB_OFFLINE=1 does too.",
    ),
)
"""Where policy, ledger and prices are, and whether the Hub is asked."""

OBJECTIVE = Argument(
    name="objective",
    group="Limits",
    choices="hfplanner.recommend.needs:Objective",
    default="cost",
    shown_default="cost",
    help="What to have least of; time needs --duration, --like or --tokens.",
)
TOP = Argument(
    name="top", group="Output", read=whole_number(_MOST_FLAVORS), metavar="N", help="Keep the N best options."
)

FLAVORS = Argument(
    name="flavor",
    group="Options",
    metavar="FLAVOR",
    repeatable=True,
    aliases=("--to",),
    help="Only on this flavor; may be repeated.",
)
"""The flavors that an estimate is for, each as if it were chosen."""

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

FILES: tuple[Argument, ...] = (
    Argument(
        name="compare",
        group="Output",
        metavar="BASE",
        help="What changed since BASE: a revision of git, a folder, or a saved check --json.",
    ),
    Argument(
        name="max_increase",
        group="Limits",
        read=parse_increase,
        metavar="SHARE",
        help="Refuse where the whole is dearer than BASE by more: 10%.",
    ),
    Argument(
        name="allow_unchecked",
        group="Limits",
        read=read_flag,
        is_flag=True,
        default=False,
        help="What cannot be priced is listed and does not block.",
    ),
)
"""How the jobs in files are checked."""

SENDING: tuple[Argument, ...] = (
    Argument(
        name="key",
        group="Submission",
        metavar="KEY",
        help="Makes a retry safe: the same key and job are sent once.",
    ),
    Argument(
        name="dry_run",
        group="Submission",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Show what would be sent and what it may cost; no more.",
    ),
)
"""How a job is sent."""

REPORT: tuple[Argument, ...] = (
    Argument(
        name="by",
        group="Options",
        metavar="KEY",
        repeatable=True,
        shown_default="flavor",
        help="Group by flavor, owner, initiator, stage, day, week, month, name or label:KEY; repeatable.",
    ),
    Argument(
        name="since",
        group="Options",
        metavar="TIME",
        help="From here on: 2026-09, 2026-09-15, 2026-09-15T12:00, or 7d ago.",
    ),
    Argument(name="until", group="Options", metavar="TIME", help="Up to here, not included."),
    Argument(name="month", group="Options", metavar="MONTH", help="Of one month: 2026-09, or last."),
    Argument(name="namespace", group="Options", metavar="NAME", help="Only jobs of this user or organization."),
    Argument(
        name="timezone",
        group="Options",
        metavar="ZONE",
        default="UTC",
        shown_default="UTC",
        help="In which days and months begin: Europe/Berlin.",
    ),
)
"""What a report is about."""

SYNC: tuple[Argument, ...] = (
    Argument(
        name="namespace",
        group="Options",
        metavar="NAME",
        repeatable=True,
        shown_default="the token's user",
        help="Whose jobs; repeatable.",
    ),
    Argument(
        name="full",
        group="Options",
        read=read_flag,
        is_flag=True,
        default=False,
        help="Read everything again, not only what can have changed.",
    ),
)
"""What a sync reads."""

_TABLE: dict[str, Argument] = {
    argument.name: argument for argument in (*NEEDS, *MODEL, *TIME, *LIMITS, *TRIALS, *SWEEP, *JOB, *WHERE)
}


def find_arguments(*names: str) -> tuple[Argument, ...]:
    """Return arguments of the table by their names.

    >>> [argument.metavar for argument in find_arguments("vram", "max_cost")]
    ['SIZE', 'USD']
    """
    return tuple(_TABLE[name] for name in names)


_OPTION = re.compile(r"(?<![\w-])--(?P<name>[a-z][a-z0-9-]*)(?:[ =](?P<value>[^\s,;)]+[^\s,;).:]))?")

_NEXT_VALUE = re.compile(r'(?<=") (?=[a-z_]+=")')


def in_python(sentence: str) -> str:
    """Return a sentence about options as the Python interface spells it: arguments, and values in quotation marks.

    >>> in_python("Add --duration, for example --duration 3h or --duration 2h20m@a10g-small.")
    'Add duration, for example duration="3h" or duration="2h20m@a10g-small".'
    >>> in_python("For example --model Qwen/Qwen3-8B --tokens 20M.")
    'For example model="Qwen/Qwen3-8B", tokens="20M".'
    >>> in_python("--shard says where the memory may lie, but no memory is asked for.")
    'shard says where the memory may lie, but no memory is asked for.'
    """

    def respelled(match: re.Match[str]) -> str:
        name, value = as_argument(match["name"]), match["value"]
        argument = _TABLE.get(name)
        if argument is None:
            return match[0]
        if value is None:
            return name
        separator = match[0][len("--") + len(name)]
        return f'{name}="{value}"' if _can_be_meant(argument, value) else f"{name}{separator}{value}"

    return _NEXT_VALUE.sub(", ", _OPTION.sub(respelled, sentence))


def _can_be_meant(argument: Argument, text: str) -> bool:
    """Whether a word after an option is its value, not the next word of the sentence."""
    if argument.is_flag or (argument.read is read_text and not argument.choices and text.islower() and text.isalpha()):
        return False
    try:
        argument.value(text)
    except UsageError:
        return False
    return True
