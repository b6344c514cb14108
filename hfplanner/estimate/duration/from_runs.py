"""From runs that were measured, or are in the history, to every flavor: what all commands that need a duration use."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.legacy import LegacyFlavor, legacy_flavors
from hfplanner.errors import NoSuchJobs, UsageError, did_you_mean, quoted
from hfplanner.estimate.duration.carry import Carried, carry_to_all
from hfplanner.estimate.duration.change import longer_than
from hfplanner.estimate.duration.like import LikeHistory
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import SuggestedTimeout, suggested_timeout
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate
from hfplanner.units import format_duration

__all__ = ["carry_from_history", "carry_from_runs", "known_flavors", "runs_of_history"]


def known_flavors(listed: Iterable[Flavor]) -> Mapping[str, Flavor]:
    """Return the flavors of which something is known by name: those listed, and those that old jobs ran on.

    >>> known_flavors([])["h100"].accelerator
    'H100'
    """
    gone: dict[str, Flavor] = {
        name: _as_flavor(flavor) for name, flavor in legacy_flavors().items() if flavor.accelerator and flavor.gpus
    }
    return {**gone, **{flavor.name: flavor for flavor in listed}}


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


def carry_from_runs(
    measured: Sequence[MeasuredRun], to: Iterable[Flavor], listed: Iterable[Flavor], workload: Workload
) -> Carried:
    """Return a job's duration on each flavor, with the timeout that is suggested there.

    Args:
        measured: at least one run, each on a flavor that is listed or was.
        to: the flavors asked for.
        listed: what can be rented.
        workload: what the job does.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> flavors = shipped_listing().flavors
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> carried = carry_from_runs([run], flavors, flavors, Workload(phase="train"))
    >>> carried.estimates["a10g-small"].likely, carried.timeouts["a10g-small"], "cpu-basic" in carried.unknown
    (8400, 15840, True)
    """
    known = known_flavors(listed)
    for run in measured:
        if run.flavor not in known:
            raise UsageError(
                f"The duration was measured on {quoted(run.flavor)}, which is not in the listing.",
                hint=f"{did_you_mean(run.flavor, known)}`hfplanner hardware` names every flavor.",
            )
    carried = carry_to_all(measured, to, known, workload)
    ran_secs = max(run.duration_secs.likely for run in measured)
    return carried.with_timeouts(_timeouts(carried.estimates, ran_secs))


def _timeouts(estimates: Mapping[str, Estimate], ran_secs: float) -> dict[str, SuggestedTimeout]:
    return {name: suggested_timeout(estimate, ran_secs=ran_secs) for name, estimate in estimates.items()}


def runs_of_history(history: LikeHistory, listed: Iterable[Flavor]) -> tuple[MeasuredRun, ...]:
    """Return the durations of a history on flavors of which something is known.

    Raises:
        NoSuchJobs: there are none.
    """
    known = known_flavors(listed)
    measured = tuple(run for run in history.measured_runs() if run.flavor in known)
    if not measured:
        raise NoSuchJobs(
            _none_completed(history),
            hint="Say how long one runs, for example --duration 2h20m@a10g-small.",
        )
    return measured


def carry_from_history(
    history: LikeHistory, to: Iterable[Flavor], listed: Sequence[Flavor], workload: Workload
) -> Carried:
    """Return the same for a job like those of the history: where it ran, its own runs say which timeout is enough.

    Raises:
        NoSuchJobs: none of the runs completed on a flavor that is known.
    """
    carried = carry_from_runs(runs_of_history(history, listed), to, listed, workload)
    cut = {
        one.flavor: one.longest_secs
        for one in history.flavors
        if one.longest_secs and not one.completed and not one.is_other
    }
    longer = {
        name: longer_than(carried.estimates[name], secs) for name, secs in cut.items() if name in carried.estimates
    }
    carried = replace(carried, estimates={**carried.estimates, **longer})
    ran_secs = max((one.longest_secs or 0.0 for one in history.flavors if one.completed), default=0.0)
    some_alike = any(one.completed and not one.is_other for one in history.flavors)
    own = {
        one.flavor: one.timeout
        for one in history.flavors
        if one.timeout and one.flavor in carried.estimates and not (some_alike and one.is_other)
    }
    if any(one.completed for one in history.flavors):
        # What was only stopped there is not told by itself, but by what completed elsewhere.
        own = {name: timeout for name, timeout in own.items() if name not in cut}
    return carried.with_timeouts(_timeouts(longer, ran_secs)).with_timeouts(own)


def _none_completed(history: LikeHistory) -> str:
    """Return that no run completed, and how long one takes at least."""
    longest = max((one.longest_secs or 0.0 for one in history.flavors), default=0.0)
    lasted = (
        f"; one takes at least {format_duration(round(longest))}, after which it was cut off" if longest >= 1 else ""
    )
    if history.jobs == 1:
        return f"The only job like {quoted(history.like)} did not run to its end on a known flavor{lasted}."
    return f"None of the {history.jobs} jobs like {quoted(history.like)} ran to its end on a known flavor{lasted}."
