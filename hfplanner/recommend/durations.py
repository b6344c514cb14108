"""How long a job runs on every flavor of a listing, from where it was measured."""

from collections.abc import Sequence

from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.recommend.estimates import Durations

__all__ = ["durations_from"]


def durations_from(
    measured: Sequence[MeasuredRun], listing: Listing, workload: Workload, *, like: str | None = None
) -> Durations:
    """Return a job's duration on every flavor of the listing, or why nothing is known there.

    Args:
        measured: at least one run, each on a flavor of the listing.
        listing: what can be rented.
        workload: what the job does.
        like: the name or id whose history the runs are, if they are.

    Raises:
        UsageError: a run was measured on a flavor that is not listed.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> durations = durations_from([run], shipped_listing(), Workload(phase="train"))
    >>> durations.by_flavor["a10g-small"].likely, "cpu-basic" in durations.unknown
    (8400, True)
    """
    names = listing.by_name()
    for run in measured:
        if run.flavor not in names:
            raise UsageError(
                f"The duration was measured on {quoted(run.flavor)}, which is not in the listing.",
                hint=f"{did_you_mean(run.flavor, names)}`hfplanner hardware` names every flavor.",
            )
    carried = carry_to_all(measured, listing.flavors, names, workload)
    return Durations(
        measured=tuple(measured),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        like=like,
    )
