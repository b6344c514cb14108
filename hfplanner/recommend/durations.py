"""How long a job runs on every flavor of a listing, from where it was measured."""

from collections.abc import Sequence

from hfplanner.catalog.listing import Listing
from hfplanner.estimate.duration.first_principles import Work, durations_from_work
from hfplanner.estimate.duration.from_runs import carry_from_history, carry_from_runs, runs_of_history
from hfplanner.estimate.duration.like import LikeHistory
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import suggested_timeout
from hfplanner.estimate.duration.workload import Workload
from hfplanner.recommend.estimates import Durations

__all__ = ["durations_from", "durations_like", "durations_planned"]


def durations_from(
    measured: Sequence[MeasuredRun], listing: Listing, workload: Workload, *, tokens: int | None = None
) -> Durations:
    """Return a job's duration on every flavor of the listing, or why nothing is known there.

    Args:
        measured: at least one run, each on a flavor that is listed or was.
        listing: what can be rented.
        workload: what the job does.
        tokens: how many it reads, writes or is trained on, if that is known.

    Raises:
        UsageError: a run was measured on a flavor that is not listed, and never was.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> durations = durations_from([run], shipped_listing(), Workload(phase="train"))
    >>> durations.by_flavor["a10g-small"].likely, "cpu-basic" in durations.unknown
    (8400, True)
    """
    carried = carry_from_runs(measured, listing.flavors, listing.flavors, workload)
    return Durations(
        measured=tuple(measured),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        tokens=tokens,
    )


def durations_like(
    history: LikeHistory, listing: Listing, workload: Workload, *, tokens: int | None = None
) -> Durations:
    """Return the duration of a job like those of the history on every flavor of the listing.

    Where it ran, its own runs say how long a timeout should be. Runs on flavors of which nothing is known are left out.

    Args:
        history: what was run.
        listing: what can be rented.
        workload: what the job does.
        tokens: how many it reads, writes or is trained on, if that is known.

    Raises:
        NoSuchJobs: none of the runs completed on a flavor that is known.
    """
    carried = carry_from_history(history, listing.flavors, listing.flavors, workload)
    return Durations(
        measured=runs_of_history(history, listing.flavors),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        like=history.like,
        tokens=tokens,
    )


def durations_planned(work: Work, listing: Listing, workload: Workload) -> Durations:
    """Return the duration of work that never ran on every flavor of the listing, in wide bounds.

    Args:
        work: the model, and how many tokens.
        listing: what can be rented.
        workload: what the job does.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.models.known import find_known
    >>> work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=20_000_000)
    >>> planned = durations_planned(work, shipped_listing(), Workload(phase="train"))
    >>> planned.measured, planned.by_flavor["h200"].low < planned.by_flavor["h200"].high
    ((), True)
    """
    carried = durations_from_work(work, listing.flavors, workload)
    carried = carried.with_timeouts({name: suggested_timeout(one) for name, one in carried.estimates.items()})
    return Durations(
        measured=(),
        workload=workload,
        by_flavor=carried.estimates,
        unknown=carried.unknown,
        timeouts=carried.timeouts,
        timeout_bounds=carried.timeout_bounds,
        tokens=work.tokens,
    )
