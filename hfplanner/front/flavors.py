"""Which flavors there are, which one a job takes, and how much memory, time and money it needs there."""

from dataclasses import replace

from hfplanner.errors import UsageError
from hfplanner.front.answers.flavors import Estimated, Hardware, MemoryNeeded, Recommended
from hfplanner.front.asked import PRICES, needs_of
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import (
    ATTEMPTS,
    CHECKPOINT_EVERY,
    DURATION,
    FIT,
    FLAVORS,
    GPUS_OF_A_RUN,
    LIMITS,
    MODEL,
    NEEDS,
    OBJECTIVE,
    SOLVE,
    TIME,
    TO,
    TOP,
    TRACE,
    TRIALS,
    WORST_TIMEOUT,
    Argument,
    as_option,
    find_arguments,
)
from hfplanner.plan.asked import AskedDuration, AskedMachine, AskedModel
from hfplanner.plan.readers import MeasuredDuration, read_flavor, read_measured
from hfplanner.plan.selecting import SORT, select_flavors

__all__ = ["estimate_cost", "estimate_duration", "estimate_memory", "hardware", "recommend"]


def _read_runs(given: object) -> list[MeasuredDuration]:
    """Read measured durations by flavor: ``{"a10g-small": "2h"}``."""
    if not isinstance(given, dict) or not given:
        raise UsageError("The runs are no mapping of flavors to durations.", hint='For example {"a10g-small": "2h"}.')
    return [
        MeasuredDuration(read_measured(duration).seconds, read_flavor(flavor)) for flavor, duration in given.items()
    ]


_RUNS = Argument(
    name="runs",
    group="Time",
    read=_read_runs,
    metavar="MAPPING",
    help='Measured durations by flavor, another way to say duration: {"a10g-small": "2h"}.',
)
_WORK = (*DURATION, _RUNS)


@asks(*NEEDS, *find_arguments("max_price"), SORT, *PRICES)
def hardware(given: Given) -> Hardware:
    """Return the flavors that can be rented, or those that do for a machine, with their prices.

    >>> import hfplanner as hp
    >>> hp.hardware(offline=True).flavors[0].name
    'cpu-basic'
    """
    with given.open_workspace() as workspace:
        found = select_flavors(
            workspace.listing(refresh=given["refresh"]),
            given.pack(AskedMachine),
            max_price_micro_usd_per_hour=given["max_price"],
            sort=given["sort"],
        )
        return Hardware(found, workspace.now())


@asks(*NEEDS, *MODEL, *TIME, *LIMITS, *TRIALS, CHECKPOINT_EVERY, OBJECTIVE, TOP, *PRICES)
def recommend(given: Given) -> Recommended:
    """Return which flavor is cheapest for what a job needs, why, and why every other is not.

    Where nothing fits there are no ``options``, and the answer names the nearest miss.

    >>> import hfplanner as hp
    >>> hp.recommend(vram="40GB", offline=True).best.flavor.name
    'l40sx1'
    """
    from hfplanner.plan.recommending import recommend_for, with_inputs  # noqa: PLC0415 - each function loads what it needs

    with given.open_workspace() as workspace:
        needs = needs_of(given)
        answer = with_inputs(recommend_for(needs, workspace, refresh=given["refresh"]), needs, given.said)
        return Recommended(answer, workspace.now())


@asks(*MODEL, GPUS_OF_A_RUN, TRACE, SOLVE, FIT, *PRICES)
def estimate_memory(given: Given) -> MemoryNeeded:
    """Return how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    >>> import hfplanner as hp
    >>> hp.estimate_memory(model="Qwen/Qwen3-8B", task="lora", batch_size=4, offline=True).per_gpu_bytes.likely > 16e9
    True
    """
    from hfplanner.plan import estimating  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        asked = given.pack(AskedModel)
        how = {"trace": given["trace"], "solve": given["solve"], "fit": given["fit"]}
        report = estimating.estimate_memory(asked, given["gpus"], workspace, listing, **how)
        return MemoryNeeded(report)


@asks(*_WORK, TO, *PRICES)
def estimate_duration(given: Given) -> Estimated:
    """Return how long a job that was measured on one flavor takes on the others, fastest first.

    >>> import hfplanner as hp
    >>> there = hp.estimate_duration(runs={"a10g-small": "2h20m"}, phase="train", to="h200", offline=True)
    >>> there.estimates[0].duration_secs.likely < 2 * 3600
    True
    """
    found = _estimated(given, TO)
    return replace(found, plan=found.plan.fastest_first())


@asks(*_WORK, FLAVORS, WORST_TIMEOUT, ATTEMPTS, *PRICES)
def estimate_cost(given: Given) -> Estimated:
    """Return what a job costs on each flavor, cheapest first, and what it can cost at most.

    >>> import hfplanner as hp
    >>> hp.estimate_cost(duration="3h", flavor="l4x1", offline=True).estimates[0].cost_micro_usd.likely
    2399940
    """
    found = _estimated(given, FLAVORS, timeout_secs=given["timeout"], attempts=given["attempts"] or 1)
    return replace(found, plan=found.plan.cheapest_first())


def _estimated(given: Given, only: Argument, *, timeout_secs: int | None = None, attempts: int = 1) -> Estimated:
    from hfplanner.estimate.duration.plan import Terms, find_flavors  # noqa: PLC0415 - as above
    from hfplanner.plan.estimating import know_duration, plan_durations  # noqa: PLC0415 - as above

    runs = [*(given["duration"] or ()), *(given["runs"] or ())]
    asked = AskedDuration.of(**{**given.values, "duration": runs or None})
    terms = Terms(timeout_secs=timeout_secs, attempts=attempts, tokens=asked.time.tokens)
    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        flavors = find_flavors(given[only.name] or (), listing.by_name(), as_option(only.name))
        known = know_duration(asked, workspace)
        return Estimated(plan_durations(known, listing, flavors, terms), listing, workspace.now())
