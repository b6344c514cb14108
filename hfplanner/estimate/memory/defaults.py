"""What holds where a job does not say: the defaults of the stack people run, named, and what each choice costs.

Decoders are trained with TRL's SFTTrainer (trl 1.16: gradient checkpointing on, the loss in tiles), pipelines with the
scripts of diffusers, every other model with transformers' Trainer (both: no checkpointing, all logits at once).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob, Unquantized
from hfplanner.estimate.memory.result import MemoryEstimate
from hfplanner.estimate.memory.weights import stored_as
from hfplanner.models.shape import ModelShape

__all__ = ["Input", "Toggle", "choices_of", "inputs_of", "toggles_of"]

_TRL = "TRL 1.16 SFTTrainer's default"
_TRAINER = "transformers' Trainer's default"
_PEFT = "peft's default"
_OURS = "assumed"
_GENERATE = "transformers' generate"
_TRAINING = (
    "precision", "batch_size", "seq_len", "checkpointing", "loss", "optimizer", "attention", "lengths", "accumulation",
    "sharding", "expandable_segments",
)  # fmt: skip
_PREFERENCE = {"dpo": ("method", "reference"), "reward": ("method",), "grpo": ("method", "reference", "generator")}
_ADAPTERS = ("lora_rank", "lora_targets")
_INFERENCE = ("precision", "batch_size", "seq_len", "quantization", "kv_dtype", "engine", "attention")
# Of a model of pictures these say nothing.
_OF_TEXT = frozenset({"seq_len", "loss", "lengths", "kv_dtype", "engine"})
_SOURCES = {
    "precision": _OURS,
    "batch_size": _OURS,
    "seq_len": _OURS,
    "optimizer": _TRAINER,
    "attention": "transformers' default",
    "lengths": "batches are padded to their longest sequence",
    "accumulation": _TRAINER,
    "sharding": _OURS,
    "lora_rank": _OURS,
    "lora_targets": "TRL's default for adapters",
    "kv_dtype": _GENERATE,
    "engine": _OURS,
    "expandable_segments": "torch's default",
    "unquantized": "TRL 1.16 loads in fp32, as peft's prepare_model_for_kbit_training makes it",
    "quantization": "as the weights are stored",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One thing an estimate rests on.

    Args:
        name: of the field of a job.
        value: what was taken.
        source: ``"given"``, or where the default comes from.
    """

    name: str
    value: Any
    source: str

    def to_json(self) -> Mapping[str, Any]:
        """Return the input as the interface spells it."""
        value = ",".join(self.value) if isinstance(self.value, tuple) else self.value
        return {"name": self.name, "value": value, "source": self.source}


@dataclass(frozen=True, slots=True)
class Toggle:
    """What another choice for one input would cost or save.

    Args:
        option: the choice, as it is typed.
        bytes_more: what one GPU needs more; less than 0 is saved.
        time_factor: by what the job's time is multiplied; ``None`` where it is not known or not changed much.
        note: what is known of its time, or of its result.
    """

    option: str
    bytes_more: int
    time_factor: float | None
    note: str

    def to_json(self) -> Mapping[str, Any]:
        """Return the toggle as the interface spells it."""
        return {
            "option": self.option,
            "bytes_more": self.bytes_more,
            "time_factor": self.time_factor,
            "note": self.note,
        }


def inputs_of(estimate: MemoryEstimate, given: Collection[str] = ()) -> tuple[Input, ...]:
    """Return what an estimate rests on, and where each input came from.

    Args:
        estimate: the answer.
        given: names of the fields that somebody chose.

    >>> from hfplanner.estimate.memory.result import estimate_memory
    >>> from hfplanner.models.known import find_known
    >>> answer = estimate_memory(find_known("Qwen/Qwen3-8B"), MemoryJob(task="lora"))
    >>> [(one.value, one.source) for one in inputs_of(answer) if one.name == "checkpointing"]
    [('full', "TRL 1.16 SFTTrainer's default")]
    """
    job = estimate.job
    names = list(_INFERENCE)
    if job.trains:
        names = [*_TRAINING, *(_ADAPTERS if job.task in {"lora", "qlora"} else ())]
        names += _PREFERENCE.get(job.method, ())
        names += ["unquantized"] if job.task == "qlora" else []
        names += ["grad_sync"] if job.sharding == "fsdp" and job.accumulation > 1 else []
    trainer = {"dpo": "DPOTrainer", "reward": "RewardTrainer", "grpo": "GRPOTrainer"}.get(job.method)
    library = f"TRL 1.16 {trainer}'s default" if trainer else _TRL if estimate.shape.kind == "decoder" else _TRAINER
    sources = {**_SOURCES, "checkpointing": library, "loss": library, "grad_sync": "accelerate's no_sync"}
    sources |= {"method": _OURS, "reference": library, "generator": library}
    values = {name: getattr(job, name) for name in names}
    made_for = _made_for(estimate.shape)
    if made_for:
        names = [name for name in names if name not in _OF_TEXT]
        names[2:2] = made_for
        sources |= dict.fromkeys(made_for, "what the model was made for")
        values |= {name: getattr(job, name) or size for name, size in made_for.items()}
    return tuple(Input(name, values[name], "given" if name in given else sources[name]) for name in names)


