"""How much work a job is, from what people count: samples and epochs, requests with their prompts and answers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError

if TYPE_CHECKING:
    from hfplanner.estimate.memory.job import Method

__all__ = ["Amount", "Counted", "count_work"]


# GRPOConfig.num_generations: so many answers are written to each prompt.
_ANSWERS = 8
# What a sample is, and how many sequences it makes.
_SAMPLES: "dict[Method, tuple[str, int]]" = {
    "sft": ("samples", 1),
    "dpo": ("pairs", 2),
    "reward": ("pairs", 2),
    "grpo": ("prompts", _ANSWERS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """The work of a job.

    Args:
        tokens: trained on, read, or generated.
        words: how that was counted, for people.
        seq_len: tokens of one sequence; ``None`` is what was said of the model.
        prompt_len: of which are read before the first is generated; ``None`` is not said.
        phase: what is done with them, where the counts say it: ``"prefill"`` where nothing is generated.
    """

    tokens: int
    words: str
    seq_len: int | None = None
    prompt_len: int | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What people count; the arguments of the same names.

    Args:
        samples: of the data set, or requests: texts, pairs of answers, or prompts to which a model writes answers.
        epochs: how often each is seen.
        input_tokens: of the prompt of each sample; of all prompts together where no samples are given.
        output_tokens: of the answer to each; of all answers together where no samples are given.
        seq_len: tokens of one sequence.
        packed: whether sequences are full.
        trains: whether the model is trained.
        method: what the training learns from.
        has_log: whether there is a log, whose records count epochs too.
    """

    samples: int | None
    epochs: int | None
    input_tokens: int | None
    output_tokens: int | None
    seq_len: int
    packed: bool
    trains: bool
    method: "Method" = "sft"
    has_log: bool = False


def count_work(said: Counted, tokens: int | None) -> Amount | None:
    """Return the work that was counted; ``None`` where nothing was.

    Raises:
        UsageError: counts that contradict each other, or that lack what they count.

    >>> sft = Counted(samples=50_000, epochs=3, input_tokens=None, output_tokens=None, seq_len=1000, packed=False,
    ...     trains=True)
    >>> count_work(sft, None).tokens, count_work(sft, None).words
    (150000000, 'at most 150,000,000 tokens (50,000 samples x 3 epochs of up to 1,000)')
    >>> from dataclasses import replace
    >>> count_work(replace(sft, method="dpo", epochs=1), None).words
    'at most 100,000,000 tokens (50,000 pairs x 2 answers of up to 1,000)'
    """
    _refuse(said, tokens)
    if said.input_tokens is not None or said.output_tokens is not None:
        return _generation(said)
    if said.samples is None:
        return None
    epochs = said.epochs or 1
    thing, sequences = _SAMPLES[said.method]
    total = said.samples * sequences * epochs * said.seq_len
    often = f" x {sequences} answers" if sequences > 1 else ""
    often += f" x {epochs} epochs" if epochs > 1 else ""
    bound, up_to = ("", "") if said.packed else ("at most ", "up to ")
    words = f"{bound}{total:,} tokens ({said.samples:,} {thing}{often} of {up_to}{said.seq_len:,})"
    return Amount(tokens=total, words=words)


def _generation(said: Counted) -> Amount:
    """Return the work of reading prompts and answering them."""
    read, written = said.input_tokens or 0, said.output_tokens or 0
    if said.samples is None:
        length = said.seq_len
        prompt = min(max(round(length * read / (read + written)), 1), length - 1) if read and written else None
        words = f"{read:,} tokens read and {written:,} generated in all, in sequences of {length:,}"
        return _amount(read, written, words, length, prompt)
    words = f"{said.samples:,} requests of {read:,} tokens read and {written:,} generated"
    length = max(read + written, 1)
    return _amount(said.samples * read, said.samples * written, words, length, read if read and written else None)


def _amount(read: int, written: int, words: str, length: int, prompt: int | None) -> Amount:
    if not written:
        return Amount(tokens=read, words=words, seq_len=length, phase="prefill")
    return Amount(tokens=written, words=words, seq_len=length, prompt_len=prompt or 1, phase="decode")


def _refuse(said: Counted, tokens: int | None) -> None:
    """Refuse counts that contradict each other, the first of them that does."""
    generates = said.input_tokens is not None or said.output_tokens is not None
    contradictions = (
        (
            said.epochs is not None and said.samples is None and not said.has_log,
            "--epochs says how often each sample is seen, and no samples are counted.",
            "Add --samples.",
        ),
        (
            tokens is not None and (said.samples is not None or generates),
            "--tokens is all of the work; --samples, --input-tokens and --output-tokens count it too.",
            "Leave --tokens out, or the others.",
        ),
        (
            generates and said.trains,
            "--input-tokens and --output-tokens are of a model that generates, and this one is trained.",
            "For training: --samples, --epochs and --seq-len.",
        ),
    )
    for is_so, sentence, hint in contradictions:
        if is_so:
            raise UsageError(sentence, hint=hint)
