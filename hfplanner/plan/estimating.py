"""The numbers behind a recommendation: how much memory, how long, and what that costs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.catalog.listing import Listing
from hfplanner.errors import NothingFits, UsageError, did_you_mean, quoted
from hfplanner.plan.asked import AskedDuration, AskedModel
from hfplanner.plan.durations import durations_on
from hfplanner.plan.known import KnownJob, know_job, read_model
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.catalog.flavor import Flavor
    from hfplanner.estimate.duration.plan import DurationPlan, Terms
    from hfplanner.estimate.memory.fits import Place
    from hfplanner.estimate.memory.fitting import Fitting
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.estimate.memory.report import MemoryReport
    from hfplanner.estimate.memory.result import MemoryEstimate
    from hfplanner.estimate.memory.solve import Unknown
    from hfplanner.models.shape import ModelShape

__all__ = ["estimate_memory", "know_duration", "plan_durations"]


def estimate_memory(  # noqa: PLR0913 - what is asked, and of which world
    model: AskedModel,
    gpus: int,
    workspace: Workspace,
    listing: Listing | None = None,
    *,
    trace: bool = False,
    solve: "Unknown | None" = None,
    fit: str | None = None,
) -> "MemoryReport":
    """Return how much memory a model needs on each GPU, and which flavors it fits.

    Args:
        model: which, and how it is run.
        gpus: of the run.
        workspace: where prices and models are.
        listing: what can be rented; by default that of the workspace.
        solve: the input whose largest value is asked that fits each flavor.
        fit: the flavor that the job is to fit, with as few changes as possible.
        trace: run one step of the installed libraries on fake tensors instead of formulas.

    Raises:
        UsageError: what was asked contradicts itself, cannot be traced, or the extra ``trace`` is not installed.
        ModelError: the model cannot be had, or read.
        NothingFits: no change makes it fit the flavor that is named.

    >>> report = estimate_memory(AskedModel(model="Qwen/Qwen3-8B"), 1, Workspace(offline=True))
    >>> report.to_json()["fits"][0]["flavor"] in {fit.flavor for fit in report.fits}
    True
    """
    from hfplanner.estimate.memory.places import places_of  # noqa: PLC0415 - where memory is asked for
    from hfplanner.estimate.memory.report import report_memory, report_of  # noqa: PLC0415 - as above
    from hfplanner.plan.measured import find_measured  # noqa: PLC0415 - as above

    job = model.job(gpus)
    shape = read_model(model, workspace.model_source())
    places = places_of((listing or workspace.listing()).flavors)
    evidence = find_measured(model, gpus, workspace).on(places)
    if trace:
        return report_of(_traced(model, shape, job, workspace), places, given=model.changed())
    report = report_memory(shape, job, places, given=model.changed(), evidence=evidence)
    if fit is not None:
        report = replace(report, fitted=_fitted(report.estimate, fit, places))
    if solve is None:
        return report
    from hfplanner.estimate.memory.solve import solve as solve_for  # noqa: PLC0415 - as above

    return replace(report, solved=solve_for(shape, report.estimate.job, solve, places, evidence))


def _fitted(estimate: "MemoryEstimate", flavor: str, places: "Sequence[Place]") -> "Fitting":
    from hfplanner.estimate.memory.fitting import fit_flavor  # noqa: PLC0415 - where it is asked for

    place = next((one for one in places if one.flavor == flavor), None)
    if place is None:
        near = did_you_mean(flavor, [one.flavor for one in places]).strip()
        raise UsageError(
            f"--fit: there is no flavor {quoted(flavor)}. {near}".strip(), hint="See `hfplanner hardware`."
        )
    found = fit_flavor(estimate, place)
    if found is None:
        raise NothingFits(
            f"No change of how it is run makes {estimate.shape.name} surely fit {flavor}.",
            hint="Try a larger flavor: `hfplanner recommend` with the same options names one.",
        )
    return found


def _traced(model: AskedModel, shape: "ModelShape", job: "MemoryJob", workspace: Workspace) -> "MemoryEstimate":
    from hfplanner.models.load import load_config  # noqa: PLC0415 - where it is asked for

    if model.model is None:
        raise UsageError("--trace runs the code of a model; none is named.", hint="Name one with --model.")
    try:
        from hfplanner.estimate.memory.trace.traced import traced_estimate  # noqa: PLC0415 - torch, where it is there
    except ImportError as error:
        raise UsageError(
            f"--trace needs {error.name}, which is not installed.", hint="Install hfplanner[trace]."
        ) from error
    return traced_estimate(load_config(model.model, workspace.model_source()), shape, job)


def plan_durations(known: KnownJob, listing: Listing, flavors: Sequence["Flavor"], terms: "Terms") -> "DurationPlan":
    """Return how long a job takes on flavors and what it costs there, in the order of the flavors.

    Args:
        known: the job, of :func:`know_duration`.
        listing: what can be rented.
        flavors: those that are asked for.
        terms: timeout and attempts of the worst case, and the tokens whose cost is asked.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.
        NoSuchJobs: no job like the one named ran to its end.
    """
    from hfplanner.estimate.duration.plan import plan_flavors  # noqa: PLC0415 - as above

    return plan_flavors(durations_on(known, listing, flavors), flavors, terms)


def know_duration(asked: AskedDuration, workspace: Workspace) -> KnownJob:
    """Return what is known of how long a job runs.

    Raises:
        UsageError: nothing says how long it runs, or what was asked contradicts itself.
        ModelError: the model cannot be had, or read.
        HistoryError: the history cannot be read.
        NoSuchJobs: it has no job like the one named.
    """
    given = asked.time.duration or ()
    same = bool(given) and all(run.flavor is None for run in given)
    # Beside a duration that is the same everywhere tokens are for the cost alone.
    time = replace(asked.time, tokens=None) if same else asked.time
    return know_job(replace(asked, time=time).needs(), workspace)
