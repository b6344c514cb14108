"""The kinds of job that a sweep may be made of, without those that another kind beats in everything."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from hfplanner.recommend.sweep.offers import JobType, SweepLimits, TrialOffer
from hfplanner.units import ceil_div

__all__ = ["job_types", "longest_rounds"]


def longest_rounds(offer: TrialOffer, limits: SweepLimits) -> int:
    """Return how many trials one job may run one after the other and keep the deadline and the longest timeout.

    One trial is always tried, whatever its timeout would be: it is cut to the longest that is allowed.
    """
    rounds = ceil_div(limits.trials, offer.slots)
    if limits.deadline_secs is not None:
        rounds = min(rounds, (limits.deadline_secs - offer.wait_secs - offer.startup_secs) // offer.planned_secs)
    if rounds > 1:
        rounds = min(rounds, max((limits.max_timeout_secs - offer.startup_secs) // offer.timeout_secs, 1))
    if offer.startup_secs + offer.planned_secs > limits.max_timeout_secs:
        return 0
    return max(rounds, 0)


def job_types(offers: Iterable[TrialOffer], limits: SweepLimits) -> list[JobType]:
    """Return every kind of job that can be part of a cheapest plan.

    A kind is left out where another one runs as many trials, costs no more and takes no longer. Where time is not
    limited, how long it takes does not count.
    """
    every = [offer.job_of(rounds) for offer in offers for rounds in range(1, longest_rounds(offer, limits) + 1)]
    # Dearest first to last, so that of equals the one with the most trials, then the shortest, stands first.
    every.sort(key=lambda job: (job.cost_micro_usd, -_covered(job, limits), job.secs, job.offer.flavor))
    timed = limits.deadline_secs is not None and limits.parallel is not None
    return list(_undominated(every, limits) if timed else _most_trials(every, limits))


def _covered(job: JobType, limits: SweepLimits) -> int:
    return min(job.trials, limits.trials)


def _most_trials(cheapest_first: Sequence[JobType], limits: SweepLimits) -> Iterator[JobType]:
    most = 0
    for job in cheapest_first:
        if _covered(job, limits) > most:
            most = _covered(job, limits)
            yield job


def _undominated(cheapest_first: Sequence[JobType], limits: SweepLimits) -> Iterator[JobType]:
    """Give what no cheaper kind beats in trials and time: a staircase of the shortest time for so many trials."""
    trials: list[int] = []
    shortest: list[int] = []
    for job in cheapest_first:
        covered = _covered(job, limits)
        place = bisect_left(trials, covered)
        if place < len(trials) and shortest[place] <= job.secs:
            continue
        # What ran no more trials and took no less time is beaten from now on, for whatever costs more.
        first = place
        while first > 0 and shortest[first - 1] >= job.secs:
            first -= 1
        last = place + 1 if place < len(trials) and trials[place] == covered else place
        trials[first:last] = [covered]
        shortest[first:last] = [job.secs]
        yield job
