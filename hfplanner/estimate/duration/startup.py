"""What passes before a job's first step: image, download, loading, compilation."""

from dataclasses import dataclass
from functools import cache

from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.work import Work
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.estimate.span import Estimate
from hfplanner.units import MEGA, format_duration

__all__ = ["startup_secs"]


@dataclass(frozen=True, slots=True)
class _Known:
    low: float
    likely: float
    high: float


@cache
def _table() -> dict[str, _Known]:
    return {
        row["quantity"]: _Known(float(row["low"]), float(row["likely"]), float(row["high"]))
        for row in read_data_rows("startup.csv")
    }


def startup_secs(work: Work) -> Estimate:
    """Return the seconds before the first step, from ``data/startup.csv``: no GPU makes them fewer.

    >>> from hfplanner.models.known import find_known
    >>> span = startup_secs(Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=10**6))
    >>> span.low < span.likely < span.high, span.basis[0][:14]
    (True, 'about 2m of it')
    """
    known, job = _table(), work.run_as
    size = work.shape.stored_bytes or weight_bytes(work.shape, job)
    compiles = (work.compiled or job.compiled) and job.engine != "vllm"
    fixed = [known["image"], known["imports"]]
    fixed += [known["serving"]] if job.engine == "vllm" else []
    fixed += [known["compile"]] if compiles else []
    paced = [known["download"], known["loading"]]
    low = sum(one.low for one in fixed) + sum(size / (one.high * MEGA) for one in paced)
    likely = sum(one.likely for one in fixed) + sum(size / (one.likely * MEGA) for one in paced)
    high = sum(one.high for one in fixed) + sum(size / (one.low * MEGA) for one in paced)
    about = format_duration(round(likely / 60) * 60 or 60)
    parts = "image, download, loading, compilation" if compiles or job.engine == "vllm" else "image, download, loading"
    told = f"about {about} of it before the first step: {parts}"
    return Estimate(round(low), round(likely), round(high), (told,))
