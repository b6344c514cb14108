"""One frozen answer: what a job needs, where it fits, what would make it fit, and what the machine beside needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from hfplanner.estimate.memory.advice import Advice, advise
from hfplanner.estimate.memory.defaults import Input, Toggle, inputs_of, toggles_of
from hfplanner.estimate.memory.fits import Fit, Place, fit_places
from hfplanner.estimate.memory.fitting import Fitting
from hfplanner.estimate.memory.host import disk_need, ram_need
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.result import Evidence, MemoryEstimate, estimate_memory
from hfplanner.estimate.memory.solve import Solution
from hfplanner.estimate.memory.vllm import ServingRoom, serving_room
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape

__all__ = ["MemoryReport", "report_memory", "report_of"]


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """Everything there is to say about one job's memory.

    Args:
        estimate: of one GPU.
        fits: every place, in the order given.
        advice: what would make it surely fit, for places where it does not.
        ram_bytes: main memory of the machine.
        disk_bytes: disk of the machine.
        serving: by flavor, what vLLM will log of its cache, where vLLM serves.
        inputs: what the estimate rests on, each with where it came from.
        toggles: what other choices would cost or save.
        solved: by flavor, the largest value of the input that was asked for.
        fitted: the smallest set of changes with which it fits the flavor that was asked for.
    """

    estimate: MemoryEstimate
    fits: tuple[Fit, ...]
    advice: tuple[Advice, ...]
    ram_bytes: Estimate
    disk_bytes: Estimate
    serving: tuple[tuple[str, ServingRoom], ...] = ()
    inputs: tuple[Input, ...] = ()
    toggles: tuple[Toggle, ...] = ()
    solved: tuple[Solution, ...] = ()
    fitted: Fitting | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as the interface spells it."""
        return {
            **self.estimate.to_json(),
            "fits": [dict(fit.to_json()) for fit in self.fits],
            "advice": [dict(advice.to_json()) for advice in self.advice],
            "ram_bytes": self.ram_bytes.to_json(),
            "disk_bytes": self.disk_bytes.to_json(),
            "serving": [{"flavor": flavor, **room.to_json()} for flavor, room in self.serving],
            "inputs": [dict(one.to_json()) for one in self.inputs],
            "toggles": [dict(toggle.to_json()) for toggle in self.toggles],
            "solved": [dict(solution.to_json()) for solution in self.solved],
            "fitted": self.fitted and dict(self.fitted.to_json()),
            "model": self.estimate.shape.to_json(),
        }


def report_memory(  # noqa: PLR0913, PLR0917 - what is run, where, and what is known
    shape: ModelShape,
    job: MemoryJob,
    places: Sequence[Place],
    dataset_bytes: int = 0,
    given: Collection[str] = (),
    evidence: Evidence | None = None,
) -> MemoryReport:
    """Return what a job needs and where it fits.

    Args:
        shape: the model.
        job: how it is run.
        places: where it could run.
        dataset_bytes: disk that the dataset's cache takes, as given.
        given: names of the job's fields that somebody chose; the others are named as assumed.
        evidence: what was measured of the model; ``None`` for formulas alone.

    >>> from hfplanner.models.known import find_known
    >>> places = [Place("t4-small", 1, 15 * 10**9), Place("h200", 1, 150 * 10**9)]
    >>> report = report_memory(find_known("Qwen/Qwen3-8B"), MemoryJob(), places)
    >>> [fit.verdict for fit in report.fits], [advice.code for advice in report.advice]
    (['no', 'yes'], ['quantization'])
    """
    estimate = estimate_memory(shape, job) if evidence is None else evidence.estimate(shape, job)
    return report_of(estimate, places, dataset_bytes, given)


def report_of(
    estimate: MemoryEstimate, places: Sequence[Place], dataset_bytes: int = 0, given: Collection[str] = ()
) -> MemoryReport:
    """Return the report of an estimate that is there already: of formulas, or traced from the real code.

    Args:
        estimate: the need.
        places: where it could run.
        dataset_bytes: disk that the dataset's cache takes, as given.
        given: names of the job's fields that somebody chose.
    """
    shape, job = estimate.shape, estimate.job
    traced = "tensors" in estimate.parts
    fits = fit_places(estimate, places)
    writer = estimate.generator.job if estimate.generator else job
    serves = writer.engine == "vllm" and not writer.trains
    serving = [
        (place.flavor, serving_room(shape, writer, place.usable_bytes, place.accelerator))
        for place in places
        if serves and place.usable_bytes and place.gpus >= job.gpus
    ]
    return MemoryReport(
        estimate=estimate,
        fits=fits,
        advice=() if traced else advise(estimate, fits, places),
        ram_bytes=ram_need(shape, job),
        disk_bytes=disk_need(shape, job, dataset_bytes),
        serving=tuple(serving),
        inputs=inputs_of(estimate, given),
        toggles=() if traced else toggles_of(estimate),
    )
