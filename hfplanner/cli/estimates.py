"""From options to estimates: what a command knows of a job before it is recommended a flavor."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hfplanner.catalog.listing import Listing
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MeasuredDuration, MoneyOptions, TimeOptions
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Phase, Precision, Workload
from hfplanner.estimate.span import exactly
from hfplanner.recommend.estimates import Durations, Estimates, MemoryNeed
from hfplanner.recommend.needs import Needs, Objective

if TYPE_CHECKING:
    from hfplanner.estimate.duration.first_principles import Work
    from hfplanner.estimate.duration.like import LikeHistory
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.models.shape import ModelShape

__all__ = ["Asked", "history_like", "measured_runs"]

_PRECISIONS: dict[str, Precision] = {
    "fp32": "fp32",
    "fp16": "fp16",
    "bf16": "bf16",
    "fp16-mixed": "fp16",
    "bf16-mixed": "bf16",
}


class Asked:
    """What the options say of a job, read and checked before any listing is asked for.

    Args:
        machine: what the machine must have.
        model: which model is run.
        time: how long it runs.
        offline: do not ask the Hub about the model.

    Raises:
        UsageError: options that contradict each other, or say how nothing is run.
        ModelError: the model cannot be had, or read.
        HistoryError: the local history cannot be read.
        NoSuchJobs: it has no job like the one named.
    """

    def __init__(self, machine: MachineOptions, model: ModelOptions, time: TimeOptions, *, offline: bool) -> None:
        self._machine, self._model, self._time = machine, model, time
        self._model_asked: tuple[ModelShape, MemoryJob] | None = None
        if model.is_given:
            self._model_asked = model.shape(offline=offline), model.job(machine.gpus or 1)
        self._refuse_what_says_nothing()
        self._history = None if time.like is None else history_like(time.like)

    def _refuse_what_says_nothing(self) -> None:
        """Refuse options about a model or a measured run where there is none."""
        about_model = [option for option in self._model.changed() if option != "--precision"]
        if about_model and not self._model.is_given:
            raise UsageError(
                f"{about_model[0]} says how a model is run, and no model is named.", hint="Add --model or --params."
            )
        about_runs = {
            "--phase": self._time.phase is not None,
            "--bound": self._time.bound != "auto",
            "--scales-with-gpus": self._time.scales_with_gpus,
            "--precision": self._model.precision is not None and not self._model.is_given,
        }
        if self._time.tokens is not None and not (self._is_planned or self._measured or self._time.like):
            raise UsageError(
                "--tokens needs a model to run, or a duration that was measured.",
                hint="Add --model, or for example --duration 2h20m@a10g-small.",
            )
        carries = bool(self._measured) or self._time.like is not None or self._is_planned
        for option in [option for option, given in about_runs.items() if given and not carries]:
            raise UsageError(
                f"{option} says how a measured duration changes with the flavor, and none is given.",
                hint="Add --duration with the flavor it was measured on, for example --duration 2h20m@a10g-small.",
            )
        if self._time.like is not None and self._time.duration:
            raise UsageError("--like and --duration both say how long the job runs.", hint="Leave one of them out.")
        if self._measured and len(self._measured) < len(self._time.duration or []):
            raise UsageError(
                "A duration is either the same on every flavor or measured on one; both are given.",
                hint="Say where each was measured, for example --duration 3h@l4x1 --duration 1h@h200.",
            )
        if self.duration_secs is not None and len(self._time.duration or []) > 1:
            raise UsageError(
                "Two durations are given, and nothing says where they were measured.",
                hint="For example --duration 3h@l4x1 --duration 1h@h200.",
            )

    @property
    def duration_secs(self) -> int | None:
        """The duration that is the same on every flavor, if that is what was typed."""
        given = self._time.duration or []
        return given[0].seconds if given and given[0].flavor is None else None

    def needs(self, money: MoneyOptions, *, objective: Objective = "cost", top: int | None = None) -> Needs:
        """Return what a flavor must meet.

        Raises:
            UsageError: needs that contradict each other.
        """
        machine = self._machine
        return Needs(
            vram_bytes=machine.vram,
            shard=machine.shard,
            gpus=machine.gpus,
            accelerators=tuple(machine.accelerator or ()),
            vcpu=machine.cpu,
            ram_bytes=machine.ram,
            disk_bytes=machine.disk,
            duration_secs=self.duration_secs,
            max_time_secs=money.max_time,
            max_cost_micro_usd=money.max_cost,
            max_price_micro_usd_per_hour=money.max_price,
            objective=objective,
            confidence=money.confidence,
            top=top,
        )

    @property
    def knows_duration(self) -> bool:
        """Whether anything says how long the job runs."""
        return bool(self._time.duration) or self._time.like is not None or self._is_planned

    @property
    def _measured(self) -> list[MeasuredRun]:
        return measured_runs(self._time.duration or [])

    def on(self, listing: Listing) -> Estimates:
        """Return the estimates for every flavor of a listing.

        Raises:
            UsageError: a run was measured on a flavor that is not listed.
            NoSuchJobs: no job like the one named ran to its end.
        """
        return Estimates(memory=self._memory_on(listing), durations=self._durations_on(listing))

    def _memory_on(self, listing: Listing) -> MemoryNeed | None:
        if self._model_asked is None:
            return None
        from hfplanner.estimate.memory.places import places_of  # noqa: PLC0415 - only where a model is named
        from hfplanner.recommend.memory import memory_need  # noqa: PLC0415 - as above

        shape, job = self._model_asked
        return memory_need(shape, job, places_of(listing.flavors), spread=self._is_spread)

    @property
    def _is_spread(self) -> bool:
        """Whether a run takes all GPUs of a flavor: as told, or because they share it and nobody says how many."""
        return self._machine.shard or (self._model.sharding != "none" and self._machine.gpus is None)

    def _durations_on(self, listing: Listing) -> Durations | None:
        measured, tokens = self._measured, self._time.tokens
        if not measured and self._history is None and not self._is_planned:
            return None
        from hfplanner.recommend import durations  # noqa: PLC0415 - only where something is known of the time

        if self._history is not None:
            return durations.durations_like(self._history, listing, self._workload(), tokens=tokens)
        if measured:
            return durations.durations_from(measured, listing, self._workload(), tokens=tokens)
        return durations.durations_planned(self._work(), listing, self._workload())

    @property
    def _is_planned(self) -> bool:
        """Whether the time follows from the work alone: a model and its tokens, and nothing that was measured."""
        told = bool(self._time.duration) or self._time.like is not None
        return self._time.tokens is not None and self._model_asked is not None and not told

    def _work(self) -> "Work":
        """Return the work of a job that never ran."""
        from hfplanner.estimate.duration.first_principles import Work  # noqa: PLC0415 - as above

        if self._model_asked is None or self._time.tokens is None:
            raise ValueError("no model, or no tokens")
        shape, job = self._model_asked
        kind = job.task if job.task != "inference" else "prefill" if self._time.phase == "prefill" else "decode"
        return Work(
            shape=shape, kind=kind, tokens=self._time.tokens, seq_len=job.seq_len, batch_size=job.batch_size, job=job
        )

    def _workload(self) -> Workload:
        trains = self._model.is_given and self._model.task != "inference"
        by_task: Phase | None = ("train" if trains else "inference") if self._model.is_given else None
        return Workload(
            phase=self._time.phase or by_task,
            precision=_PRECISIONS[self._model.precision] if self._model.precision else None,
            bound=self._time.bound,
            scales_with_gpus=self._time.scales_with_gpus or (trains and self._is_spread),
            batch_size=self._model.batch_size,
        )


def measured_runs(durations: Iterable[MeasuredDuration]) -> list[MeasuredRun]:
    """Return the durations that name the flavor they were measured on."""
    return [
        MeasuredRun(flavor=run.flavor, duration_secs=exactly(run.seconds, "measured, as given"))
        for run in durations
        if run.flavor is not None
    ]


def history_like(like: str) -> "LikeHistory":
    """Return what the local history says of the jobs like one.

    Raises:
        HistoryError: the history cannot be read.
        NoSuchJobs: it has no such job.
    """
    from hfplanner.estimate.duration.like import runs_like  # noqa: PLC0415 - polars, only where history is asked
    from hfplanner.history.store import HistoryStore, default_history_folder  # noqa: PLC0415 - as above

    return runs_like(HistoryStore(default_history_folder(os.environ)).scan(), like)
