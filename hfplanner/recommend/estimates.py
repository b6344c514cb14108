"""What estimates say of a job on each flavor: the memory it needs there, and how long it runs there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.confidence import INTERVAL, one_sided

if TYPE_CHECKING:
    from hfplanner.estimate.memory.fits import Place
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.estimate.memory.result import Evidence
    from hfplanner.estimate.queue_wait import QueueWait
    from hfplanner.models.shape import ModelShape

__all__ = ["NO_ESTIMATES", "Durations", "Estimates", "FlavorMemory", "MemoryNeed", "StoppedRun"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorMemory:
    """What a job needs on one flavor.

    Args:
        gpus: GPUs that the job runs on there.
        per_gpu_bytes: what it needs of each.
        usable_bytes: what it may use of each; ``None`` is not known, which never fits.
        verdict: ``"yes"``, ``"likely"``, ``"unlikely"`` or ``"no"``.
        probability: that the need stays below what is usable.
        ram_bytes: main memory it needs.
        disk_bytes: disk it needs.
    """

    gpus: int
    per_gpu_bytes: Estimate
    usable_bytes: int | None
    verdict: str
    probability: float
    ram_bytes: Estimate
    disk_bytes: Estimate

    def holds(self, confidence: float | None) -> bool:
        """Whether it fits with a confidence; by default that of every interval, which is the verdict ``"yes"``.

        >>> from hfplanner.estimate.span import exactly
        >>> need, none = Estimate(80, 100, 130, ()), exactly(0, "")
        >>> there = FlavorMemory(gpus=1, per_gpu_bytes=need, usable_bytes=120, verdict="likely", probability=0.86,
        ...     ram_bytes=none, disk_bytes=none)
        >>> there.holds(None), there.holds(0.7)
        (False, True)
        """
        return self.probability >= one_sided(INTERVAL if confidence is None else confidence)

    def to_json(self) -> dict[str, Any]:
        """Return the need as the interface spells it."""
        return {
            "gpus": self.gpus,
            "per_gpu_bytes": self.per_gpu_bytes.to_json(),
            "usable_bytes": self.usable_bytes,
            "fits": self.verdict,
            "probability": round(self.probability, 4),
            "ram_bytes": self.ram_bytes.to_json(),
            "disk_bytes": self.disk_bytes.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """What a model needs on every flavor, made by :func:`hfplanner.recommend.memory.memory_need`.

    Args:
        shape: the model.
        job: how it is run, over ``job.gpus`` GPUs.
        spread: over all GPUs of each flavor instead.
        places: the flavors.
        by_flavor: the need by the flavor's name.
        evidence: what was measured of the model; ``None`` for formulas alone.
    """

    shape: "ModelShape"
    job: "MemoryJob"
    spread: bool
    places: "tuple[Place, ...]"
    by_flavor: Mapping[str, FlavorMemory]
    evidence: "Evidence | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return what was asked of the model, as the interface spells it."""
        how = {one.name: getattr(self.job, one.name) for one in fields(self.job)}
        how |= {"lora_targets": list(self.job.lora_targets), "gpus": None if self.spread else self.job.gpus}
        return {"name": self.shape.name, **how}


@dataclass(frozen=True, slots=True)
class StoppedRun:
    """A run that did not end by itself.

    Args:
        flavor: where.
        secs: how long it ran until it was stopped [s].
    """

    flavor: str
    secs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """How long a job runs on every flavor, made by :func:`hfplanner.recommend.durations.durations_from`.

    Args:
        measured: what it follows from; empty where it follows from the work alone.
        workload: what the job does.
        by_flavor: seconds by the flavor's name.
        unknown: why nothing is known, by the name of each other flavor.
        timeouts: by the flavor's name, the suggested timeout [s].
        like: the name or id whose history was asked; ``None`` where the runs were typed.
        like_name: the name those jobs share, if they have one.
        stopped: where no such job ended by itself, the one that ran longest until it was stopped: only a lower bound.
        tokens: how many the job reads, writes or is trained on; ``None`` is not known.
        tokens_words: how they were counted, for people; ``None`` where their number was said.
        timeout_bounds: by the flavor's name, what bound that timeout, a sentence; absent where nothing did.
    """

    measured: tuple[MeasuredRun, ...]
    workload: Workload
    by_flavor: Mapping[str, Estimate]
    unknown: Mapping[str, str]
    timeouts: Mapping[str, int]
    like: str | None = None
    like_name: str | None = None
    stopped: "StoppedRun | None" = None
    tokens: int | None = None
    tokens_words: str | None = None
    timeout_bounds: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what was asked, as the interface spells it."""
        first = self.measured[0] if self.measured else None
        return {
            "duration_secs": first and first.duration_secs.likely,
            "duration_flavor": first and first.flavor,
            "like": self.like,
            "stopped": self.stopped and {"flavor": self.stopped.flavor, "running_secs": self.stopped.secs},
            "measured": [{"flavor": run.flavor, "duration_secs": run.duration_secs.to_json()} for run in self.measured],
            "tokens": self.tokens,
            "tokens_basis": self.tokens_words,
            "workload": {one.name: getattr(self.workload, one.name) for one in fields(self.workload)},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """What is estimated of a job, as far as somebody asked for it.

    Args:
        memory: what its model needs on every flavor.
        durations: how long it runs on every flavor.
        waits: how long jobs waited for a flavor, by its name, where the history tells.
    """

    memory: MemoryNeed | None = None
    durations: Durations | None = None
    waits: "Mapping[str, QueueWait]" = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what was asked, as the interface spells it: part of the request."""
        asked: dict[str, Any] = {"duration_flavor": None, "like": None, "stopped": None, "measured": []}
        asked |= {"tokens": None, "tokens_basis": None, "workload": None}
        asked |= self.durations.to_json() if self.durations else {}
        return asked | {"model": self.memory.to_json() if self.memory else None}


NO_ESTIMATES = Estimates()
