"""What a sweep is made of: one trial on each flavor, and the limits of all of them together."""

from dataclasses import dataclass

from hfplanner.estimate.span import Estimate
from hfplanner.units import SECONDS_PER_MINUTE, ceil_div, started_minutes

__all__ = ["JobType", "SweepLimits", "TrialOffer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOffer:
    """One trial on one flavor.

    Args:
        flavor: its name.
        price_micro_usd_per_minute: of the whole flavor.
        trial_secs: how long one trial runs there, without what a job needs before its first trial [s].
        planned_secs: what of that the plan counts with: the likely value, or more where more confidence is asked [s].
        timeout_secs: the timeout for a job of one trial [s].
        slots: how many trials run side by side, each with GPUs of its own.
        startup_secs: what a job needs once before its first trial [s].
        wait_secs: how long a job likely waits for the flavor before it starts, which costs nothing [s].

    Raises:
        ValueError: a number that cannot be.
    """

    flavor: str
    price_micro_usd_per_minute: int
    trial_secs: Estimate
    planned_secs: int
    timeout_secs: int
    slots: int = 1
    startup_secs: int = 0
    wait_secs: int = 0

    def __post_init__(self) -> None:
        """Refuse an unpriced flavor and a trial that takes no time: neither is free."""
        least = min(self.price_micro_usd_per_minute, self.planned_secs, self.timeout_secs, self.slots)
        if least <= 0 or min(self.startup_secs, self.wait_secs) < 0:
            raise ValueError(f"not above 0: {self}")

    def job_of(self, rounds: int) -> "JobType":
        """Return the job that runs so many trials one after the other in each slot."""
        return JobType(self, rounds)


@dataclass(frozen=True, slots=True)
class JobType:
    """A job of a sweep: ``rounds`` trials one after the other in each slot of a flavor.

    >>> from hfplanner.estimate.span import exactly
    >>> offer = TrialOffer(flavor="l4x4", price_micro_usd_per_minute=63333, trial_secs=exactly(600, "one run"),
    ...     planned_secs=600, timeout_secs=900, slots=4, startup_secs=90)
    >>> job = offer.job_of(3)
    >>> job.trials, job.secs, job.cost_micro_usd, job.timeout_secs
    (12, 1890, 2026656, 2820)
    """

    offer: TrialOffer
    rounds: int

    @property
    def trials(self) -> int:
        """How many trials it runs."""
        return self.rounds * self.offer.slots

    @property
    def secs(self) -> int:
        """When it ends as planned, from when it is sent [s]."""
        return self.secs_for(self.offer.planned_secs)

    def secs_for(self, trial_secs: int) -> int:
        """Return when it ends where one trial takes ``trial_secs``: its wait, its start-up, its trials [s]."""
        return self.offer.wait_secs + self.running_secs_for(trial_secs)

    def running_secs_for(self, trial_secs: int) -> int:
        """Return how long it runs where one trial takes ``trial_secs`` [s]."""
        return self.offer.startup_secs + self.rounds * trial_secs

    @property
    def cost_micro_usd(self) -> int:
        """What it costs as planned: every started minute."""
        return self.cost_for(self.offer.planned_secs)

    def cost_for(self, trial_secs: int) -> int:
        """Return what it costs where one trial takes ``trial_secs`` [micro-USD]."""
        return self.offer.price_micro_usd_per_minute * started_minutes(self.running_secs_for(trial_secs))

    @property
    def timeout_secs(self) -> int:
        """The timeout to send: that of one trial for each round, in whole minutes [s]."""
        secs = self.offer.startup_secs + self.rounds * self.offer.timeout_secs
        return ceil_div(secs, SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE

    @property
    def worst_case_micro_usd(self) -> int:
        """The most one attempt can cost: it runs until its timeout."""
        return self.offer.price_micro_usd_per_minute * started_minutes(self.timeout_secs)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """What a sweep has to keep.

    Args:
        trials: how many there are.
        max_cost_micro_usd: for all of them together; ``None`` for no limit.
        deadline_secs: until the last trial has ended, from now [s]; ``None`` for no limit.
        parallel: how many jobs may run at once; ``None`` for no limit.
        max_timeout_secs: the longest timeout a job may have [s].

    Raises:
        ValueError: a limit that is not above 0.
    """

    trials: int
    max_cost_micro_usd: int | None = None
    deadline_secs: int | None = None
    parallel: int | None = None
    max_timeout_secs: int = 24 * 3600

    def __post_init__(self) -> None:
        """Refuse limits that nothing can keep."""
        given = (self.trials, self.max_cost_micro_usd, self.deadline_secs, self.parallel, self.max_timeout_secs)
        if any(limit is not None and limit <= 0 for limit in given):
            raise ValueError(f"not above 0: {self}")
