"""How long a job runs on every flavor: one answer, whatever it follows from.

A duration is said to be the same everywhere, was measured on some flavors, is that of jobs in the history, or follows
from the work alone: from a model and its tokens.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Phase, Precision, Workload
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.plan.asked import AskedModel
from hfplanner.plan.known import KnownJob
from hfplanner.plan.memory import memory_on
from hfplanner.units import format_duration

if TYPE_CHECKING:
    from hfplanner.estimate.duration.carry import Carried
    from hfplanner.estimate.duration.first_principles import Kind, Work
    from hfplanner.recommend.estimates import Durations

__all__ = ["durations_of", "durations_on", "with_measurement", "workload_of"]

_PRECISIONS: Mapping[str, Precision] = {
    "fp32": "fp32",
    "fp16": "fp16",
    "bf16": "bf16",
    "fp16-mixed": "fp16",
    "bf16-mixed": "bf16",
}
_KINDS: "Mapping[Phase | None, Kind]" = {"train": "full", "prefill": "prefill"}


def durations_of(known: KnownJob, listing: Listing) -> "Durations | None":
    """Return how long a job runs on every flavor of a listing; ``None`` where it is the same on each, or not known.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.
        NoSuchJobs: no job of the history ran to its end on a flavor that is known.
    """
    time = known.needs.time
    measured = _measured(known)
    if not measured and known.history is None and not known.is_planned:
        return None
    found = _found(known, listing, measured)
    if known.calibration is not None:
        from hfplanner.recommend.durations import calibrated  # noqa: PLC0415 - where it is

        found = calibrated(found, known.calibration)
    if known.model is not None and known.model.shape.diffusion is not None and not measured and known.history is None:
        return replace(found, tokens=None, tokens_words=_pictures_words(known))
    return replace(found, tokens_words=time.tokens_words)


def _found(known: KnownJob, listing: Listing, measured: Sequence[MeasuredRun]) -> "Durations":
    from hfplanner.recommend import durations  # noqa: PLC0415 - only where something is known of the time

    time, workload = known.needs.time, workload_of(known)
    if known.history is not None:
        return durations.durations_like(known.history, listing, workload, tokens=time.tokens)
    if measured:
        work = None if known.model is None else _work(known)
        return durations.durations_from(measured, listing, workload, tokens=time.tokens, work=work)
    return durations.durations_planned(_work(known), listing, workload, memory=memory_on(known, listing))


def durations_on(known: KnownJob, listing: Listing, flavors: Sequence[Flavor]) -> "Carried":
    """Return how long a job runs on some flavors, or why that is not known.

    Raises:
        UsageError: see :func:`durations_of`.
        NoSuchJobs: see :func:`durations_of`.
        ValueError: nothing says how long it runs.
    """
    from hfplanner.estimate.duration.carry import Carried  # noqa: PLC0415 - only where durations are asked for
    from hfplanner.estimate.duration.plan import same_everywhere  # noqa: PLC0415 - as above

    everywhere = known.same_everywhere_secs
    if everywhere is not None:
        from hfplanner.recommend.candidate import DURATION_BASIS  # noqa: PLC0415 - as above

        return same_everywhere(exactly(everywhere, DURATION_BASIS), flavors)
    found = durations_of(known, listing)
    if found is None:
        raise ValueError("nothing says how long the job runs")
    too_small = _too_small(known, listing, found)
    names = {flavor.name for flavor in flavors}
    return Carried(
        estimates={name: one for name, one in found.by_flavor.items() if name in names and name not in too_small},
        unknown={name: reason for name, reason in {**found.unknown, **too_small}.items() if name in names},
        timeouts={name: secs for name, secs in found.timeouts.items() if name in names},
        timeout_bounds={name: bound for name, bound in found.timeout_bounds.items() if name in names},
    )


def _too_small(known: KnownJob, listing: Listing, found: "Durations") -> dict[str, str]:
    """Return why the job's model does not run on a flavor; where it was seen to run it does."""
    memory = memory_on(known, listing)
    if memory is None:
        return {}
    from hfplanner.recommend.durations import too_small_for  # noqa: PLC0415 - where a model is named

    ran = {run.flavor for run in found.measured}
    cpu = {flavor.name for flavor in listing.flavors if not flavor.gpus}
    return {name: why for name, why in too_small_for(memory).items() if name not in ran | cpu}


