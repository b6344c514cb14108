"""What a job needs, how long it runs, and what it may cost, as it was asked for."""

from dataclasses import dataclass

from hfplanner.estimate.duration.workload import Bound, Phase
from hfplanner.plan.readers import MeasuredDuration

__all__ = ["MachineOptions", "MeasuredDuration", "MoneyOptions", "TimeOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What the machine must have, as typed."""

    vram: int | None = None
    shard: bool = False
    gpus: int | None = None
    accelerator: list[str] | None = None
    cpu: int | None = None
    ram: int | None = None
    disk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOptions:
    """How long the job runs, as far as somebody knows, as typed."""

    duration: list[MeasuredDuration] | None = None
    like: str | None = None
    phase: Phase | None = None
    bound: Bound = "auto"
    scales_with_gpus: bool = False
    tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOptions:
    """The limits on time and money, as typed."""

    max_time: int | None = None
    max_cost: int | None = None
    max_price: int | None = None
    confidence: float | None = None
