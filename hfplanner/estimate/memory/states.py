"""What training keeps beside the weights: gradients and optimizer states, on one GPU or shared among several."""

from dataclasses import dataclass, fields

from hfplanner.estimate.memory.adapters import adapter_parameters
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.shape import ModelShape

__all__ = ["States", "training_states"]

_SHARED = {
    "none": (False, False, False),
    "zero1": (False, False, True),
    "zero2": (False, True, True),
    "zero3": (True, True, True),
    "fsdp": (True, True, True),
}
# DeepSpeed's own default for reduce and gather buckets is 5e8 elements; the Trainer's "auto" sets hidden x hidden.
# A bucket is held twice while one is sent and the next is filled.
_BUCKETS = 2
# bitsandbytes: two states of one byte, and two fp32 scales per block of 256 (optim/optimizer.py).
_EIGHT_BIT = 2 + 8 / 256
_DEEPSPEED = ("zero1", "zero2", "zero3")
_SUB_GROUP = 10**9
# Bytes of a weight in half precision.
_HALF = 2


@dataclass(frozen=True, slots=True)
class States:
    """Bytes on one GPU.

    Args:
        gradients: of all trained weights, once they are all there.
        whole: gradients of one unit before they are shared out.
        stepped: what is left of the gradients when the optimizer steps.
        optimizer: its states and, where it keeps one, its fp32 copy of the weights.
        step: what the optimizer makes in passing while it steps.
        buckets: for sending gradients and gathering weights.
        trained: how many weights are trained, before sharding.
        width: bytes of one of them; of an adapter's where embeddings are trained too.
        own: bytes of the trained weights.
    """

    gradients: float
    whole: float
    stepped: float
    optimizer: float
    step: float
    buckets: float
    trained: int
    width: int
    own: int

    def __add__(self, other: "States") -> "States":
        """Return the bytes of both together; each weight's width is that of the first."""
        summed = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return States(**summed | {"width": self.width})


def trained_parameters(shape: ModelShape, job: MemoryJob) -> int:
    """Return how many weights are trained."""
    if job.task == "full":
        # Text encoders and the autoencoder of a pipeline are frozen.
        return shape.diffusion.denoiser if shape.diffusion else shape.parameters.total
    return adapter_parameters(shape, job)


def training_states(shape: ModelShape, job: MemoryJob) -> States:
    """Return gradients and states of a training job."""
    states = _states_of(shape, job, trained_parameters(shape, job), _trained_width(job))
    if job.trained_embeddings and job.task in {"lora", "qlora"}:
        # peft's modules_to_save trains copies in the base's precision.
        outer = shape.parameters.embedding + shape.parameters.head
        states += _states_of(shape, job, outer, 4 if job.precision == "fp32" or job.mixed else _HALF)
    return states


def _states_of(shape: ModelShape, job: MemoryJob, trained: int, width: int) -> States:
    _, share_gradients, share_states = _SHARED[job.sharding]
    over_states = job.gpus if share_states else 1
    optimizer = trained * _state_bytes(shape, job, width) / over_states
    step = _step_bytes(shape, job, trained, width) / over_states
    stepped = trained * width / (job.gpus if share_gradients else 1)
    # FSDP's no_sync, which accelerate and Fabric use between steps, adds gradients up before they are shared out; loops
    # over FSDP2 share them after every micro-batch unless told otherwise.
    unshared = job.sharding == "fsdp" and job.accumulation > 1 and job.grad_sync == "last"
    gradients = trained * width if unshared else stepped
    whole = _unit_gradients(shape, job, trained) * width if share_gradients or job.offload == "params" else 0.0
    if job.optimizer_in_backward and job.accumulation == 1:
        gradients = stepped = min(stepped, _largest_tensor(shape, job, trained) * width)
        whole = 0.0
    buckets = _bucket_bytes(shape, job, trained, width)
    if job.offload in {"optimizer", "params"}:
        optimizer, step = 0.0, 0.0
    if job.offload == "params":
        gradients, stepped = gradients / max(shape.layers, 1), stepped / max(shape.layers, 1)
    elif share_gradients:
        whole = min(whole, trained * width - stepped)
    return States(gradients, whole, stepped, optimizer, step, buckets, trained, width, trained * width)


