"""What training on preferences and on a model's own answers needs beside training on texts.

Read off TRL 1.16 (trainer/dpo_trainer.py, reward_trainer.py, grpo_trainer.py) and held against steps of its own code on
fake tensors (``reports/traced_preference.md``): the chosen and the rejected answer of a pair go through as one batch;
the reference goes through after the model, whose activations are kept meanwhile; the loss of all of them is computed in
tiles.
"""

from dataclasses import replace
from typing import Any

from hfplanner.estimate.memory.activations import layer_passing, stream_bytes
from hfplanner.estimate.memory.inference import cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.shape import ModelShape

__all__ = [
    "compares_with_itself",
    "generation_moment",
    "generator_job",
    "reference_bytes",
    "reference_moment",
    "trained_shape",
]

_SHARDS_WEIGHTS = ("zero3", "fsdp")


def trained_shape(shape: ModelShape, job: MemoryJob) -> ModelShape:
    """Return the model that is trained: one of rewards has no output projection, but a row that makes one number.

    >>> from hfplanner.models.known import find_known
    >>> llama = find_known("meta-llama/Llama-3.1-8B")
    >>> trained_shape(llama, MemoryJob(task="lora", method="reward")).parameters.head
    0
    """
    if job.method != "reward" or not shape.parameters.head:
        return shape
    return replace(shape, parameters=replace(shape.parameters, head=0))


def reference_bytes(shape: ModelShape, job: MemoryJob) -> float:
    """Return the bytes of the frozen copy that the model is compared with, where there is one.

    >>> from hfplanner.models.known import find_known
    >>> llama = find_known("meta-llama/Llama-3.1-8B")
    >>> reference_bytes(llama, MemoryJob(task="full", method="dpo", reference="model"))
    16060522496
    """
    if job.reference != "model":
        return 0.0
    # TRL loads it in the precision of the model's own weights.
    total = weight_bytes(shape, job)
    return total / job.gpus if job.sharding in _SHARDS_WEIGHTS else total


def reference_moment(shape: ModelShape, job: MemoryJob) -> list[dict[str, Any]]:
    """Return what a forward pass needs that only compares: of the reference, or of GRPO's model before its step.

    Its own tensors go layer by layer; under autocast the copies of its weights stay until it is through. DPO's comes
    beside all that the model keeps for its backward pass, GRPO's before.
    """
    if job.reference not in {"model", "adapters-off"} and not compares_with_itself(job):
        return []
    hidden = job.tokens * shape.hidden * stream_bytes(job)
    copies = job.reference == "model" or compares_with_itself(job)
    copied = 2.0 * shape.parameters.linear if copies and job.mixed else 0.0
    return [{"activations": 2 * hidden + layer_passing(shape, job) * job.tokens, "gathered": copied}]


def generation_moment(shape: ModelShape, job: MemoryJob) -> list[dict[str, Any]]:
    """Return what writing the answers needs where the trained model writes them itself, between steps.

    All answers of a step are written at once: those of every micro-batch (TRL's steps_per_generation).
    """
    if job.method != "grpo" or job.generator != "transformers":
        return []
    answers = generator_job(job)
    cache = cache_bytes(shape, answers, answers.seq_len)
    passing = layer_passing(shape, answers)
    one_layer = cache / max(shape.layers, 1)
    return [
        {
            "kv_cache": cache_bytes(shape, answers, answers.prompt),
            "activations": passing * answers.batch_size * answers.prompt,
        },
        {
            "kv_cache": cache,
            "activations": one_layer + passing * answers.batch_size,
            "logits": shape.vocab * 6.0 * answers.batch_size,
        },
    ]


def generator_job(job: MemoryJob) -> MemoryJob:
    """Return how the answers of a step are written.

    The trained model writes those of all micro-batches at once; vLLM queues what its cache does not hold, so that one
    sequence must find room.

    >>> job = MemoryJob(task="lora", method="grpo", batch_size=8, accumulation=4)
    >>> generator_job(job).batch_size, generator_job(replace(job, generator="colocate")).engine
    (32, 'vllm')
    """
    by_itself = job.generator == "transformers"
    return replace(
        job,
        task="inference",
        method="sft",
        reference="none",
        generator="transformers",
        vllm_sleep=False,
        precision="fp32" if job.precision == "fp32" else "bf16",
        quantization="none",
        engine="transformers" if by_itself else "vllm",
        batch_size=job.batch_size * job.accumulation if by_itself else 1,
        sharding="none",
        offload="none",
        gpus=1,
        prompt_len=job.seq_len - job.answer,
    )


def compares_with_itself(job: MemoryJob) -> bool:
    """Whether the model computes its answers' log-probabilities once more before a step, as vLLM's differ from them."""
    return job.method == "grpo" and job.generator != "transformers"
