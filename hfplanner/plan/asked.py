"""What was asked for, read and not yet looked at: the arguments of :mod:`hfplanner.plan.arguments` by their names.

Each field is the argument of that name, ``None`` or its default where it was not given. Sizes are bytes, times seconds,
money micro-USD.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from hfplanner.errors import UsageError
from hfplanner.estimate.duration.workload import Bound, Phase
from hfplanner.estimate.duration.workload import Precision as RunPrecision
from hfplanner.plan.amounts import Counted, count_work
from hfplanner.plan.arguments import AskedMachine
from hfplanner.plan.asked_job import AskedJob
from hfplanner.plan.presets import PresetName
from hfplanner.plan.readers import MeasuredDuration
from hfplanner.recommend.needs import Objective

if TYPE_CHECKING:
    from hfplanner.estimate.memory.job import (
        Attention,
        Checkpointing,
        Engine,
        Generator,
        GradSync,
        KvDtype,
        Lengths,
        Logits,
        Loss,
        MemoryJob,
        Method,
        Offload,
        Optimizer,
        Precision,
        Reference,
        Sharding,
        Task,
        Unquantized,
    )

__all__ = [
    "AskedDuration",
    "AskedJob",
    "AskedLimits",
    "AskedMachine",
    "AskedModel",
    "AskedTime",
    "JobNeeds",
    "WorkPrecision",
]

WorkPrecision = Literal["fp32", "tf32", "fp16", "bf16", "fp16-mixed", "bf16-mixed", "fp8", "int8"]
"""What a job computes in, whether or not a model's weights can be kept in it."""

T = TypeVar("T")

