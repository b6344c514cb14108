"""What is known of a job before any listing is asked for: its model, its history, and that nothing contradicts."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.plan.asked import AskedModel, AskedTime, JobNeeds
from hfplanner.plan.job_names import named_job
from hfplanner.plan.readers import MeasuredDuration
from hfplanner.plan.waiting import known_waits
from hfplanner.plan.when import parse_when
from hfplanner.recommend.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hfplanner.api.new_job import NewJob
    from hfplanner.estimate.duration.like import LikeHistory
    from hfplanner.estimate.duration.measured import MeasuredRun
    from hfplanner.estimate.duration.own_outcomes import Calibration, PredictedFrom
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.estimate.queue_wait import QueueWait
    from hfplanner.estimate.span import Estimate
    from hfplanner.models.load import ModelSource
    from hfplanner.models.shape import ModelShape
    from hfplanner.plan.job_log import LoggedRun
    from hfplanner.plan.measured import MeasuredRuns
    from hfplanner.plan.workspace import Workspace

__all__ = ["KnownJob", "ModelRun", "know_job", "read_model"]

_EXAMPLE = "2h20m@a10g-small"


@dataclass(frozen=True, slots=True)
class ModelRun:
    """A model, and how it is run.

    Args:
        shape: the model.
        job: how it is run.
        measured: what was measured of it; ``None`` where that was not looked for.
    """

    shape: "ModelShape"
    job: "MemoryJob"
    measured: "MeasuredRuns | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJob:
    """What was asked, with the model and the history behind it.

    Args:
        needs: what was asked.
        model: what is run; ``None`` where none is named.
        history: the jobs it is like; ``None`` where none are named.
        deadline: when it has to be done; ``None`` where that is not asked.
        deadline_secs: the same from now [s].
        measured: runs of this very job that were measured, in place of what was asked of its time.
        whole: how long the job takes in all [s], where a log says how far it was after its duration.
        epochs: how many the training has, where that was said.
        calibration: by what the user's own jobs say that intervals are too narrow or too wide; ``None`` where too few
            of them were predicted and ended.
        waits: how long jobs waited for a flavor, by its name; empty where no limit on time is asked.
    """

    needs: JobNeeds
    model: ModelRun | None = None
    history: "LikeHistory | None" = None
    deadline: datetime | None = None
    deadline_secs: int | None = None
    measured: "tuple[MeasuredRun, ...]" = ()
    whole: "Estimate | None" = None
    epochs: int | None = None
    calibration: "Calibration | None" = None
    waits: "Mapping[str, QueueWait]" = field(default_factory=dict)

    @property
    def runs(self) -> int:
        """For how many runs the flavor is chosen: as said, or as many as such jobs ran in the history's last month."""
        said = self.needs.time.trials
        return said or max(self.history.runs_last_month if self.history else 1, 1)

    @property
    def has_duration(self) -> bool:
        """Whether anything says how long the job runs."""
        time = self.needs.time
        return bool(time.duration or self.measured) or self.history is not None or self.is_planned

    @property
    def is_planned(self) -> bool:
        """Whether the time follows from the work alone: a model and its tokens, and nothing that was measured."""
        time = self.needs.time
        is_measured = bool(time.duration or self.measured) or time.like is not None
        return time.tokens is not None and self.model is not None and not is_measured

    @property
    def predicted_from(self) -> "PredictedFrom | None":
        """What its duration follows from; ``None`` where nothing says it, or it is the same on every flavor."""
        if self.history is not None:
            return "history"
        if self.is_planned:
            return "model"
        is_carried = bool(self.measured) or any(run.flavor is not None for run in self.needs.time.duration or ())
        return "measured" if is_carried else None

    @property
    def same_everywhere_secs(self) -> int | None:
        """The duration that is the same on every flavor, if that is what was said [s]."""
        given = self.needs.time.duration or ()
        return given[0].seconds if given and given[0].flavor is None else None

    @property
    def is_spread(self) -> bool:
        """Whether a run takes all GPUs of a flavor: as told, or because they share it and nobody says how many."""
        machine = self.needs.machine
        return machine.shard or (self.needs.model.sharding != "none" and machine.gpus is None)

    def flavor_needs(self, *, with_max_cost: bool = True) -> Needs:
        """Return what a flavor must meet.

        Args:
            with_max_cost: whether the money for the job is compared with its likely cost.

        Raises:
            UsageError: needs that contradict each other.
        """
        machine, limits = self.needs.machine, self.needs.limits
        return Needs(
            **machine.as_needs(),
            duration_secs=self.same_everywhere_secs,
            max_time_secs=limits.max_time,
            deadline_secs=self.deadline_secs,
            max_cost_micro_usd=limits.max_cost if with_max_cost else None,
            max_price_micro_usd_per_hour=limits.max_price,
            objective=limits.objective,
            confidence=limits.confidence,
            top=limits.top,
        )


