"""The smallest set of changes with which a job fits one flavor: few, and those first that keep its result."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Fit, Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import MemoryEstimate
from hfplanner.estimate.memory.weights import stored_as

__all__ = ["Fitter", "Fitting", "MadeChange", "fit_flavor"]

_MOST_CHANGES = 4
# What surely fits, as the verdict "yes" does.
_SURELY = 0.95
# Kinds of change, those first that keep the result and cost least.
_KEEPING = ("attention", "loss", "reference", "sleep", "checkpointing", "batch", "sharding")
_ORDER = (*_KEEPING, "optimizer", "rank", "qlora", "adapters", "kv_dtype", "quantization", "context")
# A length or a rank of less than this share is another job, not a change.
_LEAST_SHARE = 4
_LENGTH_STEP = 64


@dataclass(frozen=True, slots=True)
class MadeChange:
    """One change of how a model is run.

    Args:
        code: what it is about.
        option: as it is typed.
        note: what it does, or costs.
    """

    code: str
    option: str
    note: str

    @property
    def keeps_result(self) -> bool:
        """Whether the job computes the same with it."""
        return self.code in _KEEPING

    def to_json(self) -> Mapping[str, Any]:
        """Return the change as the interface spells it."""
        return {"code": self.code, "option": self.option, "note": self.note}


@dataclass(frozen=True, slots=True)
class Fitting:
    """A job as it fits a flavor.

    Args:
        changes: what is run otherwise; nothing where it fits as it is.
        estimate: what it needs then.
        fit: how it fits.
        steps: how far each change goes: a batch, a length or a rank in halvings.
    """

    changes: tuple[MadeChange, ...]
    estimate: MemoryEstimate
    fit: Fit
    steps: tuple[int, ...] = ()

    @property
    def keeps_result(self) -> bool:
        """Whether the job computes the same then."""
        return all(change.keeps_result for change in self.changes)

    @property
    def size(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """What says which of two changes less: the number of changes, their kinds, and how far each goes."""
        return len(self.changes), tuple(_ORDER.index(change.code) for change in self.changes), self.steps

    def to_json(self) -> Mapping[str, Any]:
        """Return the fitting as the interface spells it."""
        return {
            "flavor": self.fit.flavor,
            "changes": [dict(change.to_json()) for change in self.changes],
            "per_gpu_bytes": self.estimate.per_gpu_bytes.to_json(),
            "fits": self.fit.verdict,
            "probability": round(self.fit.probability, 4),
        }


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of change: how far it may go.

    Args:
        code: what it is about.
        values: fields of the job, from the mildest change to the strongest.
        option: how a value is typed, with ``{field}`` for its fields.
        note: what it does, or costs.
        first_step: how far its mildest value goes, where another kind of the same code goes less far.
    """

    code: str
    values: Sequence[Mapping[str, Any]]
    option: str
    note: str
    first_step: int = 0

    def made(self, value: Mapping[str, Any], job: MemoryJob) -> MadeChange:
        option = self.option.format(**value)
        if value.get("precision", job.precision) != job.precision:
            option += f" --precision {value['precision']}"
        return MadeChange(self.code, option, self.note)

    def step(self, value: Mapping[str, Any], job: MemoryJob) -> int:
        """Return how far a value goes: a number in halvings begun, anything else by its place."""
        name = next(iter(value))
        before, after = getattr(job, name), value[name]
        if isinstance(before, int) and 0 < after < before:
            return math.ceil(math.log2(before / after))
        return self.first_step + self.values.index(value)


