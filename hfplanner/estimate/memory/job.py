"""What is to be run: everything an estimate asks beside the model's shape."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.columns import greatest, least

__all__ = [
    "Attention",
    "Checkpointing",
    "ColumnJob",
    "Engine",
    "Generator",
    "GradSync",
    "KvDtype",
    "Lengths",
    "Logits",
    "Loss",
    "MemoryJob",
    "Method",
    "Offload",
    "Optimizer",
    "Precision",
    "Reference",
    "Sharding",
    "Task",
    "Unquantized",
    "settle",
]

Task = Literal["inference", "full", "lora", "qlora"]
Method = Literal["sft", "dpo", "reward", "grpo"]
Reference = Literal["auto", "none", "model", "adapters-off", "precomputed"]
Generator = Literal["transformers", "colocate", "server"]
Precision = Literal["fp32", "fp16", "bf16", "fp16-mixed", "bf16-mixed"]
Engine = Literal["transformers", "vllm"]
Optimizer = Literal["adamw", "adamw-bf16", "adamw-8bit", "paged-adamw-8bit", "adafactor", "sgd"]
Checkpointing = Literal["auto", "none", "selective", "selective-op", "full"]
Attention = Literal["eager", "sdpa", "flash"]
Sharding = Literal["none", "zero1", "zero2", "zero3", "fsdp"]
Offload = Literal["none", "optimizer", "params", "activations"]
Loss = Literal["auto", "standard", "chunked", "fused", "legacy", "half"]

KvDtype = Literal["auto", "fp32", "fp16", "bf16", "fp8", "int8"]
Logits = Literal["last", "all"]
Lengths = Literal["fixed", "packed", "varying"]
GradSync = Literal["every", "last"]
Unquantized = Literal["fp32", "bf16"]
_CHOICES = {
    "task": get_args(Task),
    "method": get_args(Method),
    "reference": get_args(Reference),
    "generator": get_args(Generator),
    "precision": get_args(Precision),
    "engine": get_args(Engine),
    "optimizer": get_args(Optimizer),
    "checkpointing": get_args(Checkpointing),
    "attention": get_args(Attention),
    "loss": get_args(Loss),
    "sharding": get_args(Sharding),
    "offload": get_args(Offload),
    "kv_dtype": get_args(KvDtype),
    "logits": get_args(Logits),
    "lengths": get_args(Lengths),
    "grad_sync": get_args(GradSync),
    "unquantized": get_args(Unquantized),
}
# What learns from pairs, and what compares the model with another.
_PAIRS = frozenset(("dpo", "reward"))
_COMPARES = frozenset(("dpo", "grpo"))
# A context or a batch beyond these is a slip of the keyboard.
_MOST_TOKENS = 2**31
_MOST_GPUS = 8
# GRPOConfig.max_completion_length: what is not said to be the prompt's.
_ANSWER_TOKENS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryJob:
    """One way to run a model, in the words of the libraries that run it.

    Args:
        task: inference, or training of all weights, of low-rank adapters, or of adapters over 4-bit weights.
        method: what the training learns from: texts (``"sft"``), pairs of answers (``"dpo"``, ``"reward"``), or its own
            answers (``"grpo"``). A batch of the second is of pairs, of the last of answers.
        reference: what the model is compared with: a frozen copy (``"model"``), itself without adapters, or what was
            computed before; ``"auto"`` is as TRL does it: see :func:`settle`.
        generator: what writes the answers of GRPO: the trained model itself, vLLM on the same GPU, or vLLM elsewhere.
        vllm_sleep: vLLM on the same GPU gives its memory back while the model is trained (vllm_enable_sleep_mode).
        precision: of weights and compute; ``-mixed`` keeps fp32 weights and computes under autocast.
        quantization: of the weights; ``"auto"`` is none, the stored one for inference, nf4 for qlora.
        kv_dtype: of the cache; ``"auto"`` is that of the compute.
        engine: what serves.
        batch_size: sequences per GPU and step.
        seq_len: tokens of a sequence; for inference prompt and answer together.
        prompt_len: tokens of the prompt; ``None`` is all of ``seq_len``.
        logits: ``"all"`` computes them for the whole prompt, as transformers did before 4.45.
        optimizer: of the trained weights; ``"adamw"`` keeps its two moments in the weights' own precision, as torch's
            does, or in fp32 beside an fp32 copy under ZeRO; ``"adamw-bf16"`` in bf16 whatever they are in.
        optimizer_in_backward: step each layer as soon as its gradient is there.
        foreach: the optimizer's multi-tensor kernel (the default of torch before transformers 4.55), which makes one
            more copy of the trained weights.
        lora_rank: rank of the adapters.
        lora_targets: modules they are on; ``"all-linear"`` is every matrix of a layer.
        trained_embeddings: embedding and output projection are trained whole beside the adapters (peft's
            ``modules_to_save``), in copies.
        checkpointing: ``"full"`` keeps one tensor per layer, ``"selective"`` recomputes every second layer,
            ``"selective-op"`` keeps attention's result and every second matrix product of each layer (torchtitan's
            SelectiveAC), ``"auto"`` is what the library that trains such a model does: see :func:`settle`.
        attention: ``"eager"`` keeps the score matrices.
        loss: ``"auto"`` is the library's own, too; ``"chunked"`` computes logits in tiles of constant size (TRL's
            default), ``"standard"`` upcasts all of them to fp32 once (the Trainer), ``"legacy"`` is a loop that holds
            the model's fp32 output besides (transformers before 4.45, accelerate's examples), ``"fused"`` never has
            them all (Liger, Cut Cross-Entropy), ``"half"`` never upcasts (models that leave it to autocast, run
            without it).
        accumulation: micro-batches per step.
        packed: the same as ``lengths="packed"``.
        lengths: of the sequences of a batch: ``"varying"`` ones are padded to the longest of their batch and masked,
            and what the allocator reserves depends on their order; ``"packed"`` and ``"fixed"`` ones fill
            ``seq_len`` every time.
        expandable_segments: the allocator's segments grow (``PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True``).
        grad_sync: when FSDP shares gradients out while it accumulates: after the ``"last"`` micro-batch, as
            accelerate's ``no_sync`` does, or after ``"every"`` one, as loops over FSDP2 do.
        own_loop: adapters are trained in a loop without autocast, which the Trainer has.
        compiled: the layers are compiled (``torch_compile``), which fuses what is kept for the backward pass.
        unquantized: precision of embeddings, head and norms where matrices are quantized and adapters are trained:
            ``"fp32"`` as TRL loads them and as peft's ``prepare_model_for_kbit_training`` makes them.
        sharding: of weights, gradients and optimizer states.
        gpus: GPUs of the run.
        offload: what lives in main memory between uses.
        legacy_cache: the cache is copied whole for every token, as transformers did before 4.36.
        legacy_quantization: quantized layers keep their inputs for the backward pass, as bitsandbytes did before 0.43.
        quantized_experts: bitsandbytes quantizes a mixture's experts too, as it did while each was a layer of its own
            (transformers before 5) and as axolotl's ``quantize_moe_experts`` does; else they stay as they are.
        resolution: pixels along one side, for images; 0 is what the model was made for.
        frames: of a video, as many as are shown; 0 is what the model was made for.
        denoising_steps: of a pipeline that makes pictures; 0 is as many as it takes by default. Memory is the same.
        gpu_memory_utilization: the share of a GPU that vLLM takes; TRL gives it 0.3 beside a model that is trained.

    Raises:
        UsageError: a value is not one of those accepted, or two contradict.

    >>> MemoryJob(task="lora", batch_size=0)
    Traceback (most recent call last):
    hfplanner.errors.UsageError: The batch size is 0, not a number from 1 to 2147483648.
    """

    task: Task = "inference"
    method: Method = "sft"
    reference: Reference = "auto"
    generator: Generator = "transformers"
    vllm_sleep: bool = False
    precision: Precision = "bf16"
    quantization: str = "auto"
    kv_dtype: KvDtype = "auto"
    engine: Engine = "transformers"
    batch_size: int = 1
    seq_len: int = 2048
    prompt_len: int | None = None
    logits: Logits = "last"
    optimizer: Optimizer = "adamw"
    optimizer_in_backward: bool = False
    foreach: bool = False
    lora_rank: int = 16
    lora_targets: tuple[str, ...] = ("all-linear",)
    trained_embeddings: bool = False
    checkpointing: Checkpointing = "auto"
    attention: Attention = "sdpa"
    loss: Loss = "auto"
    accumulation: int = 1
    packed: bool = False
    lengths: Lengths = "varying"
    expandable_segments: bool = False
    grad_sync: GradSync = "last"
    own_loop: bool = False
    compiled: bool = False
    unquantized: Unquantized = "fp32"
    sharding: Sharding = "none"
    gpus: int = 1
    offload: Offload = "none"
    legacy_cache: bool = False
    legacy_quantization: bool = False
    quantized_experts: bool = False
    resolution: int = 0
    frames: int = 0
    denoising_steps: int = 0
    gpu_memory_utilization: float = 0.9

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        self._check_choices()
        self._check_method()
        self._check_numbers()

    def _check_choices(self) -> None:
        for name, accepted in _CHOICES.items():
            value = getattr(self, name)
            if value not in accepted:
                raise UsageError(f"{value!r} is not a known {name}.", hint=f"Accepted: {', '.join(accepted)}.")

    def _check_method(self) -> None:
        adapters = self.task in {"lora", "qlora"}
        for refused, what, hint in (
            (self.method != "sft" and not self.trains, f"--method {self.method} trains.", "Add --task lora, or full."),
            (
                self.reference not in {"auto", "none"} and self.method not in _COMPARES,
                f"--method {self.method} compares with nothing.",
                "Leave --reference out, or add --method dpo.",
            ),
            (
                self.reference == "adapters-off" and not adapters,
                "--reference adapters-off needs adapters.",
                "Add --task lora, or qlora.",
            ),
            (
                self.generator != "transformers" and self.method != "grpo",
                f"--generator {self.generator} writes answers, which --method {self.method} does not.",
                "Add --method grpo.",
            ),
            (
                self.vllm_sleep and self.generator != "colocate",
                "--vllm-sleep is for vLLM on the same GPU.",
                "Add --generator colocate.",
            ),
        ):
            if refused:
                raise UsageError(what, hint=hint)

    def _check_numbers(self) -> None:
        for what, number, most in (
            ("batch size", self.batch_size, _MOST_TOKENS),
            ("sequence length", self.seq_len, _MOST_TOKENS),
            ("prompt length", 1 if self.prompt_len is None else self.prompt_len, self.seq_len),
            ("LoRA rank", self.lora_rank, 2**16),
            ("accumulation", self.accumulation, 2**20),
            ("number of GPUs", self.gpus, _MOST_GPUS),
        ):
            if not 1 <= number <= most:
                raise UsageError(f"The {what} is {number}, not a number from 1 to {most}.", hint="For example 1.")
        if not 0 < self.gpu_memory_utilization <= 1:
            raise UsageError("The GPU memory utilization is not above 0 and at most 1.", hint="For example 0.9.")

    @property
    def trains(self) -> bool:
        """Whether anything is trained."""
        return self.task != "inference"

    @property
    def mixed(self) -> bool:
        """Whether fp32 weights compute in half precision under autocast."""
        return self.precision.endswith("-mixed")

    @property
    def autocasts(self) -> bool:
        """Whether compute runs under autocast: the Trainer trains adapters so, whatever their base is in."""
        adapters = self.task in {"lora", "qlora"} and not self.own_loop and self.precision != "fp32"
        return self.mixed or adapters

    @property
    def padded(self) -> bool:
        """Whether sequences are padded to the longest of their batch."""
        return self.lengths == "varying" and not self.packed

    @property
    def upcast(self) -> bool:
        """Whether what is not quantized is fp32, and the residual stream with it."""
        return self.task == "qlora" and self.unquantized == "fp32"

    @property
    def sequences(self) -> int:
        """Sequences in one micro-batch on one GPU: of a pair both."""
        return self.batch_size * (2 if self.method in _PAIRS else 1)

    @property
    def tokens(self) -> int:
        """Tokens in one micro-batch on one GPU."""
        return self.sequences * self.seq_len

    @property
    def answer(self) -> int:
        """Tokens of a sequence that are learned from: with GRPO those of its answer, else all."""
        if self.method != "grpo":
            return self.seq_len
        if self.prompt_len is not None:
            answer: int = greatest(self.seq_len - self.prompt_len, 1)
        else:
            answer = least(_ANSWER_TOKENS, greatest(self.seq_len - 1, 1))
        return answer

    @property
    def prompt(self) -> int:
        """Tokens of the prompt."""
        return self.seq_len if self.prompt_len is None else self.prompt_len


def settle(job: "MemoryJob", kind: str) -> "MemoryJob":
    """Return a job with what it leaves open taken from the library that runs such a model.

    Args:
        job: the job.
        kind: of the model, as :class:`~hfplanner.models.shape.ModelShape` has it.

    >>> settle(MemoryJob(task="lora"), "decoder").checkpointing, settle(MemoryJob(task="full"), "encoder").checkpointing
    ('full', 'none')
    """
    if "auto" not in {job.checkpointing, job.loss, job.reference}:
        return job
    tuned = job.trains and kind == "decoder"
    checkpointing = job.checkpointing if job.checkpointing != "auto" else "full" if tuned else "none"
    loss = job.loss if job.loss != "auto" else "chunked" if tuned else "standard"
    reference = job.reference if job.reference != "auto" else _reference(job)
    return replace(job, checkpointing=checkpointing, loss=loss, reference=reference)


def _reference(job: MemoryJob) -> Reference:
    """Return what TRL 1.16 compares a model with: DPO with a copy or without adapters, GRPO (beta 0) with nothing."""
    if job.method != "dpo":
        return "none"
    return "adapters-off" if job.task in {"lora", "qlora"} else "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnJob(MemoryJob):
    """A job whose batch size and lengths are columns of a frame, checked by who made the frame."""

    def _check_numbers(self) -> None:
        """Leave the numbers alone."""
