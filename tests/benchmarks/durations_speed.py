"""How long durations of every flavor take: from first principles, from one measurement, and of a frame of jobs."""

import random
import time
from collections.abc import Callable

import polars as pl

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.first_principles import Kind, Work, durations_from_work
from hfplanner.estimate.duration.frame import carry_frame
from hfplanner.estimate.duration.from_runs import known_flavors
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.span import exactly
from hfplanner.models.known import find_known
from tests.benchmarks.ratio import Result, against_limit

__all__ = ["measure", "measured_jobs"]

_ROUNDS = 9
_WORK_SECS, _CARRIED_SECS, _FRAME_SECS = 0.020, 0.005, 2.0
_PAIRS = 100_000
_WORKS: tuple[tuple[str, str, Kind, MemoryJob | None], ...] = (
    ("LoRA", "Qwen/Qwen3-8B", "lora", None),
    ("vLLM", "Qwen/Qwen3-8B", "decode", MemoryJob(engine="vllm")),
    ("vLLM, a mixture of experts", "openai/gpt-oss-20b", "decode", MemoryJob(engine="vllm")),
    ("pictures of a UNet", "stabilityai/stable-diffusion-xl-base-1.0", "decode", None),
    ("pictures of a transformer", "black-forest-labs/FLUX.1-dev", "decode", None),
)


def measure() -> list[Result]:
    """Return the seconds of the processor beside their limits; what is read from files once was read before."""
    listed = shipped_listing().flavors
    results: list[Result] = []
    for said, name, kind, job in _WORKS:
        shape = find_known(name)
        assert shape is not None
        # Each round asks for another number of sequences side by side: nothing of it was computed before.
        works = [
            Work(shape=shape, kind=kind, tokens=10**6, seq_len=1024, batch_size=batch, job=job)
            for batch in range(2, _ROUNDS + 3)
        ]
        rounds = iter(works)
        secs = _timed(lambda todo=rounds: durations_from_work(next(todo), listed, Workload()))
        results.append(against_limit(f"{said}, all flavors from first principles", secs, _WORK_SECS, unit="s"))
    known = known_flavors(listed)
    run = MeasuredRun(flavor="l4x1", duration_secs=exactly(3600, "measured"))
    secs = _timed(lambda: carry_to_all([run], listed, known, Workload(phase="train")))
    results.append(against_limit("all flavors from one measurement", secs, _CARRIED_SECS, unit="s"))
    jobs = measured_jobs(_PAIRS // sum(flavor.gpus > 0 for flavor in listed) + 1)
    secs = _timed(lambda: carry_frame(jobs, listed))
    results.append(against_limit(f"a frame of {_PAIRS:,} pairs of a job and a flavor", secs, _FRAME_SECS, unit="s"))
    return results


def measured_jobs(count: int) -> pl.DataFrame:
    """Return jobs that were measured, of all phases, precisions and usual batches, on all flavors with a GPU."""
    rng = random.Random(0)  # noqa: S311 - rows of a benchmark
    gpus = [flavor.name for flavor in shipped_listing().flavors if flavor.gpus]
    return pl.DataFrame(
        {
            "job": list(range(count)),
            "flavor": [rng.choice(gpus) for _ in range(count)],
            "duration_secs": [rng.randint(600, 90_000) for _ in range(count)],
            "phase": [rng.choice(["train", "prefill", "decode", "inference", None]) for _ in range(count)],
            "precision": [rng.choice(["bf16", "fp16", "fp32", None]) for _ in range(count)],
            "batch_size": [rng.choice([1, 4, 16, 64, None]) for _ in range(count)],
        }
    )


def _timed(call: Callable[[], object]) -> list[float]:
    call()
    found = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return found