def fit_flavor(estimate: MemoryEstimate, place: Place) -> Fitting | None:
    """Return the smallest set of changes with which a job surely fits a flavor; ``None`` where four are not enough.

    Of sets of one size that comes first which keeps the result, and costs least; a batch, a length or a rank is lowered
    no further than it must be.

    >>> from hfplanner.estimate.memory.result import estimate_memory
    >>> from hfplanner.models.known import find_known
    >>> job = MemoryJob(task="lora", batch_size=16, seq_len=4096)
    >>> found = fit_flavor(estimate_memory(find_known("Qwen/Qwen3-8B"), job), Place("l40sx1", 1, 47 * 10**9))
    >>> [change.option for change in found.changes], found.fit.verdict
    (['--batch-size 8'], 'yes')
    """
    return Fitter(estimate).fit(place)


class Fitter:
    """Finds for one job the smallest set of changes with which it fits a flavor, and another flavor.

    Args:
        estimate: what the job needs as it is.
        least: the probability with which it must fit; by default that of the verdict ``"yes"``.
        keeps_result: only with changes after which it computes the same.
    """

    def __init__(self, estimate: MemoryEstimate, *, least: float = _SURELY, keeps_result: bool = False) -> None:
        self._estimate, self._least, self._keeps_result = estimate, least, keeps_result
        self._tried: dict[MemoryJob, MemoryEstimate | None] = {estimate.job: estimate}

    def fit(self, place: Place) -> Fitting | None:
        """Return the smallest set of changes; ``None`` where four are not enough."""

        def fits(values: Sequence[Mapping[str, Any]]) -> bool:
            found = _estimate_with(self._estimate, values, self._tried)
            return found is not None and fit_into(found, place).probability >= self._least

        kinds = tuple(kind for kind in _kinds(self._estimate, place) if kind.code in _KEEPING or not self._keeps_result)
        for count in range(_MOST_CHANGES + 1):
            for chosen in combinations(kinds, count):
                # Of two kinds of one code one is another way than the other: not both.
                if len({kind.code for kind in chosen}) == count and fits([kind.values[-1] for kind in chosen]):
                    return self._with(chosen, _mildest(chosen, fits), place)
        return None

    def _with(self, chosen: Sequence[_Kind], values: Sequence[Mapping[str, Any]], place: Place) -> Fitting | None:
        job = self._estimate.job
        changed = _estimate_with(self._estimate, values, self._tried)
        if changed is None:
            return None
        made = tuple(kind.made(value, job) for kind, value in zip(chosen, values, strict=True))
        steps = tuple(kind.step(value, job) for kind, value in zip(chosen, values, strict=True))
        return Fitting(made, changed.on_card(place.context_bytes), fit_into(changed, place), steps)


def _estimate_with(
    estimate: MemoryEstimate, values: Sequence[Mapping[str, Any]], tried: dict[MemoryJob, MemoryEstimate | None]
) -> MemoryEstimate | None:
    """Return what a job needs with some fields changed; ``None`` where they do not go together."""
    together: dict[str, Any] = {}
    for value in values:
        together |= value
    try:
        job = replace(estimate.job, **together)
    except UsageError:
        return None
    if job not in tried:
        try:
            tried[job] = estimate.otherwise(job)
        except UsageError:
            tried[job] = None
    return tried[job]


