"""A measured duration carried to other flavors where the model is known: the law of :mod:`.carry`, and its operations.

The operations of the model say how its time changes from card to card (:mod:`.first_principles`); the law says how
published workloads of its phase changed. Both are logarithms with a spread, weighed by its inverse square. How far the
measured time is from what the operations say, ``k = measured / told``, says how much of it is the cards' at all::

    sigma^2 = 0.20^2 + 0.26 (ln k)^2

(fitted on pairs of published durations of known models; ``tests/benchmarks/work_accuracy.py``). A job that takes more
than twice as long as its kernels is told by the law alone. The bounds stay those of the law, and are never narrower
than the two disagree: software of one generation of cards and the next differs more than kernels do.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.change import SIGMAS
from hfplanner.estimate.duration.first_principles import seconds_of_work
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.operations.kernels import card_of
from hfplanner.estimate.duration.startup import startup_secs
from hfplanner.estimate.duration.work import Work
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate

__all__ = ["SLOWER_THAN_ITS_KERNELS", "blend_with_work", "blended", "sigma_of_operations"]

_SIGMA, _SIGMA_OF_K = 0.20, 0.26
# Where nobody says how many tokens the measured job worked on, k is as far from 1 as it usually is.
_USUAL_LOG_K = 0.4
SLOWER_THAN_ITS_KERNELS = 2.0
"""A job that takes more than so many times what its operations say is told by the law alone."""


def blend_with_work(
    carried: Carried,
    measured: Sequence[MeasuredRun],
    known: Mapping[str, Flavor],
    work: Work,
    workload: Workload,
) -> Carried:
    """Return carried durations blended with what the operations of the model say of the change between cards.

    Args:
        carried: by the law.
        measured: what it was carried from.
        known: the flavors by name, also those measured on.
        work: the model and how it is run; unless its tokens are those of the measured job only the change counts.
        workload: what the job does.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.duration.from_runs import carry_from_runs
    >>> from hfplanner.estimate.memory.job import MemoryJob
    >>> from hfplanner.estimate.span import exactly
    >>> from hfplanner.models.known import find_known
    >>> flavors = shipped_listing().by_name()
    >>> run = MeasuredRun(flavor="a100-large", duration_secs=exactly(3600, "one run"))
    >>> work = Work(shape=find_known("Qwen/Qwen3-8B"), kind="decode", tokens=125_000, batch_size=1)
    >>> law = carry_from_runs([run], flavors.values(), flavors.values(), Workload(phase="decode"))
    >>> both = blend_with_work(law, [run], flavors, work, Workload(phase="decode"))
    >>> law.estimates["h200"].likely < both.estimates["h200"].likely <= 3600
    True
    """
    told = [(run, secs) for run in measured if (secs := _told(work, workload, known[run.flavor])) is not None]
    if not told:
        return carried
    start = startup_secs(work).likely
    log_k = sum(math.log(run.duration_secs.likely / (secs + start)) for run, secs in told) / len(told)
    if work.tokens_told and log_k > math.log(SLOWER_THAN_ITS_KERNELS):
        said = f"it took {math.exp(log_k):.1f} times as long as its kernels need: the model says nothing of its speed"
        noted = {name: _with_basis(one, said) for name, one in carried.estimates.items()}
        return replace(carried, estimates=noted)
    sigma = sigma_of_operations(log_k if work.tokens_told else _USUAL_LOG_K)
    here = {accelerator_key(known[run.flavor].accelerator or "") for run, _ in told}
    both = {}
    for name, law in carried.estimates.items():
        flavor = known[name]
        secs = None if accelerator_key(flavor.accelerator or "") in here else _told(work, workload, flavor)
        if secs is not None:
            logs = [math.log(run.duration_secs.likely) + math.log(secs / there) for run, there in told]
            both[name] = blended(law, sum(logs) / len(logs), sigma)
    return replace(carried, estimates={**carried.estimates, **both})


def _told(work: Work, workload: Workload, flavor: Flavor) -> float | None:
    card = card_of(flavor.accelerator)
    if card is None:
        return None
    secs = seconds_of_work(work, workload, card, flavor.gpus)
    return secs if isinstance(secs, float) and secs > 0 else None


def sigma_of_operations(log_k: float) -> float:
    """Return how far a change told by operations is believed, as the standard deviation of its logarithm.

    Args:
        log_k: logarithm of the measured time over what the operations say where it was measured.

    >>> sigma_of_operations(0.0), round(sigma_of_operations(math.log(2)), 2)
    (0.2, 0.41)
    """
    return math.sqrt(_SIGMA**2 + _SIGMA_OF_K * log_k**2)


def blended(law: Estimate, log_told: float, sigma: float) -> Estimate:
    """Return the law's duration moved towards what the operations say; its bounds hold both.

    Args:
        law: a 90 % interval.
        log_told: logarithm of the duration that the operations say, in the same unit.
        sigma: how far that is believed, of :func:`sigma_of_operations`.

    >>> blended(Estimate(2000, 3000, 4500, ("the law",)), math.log(6000), 0.2)
    Estimate(low=2999, likely=4557, high=6835, basis=('the law', 'blended with the operations of its model'))
    """
    log_law = math.log(max(law.likely, 1))
    down, up = math.log(law.likely / max(law.low, 1)), math.log(max(law.high, 1) / law.likely)
    law_sigma = max((down + up) / 2 / SIGMAS, 1e-3)
    share = law_sigma**2 / (law_sigma**2 + sigma**2)
    log = log_law + share * (log_told - log_law)
    low = math.exp(min(log - down, log_law, log_told))
    high = math.exp(max(log + up, log_law, log_told))
    likely = max(round(math.exp(log)), 1)
    said = "blended with the operations of its model"
    return Estimate(max(min(math.floor(low), likely), 1), likely, max(math.ceil(high), likely), (*law.basis, said))


def _with_basis(one: Estimate, said: str) -> Estimate:
    return Estimate(one.low, one.likely, one.high, (*one.basis, said))
