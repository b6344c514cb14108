"""The seconds of a step of training on preferences and on a model's own answers, as TRL 1.16 makes it.

Beside the training on the sequences themselves (:func:`.phases.train_secs`):

- ``dpo``: both answers of a pair go through the model, and once more through its reference, forward only; where its log
  probabilities are computed before, once for all epochs.
- ``reward``: both answers of a pair, without an output projection.
- ``grpo``: the answers of a step are written first, those of every micro-batch at once; where vLLM writes them, the
  model reads them once more, because vLLM's own probabilities are not those of the trainer
  (``vllm_importance_sampling_correction``). What the reward functions take is not known here.
"""

from dataclasses import replace

from hfplanner.catalog.accelerators import facts_of
from hfplanner.estimate.duration.operations.kernels import Card
from hfplanner.estimate.duration.operations.phases import Run, decode_secs, prefill_secs, train_secs
from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.estimate.memory.preference import generator_job
from hfplanner.estimate.memory.vllm import serving_room

__all__ = ["method_words", "step_secs"]

_COMPARED = frozenset(("model", "adapters-off"))
_WRITERS = {
    "transformers": "the model itself",
    "colocate": "vLLM on the same GPU",
    "server": "vLLM on another such GPU",
}


def step_secs(card: Card, run: Run, tokens: int, *, epochs: int = 1) -> float:
    """Return the seconds of a micro-batch of the job's method, whose sequences have so many tokens.

    Args:
        card: one of the GPUs.
        run: the model, and how it is trained.
        tokens: of one sequence, prompt and answer together.
        epochs: over which what is computed once before is spread.

    >>> from hfplanner.estimate.duration.operations.kernels import card_of
    >>> from hfplanner.models.known import find_known
    >>> shape = find_known("Qwen/Qwen3-8B")
    >>> def step(method, batch):
    ...     job = MemoryJob(task="lora", method=method, batch_size=batch)
    ...     return step_secs(card_of("H200"), Run(shape=shape, job=job, precision="bf16"), 2048)
    >>> 1.2 < step("dpo", 2) / step("sft", 4) < 1.5, step("grpo", 4) > 3 * step("sft", 4)
    (True, True)
    """
    job = settle(run.job, run.shape.kind)
    learnt = train_secs(card, run, job.sequences, tokens)
    read = 1.0 if job.reference in _COMPARED else 1 / epochs if job.reference == "precomputed" else 0.0
    if job.method == "grpo":
        learnt += _answer_secs(card, run, job, tokens)
        read += 1.0 if job.generator != "transformers" else 0.0
    if not read:
        return learnt
    reader = replace(run, job=replace(job, logits="all"))
    return learnt + read * prefill_secs(card, reader, job.sequences, tokens)


def method_words(job: MemoryJob) -> tuple[str, ...]:
    """Return what a step of the method consists of, a sentence each; nothing for training on texts.

    >>> method_words(MemoryJob(task="lora", method="reward"))
    ('both answers of a pair are trained on',)
    """
    if job.method == "sft":
        return ()
    if job.method == "grpo":
        said = f"the answers are written by {_WRITERS[job.generator]}, to their full length, and then trained on"
        reads = ("and read once more by the reference",) if job.reference in _COMPARED else ()
        return (said, *reads, "what the reward functions take is not counted")
    reads = ()
    if job.reference in _COMPARED:
        reads = ("and read by the reference as well",)
    elif job.reference == "precomputed":
        reads = ("and read by the reference once before",)
    return ("both answers of a pair are trained on", *reads)


def _answer_secs(card: Card, run: Run, job: MemoryJob, tokens: int) -> float:
    """Return the share of one micro-batch in writing the answers of a step."""
    writing = generator_job(replace(job, seq_len=tokens, prompt_len=_prompt(job, tokens)))
    writer = replace(run, job=writing)
    answers = job.batch_size * job.accumulation
    together = answers if writing.engine == "transformers" else min(answers, _room(card, writer))
    answer = max(tokens - writing.prompt, 1)
    secs = prefill_secs(card, writer, together, writing.prompt)
    secs += answer * decode_secs(card, writer, together, writing.prompt + answer / 2)
    return secs * answers / together / job.accumulation


def _prompt(job: MemoryJob, tokens: int) -> int | None:
    return None if job.prompt_len is None else min(job.prompt_len, tokens)


def _room(card: Card, writer: Run) -> int:
    """Return how many answers vLLM writes side by side; one where it finds no room: that is for the memory to say."""
    facts = facts_of(card.model)
    if facts is None or facts.memory_usable_bytes is None:
        return 1
    room = serving_room(writer.shape, writer.job, facts.memory_usable_bytes, card.model)
    return max(room.sequences, 1)
