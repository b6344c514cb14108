"""The seconds of a step of each phase: reading prompts, generating one more token, training on a batch."""

from dataclasses import dataclass, replace
from functools import lru_cache

from hfplanner.estimate.duration.operations.engines import Engine, engine_named, with_host
from hfplanner.estimate.duration.operations.kernels import Card, Matrix, matrix_secs, stream_secs
from hfplanner.estimate.duration.operations.links import all_reduce_secs
from hfplanner.estimate.duration.operations.lists import Pass, Times, pass_operations, timed
from hfplanner.estimate.memory.adapters import adapter_parameters
from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.estimate.memory.weights import BITSANDBYTES, QUANTIZATIONS, stored_as
from hfplanner.models.shape import ModelShape
from hfplanner.models.storage import GGUF_BITS

__all__ = [
    "ATTENTION_BACKWARD",
    "STREAMS_BACKWARD",
    "Run",
    "attention_share",
    "decode_secs",
    "optimizer_secs",
    "prefill_secs",
    "train_secs",
    "training_slowdown",
]

_HALF = 2
_BYTES = {"fp32": 4, "tf32": 4, "fp16": 2, "half": 2, "bf16": 2, "fp8": 1, "int8": 1}
_CACHE_BYTES = {"fp32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1}
# vLLM reads prompts in passes of at most so many tokens (max_num_batched_tokens).
_CHUNK = 8192
# Bytes an optimizer moves for each trained weight in a step: weight, gradient and moments are read and written.
_STEP_BYTES = {
    "adamw": 28.0,
    "adamw-bf16": 14.0,
    "adamw-8bit": 12.0,
    "paged-adamw-8bit": 12.0,
    "adafactor": 16.0,
    "sgd": 12.0,
}
_HALF_STEP = 0.5
_AUTOCAST_BYTES = 10.0
# The backward pass of fused attention is two and a half times the arithmetic, at four fifths of the speed.
ATTENTION_BACKWARD = 2.5 / 0.8
"""What of a forward pass the backward pass of attention takes."""
STREAMS_BACKWARD = 1.6
"""What of a forward pass the backward pass takes between the products."""
# Eager training on Hopper reaches this share of what its products reach alone (QwenLM, llm-foundry against kernels).
_HOPPER_TRAINING = 0.87
_HOPPER = ("H100", "H200", "GH200")
# torch's attention is FlashAttention 2, which reaches these shares of what serving engines' kernels do (142 rows of
# llm-foundry; Shah et al. 2024, arXiv:2407.08608: 350 of 740 TFLOPS on H100).
_TORCH_ATTENTION = {"T4": 0.55, "A100": 0.88, "A100-40GB": 0.75, **dict.fromkeys(_HOPPER, 0.45)}
_TORCH_ATTENTION_ELSEWHERE = 0.85
_ADAPTERS_ON_THE_HOST = 1.5
# Sharded weights are gathered and freed from Python, forward and backward: those of every module by DeepSpeed's ZeRO-3
# (9 rows of QwenLM/Qwen on one and two A100), those of a layer by FSDP (3 rows of Lightning-AI/litgpt on two and four).
# All were in view when these were chosen.
_SHARDED_ON_THE_HOST = {"zero3": 3.5, "fsdp": 2.0}
_ADAPTER_KERNELS, _ADAPTER_PASSES = 4, 2.5
# bitsandbytes: a kernel for single tokens that reads 4 bits at half the bandwidth, and one that unpacks whole matrices.
# The latter is slow: Llama 2 takes that much longer over nf4 than over bf16 (6 rows of Lightning-AI/litgpt, in view).
_GEMV_SHARE, _UNPACK_SHARE = 0.5, 0.17
_UNPACKING_TO_TRAIN_ON_THE_HOST = 1.15
# Training over GPTQ or AWQ unpacks with plain kernels, at an eighth of the bandwidth (24 rows of QwenLM/Qwen).
_PLAIN_UNPACK_SHARE = 0.125
_UNPACKED_TO_TRAIN = ("gptq-4bit", "gptq-8bit", "awq-4bit")
# LLM.int8 starts some eight kernels for one product.
_INT8_ON_THE_HOST, _FOUR_BITS_ON_THE_HOST = 2.5, 1.9
_SELECTIVE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A model on one GPU, or on several that share it.

    Args:
        shape: the model.
        job: how it is run, in the words of the memory estimate.
        precision: of the arithmetic.
        link: how the GPUs are connected; ``None`` for one.
        compiled: whether its Python is compiled (``torch.compile``) or replayed as graphs.
    """

    shape: ModelShape
    job: MemoryJob
    precision: str
    link: str | None = None
    compiled: bool = False

    @property
    def engine(self) -> Engine:
        """The engine that starts its kernels."""
        if self.job.engine == "vllm":
            return engine_named("vllm")
        return engine_named("compiled" if self.is_compiled else "eager")

    @property
    def is_compiled(self) -> bool:
        """Whether what lies between the products is fused: it was said here, or of the job."""
        return self.compiled or self.job.compiled

    @property
    def stored(self) -> str:
        """The quantization it runs with."""
        return stored_as(self.shape, self.job)

    @property
    def weight_bytes(self) -> float:
        """Bytes of one weight of the layers."""
        stored = self.stored
        if stored.startswith("gguf:"):
            return float(GGUF_BITS[stored.removeprefix("gguf:")]) / 8
        if stored in QUANTIZATIONS:
            return QUANTIZATIONS[stored].linear
        return _BYTES[self.precision]

    def forward(
        self, sequences: float, tokens: float, *, cached: float = 0, logits: float = 0, source: float = 0
    ) -> Pass:
        """Return a pass through it."""
        stored, plain = self.stored, _BYTES[self.precision]
        arithmetic = "fp8" if stored == "fp8" and self.job.engine == "vllm" else self.precision
        element = max(plain, _HALF)
        weight = self.weight_bytes
        if self.job.trains and stored in _UNPACKED_TO_TRAIN:
            weight = element
        if stored in BITSANDBYTES:
            # Several tokens: unpacked first, which is told apart.
            weight = weight / _GEMV_SHARE if sequences * tokens <= 1 else element
        return Pass(
            sequences=sequences,
            tokens=tokens,
            cached=cached,
            precision=arithmetic,
            element_bytes=element,
            weight_bytes=weight,
            cache_element_bytes=_CACHE_BYTES.get(self.job.kv_dtype, element),
            fused=self.engine.fused,
            scores=self.job.attention == "eager" and self.job.engine != "vllm",
            causal=self.shape.kind != "encoder",
            logits=logits,
            source=source,
            split=self.job.gpus if self.job.engine == "vllm" else 1,
        )


def prefill_secs(card: Card, run: Run, sequences: float, tokens: float) -> float:
    """Return the seconds of reading so many prompts of so many tokens.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(engine="vllm"), precision="bf16")
    >>> 0.05 < prefill_secs(card_of("A100"), run, 1, 1024) < 0.1
    True
    """
    together = min(sequences, max(_CHUNK / tokens, 1)) if run.job.engine == "vllm" else sequences
    if run.shape.kind == "encoder-decoder":
        # The encoder reads the prompt; the decoder begins with one token.
        one = run.forward(together, 1, logits=together, source=tokens)
    else:
        one = run.forward(together, tokens, logits=together if run.job.logits == "last" else together * tokens)
    times = _pass_times(run.shape, one, card) + _unpacking(card, run, one.rows)
    times = replace(times, attention=times.attention / attention_share(card, run))
    secs = with_host(times, run.engine, _host_layers(run.shape), slower=_host_factor(run))
    return (secs + _shared(run, one.rows)) * sequences / together


def decode_secs(card: Card, run: Run, sequences: float, cached: float) -> float:
    """Return the seconds of one more token for each of so many sequences with so many tokens cached.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(engine="vllm"), precision="bf16")
    >>> one, many = (decode_secs(card_of("H200"), run, count, 1024) for count in (1, 64))
    >>> 0.003 < one < 0.006, many < 2 * one
    (True, True)
    """
    one = run.forward(sequences, 1, cached=max(cached, 1), logits=sequences)
    times = _pass_times(run.shape, one, card) + _unpacking(card, run, sequences)
    step = with_host(times, run.engine, _host_layers(run.shape, encodes=False), slower=_host_factor(run))
    return step + run.engine.per_sequence * sequences + _shared(run, sequences)


def train_secs(card: Card, run: Run, sequences: float, tokens: float) -> float:
    """Return the seconds of training on one micro-batch, with its share of the optimizer's step.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("Qwen/Qwen3-8B")
    >>> full, lora = (train_secs(card_of("H200"), Run(shape=shape, job=MemoryJob(task=task), precision="bf16"), 4, 2048)
    ...     for task in ("full", "lora"))
    >>> lora < full
    True
    """
    shape, engine = run.shape, run.engine
    job = settle(run.job, shape.kind)
    again = {"none": 0.0, "selective": _SELECTIVE, "selective-op": _SELECTIVE, "full": 1.0}[job.checkpointing]
    adapters = job.task in {"lora", "qlora"}
    backward = 1 if adapters else 2
    one = run.forward(sequences, tokens)
    forward = _pass_times(shape, one, card)
    slowly = training_slowdown(card, run)
    layers = Times(
        forward.matrices * (1 + backward + again) * slowly,
        forward.attention * (1 + again + ATTENTION_BACKWARD) / attention_share(card, run),
        forward.streams * (1 + again + STREAMS_BACKWARD),
        forward.kernels * (2.6 + again),
    )
    times = layers + _head(card, run, one.rows, backward) + _unpacking(card, run, one.rows, 2 + again)
    times += _adapter_times(card, run, one.rows, 3 + again) if adapters else Times()
    slower = (_ADAPTERS_ON_THE_HOST if adapters else 1.0) * _SHARDED_ON_THE_HOST.get(job.sharding, 1.0)
    slower *= _UNPACKING_TO_TRAIN_ON_THE_HOST if run.stored in BITSANDBYTES else 1.0
    step = optimizer_secs(card, run) / job.accumulation
    return with_host(times, engine, _host_layers(shape) * (3 + again), slower=slower) + step


def _host_layers(shape: ModelShape, *, encodes: bool = True) -> float:
    """Return how many layers the host goes through; one that attends to an encoder has half as many modules again."""
    if shape.kind != "encoder-decoder" or shape.encoder is None:
        return shape.layers
    return 1.5 * shape.layers + (shape.encoder.layers if encodes else 0)


@lru_cache(maxsize=1024)
def _pass_times(shape: ModelShape, one: Pass, card: Card) -> Times:
    """Return the seconds of the operations of a pass, told once for all flavors that have the card."""
    return timed(pass_operations(shape, one), card, one)


def training_slowdown(card: Card, run: Run) -> float:
    """Return how many times as long products take in eager training as alone.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(task="full"), precision="bf16")
    >>> training_slowdown(card_of("A100"), run) < training_slowdown(card_of("H200"), run)
    True
    """
    return 1 / _HOPPER_TRAINING if card.model in _HOPPER and not run.engine.fused else 1.0


def attention_share(card: Card, run: Run) -> float:
    """Return what attention reaches of the best kernels under the engine of a run.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(engine="vllm"), precision="bf16")
    >>> attention_share(card_of("H200"), run)
    1.0
    """
    if run.job.engine == "vllm":
        return 1.0
    return _TORCH_ATTENTION.get(card.model, _TORCH_ATTENTION_ELSEWHERE)


def _host_factor(run: Run) -> float:
    if run.job.engine == "vllm" or run.stored not in BITSANDBYTES:
        return 1.0
    return _INT8_ON_THE_HOST if run.stored == "int8" else _FOUR_BITS_ON_THE_HOST


def _unpacking(card: Card, run: Run, rows: float, passes: float = 1) -> Times:
    """Return the unpacking of 4-bit weights before they are multiplied with more than one token."""
    plain = run.job.trains and run.stored in _UNPACKED_TO_TRAIN
    if not plain and (run.stored not in BITSANDBYTES or run.stored == "int8" or rows <= 1):
        return Times()
    moved = run.shape.parameters.linear * (run.weight_bytes + _HALF) * passes
    share = _PLAIN_UNPACK_SHARE if plain else _UNPACK_SHARE
    return Times(streams=moved / (card.bytes_per_sec * share), kernels=7 * run.shape.layers * passes)


def _head(card: Card, run: Run, rows: float, backward: int) -> Times:
    """Return the output projection, its gradients, and the loss."""
    shape = run.shape
    if not shape.vocab or run.job.method == "reward":
        return Times()
    element = max(_BYTES[run.precision], _HALF)
    product = matrix_secs(card, run.precision, Matrix(rows, shape.vocab, shape.hidden, sizes=(element,) * 3))
    passes = {"fused": 1, "chunked": 2, "half": 2}.get(run.job.loss, 2 + 8 / element)
    loss = 2 * stream_secs(card, rows * shape.vocab * element * passes)
    return Times(matrices=product * (1 + backward), streams=loss, kernels=12)


def _adapter_times(card: Card, run: Run, rows: float, passes: float) -> Times:
    """Return the products of the adapters: thin, so what they move counts."""
    shape, job = run.shape, run.job
    targets = 7 if "all-linear" in job.lora_targets else len(job.lora_targets)
    trained = adapter_parameters(shape, job)
    kernels = shape.layers * targets * _ADAPTER_KERNELS
    moved = shape.layers * targets * _ADAPTER_PASSES * rows * shape.hidden * _HALF
    arithmetic = 2 * rows * trained / card.ops_per_sec.get("half", card.ops_per_sec["fp32"])
    started = kernels * stream_secs(card, 0) / 2
    return Times(matrices=arithmetic * passes, streams=(started + moved / card.bytes_per_sec) * passes, kernels=kernels)


def optimizer_secs(card: Card, run: Run) -> float:
    """Return the seconds of one step of the optimizer on one GPU, and of autocast's copies of the weights.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> run = Run(shape=find_known("Qwen/Qwen3-8B"), job=MemoryJob(task="full"), precision="bf16")
    >>> optimizer_secs(card_of("H200"), run) < optimizer_secs(card_of("A100"), run)
    True
    """
    job, shape = run.job, run.shape
    trained = shape.parameters.total if job.task == "full" else adapter_parameters(shape, job)
    moved = _STEP_BYTES[job.optimizer]
    if job.optimizer == "adamw" and job.precision in {"bf16", "fp16"}:
        moved *= _HALF_STEP
    if job.mixed and job.task == "full":
        moved += _AUTOCAST_BYTES * job.accumulation
    shared = job.gpus if job.sharding != "none" else 1
    return stream_secs(card, trained * moved / shared)


def _shared(run: Run, rows: float) -> float:
    """Return what GPUs that share every matrix spend on adding up their parts, twice a layer."""
    gpus = run.job.gpus if run.job.engine == "vllm" else 1
    if gpus == 1 or run.link is None:
        return 0.0
    return 2 * run.shape.layers * all_reduce_secs(run.link, gpus, rows * run.shape.hidden * _HALF)
