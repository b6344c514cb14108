"""The jobs of a sweep: which trials each of them runs, how it is told so, and how the ledger keeps the plan."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hfplanner.errors import LedgerError, UsageError, quoted
from hfplanner.recommend.sweep.plan import SweepPlan

__all__ = ["SWEEP_LABEL", "KeptSweep", "SweepJob", "jobs_of", "refuse_taken_names", "sweep_label"]

SWEEP_LABEL = "hfplanner-sweep"
"""The label by which the jobs of a sweep are found together."""

_NOTE, _PLAN = "sweep", "sweep_plan"
_VARIABLES = ("HFPLANNER_SWEEP", "HFPLANNER_TRIALS", "HFPLANNER_TRIAL_COUNT", "HFPLANNER_SLOTS")
_NO_LABEL = re.compile(r"[^a-zA-Z0-9._-]")
_LONGEST_LABEL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepJob:
    """One job of a sweep.

    Args:
        number: among the jobs of the sweep, from 1.
        flavor: where it runs.
        timeout_secs: of it [s].
        first: the number of its first trial, from 0.
        count: how many trials it runs.
        slots: how many of them side by side, each on an equal part of the GPUs.
    """

    number: int
    flavor: str
    timeout_secs: int
    first: int
    count: int
    slots: int

    @property
    def trials(self) -> range:
        """The numbers of its trials."""
        return range(self.first, self.first + self.count)

    def variables(self, key: str, trials: int) -> dict[str, str]:
        """Return the environment variables that tell the job what it is to do.

        Args:
            key: of the sweep.
            trials: how many the sweep has.

        >>> job = SweepJob(number=2, flavor="l4x4", timeout_secs=3600, first=4, count=3, slots=4)
        >>> job.variables("night", 40)["HFPLANNER_TRIALS"]
        '4,5,6'
        """
        told = (key, ",".join(map(str, self.trials)), str(trials), str(self.slots))
        return dict(zip(_VARIABLES, told, strict=True))


def jobs_of(plan: SweepPlan) -> tuple[SweepJob, ...]:
    """Return the jobs of a plan in the order they are sent: those that run longest first, trials numbered through."""
    jobs: list[SweepJob] = []
    first = 0
    for row in sorted(plan.rows, key=lambda row: row.secs, reverse=True):
        for _ in range(row.jobs):
            count = min(row.trials_per_job, plan.trials - first)
            if count > 0:
                where = {"flavor": row.flavor, "timeout_secs": row.timeout_secs, "slots": row.slots}
                jobs.append(SweepJob(number=len(jobs) + 1, first=first, count=count, **where))  # type: ignore[arg-type]
            first += max(count, 0)
    return tuple(jobs)


def sweep_label(key: str) -> str:
    """Return a sweep's key as the value of a label.

    >>> sweep_label("night run/1")
    'night-run-1'
    """
    return _NO_LABEL.sub("-", key)[:_LONGEST_LABEL]


def refuse_taken_names(env: Mapping[str, str]) -> None:
    """Refuse variables of the user's own that a sweep sets.

    Raises:
        UsageError: there is one.
    """
    for name in _VARIABLES:
        if name in env:
            raise UsageError(
                f"{quoted(name)} is set by the sweep, for each of its jobs.", hint="Leave it out of --env."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSweep:
    """A sweep as it was planned once: what goes on is this plan, whatever prices and history say by then.

    Args:
        key: of the sweep; that of a job is the same with its number.
        trials: how many it has.
        jobs: all of them.
        document: the plan as the interface spells it.
    """

    key: str
    trials: int
    jobs: tuple[SweepJob, ...]
    document: Mapping[str, Any]

    def key_of(self, job: SweepJob) -> str:
        """Return the key of a job, under which it is reserved and sent once."""
        return f"{self.key}/{job.number}"

    def notes(self, job: SweepJob) -> dict[str, str]:
        """Return what the ledger keeps with a job; with the first one the whole plan."""
        kept = {_NOTE: f"job {job.number} of {len(self.jobs)} of sweep {self.key}"}
        if job.number == 1:
            plan = {"trials": self.trials, "jobs": [asdict(one) for one in self.jobs], "document": self.document}
            kept[_PLAN] = json.dumps(plan, separators=(",", ":"), default=dict)
        return kept

    @classmethod
    def from_notes(cls, key: str, notes: Mapping[str, str]) -> "KeptSweep":
        """Return the plan that is kept with the first job of a sweep.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            kept = json.loads(notes[_PLAN])
            jobs = tuple(SweepJob(**one) for one in kept["jobs"])
            return cls(key=key, trials=kept["trials"], jobs=jobs, document=kept["document"])
        except (KeyError, TypeError, ValueError) as error:
            raise LedgerError(f"The plan of sweep {quoted(key)} cannot be read from the ledger.") from error