def _unit_gradients(shape: ModelShape, job: MemoryJob, trained: int) -> float:
    """Return the largest unit's gradients: whole before they are shared out, and in FSDP copied into a buffer to send.

    A unit is a layer, or what is outside of all layers: embedding and output projection.
    """
    outer = shape.parameters.embedding + shape.parameters.head if job.task == "full" else 0
    return (2 if job.sharding == "fsdp" else 1) * max(trained / max(shape.layers, 1), min(outer, trained))


def _trained_width(job: MemoryJob) -> int:
    """Return the bytes of a trained weight: PEFT keeps adapters in fp32 whatever the base is in.

    TRL makes those over 4-bit weights bf16 (SFTTrainer, as in the QLoRA paper). DeepSpeed casts the whole model to half
    precision, its adapters too (runtime/engine.py), and keeps fp32 copies.
    """
    if job.sharding in _DEEPSPEED and job.precision != "fp32":
        return _HALF
    if job.task == "qlora" and job.autocasts:
        return _HALF
    return 4 if job.task in {"lora", "qlora"} or job.precision == "fp32" or job.mixed else _HALF


def _state_bytes(shape: ModelShape, job: MemoryJob, width: int) -> float:
    """Return bytes of state per trained weight. AdamW keeps its two moments in the weight's own precision."""
    master = 0.0
    if job.sharding in _DEEPSPEED and width == _HALF:
        # ZeRO steps an fp32 copy with fp32 moments (Rajbhandari et al. 2020, "K = 12").
        master, width = 4.0, 4
    match job.optimizer:
        case "adamw":
            return master + 2 * width
        case "adamw-bf16":
            return master + 4
        case "adamw-8bit":
            # The Trainer keeps embeddings in 32 bits (GlobalOptimManager, optim_bits 32).
            share = shape.parameters.embedding / max(shape.parameters.total, 1) if job.task == "full" else 0.0
            return master + share * 8 + (1 - share) * _EIGHT_BIT
        case "paged-adamw-8bit" | "sgd":
            # Paged states live in unified memory, which the allocator of torch does not count.
            return master
        case _:
            # Adafactor keeps one fp32 per row and column: less than a hundredth of a byte per weight.
            return master + 0.01


def _step_bytes(shape: ModelShape, job: MemoryJob, trained: int, width: int) -> float:
    if job.optimizer == "adafactor":
        # The update of one tensor at a time in fp32, with its square.
        return 2 * 4 * _largest_tensor(shape, job, trained)
    if job.sharding in _DEEPSPEED and width == _HALF:
        # ZeRO steps with an fp32 copy of the gradients and AdamW's own temporary; stage 3 in groups of at most 1e9
        # weights (sub_group_size).
        return 8.0 * (min(trained, _SUB_GROUP * job.gpus) if job.sharding == "zero3" else trained)
    if job.foreach and job.optimizer in {"adamw", "adamw-bf16"}:
        return trained * width
    return 0.0


def _largest_tensor(shape: ModelShape, job: MemoryJob, trained: int) -> int:
    if job.task != "full":
        return trained // max(shape.layers, 1)
    experts = shape.experts
    expert = experts.count * experts.ffn * shape.hidden * 2 if experts else 0
    return min(max(shape.vocab * shape.hidden, shape.ffn * shape.hidden, expert), trained)


def _bucket_bytes(shape: ModelShape, job: MemoryJob, trained: int, width: int) -> float:
    if job.gpus == 1:
        return 0.0
    if job.sharding == "none":
        # DistributedDataParallel copies gradients into buckets and keeps both (gradient_as_bucket_view is off).
        return trained * width
    return _BUCKETS * 2 * min(shape.hidden**2, trained)
