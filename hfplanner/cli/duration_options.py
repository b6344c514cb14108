"""The options of ``estimate duration`` and ``estimate cost``, and the durations both start from."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hfplanner.api.settings import read_hub_settings, read_token
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.cli.estimates import history_like, measured_runs
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.first_principles import Kind, Work, durations_from_work
from hfplanner.estimate.duration.from_runs import carry_from_history, carry_from_runs
from hfplanner.estimate.duration.plan import same_everywhere
from hfplanner.estimate.duration.workload import Bound, Phase, Precision, Workload
from hfplanner.estimate.span import exactly
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.load import ModelSource, load_model
from hfplanner.plan.readers import MeasuredDuration

__all__ = ["DurationOptions", "TrainedTask", "durations_on"]

TrainedTask = Literal["full", "lora", "qlora"]

_KINDS: Mapping[Phase | None, Kind] = {"train": "full", "prefill": "prefill", "decode": "decode", "inference": "decode"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationOptions:
    """How long the job ran where it was measured, or what it works on where it never ran, as typed."""

    duration: list[MeasuredDuration] | None = None
    like: str | None = None
    phase: Phase | None = None
    precision: Precision | None = None
    bound: Bound = "auto"
    scales_with_gpus: bool = False
    utilization: float | None = None
    model: str | None = None
    params: int | None = None
    task: TrainedTask | None = None
    tokens: int | None = None
    seq_len: int = 2048
    batch_size: int | None = None

    @property
    def names_model(self) -> bool:
        """Whether a model is named."""
        return self.model is not None or self.params is not None

    def workload(self) -> Workload:
        """Return what the job does."""
        return Workload(
            phase=self.phase,
            precision=self.precision,
            bound=self.bound,
            scales_with_gpus=self.scales_with_gpus,
            batch_size=self.batch_size,
        )


def durations_on(flavors: Sequence[Flavor], listing: Listing, said: DurationOptions, *, offline: bool) -> Carried:
    """Return the job's duration on each of the flavors, or why it is not known.

    Raises:
        UsageError: nothing was said, or what was said contradicts itself.
        NoSuchJobs: the history has no such job, or none that ran to its end.
    """
    workload, durations = said.workload(), said.duration or []
    ways = (bool(durations), said.like is not None, said.names_model)
    if sum(ways) != 1:
        which = "more than one is" if any(ways) else "none is"
        raise UsageError(
            f"A duration comes from --duration, from --like, or from --model and --tokens; {which} there.",
            hint="For example --duration 2h20m@a10g-small.",
        )
    if said.names_model:
        return durations_from_work(_work(said, offline=offline), flavors, workload)
    if said.like is not None:
        return carry_from_history(history_like(said.like), flavors, listing.flavors, workload)
    anywhere = [duration.seconds for duration in durations if duration.flavor is None]
    if anywhere and len(durations) > 1:
        raise UsageError(
            "Of several durations each names the flavor it was measured on.",
            hint="For example --duration 2h20m@a10g-small --duration 50m@a100-large.",
        )
    if anywhere:
        return same_everywhere(exactly(anywhere[0], "as given, the same on every flavor"), flavors)
    runs = [replace(run, gpu_utilization=said.utilization) for run in measured_runs(durations)]
    return carry_from_runs(runs, flavors, listing.flavors, workload)


def _work(said: DurationOptions, *, offline: bool) -> Work:
    kind: Kind | None = said.task or _KINDS.get(said.phase)
    if said.tokens is None or kind is None or (said.model and said.params):
        raise UsageError(
            "Without a measurement a duration needs one of --model and --params, --tokens, and --phase or --task.",
            hint="For example --model Qwen/Qwen3-8B --task lora --tokens 20M.",
        )
    if said.params is not None:
        shape = shape_by_hand(ByHand(params=said.params))
    else:
        settings = read_hub_settings(os.environ)
        source = ModelSource(
            endpoint=settings.endpoint, token=read_token(os.environ), offline=offline or settings.offline
        )
        shape = load_model(str(said.model), source)
    return Work(shape=shape, kind=kind, tokens=said.tokens, seq_len=said.seq_len, batch_size=said.batch_size)
