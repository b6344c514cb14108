"""What a job is to do, where nothing of it was measured: a model, how it is run, and how many tokens."""

from dataclasses import dataclass, replace
from typing import Literal

from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.models.shape import ModelShape

__all__ = ["Kind", "Work"]

Kind = Literal["full", "lora", "qlora", "prefill", "decode"]

_TRAINED: dict[Kind, Literal["full", "lora", "qlora"]] = {"full": "full", "lora": "lora", "qlora": "qlora"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job is to do.

    Args:
        shape: of its model.
        kind: training of all weights or of adapters, reading prompts, generating.
        tokens: trained on, read or generated; of pairs those of both answers, of answers those of the prompt as well;
            pictures, for a model that makes them.
        seq_len: tokens of one sequence, prompt and answer together; 1 for pictures.
        batch_size: sequences side by side on one GPU; ``None`` is one, or with vLLM as many as fit, up to its 256.
        job: how the model is run, in the words of the memory estimate: engine, quantization, checkpointing, optimizer,
            adapters, attention, loss, sharding; the usual way by default.
        compiled: whether training runs under ``torch.compile``.
        epochs: how often training sees each sequence.
        tokens_told: whether somebody said how many tokens; else they stand for any number of them.

    Raises:
        ValueError: a number that is not above 0.
    """

    shape: ModelShape
    kind: Kind
    tokens: int
    seq_len: int = 2048
    batch_size: int | None = None
    job: MemoryJob | None = None
    compiled: bool = False
    epochs: int = 1
    tokens_told: bool = True

    def __post_init__(self) -> None:
        """Refuse work that cannot be."""
        if min(self.tokens, self.seq_len, self.epochs, 1 if self.batch_size is None else self.batch_size) <= 0:
            raise ValueError(f"not above 0: {self.tokens}, {self.seq_len}, {self.epochs}, {self.batch_size}")

    @property
    def run_as(self) -> MemoryJob:
        """How the model is run, with the task, the lengths and the batch of this work.

        >>> from hfplanner.models.known import find_known
        >>> Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=10**6, batch_size=4).run_as.task
        'lora'
        """
        # Published runs that say nothing of it did not recompute activations.
        job = self.job or MemoryJob(checkpointing="none", loss="standard")
        prompt = None if job.prompt_len is None else min(job.prompt_len, self.seq_len)
        asked = replace(
            job,
            task=_TRAINED.get(self.kind, "inference"),
            seq_len=self.seq_len,
            batch_size=self.batch_size or 1,
            prompt_len=prompt,
        )
        return settle(asked, self.shape.kind)

    @property
    def prompt_tokens(self) -> int:
        """Tokens of a sequence that are read before the first is generated; half of it where that is not said."""
        job = self.job
        said = None if job is None else job.prompt_len
        return min(said, self.seq_len) if said is not None else max(self.seq_len // 2, 1)

    @property
    def reads_prompts(self) -> bool:
        """Whether reading the prompts of what is generated is part of the work: where their length is said."""
        return self.job is not None and self.job.prompt_len is not None and self.job.prompt_len < self.seq_len
