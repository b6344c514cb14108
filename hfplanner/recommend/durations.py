"""How long a job runs on every flavor of a listing, from where it was measured."""

from collections.abc import Mapping, Sequence

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.legacy import LegacyFlavor, legacy_flavors
from hfplanner.catalog.listing import Listing
from hfplanner.errors import NoSuchJobs, UsageError, did_you_mean, quoted
from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.like import LikeHistory
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
from hfplanner.estimate.duration.workload import Workload
from hfplanner.recommend.estimates import Durations

__all__ = ["durations_from", "durations_like"]


def durations_from(measured: Sequence[MeasuredRun], listing: Listing, workload: Workload) -> Durations:
    """Return a job's duration on every flavor of the listing, or why nothing is known there.

    Args:
        measured: at least one run, each on a flavor that is listed or was.
        listing: what can be rented.
        workload: what the job does.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> durations = durations_from([run], shipped_listing(), Workload(phase="train"))
    >>> durations.by_flavor["a10g-small"].likely, "cpu-basic" in durations.unknown
    (8400, True)
    """
    known = _known(listing)
    for run in measured:
        if run.flavor not in known:
            raise UsageError(
                f"The duration was measured on {quoted(run.flavor)}, which is not in the listing.",
                hint=f"{did_you_mean(run.flavor, known)}`hfplanner hardware` names every flavor.",
            )
    return _durations(measured, listing, workload)


def durations_like(history: LikeHistory, listing: Listing, workload: Workload) -> Durations:
    """Return the duration of a job like those of the history on every flavor of the listing.

    Where it ran, its own runs say how long a timeout should be. Runs on flavors of which nothing is known are left out.

    Args:
        history: what was run.
        listing: what can be rented.
        workload: what the job does.

    Raises:
        NoSuchJobs: none of the runs completed on a flavor that is known.
    """
    known = _known(listing)
    measured = [run for run in history.measured_runs() if run.flavor in known]
    if not measured:
        raise NoSuchJobs(
            f"None of the {history.jobs} jobs like {quoted(history.like)} ran to its end on a known flavor.",
            hint="Say how long one runs, for example --duration 2h20m@a10g-small.",
        )
    timeouts = {one.flavor: one.timeout.secs for one in history.flavors if one.timeout}
    return _durations(measured, listing, workload, like=history.like, timeouts=timeouts)


def _durations(
    measured: Sequence[MeasuredRun],
    listing: Listing,
    workload: Workload,
    like: str | None = None,
    timeouts: Mapping[str, int] | None = None,
) -> Durations:
    carried = carry_to_all(measured, listing.flavors, _known(listing), workload)
    suggested = {name: suggested_timeout_secs(estimate) for name, estimate in carried.estimates.items()}
    return Durations(
        measured=tuple(measured),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=suggested | {name: secs for name, secs in (timeouts or {}).items() if name in suggested},
        like=like,
    )


def _known(listing: Listing) -> Mapping[str, Flavor]:
    """Return the flavors of which something is known: those listed, and those that old jobs ran on."""
    gone: dict[str, Flavor] = {
        name: _as_flavor(flavor) for name, flavor in legacy_flavors().items() if flavor.accelerator and flavor.gpus
    }
    return {**gone, **listing.by_name()}


def _as_flavor(gone: LegacyFlavor) -> Flavor:
    return Flavor(
        name=gone.name,
        pretty_name=gone.name,
        vcpu=None,
        ram_bytes=None,
        disk_bytes=None,
        accelerator=gone.accelerator,
        accelerator_type=None,
        gpus=gone.gpus or 0,
        vram_total_bytes=0,
        vram_per_gpu_bytes=0,
        price_micro_usd_per_minute=None,
        unpriced_reason=gone.status,
    )
