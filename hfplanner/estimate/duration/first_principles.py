"""Durations of jobs that never ran: the operations of the model, timed on each card, with what its engine adds.

What a step of a phase takes is :mod:`.operations.phases`; how many steps there are follows from the tokens. Training
takes every GPU of a flavor where the job scales, with what they tell each other; vLLM keeps as many sequences going as
its memory allows. The bounds are how far published runs were from what their operations say
(``data/first_principles_spread.csv``, written by ``python -m tests.benchmarks.work_accuracy``): a measured minute is
worth more than all of this.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.change import SIGMAS
from hfplanner.estimate.duration.operations.kernels import Card, card_of
from hfplanner.estimate.duration.operations.methods import method_words, step_secs
from hfplanner.estimate.duration.operations.parallel import with_communication
from hfplanner.estimate.duration.operations.phases import Run, decode_secs, prefill_secs
from hfplanner.estimate.duration.operations.pictures import picture_secs, picture_train_secs
from hfplanner.estimate.duration.rates import missing_precision, rates_of
from hfplanner.estimate.duration.scaling import speedup_of
from hfplanner.estimate.duration.startup import startup_secs
from hfplanner.estimate.duration.work import Kind, Work
from hfplanner.estimate.duration.workload import Precision, Workload
from hfplanner.estimate.memory.vllm import default_batch, serving_room
from hfplanner.estimate.span import Estimate

__all__ = ["Kind", "Spread", "Work", "durations_from_work", "seconds_of_work", "spread_of"]

_ENGINES = {"eager": "eager code", "compiled": "compiled code", "vllm": "vLLM"}
# Answers of half the length that is allowed take half the time; chosen by hand.
_ENDS_EARLY = 0.5
# Jobs are in bf16 where nobody chose, and then in whichever 16 bits the card has.
_COMPUTED_IN: dict[str, Precision] = {"fp32": "fp32", "fp16": "fp16", "fp16-mixed": "fp16"}


@dataclass(frozen=True, slots=True)
class Spread:
    """How far published runs were from their operations: 5 and 95 of 100 took these times as long.

    Args:
        low: the lower factor.
        high: the upper one.
        source: what it was learnt from.
    """

    low: float
    high: float
    source: str


@cache
def _spreads() -> dict[tuple[str, str], Spread]:
    return {
        (row["engine"], row["kind"]): Spread(float(row["low"]), float(row["high"]), row["source"])
        for row in read_data_rows("first_principles_spread.csv")
    }


def spread_of(engine: str, kind: str) -> Spread:
    """Return the spread of an engine and a kind of work, that of any where there is none of its own.

    >>> spread_of("eager", "lora").low < 1 < spread_of("any", "any").high
    True
    """
    known = _spreads()
    return known.get((engine, kind)) or known.get((engine, "any")) or known["any", "any"]


def durations_from_work(work: Work, flavors: Iterable[Flavor], workload: Workload) -> Carried:
    """Return how long work takes on each flavor, in wide bounds, and why nothing can be said about the others.

    Args:
        work: the model, and how many tokens.
        flavors: where.
        workload: its precision, where it is not that of the work's job, and whether the job uses all GPUs of a flavor.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.models.by_hand import ByHand, shape_by_hand
    >>> work = Work(shape=shape_by_hand(ByHand(params=8 * 10**9)), kind="lora", tokens=10**7)
    >>> found = durations_from_work(work, shipped_listing().flavors, Workload(phase="train"))
    >>> found.estimates["h200"].likely < found.estimates["a100-large"].likely, "cpu-basic" in found.unknown
    (True, True)
    """
    estimates: dict[str, Estimate] = {}
    unknown: dict[str, str] = {}
    start = startup_secs(work)

    @cache
    def on(model: str | None, gpus: int) -> Estimate | str:
        return _on_gpus(work, workload, model, gpus, start)

    # Where one GPU is used, it is the same on every flavor that has one of its kind; so it is where training takes 4.
    job = work.run_as
    every = workload.scales_with_gpus or (job.gpus > 1 and not job.trains)
    for flavor in flavors:
        gpus = flavor.gpus if every else min(flavor.gpus, job.gpus)
        answer = on(flavor.accelerator, gpus) if gpus else "nothing is known about models on a CPU"
        if isinstance(answer, Estimate):
            estimates[flavor.name] = answer
        else:
            unknown[flavor.name] = answer
    return Carried(estimates, unknown)


def _on_gpus(work: Work, workload: Workload, model: str | None, gpus: int, start: Estimate) -> Estimate | str:
    card = card_of(model)
    if card is None:
        return f"nothing is known about the speed of {model}"
    secs = seconds_of_work(work, workload, card, gpus)
    if isinstance(secs, str):
        return secs
    run = _run(work, workload, card)
    spread = _spread(run, work.kind)
    worth = speedup_of(card.model, gpus) if _is_shared(work, workload) and work.run_as.trains else None
    doubt = SIGMAS * math.hypot(worth.sigma if worth else 0.0, work.shape.doubt)
    down, up = (math.exp(math.hypot(math.log(factor), doubt)) for factor in (1 / spread.low, spread.high))
    rates = rates_of(card.model)
    lacks = missing_precision(rates, run.precision) if rates else None
    name = work.shape.name or "the model"
    basis = (
        "from first principles: nothing was measured",
        f"the operations of {name}, timed on this card, with what {_ENGINES[run.engine.name]} adds",
        *method_words(run.job),
        spread.source,
        *start.basis,
        *([lacks] if lacks else []),
    )
    likely = max(round(start.likely + secs), 1)
    low = max(math.floor(start.low + secs / down), 1)
    return Estimate(min(low, likely), likely, max(math.ceil(start.high + secs * up), likely), basis)


def _spread(run: Run, kind: Kind) -> Spread:
    """Return the spread of a run; answers that a model writes to learn from them may end early."""
    if run.job.method != "grpo":
        return spread_of(run.engine.name, kind)
    any_kind = spread_of("any", "any")
    return replace(any_kind, low=any_kind.low * _ENDS_EARLY)


def seconds_of_work(work: Work, workload: Workload, card: Card, gpus: int) -> float | str:
    """Return the seconds of the steps on so many GPUs of a kind, without what comes before the first, or why not.

    >>> from hfplanner.models.known import find_known
    >>> work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="decode", tokens=10**6)
    >>> seconds_of_work(work, Workload(), card_of("H200"), 1) > 10**6 * 0.003
    True
    """
    run = _run(work, workload, card)
    if run.job.trains:
        return _training(work, workload, run, card, gpus)
    together = run.job.gpus
    if together > gpus:
        return f"it runs on {together} GPUs"
    if work.shape.diffusion is not None:
        secs = work.tokens / run.job.batch_size * picture_secs(card, run, run.job.batch_size)
    elif work.kind == "prefill" or work.shape.kind == "encoder":
        batch, length = run.job.batch_size, work.seq_len
        secs = work.tokens / (batch * length) * prefill_secs(card, run, batch, length)
    else:
        sequences = _sequences(work, run, card)
        if sequences < 1:
            return "the weights leave no room for a sequence"
        secs = work.tokens / sequences * _per_token(work, run, card, sequences)
    return secs / (gpus // together if workload.scales_with_gpus else 1)


def _is_shared(work: Work, workload: Workload) -> bool:
    """Whether the GPUs share the work: a job that uses all there are, or is run over so many."""
    return workload.scales_with_gpus or work.run_as.gpus > 1


def _run(work: Work, workload: Workload, card: Card) -> Run:
    job = work.run_as
    # 16 bits of any kind are what current libraries compute in unless they are told otherwise.
    said = None if work.job is None else _COMPUTED_IN.get(work.job.precision)
    precision = workload.precision or said or "half"
    return Run(shape=work.shape, job=job, precision=precision, link=card.model, compiled=work.compiled)


def _sequences(work: Work, run: Run, card: Card) -> int:
    """Return how many sequences are generated side by side."""
    if run.job.engine != "vllm":
        return run.job.batch_size
    facts = facts_of(card.model)
    if facts is None or facts.memory_usable_bytes is None:
        return work.batch_size or default_batch(0)[0]
    asked = work.batch_size or default_batch(facts.memory_usable_bytes, card.model)[0]
    # A sequence takes room for what it has so far: half of its answer on average.
    average = work.prompt_tokens + (work.seq_len - work.prompt_tokens) // 2
    room = serving_room(
        run.shape,
        replace(run.job, batch_size=1, seq_len=max(average, 1), prompt_len=None),
        facts.memory_usable_bytes,
        card.model,
    )
    return min(asked, room.sequences)


def _per_token(work: Work, run: Run, card: Card, sequences: int) -> float:
    """Return the seconds in which each of the sequences gets one more token, with the prompts of new ones."""
    prompt, generated = work.prompt_tokens, max(work.seq_len - work.prompt_tokens, 1)
    step = decode_secs(card, run, sequences, prompt + generated / 2)
    if not work.reads_prompts:
        return step
    one = 1 if run.job.engine == "vllm" else sequences
    return step + prefill_secs(card, run, one, prompt) * sequences / one / generated


def _training(work: Work, workload: Workload, run: Run, card: Card, gpus: int) -> float | str:
    if run.job.gpus > gpus:
        return f"it runs on {run.job.gpus} GPUs"
    side = gpus if _is_shared(work, workload) else 1
    batch = run.job.sequences
    alone = replace(run, job=replace(run.job, gpus=side))
    if work.shape.diffusion is not None:
        secs = picture_train_secs(card, alone, batch)
    else:
        secs = step_secs(card, alone, work.seq_len, epochs=work.epochs)
    if side > 1 and speedup_of(card.model, side) is None:
        return f"nothing is known about work on several {card.model}"
    return work.tokens / (batch * work.seq_len * side) * with_communication(run, secs, card.model, side)
