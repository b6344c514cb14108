"""What the allocator reserves beyond constant lengths where the lengths of batches differ, over many orders of them.

``python -m tests.benchmarks.order_of_batches [MODEL]`` traces a step of LoRA at eight lengths (the extra ``trace``),
then replays lognormal lengths in twenty orders through the simulated caching allocator. It prints by how much
the most that is reserved exceeds what constant batches of the longest length reserve, as a share of what comes and goes
in a step: the number behind ``_ORDER_SIGMA`` of ``hfplanner/estimate/memory/spread.py``. Seeds are fixed, so that it
prints the same again.
"""

import math
import random
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hfplanner.estimate.memory.job import Checkpointing, Loss, MemoryJob
from hfplanner.estimate.memory.trace.allocator import Allocator, Program, replay
from hfplanner.estimate.memory.trace.traced import trace_job
from hfplanner.models.known import find_known, shipped_config

__all__ = ["main", "shares"]

_MODEL = "EleutherAI/pythia-70m"
_LONGEST, _STEP = 1024, 128
_BATCH = 4
_STEPS = 100
_ORDERS = 20
# MetaMathQA and like sets: half of the sequences are shorter than a fifth of the longest, few are as long.
_MEDIAN, _SIGMA = 200, 0.6
_SEED = 20261130
_HOW: tuple[tuple[Checkpointing, Loss], ...] = (("none", "standard"), ("full", "chunked"), ("full", "standard"))


def _programs(model: str, checkpointing: Checkpointing, loss: Loss) -> tuple[Program, Mapping[int, Program]]:
    """Return what is there throughout, and one step at each length, its storages numbered apart."""
    shape, raw = find_known(model), shipped_config(model)
    if shape is None or raw is None:
        raise LookupError(model)
    stays: Program = []
    steps = {}
    for place, length in enumerate(range(_STEP, _LONGEST + 1, _STEP)):
        plain = MemoryJob(task="lora", batch_size=_BATCH, seq_len=length, lengths="fixed")
        job = replace(plain, checkpointing=checkpointing, loss=loss)
        recorder = trace_job(raw, shape, job)
        stays = stays or _alive(recorder.programs[0])
        steps[length] = _within(recorder.programs[-1], (place + 1) * 10**7)
    return stays, steps


def _alive(program: Program) -> Program:
    """Return what was born and has not died."""
    dead = {number for number, size in program if size < 0}
    return [(number, size) for number, size in program if size >= 0 and number not in dead]


def _within(program: Program, offset: int) -> Program:
    """Return the births and deaths of what lives within a step; what outlives it dies with it."""
    born = [number for number, size in program if size >= 0]
    known, dead = set(born), {number for number, size in program if size < 0}
    kept = [(number + offset, size) for number, size in program if size >= 0 or number in known]
    return kept + [(number + offset, -1) for number in born if number not in dead]


def _lengths(rng: random.Random) -> list[int]:
    """Return the padded lengths of batches: each that of its longest sequence, in steps that were traced."""
    longest = [max(rng.lognormvariate(math.log(_MEDIAN), _SIGMA) for _ in range(_BATCH)) for _ in range(_STEPS)]
    return [min(-(-round(length) // _STEP) * _STEP, _LONGEST) for length in longest]


def shares(stays: Program, steps: Mapping[int, Program], *, expandable: bool = False) -> Sequence[float]:
    """Return for each order by what share of what comes and goes more is reserved than with constant lengths."""
    constant = replay([stays, *[steps[_LONGEST]] * 3], Allocator(expandable=expandable))
    moving = constant[-1][0] - sum(size for _, size in stays)
    rng = random.Random(_SEED)  # noqa: S311 - a simulation
    found = []
    for _ in range(_ORDERS):
        # The longest length occurs, so that both need the same at once.
        lengths = [*_lengths(rng), _LONGEST]
        rng.shuffle(lengths)
        varying = replay([stays, *(steps[length] for length in lengths)], Allocator(expandable=expandable))
        found.append((varying[-1][1] - constant[-1][1]) / moving)
    return sorted(found)


def main(arguments: list[str]) -> int:
    """Trace, replay and print."""
    model = arguments[0] if arguments else _MODEL
    sys.stdout.write(
        f"{model}, LoRA, batches of {_BATCH} up to {_LONGEST} tokens, {_ORDERS} orders of {_STEPS} steps\n"
    )
    for checkpointing, loss in _HOW:
        stays, steps = _programs(model, checkpointing, loss)
        for expandable in (False, True):
            found = shares(stays, steps, expandable=expandable)
            p5, p95 = found[round(0.05 * len(found))], found[round(0.95 * len(found)) - 1]
            how = "expandable segments" if expandable else "default"
            sys.stdout.write(
                f"checkpointing {checkpointing}, loss {loss}, {how}: beyond constant lengths {p5:.2f} to {p95:.2f}"
                f" of what comes and goes, median {statistics.median(found):.2f}, most {found[-1]:.2f}\n"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
