"""The numbers behind a recommendation: how much memory, how long, and what that costs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.catalog.listing import Listing
from hfplanner.plan.asked import AskedModel, JobNeeds
from hfplanner.plan.durations import durations_on
from hfplanner.plan.known import know_job, read_model
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.estimate.duration.plan import DurationPlan
    from hfplanner.estimate.memory.report import MemoryReport

__all__ = ["estimate_memory", "plan_durations"]


def estimate_memory(
    model: AskedModel, gpus: int, workspace: Workspace, listing: Listing | None = None
) -> "MemoryReport":
    """Return how much memory a model needs on each GPU, and which flavors it fits.

    Args:
        model: which, and how it is run.
        gpus: of the run.
        workspace: where prices and models are.
        listing: what can be rented; by default that of the workspace.

    Raises:
        UsageError: what was asked contradicts itself.
        ModelError: the model cannot be had, or read.

    >>> report = estimate_memory(AskedModel(model="Qwen/Qwen3-8B"), 1, Workspace(offline=True))
    >>> report.to_json()["fits"][0]["flavor"] in {fit.flavor for fit in report.fits}
    True
    """
    from hfplanner.estimate.memory.places import places_of  # noqa: PLC0415 - where memory is asked for
    from hfplanner.estimate.memory.report import report_memory  # noqa: PLC0415 - as above

    job = model.job(gpus)
    shape = read_model(model, workspace.model_source())
    return report_memory(shape, job, places_of((listing or workspace.listing()).flavors))


def plan_durations(  # noqa: PLR0913 - what is asked, and under what terms it is run
    needs: JobNeeds,
    workspace: Workspace,
    listing: Listing | None = None,
    *,
    flavors: Sequence[str] = (),
    flavors_option: str = "--flavor",
    timeout_secs: int | None = None,
    attempts: int = 1,
) -> "DurationPlan":
    """Return how long a job takes on flavors and what it costs there, in the order of the listing.

    Args:
        needs: what is known of the job.
        workspace: where prices, models and history are.
        listing: what can be rented; by default that of the workspace.
        flavors: only on these.
        flavors_option: by which name an error calls them.
        timeout_secs: of one attempt, for the worst case [s]; by default the one suggested for each flavor.
        attempts: how often the job may be tried, for the worst case.

    Raises:
        UsageError: nothing says how long the job runs, what was asked contradicts itself, or names no listed flavor.
        ModelError: the model cannot be had, or read.
        HistoryError: the history cannot be read.
        NoSuchJobs: it has no job like the one named.
    """
    from hfplanner.estimate.duration.plan import Terms, find_flavors, plan_flavors  # noqa: PLC0415 - as above

    found = listing or workspace.listing()
    chosen = find_flavors(flavors, found.by_name(), flavors_option)
    known = know_job(_without_idle_tokens(needs), workspace)
    terms = Terms(timeout_secs=timeout_secs, attempts=attempts, tokens=needs.time.tokens)
    return plan_flavors(durations_on(known, found, chosen), chosen, terms)


def _without_idle_tokens(needs: JobNeeds) -> JobNeeds:
    """Return needs whose tokens only matter for the duration: beside one that is given they are for the cost alone."""
    given = bool(needs.time.duration) and all(run.flavor is None for run in needs.time.duration or ())
    return replace(needs, time=replace(needs.time, tokens=None)) if given else needs