# GRPOConfig.vllm_gpu_memory_utilization, and what vLLM takes where it is alone.
_VLLM_SHARES, _VLLM_SHARE = {"colocate": 0.3}, 0.9
_WIDTHS = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedModel:
    """Which model is run, and how."""

    preset: PresetName | None = None
    model: str | None = None
    params: int | None = None
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    ffn: int | None = None
    vocab: int | None = None
    task: "Task" = "inference"
    method: "Method" = "sft"
    reference: "Reference" = "auto"
    generator: "Generator" = "transformers"
    vllm_sleep: bool = False
    gpu_memory_utilization: float | None = None
    precision: "Precision | None" = None
    quantization: str = "auto"
    quantized_experts: bool = False
    kv_dtype: "KvDtype" = "auto"
    engine: "Engine" = "transformers"
    batch_size: int | None = None
    seq_len: int = 2048
    optimizer: "Optimizer" = "adamw"
    lora_rank: int = 16
    lora_targets: str = "all-linear"
    trained_embeddings: bool = False
    checkpointing: "Checkpointing" = "auto"
    attention: "Attention" = "sdpa"
    loss: "Loss" = "auto"
    accumulation: int = 1
    packed: bool = False
    lengths: "Lengths" = "varying"
    expandable_segments: bool = False
    unquantized: "Unquantized" = "fp32"
    grad_sync: "GradSync" = "last"
    own_loop: bool = False
    compiled: bool = False
    foreach: bool = False
    optimizer_in_backward: bool = False
    prompt_len: int | None = None
    logits: "Logits" = "last"
    resolution: int | None = None
    frames: int | None = None
    denoising_steps: int | None = None
    legacy_cache: bool = False
    legacy_quantization: bool = False
    offload: "Offload" = "none"
    sharding: "Sharding" = "none"

    @property
    def is_given(self) -> bool:
        """Whether a model is named at all."""
        return self.model is not None or self.params is not None

    @property
    def widths(self) -> dict[str, int | None]:
        """The widths of a model given by hand."""
        return {name: getattr(self, name) for name in _WIDTHS}

    def changed(self) -> tuple[str, ...]:
        """Return the names of the arguments that are not what they are by default, the model's own aside.

        >>> AskedModel(model="Qwen/Qwen3-8B", task="lora", seq_len=512).changed()
        ('task', 'seq_len')
        """
        return tuple(
            one.name
            for one in fields(self)
            if one.name not in {"model", "params"} and getattr(self, one.name) != one.default
        )

    def job(self, gpus: int) -> "MemoryJob":
        """Return how the model is run, over so many GPUs.

        Raises:
            UsageError: what was asked contradicts itself.
        """
        from hfplanner.estimate.memory.job import MemoryJob  # noqa: PLC0415 - where a model is named

        how = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name not in {"preset", "model", "params", "lora_targets", *_WIDTHS}
        }
        how |= {
            "precision": self.precision or "bf16",
            "batch_size": self.batch_size or 1,
            "resolution": self.resolution or 0,
            "frames": self.frames or 0,
            "denoising_steps": self.denoising_steps or 0,
            "gpu_memory_utilization": self.gpu_memory_utilization or _VLLM_SHARES.get(self.generator, _VLLM_SHARE),
        }
        targets = tuple(name for name in self.lora_targets.split(",") if name.strip())
        return MemoryJob(lora_targets=targets, gpus=gpus, **how)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTime:
    """How long the job runs, as far as somebody knows.

    Args:
        run_precision: what it computes in, where no model says it.
        utilization: the share of the time in which the GPU computed where it was measured, from 0 to 1.
        trials: for how many runs the flavor is chosen; ``None`` is not said.
        log: a file that says how far the job was after its duration.
        checkpoint_every: how often the job writes a checkpoint that it goes on from [s].
        samples: instead of the tokens, what they are counted from, as are the next three.
        tokens_words: how the tokens were counted, for people; nobody types it.
    """

    duration: Sequence[MeasuredDuration] | None = None
    like: str | None = None
    log: str | None = None
    phase: Phase | None = None
    bound: Bound = "auto"
    scales_with_gpus: bool = False
    tokens: int | None = None
    run_precision: RunPrecision | None = None
    utilization: float | None = None
    trials: int | None = None
    checkpoint_every: int | None = None
    samples: int | None = None
    epochs: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    tokens_words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedLimits:
    """The limits on time and money, and what to have least of; the deadline is as it was typed."""

    max_time: int | None = None
    max_cost: int | None = None
    max_price: int | None = None
    deadline: str | None = None
    confidence: float | None = None
    objective: Objective = "cost"
    top: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobNeeds:
    """What a job needs, how long it runs, and what it may cost."""

    machine: AskedMachine = field(default_factory=AskedMachine)
    model: AskedModel = field(default_factory=AskedModel)
    time: AskedTime = field(default_factory=AskedTime)
    limits: AskedLimits = field(default_factory=AskedLimits)

    def counted(self) -> "JobNeeds":
        """Return the same with the tokens counted: from samples and epochs, or from prompts and answers.

        Raises:
            UsageError: counts that contradict each other.

        >>> needs = JobNeeds(model=AskedModel(task="lora", seq_len=1000), time=AskedTime(samples=50_000, epochs=3))
        >>> needs.counted().time.tokens
        150000000
        """
        time, model = self.time, self.model
        said = Counted(
            samples=time.samples,
            epochs=time.epochs,
            input_tokens=time.input_tokens,
            output_tokens=time.output_tokens,
            seq_len=model.seq_len,
            packed=model.packed,
            trains=model.task != "inference",
            method=model.method,
            has_log=time.log is not None,
        )
        amount = count_work(said, time.tokens)
        if amount is None:
            return self
        phase = time.phase or amount.phase
        done = {"samples": None, "epochs": None, "input_tokens": None, "output_tokens": None}
        time = replace(time, tokens=amount.tokens, tokens_words=amount.words, phase=phase, **done)  # type: ignore[arg-type] # a phase
        lengths = {"seq_len": amount.seq_len or model.seq_len, "prompt_len": amount.prompt_len or model.prompt_len}
        return replace(self, time=time, model=replace(model, **lengths))  # type: ignore[arg-type] # numbers of tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDuration:
    """How long the job ran where it was measured, or what it works on where it never ran.

    Args:
        time: what is known of the time.
        model: what is run.
        gpus: so many are used; ``None`` is not said.
        names_task: whether it is said what is run, not left to the phase.
    """

    time: AskedTime
    model: AskedModel
    gpus: int | None = None
    names_task: bool = False

    @classmethod
    def of(cls, **given: Any) -> "AskedDuration":  # noqa: ANN401 - the value of each argument by its name
        """Return what was asked, of the arguments of an estimate by their names.

        The model's task and what the job computes in may be left unsaid here, and a job may compute in what no library
        keeps the weights of a model in.

        >>> asked = AskedDuration.of(model="Qwen/Qwen3-8B", tokens=10**6, phase="train", precision="bf16-mixed")
        >>> asked.model.precision, asked.time.run_precision, asked.needs().time.phase
        ('bf16-mixed', 'bf16', 'train')
        """
        from hfplanner.estimate.memory.job import Precision  # noqa: PLC0415 - what an estimate needs anyway

        precision, task = given.get("precision"), given.get("task")
        of_model = {**given, "task": task or "inference"}
        of_model["precision"] = precision if precision in get_args(Precision) else None
        run_precision = str(precision).removesuffix("-mixed") if precision else None
        return cls(
            time=_take(AskedTime, {**given, "run_precision": run_precision}),
            model=_take(AskedModel, of_model),
            gpus=given.get("gpus"),
            names_task=task is not None,
        )

    def needs(self) -> JobNeeds:
        """Return the same as the needs of a job.

        Raises:
            UsageError: nothing says how long it runs.
        """
        needs = JobNeeds(machine=AskedMachine(gpus=self.gpus), time=self.time, model=self.model).counted()
        if not self.time.duration and self.time.like is None and self.time.log is None:
            self._refuse_unknown_work(needs.time)
        return needs

    def _refuse_unknown_work(self, time: AskedTime) -> None:
        if not self.model.is_given:
            raise UsageError(
                "A duration comes from --duration, from --like, or from --model and --tokens; none is there.",
                hint="For example --duration 2h20m@a10g-small.",
            )
        # Steps of denoising say what is done: pictures are made.
        says_what = self.names_task or time.phase or self.model.denoising_steps
        if time.tokens is None or not says_what:
            missing = [
                *(["how much (--tokens 20M, --samples 5000)"] if time.tokens is None else []),
                *(["what is done (--task lora, --phase inference)"] if not says_what else []),
            ]
            raise UsageError(
                f"Without a measurement a duration needs, beside the model, {' and '.join(missing)}.",
                hint="For example --model Qwen/Qwen3-8B --task lora --tokens 20M.",
            )


def _take(kind: type[T], given: Mapping[str, Any]) -> T:
    """Return a dataclass of what is given for its fields."""
    names = [one.name for one in fields(kind) if one.name in given]  # type: ignore[arg-type] # any dataclass
    return kind(**{name: given[name] for name in names})
