"""What training on preferences and on a model's own answers needs beside training on texts.

Read off TRL 1.16 (trainer/dpo_trainer.py, reward_trainer.py, grpo_trainer.py) and held against steps of its own code on
fake tensors (``reports/traced_preference.md``): the chosen and the rejected answer of a pair go through as one batch;
the reference goes through after the model, whose activations are kept meanwhile; the loss of all of them is computed in
tiles.
"""

from dataclasses import replace
from typing import Any

from hfplanner.estimate.memory.activations import layer_passing, stream_bytes
from hfplanner.estimate.memory.columns import greatest, least
from hfplanner.estimate.memory.inference import cache_bytes
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.shape import ModelShape

__all__ = [
    "answer_tokens",
    "compares_with_itself",
    "generation_moment",
    "generator_job",
    "reference_bytes",
    "reference_moment",
    "trained_shape",
]

_SHARDS_WEIGHTS = ("zero3", "fsdp")
# GRPOConfig.max_completion_length: what is not said to be the prompt's.
_ANSWER_TOKENS = 512


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
    """Return what the reference's forward pass needs beside all that the model keeps for its backward pass.

    Its own tensors go layer by layer; under autocast the copies of its weights stay until it is through.
    """
    if job.reference not in {"model", "adapters-off"}:
        return []
    hidden = job.tokens * shape.hidden * stream_bytes(job)
    copied = 2.0 * shape.parameters.linear if job.reference == "model" and job.mixed else 0.0
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
        prompt_len=job.seq_len - answer_tokens(job),
    )


def answer_tokens(job: MemoryJob) -> Any:  # noqa: ANN401 - as `columns` says
    """Return the tokens of an answer that is learned from: of texts and pairs all of a sequence.

    >>> answer_tokens(MemoryJob(task="lora", method="grpo", seq_len=2048)), answer_tokens(MemoryJob(seq_len=2048))
    (512, 2048)
    """
    if job.method != "grpo":
        return job.seq_len
    if job.prompt_len is not None:
        return greatest(job.seq_len - job.prompt_len, 1)
    return least(_ANSWER_TOKENS, greatest(job.seq_len - 1, 1))


def compares_with_itself(job: MemoryJob) -> bool:
    """Whether the model computes its answers' log-probabilities once more before a step, as vLLM's differ from them."""
    return job.method == "grpo" and job.generator != "transformers"
