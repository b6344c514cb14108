"""Needs and the answer to them, in a sentence."""

from collections.abc import Callable, Iterator
from typing import Any

from hfplanner.errors import NothingFits
from hfplanner.recommend.estimates import NO_ESTIMATES, Durations, Estimates, MemoryNeed
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation
from hfplanner.recommend.rules import RULES
from hfplanner.units import format_about_duration, format_bytes, format_duration, format_usd

__all__ = ["describe_needs", "format_chance", "nothing_fits"]

_TASKS = {"inference": "running {}", "full": "training {}", "lora": "LoRA on {}", "qlora": "QLoRA on {}"}
_METHODS = {"sft": "", "dpo": "DPO, ", "reward": "a reward model, ", "grpo": "GRPO, "}
_SURE, _HOPELESS = 0.995, 0.005


def describe_needs(needs: Needs, estimates: Estimates = NO_ESTIMATES) -> str:
    """Return what was asked, as it would be said.

    >>> describe_needs(Needs(vram_bytes=40 * 10**9, vcpu=8, max_price_micro_usd_per_hour=2_000_000))
    '40 GB of VRAM on one GPU, 8 vCPU, at most $2.00 an hour'
    >>> describe_needs(Needs())
    'anything'
    """
    return ", ".join(_wishes(needs, estimates)) or "anything"


def format_chance(probability: float) -> str:
    """Return a probability as a share of all cases.

    >>> format_chance(0.8234), format_chance(0.9999), format_chance(0.0001)
    ('82 %', 'more than 99 %', 'less than 1 %')
    """
    if probability >= _SURE:
        return "more than 99 %"
    return "less than 1 %" if probability < _HOPELESS else f"{100 * probability:.0f} %"


def _wishes(needs: Needs, estimates: Estimates) -> Iterator[str]:
    where = "over the GPUs of one flavor" if needs.shard else "on one GPU"
    wishes: tuple[tuple[Any, Callable[[Any], str]], ...] = (
        (estimates.memory, _of_model),
        (needs.vram_bytes, lambda size: f"{format_bytes(size)} of VRAM {where}"),
        (needs.gpus, lambda count: "a GPU" if count == 1 else f"{count} GPUs"),
        (needs.accelerators, " or ".join),
        *((getattr(needs, rule.need), rule.wish) for rule in RULES if rule.is_wished_in_its_own_words),
        (needs.duration_secs, lambda seconds: f"a run of {format_duration(seconds)}"),
        (estimates.durations, _of_runs),
        (needs.max_time_secs, lambda seconds: f"at most {format_duration(seconds)}"),
        (needs.deadline_secs, lambda seconds: f"done within {format_about_duration(seconds)}"),
        (needs.max_cost_micro_usd, lambda amount: f"at most {format_usd(amount)} for the job"),
        (needs.max_price_micro_usd_per_hour, lambda amount: f"at most {format_usd(amount)} an hour"),
    )
    for value, say in wishes:
        if value:
            yield say(value)


def _of_model(need: MemoryNeed) -> str:
    job = need.job
    said = f"{_METHODS[job.method]}{_TASKS[job.task].format(need.shape.name)} ({_batch(need)})"
    return f"{said} over the GPUs of one flavor" if need.spread else said


def _batch(need: MemoryNeed) -> str:
    """Return what is in memory at once; how many steps a picture takes is said with their number."""
    job, pipeline = need.job, need.shape.diffusion
    if pipeline is not None:
        side = job.resolution or pipeline.resolution
        shown = job.frames or pipeline.shown_frames
        frames = f" x {shown} frames" if shown > 1 else ""
        return f"{job.batch_size} x {side} x {side} pixels{frames}"
    many = "vLLM's batches of" if job.engine == "vllm" and job.batch_size == 1 else f"{job.sequences} x"
    return f"{many} {job.seq_len} tokens"


def _of_runs(durations: Durations) -> str:
    if not durations.measured:
        return durations.tokens_words or f"{durations.tokens:,} tokens in all"
    runs = " and ".join(f"{format_duration(run.duration_secs.likely)} on {run.flavor}" for run in durations.measured)
    if not durations.like:
        return f"a run of {runs}"
    name, stopped = durations.like_name or durations.like, durations.stopped
    if stopped is not None:
        return f"a run like {name}, which was stopped after {format_duration(stopped.secs)} on {stopped.flavor}"
    return f"a run like {name} ({runs})"


def nothing_fits(answer: Recommendation) -> NothingFits:
    """Return the error that says that nothing fits, with the nearest miss as its hint, and that on the card asked for.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.recommend.choose import recommend
    >>> nothing_fits(recommend(Needs(vram_bytes=160 * 10**9), shipped_listing())).message
    'None of the 26 listed flavors meets the needs: 160 GB of VRAM on one GPU.'
    """
    asked = describe_needs(answer.needs, answer.estimates)
    misses = [miss.message for miss in (answer.nearest_miss, answer.nearest_on_asked) if miss]
    nearest = f"{', or '.join(misses)}." if misses else None
    return NothingFits(f"None of the {len(answer.rejected)} listed flavors meets the needs: {asked}.", hint=nearest)