def _made_for(shape: ModelShape) -> dict[str, int]:
    """Return the size of what a pipeline makes where nobody says it; nothing for a model of text."""
    pipeline = shape.diffusion
    if pipeline is None:
        return {}
    moves = {"frames": pipeline.shown_frames} if pipeline.frames > 1 else {}
    return {"resolution": pipeline.resolution} | moves


def toggles_of(estimate: MemoryEstimate) -> tuple[Toggle, ...]:
    """Return what other choices would cost or save, those that change most first.

    >>> from hfplanner.estimate.memory.result import estimate_memory
    >>> from hfplanner.models.known import find_known
    >>> answer = estimate_memory(find_known("Qwen/Qwen3-8B"), MemoryJob(task="lora", batch_size=4))
    >>> toggles_of(answer)[0].option
    '--checkpointing none'
    """
    found = []
    for option, job, factor, note in _choices(estimate.job, estimate.shape):
        try:
            other = estimate.otherwise(job)
        except UsageError:
            # A choice that does not go with the rest of the job is none.
            continue
        more = other.per_gpu_bytes.likely - estimate.per_gpu_bytes.likely
        if option.endswith("segments") or option.startswith("--lengths"):
            if estimate.measured is not None:
                # What was measured says how much such runs reserve; the formulas' worst is not theirs.
                continue
            # These change how much may be reserved at worst.
            more = other.per_gpu_bytes.high - estimate.per_gpu_bytes.high
        if more:
            found.append(Toggle(option, more, factor, note))
    return tuple(sorted(found, key=lambda toggle: -abs(toggle.bytes_more)))


_Choice = tuple[str, MemoryJob, float | None, str]


def choices_of(estimate: MemoryEstimate) -> Iterator[tuple[str, MemoryJob, str]]:
    """Yield other ways to run a job, each as it is typed, with what is known of it; also those that change the result.

    >>> from hfplanner.estimate.memory.result import estimate_memory
    >>> from hfplanner.models.known import find_known
    >>> answer = estimate_memory(find_known("Qwen/Qwen3-8B"), MemoryJob())
    >>> [option for option, _, _ in choices_of(answer)]
    ['--quantization int8', '--quantization nf4', '--attention eager']
    """
    job, shape = estimate.job, estimate.shape
    for option, other, _, note in _choices(job, shape):
        yield option, other, note
    if job.task == "lora":
        yield "--task qlora", replace(job, task="qlora", precision="bf16"), "adapters over 4-bit weights"
    if not job.trains and stored_as(shape, job) == "none":
        for kind in ("int8", "nf4"):
            yield f"--quantization {kind}", replace(job, quantization=kind), "by bitsandbytes, while it runs"
    if job.attention != "eager":
        yield "--attention eager", replace(job, attention="eager"), "keeps the score matrices"


def _choices(job: MemoryJob, shape: ModelShape) -> Iterator[_Choice]:
    if job.trains:
        yield from _training_choices(job, shape)
    elif job.engine == "vllm" and job.kv_dtype == "auto":
        yield "--kv-dtype fp8", replace(job, kv_dtype="fp8"), None, "a cache of half the bytes"


def _training_choices(job: MemoryJob, shape: ModelShape) -> Iterator[_Choice]:
    # One more forward pass for two of the backward pass: 4 for 3 (Chen et al. 2016, "Training deep nets with sublinear
    # memory cost").
    if job.checkpointing == "full":
        yield "--checkpointing none", replace(job, checkpointing="none"), 0.75, "no layer is computed twice"
    else:
        slower = 4 / 3 if job.checkpointing == "none" else 8 / 7
        yield "--checkpointing full", replace(job, checkpointing="full"), round(slower, 2), "every layer twice"
    if job.loss == "chunked":
        yield "--loss standard", replace(job, loss="standard"), None, "all logits at once, as without TRL"
    elif shape.kind == "decoder" and job.loss in {"standard", "legacy"}:
        yield "--loss chunked", replace(job, loss="chunked"), None, "tiles of logits, as TRL does"
    if job.reference in {"model", "adapters-off"} and job.method == "dpo":
        words = "the reference's log probabilities are computed once before"
        yield "--reference precomputed", replace(job, reference="precomputed"), None, words
    if job.task == "full" and not job.mixed and job.precision != "fp32":
        words = "fp32 weights under autocast, as TRL loads them unless told otherwise"
        yield "--precision bf16-mixed", replace(job, precision="bf16-mixed"), None, words
    if job.task == "full" and job.optimizer == "adamw":
        yield "--optimizer adamw-8bit", replace(job, optimizer="adamw-8bit"), None, "states in a byte each"
    if job.task == "qlora":
        other: Unquantized = "bf16" if job.unquantized == "fp32" else "fp32"
        yield f"--unquantized {other}", replace(job, unquantized=other), None, "embeddings, head and norms"
    if job.padded:
        yield (
            "--lengths packed",
            replace(job, lengths="packed"),
            None,
            "at worst: no padding, no fragmentation by order",
        )
    if not job.expandable_segments:
        words = "at worst: PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True"
        yield "--expandable-segments", replace(job, expandable_segments=True), None, words