def _mildest(chosen: Sequence[_Kind], fits: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - a function of values
    """Return for each kind the mildest value with which all still fit; those that cost most are relaxed first."""
    values = [kind.values[-1] for kind in chosen]
    for place in reversed(range(len(chosen))):
        milder = chosen[place].values
        strongest, mildest = len(milder) - 1, -1
        # The need falls from value to value: the first that fits lies between these two.
        while strongest - mildest > 1:
            middle = (strongest + mildest) // 2
            if fits([*values[:place], milder[middle], *values[place + 1 :]]):
                strongest = middle
            else:
                mildest = middle
        values[place] = milder[strongest]
    return values


def _kinds(estimate: MemoryEstimate, place: Place) -> Iterator[_Kind]:
    """Yield the kinds of change, those first that keep the result and cost least."""
    job = estimate.job
    if job.attention == "eager":
        yield _Kind("attention", [{"attention": "sdpa"}], "--attention {attention}", "without score matrices")
    if job.trains:
        yield from _same_training(job)
    if job.batch_size > 1:
        batches = [{"batch_size": size} for size in range(job.batch_size - 1, 0, -1)]
        keeps = "with more accumulation the same step" if job.trains else "fewer sequences at once"
        yield _Kind("batch", batches, "--batch-size {batch_size}", keeps)
    if place.gpus > job.gpus:
        shared = {"gpus": min(place.gpus, 8), **({"sharding": "fsdp"} if job.trains else {})}
        option = "--sharding fsdp --gpus {gpus}" if job.trains else "--gpus {gpus}"
        yield _Kind("sharding", [shared], option, "spread over the GPUs of the flavor")
    if job.trains:
        yield from _other_training(job)
    else:
        yield from _other_inference(estimate)
    lengths = range(job.seq_len // _LENGTH_STEP * _LENGTH_STEP, job.seq_len // _LEAST_SHARE - 1, -_LENGTH_STEP)
    shorter = [
        {"seq_len": length, "prompt_len": None if job.prompt_len is None else min(job.prompt_len, length)}
        for length in lengths
        if 0 < length < job.seq_len
    ]
    if shorter:
        yield _Kind("context", shorter, "--seq-len {seq_len}", "shorter sequences")


def _same_training(job: MemoryJob) -> Iterator[_Kind]:
    if job.loss in {"standard", "legacy"}:
        yield _Kind("loss", [{"loss": "chunked"}], "--loss {loss}", "never all logits at once")
    if job.reference == "model":
        note = "the reference's log probabilities are computed once before"
        yield _Kind("reference", [{"reference": "precomputed"}], "--reference {reference}", note)
    if job.generator == "colocate" and not job.vllm_sleep:
        note = "vLLM gives its memory back while the model is trained"
        yield _Kind("sleep", [{"vllm_sleep": True}], "--vllm-sleep", note)
    if job.checkpointing != "full":
        note = "activations are computed twice, about a third slower"
        yield _Kind("checkpointing", [{"checkpointing": "full"}], "--checkpointing {checkpointing}", note)


def _other_training(job: MemoryJob) -> Iterator[_Kind]:
    if job.task == "full" and job.optimizer in {"adamw", "adamw-bf16"}:
        note = "its states in a quarter of the bytes"
        yield _Kind("optimizer", [{"optimizer": "adamw-8bit"}], "--optimizer {optimizer}", note)
    adapted = {"precision": "bf16", "reference": "adapters-off" if job.reference == "model" else job.reference}
    if job.task in {"lora", "qlora"} and job.lora_rank > 1:
        least = max(job.lora_rank // _LEAST_SHARE, 1)
        ranks = [{"lora_rank": rank} for rank in range(job.lora_rank - 1, least - 1, -1)]
        yield _Kind("rank", ranks, "--lora-rank {lora_rank}", "smaller adapters")
    if job.task == "lora":
        yield _Kind("qlora", [{"task": "qlora", **adapted}], "--task {task}", "adapters over 4-bit weights")
    if job.task == "full":
        # QLoRA may need more: what is not quantized of it is fp32.
        for step, (task, note) in enumerate((("lora", "adapters only"), ("qlora", "adapters over 4-bit weights"))):
            yield _Kind("adapters", [{"task": task, **adapted}], "--task {task}", note, step)


def _other_inference(estimate: MemoryEstimate) -> Iterator[_Kind]:
    job = estimate.job
    if job.engine == "vllm" and job.kv_dtype == "auto":
        yield _Kind("kv_dtype", [{"kv_dtype": "fp8"}], "--kv-dtype {kv_dtype}", "a cache of half the bytes")
    if stored_as(estimate.shape, job) == "none":
        for step, kind in enumerate(("int8", "nf4")):
            value, note = {"quantization": kind}, "by bitsandbytes, while it runs"
            yield _Kind("quantization", [value], "--quantization {quantization}", note, step)
