"""The timeout that costs least in expectation, beside the one that kills one run in a hundred.

A timeout that is too short kills a run that would have ended: its time is lost, from the start or from the last
checkpoint, and it is run again. One that is too long lets a run that hangs be billed until it strikes. The least
expected cost lies between::

    E(timeout) = P(T <= timeout) E[T | T <= timeout]                          a run that ends
               + P(T > timeout)  (timeout + E[again | T > timeout] + hangs L) a run that is killed, and run again
               + hangs           (timeout + E[T])                             a run that hangs, and is run again

T is log-normal on each side of its likely value. Run again, a killed job needs all of T where it has no checkpoints,
and T less what its last checkpoint holds where it has; it may hang as any run may, until the longest timeout L.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.spread import quantile_secs, standard_normals
from hfplanner.units import SECONDS_PER_MINUTE, ceil_div

__all__ = [
    "HANGS",
    "WRITTEN_BYTES_PER_SEC",
    "CheckpointAdvice",
    "TimeoutChoice",
    "checkpoint_advice",
    "checkpoint_interval_secs",
    "timeout_of_least_cost",
]

HANGS = 0.02
"""How often a run hangs until its timeout, where nothing is known: assumed, not measured."""

WRITTEN_BYTES_PER_SEC = 10**9
"""How fast a checkpoint is written to the disk of a flavor: assumed, not measured."""

_CASES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutChoice:
    """A timeout and what it costs in expectation.

    Args:
        secs: the timeout, in whole minutes [s].
        expected_cost_micro_usd: of the job until it has run to its end once.
        killed: how often it kills a run that would have ended.
        hangs: how often a run was taken to hang.
        checkpoint_secs: between two checkpoints [s]; ``None`` where a killed run starts anew.
    """

    secs: int
    expected_cost_micro_usd: int
    killed: float
    hangs: float
    checkpoint_secs: int | None

    def to_json(self) -> dict[str, Any]:
        """Return the timeout as the interface spells it."""
        return {
            "timeout_secs": self.secs,
            "expected_cost_micro_usd": self.expected_cost_micro_usd,
            "killed": round(self.killed, 4),
            "hangs": self.hangs,
            "checkpoint_secs": self.checkpoint_secs,
        }


def timeout_of_least_cost(
    duration: Estimate,
    price_micro_usd_per_minute: int,
    *,
    hangs: float = HANGS,
    checkpoint_secs: int | None = None,
    most_secs: int | None = None,
) -> TimeoutChoice:
    """Return the timeout in whole minutes with the least expected cost.

    Args:
        duration: of a run that ends, a 90 % interval [s].
        price_micro_usd_per_minute: of the flavor.
        hangs: how often a run hangs until its timeout.
        checkpoint_secs: between two checkpoints from which a killed run goes on [s]; ``None`` without.
        most_secs: the longest timeout that is allowed [s].

    Raises:
        ValueError: a share that is none, or a price or time that is not above 0.

    >>> span = Estimate(3000, 3600, 5400, ("two runs",))
    >>> anew = timeout_of_least_cost(span, 83333)
    >>> resumed = timeout_of_least_cost(span, 83333, checkpoint_secs=600)
    >>> anew.secs, anew.killed, resumed.secs < anew.secs
    (7620, 0.0, True)
    >>> timeout_of_least_cost(span, 83333, hangs=0.2).secs < anew.secs
    True
    """
    if not 0 <= hangs < 1 or price_micro_usd_per_minute <= 0 or (checkpoint_secs or 1) <= 0 or (most_secs or 1) <= 0:
        raise ValueError(f"not possible: {hangs}, {price_micro_usd_per_minute}, {checkpoint_secs}, {most_secs}")
    cases = [quantile_secs(duration, z) for z in standard_normals(_CASES)]
    # Between two cases a longer timeout only costs more: the best one is a case, rounded up to its minute.
    candidates = sorted({ceil_div(secs, SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE for secs in cases})
    if most_secs is not None:
        candidates = [secs for secs in candidates if secs <= most_secs] or [most_secs]

    ended = sum(job_cost_micro_usd(price_micro_usd_per_minute, secs) for secs in cases) / len(cases)

    again = hangs * job_cost_micro_usd(price_micro_usd_per_minute, candidates[-1])

    def expected(timeout: int) -> float:
        killed = (len(cases) - bisect_right(cases, timeout)) / len(cases)
        if checkpoint_secs is None:
            # Whether it is killed or not, it runs to its end once.
            return ended + (killed + hangs) * job_cost_micro_usd(price_micro_usd_per_minute, timeout) + killed * again
        costs = (_cost_of_one(secs, timeout, price_micro_usd_per_minute, hangs, checkpoint_secs) for secs in cases)
        return sum(costs) / len(cases) + killed * again

    best = min(candidates, key=lambda timeout: (expected(timeout), timeout))
    return TimeoutChoice(
        secs=best,
        expected_cost_micro_usd=round(expected(best)),
        killed=sum(secs > best for secs in cases) / len(cases),
        hangs=hangs,
        checkpoint_secs=checkpoint_secs,
    )


def _cost_of_one(secs: int, timeout: int, price: int, hangs: float, checkpoint_secs: int | None) -> float:
    """Return what a job that needs ``secs`` costs in expectation until it has ended [micro-USD]."""
    if secs <= timeout:
        ended = float(job_cost_micro_usd(price, secs))
    else:
        kept = 0 if checkpoint_secs is None else timeout // checkpoint_secs * checkpoint_secs
        ended = float(job_cost_micro_usd(price, timeout) + job_cost_micro_usd(price, secs - kept))
    return ended + hangs * job_cost_micro_usd(price, timeout)


def checkpoint_interval_secs(write_secs: float, between_interruptions_secs: float) -> int:
    """Return how often to write a checkpoint so that least time is lost [s].

    Daly's estimate of higher order, which for rare interruptions is Young's ``sqrt(2 x write x between)`` (Young,
    Commun. ACM 17 (1974) 530; Daly, Future Gener. Comput. Syst. 22 (2006) 303, equation 37).

    Args:
        write_secs: that writing one takes [s].
        between_interruptions_secs: the mean time between two interruptions [s].

    Raises:
        ValueError: a time that is not above 0.

    >>> checkpoint_interval_secs(30, 24 * 3600), checkpoint_interval_secs(30, 10)
    (2257, 10)
    """
    if min(write_secs, between_interruptions_secs) <= 0:
        raise ValueError(f"not above 0: {write_secs}, {between_interruptions_secs}")
    if write_secs >= 2 * between_interruptions_secs:
        return round(between_interruptions_secs)
    ratio = write_secs / (2 * between_interruptions_secs)
    first = math.sqrt(2 * write_secs * between_interruptions_secs)
    return max(round(first * (1 + math.sqrt(ratio) / 3 + ratio / 9) - write_secs), 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointAdvice:
    """How often to write a checkpoint.

    Args:
        every_secs: between two of them [s].
        checkpoint_bytes: what one takes on disk.
        hangs: how often a run was taken to be interrupted.
    """

    every_secs: int
    checkpoint_bytes: int
    hangs: float


def checkpoint_advice(duration: Estimate, checkpoint_bytes: int) -> CheckpointAdvice | None:
    """Return how often a job that writes such checkpoints should do so; ``None`` where it is over before the first.

    One is taken to be written at :data:`WRITTEN_BYTES_PER_SEC`, and :data:`HANGS` of all runs to be interrupted.

    Args:
        duration: of a run [s].
        checkpoint_bytes: with the states of the optimizer.

    >>> day = Estimate(50_000, 86_400, 150_000, ())
    >>> checkpoint_advice(day, 49 * 10**9).every_secs
    20543
    >>> checkpoint_advice(Estimate(60, 60, 60, ()), 49 * 10**9)
    """
    if checkpoint_bytes <= 0:
        return None
    write_secs = max(checkpoint_bytes / WRITTEN_BYTES_PER_SEC, 1.0)
    every = checkpoint_interval_secs(write_secs, duration.likely / HANGS)
    if every >= duration.likely:
        return None
    return CheckpointAdvice(every_secs=every, checkpoint_bytes=checkpoint_bytes, hangs=HANGS)