def know_job(needs: JobNeeds, workspace: "Workspace", job: "NewJob | None" = None) -> KnownJob:
    """Return what is known of a job.

    Args:
        needs: what was asked.
        workspace: where models and history are.
        job: as it would be sent: its labels tell its history from that of others with its name; ``None`` where only
            estimates are asked.

    Raises:
        UsageError: what was asked contradicts itself, or says how nothing is run.
        ModelError: the model cannot be had, or read.
        HistoryError: the local history cannot be read.
        NoSuchJobs: it has no job like the one named.
        HubError: the Hub does not show the log that was named.
    """
    logged = _logged(needs.time, workspace)
    if logged is not None and needs.time.like is None:
        ran = [MeasuredDuration(logged.secs, logged.flavor)]
        needs = replace(needs, time=replace(needs.time, duration=ran))
    epochs, needs = needs.time.epochs, needs.counted()
    asked = needs.model
    run = None
    like = needs.time.like
    if asked.is_given:
        from hfplanner.plan.measured import find_measured  # noqa: PLC0415 - where a model is named

        gpus = needs.machine.gpus or 1
        shape, how = read_model(asked, workspace.model_source()), asked.job(gpus)
        names = [one for one in (job.all_labels.get("name") if job else None, like) if one is not None]
        run = ModelRun(shape, how, find_measured(asked, gpus, workspace, names))
    _refuse_what_says_nothing(needs)
    deadline, now = needs.limits.deadline, workspace.now()
    until = None if deadline is None else parse_when(deadline, now)
    known = KnownJob(
        needs=needs,
        model=run,
        history=None if like is None else _history_like(needs.time, workspace, logged, job.labels if job else None),
        deadline=until,
        deadline_secs=None if until is None else max(int((until - now) / timedelta(seconds=1)), 1),
        whole=None if logged is None or like is not None else logged.whole,
        epochs=epochs,
        waits={} if until is None and needs.limits.max_time is None else known_waits(workspace),
    )
    # Refused here, before anybody is asked for a listing.
    known.flavor_needs()
    return replace(known, calibration=_calibration(known, workspace, at_server=job is not None))


def _calibration(known: KnownJob, workspace: "Workspace", *, at_server: bool) -> "Calibration | None":
    """Return what the user's own jobs say of intervals like those of a job's durations."""
    if known.predicted_from is None:
        return None
    from hfplanner.plan.own_outcomes import own_outcomes  # noqa: PLC0415 - where a duration is predicted

    outcomes = own_outcomes(workspace, at_server=at_server)
    if not outcomes:
        return None
    from hfplanner.estimate.duration.own_outcomes import calibrate  # noqa: PLC0415 - as above

    return calibrate(outcomes, known.predicted_from)


def read_model(asked: AskedModel, source: "ModelSource") -> "ModelShape":
    """Return the model that is named: by hand, of a folder, shipped, or asked from the Hub.

    Raises:
        UsageError: it is given twice or not at all, or widths go without a number of parameters.
        ModelError: it cannot be had, or read.
    """
    if (asked.model is None) == (asked.params is None):
        which = "both are" if asked.model else "neither is"
        raise UsageError(
            f"A model is given by --model or by --params; {which} there.", hint="For example --model Qwen/Qwen3-8B."
        )
    if asked.params is not None:
        from hfplanner.models.by_hand import ByHand, shape_by_hand  # noqa: PLC0415 - only where it is asked for

        return shape_by_hand(ByHand(params=asked.params, **asked.widths))
    if any(width is not None for width in asked.widths.values()):
        raise UsageError("Widths like --layers go with --params, not with --model.", hint="Leave them out.")
    from hfplanner.models.load import load_model  # noqa: PLC0415 - only where it is asked for

    return load_model(str(asked.model), source)


