"""The inverse question: the largest batch, length or rank with which a job still fits a flavor."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Fit, Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import Evidence, MemoryEstimate, estimate_memory
from hfplanner.models.shape import ModelShape

__all__ = ["LARGEST", "STEPS", "Solution", "Unknown", "solve"]

Unknown = Literal["batch-size", "seq-len", "lora-rank"]
# Beyond these nobody asks.
LARGEST = {"batch-size": 4096, "seq-len": 2**20, "lora-rank": 4096}
STEPS = {"batch-size": 1, "seq-len": 64, "lora-rank": 1}
_SURELY, _LIKELY = ("yes",), ("yes", "likely")


@dataclass(frozen=True, slots=True)
class Solution:
    """What fits one flavor.

    Args:
        flavor: its name.
        unknown: what was solved for.
        surely: the largest value that fits with 95 %; 0 where none does.
        likely: the largest that fits with 50 %; 0 where none does.
        is_at_most: whether the larger of them is the most that is looked at.
    """

    flavor: str
    unknown: Unknown
    surely: int
    likely: int
    is_at_most: bool

    def to_json(self) -> Mapping[str, Any]:
        """Return the solution as the interface spells it."""
        return {
            "flavor": self.flavor,
            "unknown": self.unknown,
            "surely": self.surely,
            "likely": self.likely,
            "at_least": self.is_at_most,
        }


def solve(
    shape: ModelShape,
    job: MemoryJob,
    unknown: Unknown,
    places: Iterable[Place],
    evidence: Evidence | None = None,
) -> tuple[Solution, ...]:
    """Return the largest value of one input that fits each place, by bisection: more never needs less.

    Lengths are multiples of 64; a model's own limit of positions is not passed.

    Args:
        shape: the model.
        job: how it is run otherwise.
        unknown: the input that is asked for.
        places: where it could run.
        evidence: what was measured of the model; ``None`` for formulas alone.

    Raises:
        UsageError: the unknown is none of those, or the job has no adapters whose rank could be asked.

    >>> from hfplanner.models.known import find_known
    >>> [found] = solve(find_known("Qwen/Qwen3-8B"), MemoryJob(task="lora"), "seq-len", [Place("l4x1", 1, 23 * 10**9)])
    >>> 2048 <= found.surely <= found.likely
    True
    """
    if unknown not in get_args(Unknown):
        raise UsageError(f"{unknown!r} cannot be solved for.", hint=f"Accepted: {', '.join(get_args(Unknown))}.")
    if unknown == "lora-rank" and job.task not in {"lora", "qlora"}:
        raise UsageError("--solve lora-rank needs adapters.", hint="Add --task lora, or qlora.")
    step, most = STEPS[unknown], LARGEST[unknown]
    if unknown == "seq-len" and shape.position_limit:
        most = max(min(most, shape.position_limit), step)

    estimate = estimate_memory if evidence is None else evidence.estimate
    estimates: dict[int, MemoryEstimate] = {}

    def fit(place: Place, value: int) -> Fit:
        if value not in estimates:
            estimates[value] = estimate(shape, _with_value(job, unknown, value))
        return fit_into(estimates[value], place)

    def largest(place: Place, verdicts: tuple[str, ...]) -> int:
        return step * _largest(lambda steps: fit(place, steps * step).verdict in verdicts, most // step)

    found = []
    for place in places:
        surely, likely = largest(place, _SURELY), largest(place, _LIKELY)
        found.append(Solution(place.flavor, unknown, surely, likely, likely >= most // step * step))
    return tuple(found)


def _with_value(job: MemoryJob, unknown: Unknown, value: int) -> MemoryJob:
    match unknown:
        case "batch-size":
            return replace(job, batch_size=value)
        case "lora-rank":
            return replace(job, lora_rank=value)
        case _:
            prompt = None if job.prompt_len is None else min(job.prompt_len, value)
            return replace(job, seq_len=value, prompt_len=prompt)


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """Return the largest number from 1 to ``most`` for which something holds that holds for every smaller one, or 0."""
    low, high = 0, most + 1
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