def workload_of(known: KnownJob) -> Workload:
    """Return what the job does, as it was said, or as the model's task says."""
    time, model = known.needs.time, known.needs.model
    trains = model.is_given and model.task != "inference"
    by_task: Phase | None = ("train" if trains else "inference") if model.is_given else None
    return Workload(
        phase=time.phase or by_task,
        precision=time.run_precision or _precision(model),
        bound=time.bound,
        scales_with_gpus=time.scales_with_gpus or (trains and known.is_spread),
        batch_size=model.batch_size,
    )


def _precision(model: AskedModel) -> Precision | None:
    return None if model.precision is None else _PRECISIONS[model.precision]


def _measured(known: KnownJob) -> list[MeasuredRun]:
    """Return the durations that name the flavor they were measured on; of an unfinished one what its log says."""
    time, whole = known.needs.time, known.whole
    runs = [
        MeasuredRun(flavor=run.flavor, duration_secs=whole or exactly(run.seconds, "measured, as given"))
        for run in time.duration or ()
        if run.flavor is not None
    ]
    doubted = [replace(run, duration_secs=_doubted(run.duration_secs)) if run.may_be_cut_off else run for run in runs]
    return [*known.measured, *(replace(run, gpu_utilization=time.utilization) for run in doubted)]


def _doubted(secs: Estimate) -> Estimate:
    said = (
        f"{format_duration(secs.likely)} is the Hub's default timeout: a run that it cut off takes longer (see --log)"
    )
    return replace(secs, basis=(*secs.basis, said))


def with_measurement(known: KnownJob, run: MeasuredRun, listing: Listing) -> KnownJob:
    """Return what is known of a job of which one run was measured: that, and what was measured on other flavors.

    Args:
        known: before.
        run: how long all of it takes on one flavor.
        listing: what can be rented: of other flavors nothing carries over.
    """
    from hfplanner.estimate.duration.from_runs import known_flavors  # noqa: PLC0415 - as above

    history = known.history
    ended = history.measured_runs() if history and any(one.completed for one in history.flavors) else ()
    carries = known_flavors(listing.flavors)
    kept = [one for one in (*ended, *_measured(known)) if one.flavor != run.flavor and one.flavor in carries]
    time = replace(known.needs.time, duration=None, like=None, log=None)
    return replace(known, needs=replace(known.needs, time=time), history=None, whole=None, measured=(*kept, run))


def _pictures_words(known: KnownJob) -> str:
    """Return how many pictures or videos are made or trained on, and in how many steps each is made."""
    model = known.model
    moves = model is not None and model.shape.diffusion is not None and model.shape.diffusion.frames > 1
    said = f"{_pictures(known):,} {'videos' if moves else 'pictures'}"
    if model is None or model.shape.diffusion is None or model.job.trains:
        return said
    return f"{said} of {model.job.denoising_steps or model.shape.diffusion.steps} steps"


def _pictures(known: KnownJob) -> int:
    """Return how many pictures a model makes or is trained on: samples that were counted, each once per epoch.

    Raises:
        UsageError: tokens were given, of which a picture has none.
    """
    time, model = known.needs.time, known.needs.model
    if time.tokens is None or time.tokens_words is None:
        raise UsageError(f"{model.model} makes pictures, not tokens.", hint="Count them: --samples 1000.")
    return max(time.tokens // model.seq_len, 1)


def _work(known: KnownJob) -> "Work":
    """Return the work of a job whose model is known: so many tokens, or any number where nobody says how many."""
    from hfplanner.estimate.duration.first_principles import Work  # noqa: PLC0415 - as above

    time, model = known.needs.time, known.model
    if model is None:
        raise ValueError("no model")
    job = model.job
    kind = _KINDS.get(time.phase, "decode") if job.task == "inference" else job.task
    batch = known.needs.model.batch_size
    if model.shape.diffusion is not None:
        told = time.tokens is not None
        return Work(
            shape=model.shape,
            kind=kind,
            tokens=_pictures(known) if told else 1,
            seq_len=1,
            batch_size=batch,
            job=job,
            tokens_told=told,
        )
    return Work(
        shape=model.shape,
        kind=kind,
        tokens=time.tokens or job.seq_len,
        seq_len=job.seq_len,
        batch_size=batch,
        job=job,
        epochs=known.epochs or 1,
        tokens_told=time.tokens is not None,
    )