def _history_like(
    time: AskedTime, workspace: "Workspace", logged: "LoggedRun | None", labels: "Mapping[str, str] | None"
) -> "LikeHistory":
    from hfplanner.estimate.duration.like import runs_like  # noqa: PLC0415 - polars, only where history is asked
    from hfplanner.plan.logged_run import with_logged  # noqa: PLC0415 - as above

    jobs = with_logged(workspace.history().scan(), logged)
    found = runs_like(jobs, named_job(jobs, str(time.like)), labels=labels or None)
    return replace(found, gpu_utilization=time.utilization)


def _logged(time: AskedTime, workspace: "Workspace") -> "LoggedRun | None":
    if time.log is None:
        return None
    from hfplanner.plan.logged_run import log_of_run  # noqa: PLC0415 - only with a log

    return log_of_run(time, workspace)


def _refuse_what_says_nothing(needs: JobNeeds) -> None:
    """Refuse what is said about a model or a measured run where there is none, and durations that contradict."""
    _refuse_about_no_model(needs)
    _refuse_about_no_run(needs)
    time = needs.time
    given = list(time.duration or ())
    measured = [run for run in given if run.flavor is not None]
    if time.like is not None and given:
        raise UsageError("--like and --duration both say how long the job runs.", hint="Leave one of them out.")
    if measured and len(measured) < len(given):
        raise UsageError(
            "A duration is either the same on every flavor or measured on one; both are given.",
            hint="Say where each was measured, for example --duration 3h@l4x1 --duration 1h@h200.",
        )
    if len(given) > 1 and not measured:
        raise UsageError(
            "Two durations are given, and nothing says where they were measured.",
            hint="For example --duration 3h@l4x1 --duration 1h@h200.",
        )


def _refuse_about_no_model(needs: JobNeeds) -> None:
    # What a run computes in, and how much of it at once, is known of a measured run as well.
    about_model = [name for name in needs.model.changed() if name not in {"precision", "batch_size"}]
    if about_model and not needs.model.is_given:
        option = f"--{about_model[0].replace('_', '-')}"
        raise UsageError(f"{option} says how a model is run, and no model is named.", hint="Add --model or --params.")


def _refuse_about_no_run(needs: JobNeeds) -> None:
    time, model = needs.time, needs.model
    is_measured = time.like is not None or any(run.flavor is not None for run in time.duration or ())
    is_planned = time.tokens is not None and model.is_given and not time.duration
    if time.tokens is not None and not (is_planned or is_measured):
        raise UsageError(
            "--tokens needs a model to run, or a duration that was measured.",
            hint=f"Add --model, or for example --duration {_EXAMPLE}.",
        )
    if is_planned and time.utilization is not None:
        raise UsageError(
            "--utilization says how busy the GPU was while a duration was measured, and none is given.",
            hint=f"Add --duration with the flavor it was measured on, for example --duration {_EXAMPLE}, or --like.",
        )
    if is_measured or is_planned:
        return
    about_runs = {
        "--phase": time.phase is not None,
        "--bound": time.bound != "auto",
        "--scales-with-gpus": time.scales_with_gpus,
        "--utilization": time.utilization is not None,
        "--batch-size": model.batch_size is not None and not model.is_given,
        "--precision": time.run_precision is not None or (model.precision is not None and not model.is_given),
    }
    for option in [option for option, given in about_runs.items() if given]:
        raise UsageError(
            f"{option} says how a measured duration changes with the flavor, and none is given.",
            hint=f"Add --duration with the flavor it was measured on, for example --duration {_EXAMPLE}.",
        )
