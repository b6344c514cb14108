"""A sweep's mix of jobs costs no more than any other that keeps the same limits."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.estimate.span import exactly
from hfplanner.recommend.sweep.columns import longest_rounds
from hfplanner.recommend.sweep.offers import JobType, SweepLimits, TrialOffer
from hfplanner.recommend.sweep.schedule import makespan_secs
from hfplanner.recommend.sweep.solve import solve_sweep


@st.composite
def offers(draw: st.DrawFn) -> list[TrialOffer]:
    """Draw up to three flavors, some of which run several trials side by side."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        secs = draw(st.integers(20, 4000))
        made.append(
            TrialOffer(
                flavor=f"flavor-{number}",
                price_micro_usd_per_minute=draw(st.integers(100, 100_000)),
                trial_secs=exactly(secs, "one run"),
                planned_secs=secs,
                timeout_secs=2 * secs,
                slots=draw(st.sampled_from([1, 1, 2, 4])),
                startup_secs=draw(st.sampled_from([0, 45, 300])),
            )
        )
    return made


@st.composite
def limits(draw: st.DrawFn) -> SweepLimits:
    """Draw few trials, with or without a deadline and a number of jobs at once."""
    return SweepLimits(
        trials=draw(st.integers(1, 7)),
        deadline_secs=draw(st.none() | st.integers(100, 20_000)),
        parallel=draw(st.none() | st.integers(1, 3)),
    )


def cheapest_by_brute_force(every: list[TrialOffer], asked: SweepLimits) -> int | None:
    """Return the least cost of all mixes of jobs, each place holding one job or several of them, in any order."""
    kinds = [offer.job_of(rounds) for offer in every for rounds in range(1, longest_rounds(offer, asked) + 1)]

    @cache
    def best(left: int, first: int, chosen: tuple[JobType, ...]) -> int | None:
        if left <= 0:
            ends = makespan_secs((job.secs for job in chosen), asked.parallel)
            kept = asked.deadline_secs is None or ends <= asked.deadline_secs
            return sum(job.cost_micro_usd for job in chosen) if kept else None
        costs = [best(left - kinds[at].trials, at, (*chosen, kinds[at])) for at in range(first, len(kinds))]
        return min((cost for cost in costs if cost is not None), default=None)

    return best(asked.trials, 0, ())


@settings(deadline=None, max_examples=60)
@given(offers(), limits())
def test_a_sweep_is_as_cheap_as_brute_force(every: list[TrialOffer], asked: SweepLimits) -> None:
    """The solver finds the cost that trying all mixes finds, and none where there is none."""
    mix = solve_sweep(every, asked)
    cheapest = cheapest_by_brute_force(every, asked)
    assert (mix is None) == (cheapest is None)
    if mix is not None:
        assert mix.cost_micro_usd == cheapest
        assert mix.lower_bound_micro_usd <= mix.cost_micro_usd


@settings(deadline=None, max_examples=60)
@given(offers(), limits())
def test_a_sweep_keeps_its_limits(every: list[TrialOffer], asked: SweepLimits) -> None:
    """All trials run, within the deadline, with no more jobs at once than allowed, and no round too many."""
    mix = solve_sweep(every, asked)
    if mix is None:
        return
    assert sum(job.trials for job in mix.jobs) >= asked.trials
    assert sum((job.rounds - 1) * job.offer.slots for job in mix.jobs) < asked.trials
    if asked.deadline_secs is not None:
        assert makespan_secs((job.secs for job in mix.jobs), asked.parallel) <= asked.deadline_secs
