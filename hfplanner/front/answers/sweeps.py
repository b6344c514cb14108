"""Answers about a sweep that is run: what would be sent, and what became of its jobs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.front.frames import SWEEP_JOBS, Columns
from hfplanner.front.results import Table
from hfplanner.front.shown import Column, Shown, said
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.plan.sweep_run import PlannedSweep, SweepRun

__all__ = ["SweepPlanned", "SweepSent"]


@dataclass(frozen=True, slots=True, repr=False)
class SweepPlanned(Table):
    """What would be reserved and sent: nothing was.

    Args:
        planned: the engine's.
    """

    planned: "PlannedSweep"

    @property
    def allowed(self) -> bool:
        """Whether all of it may run."""
        return self.planned.decision.verdict.value == "allowed"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent, a sentence each."""
        return tuple(map(said, self.planned.warnings))

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as ``hfplanner sweep --run --dry-run --json`` does; of secrets it has the names only."""
        return self.planned.to_dict()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return SWEEP_JOBS, self.to_dict()["jobs"]

    def _shown(self) -> Shown:
        most = format_usd(self.planned.kept.document["worst_case_micro_usd"])
        title = f"{len(self.planned.kept.jobs)} jobs, {self.planned.decision.verdict.value}: at most {most}"
        return Shown(title, _columns(self.to_dict()["jobs"]), self.warnings)


@dataclass(frozen=True, slots=True, repr=False)
class SweepSent(Table):
    """What became of the jobs of a sweep.

    Args:
        run: the engine's.
        warnings: what to know, a sentence each.
    """

    run: "SweepRun"
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key by which the same call goes on."""
        return self.run.kept.key

    @property
    def waiting(self) -> int:
        """How many jobs are reserved and not sent yet."""
        return self.run.waiting

    @property
    def job_ids(self) -> tuple[str | None, ...]:
        """The id of each job; ``None`` for one that was not sent, or of which nobody knows."""
        return tuple(one.job_id for one in self.run.submissions)

    def to_dict(self) -> dict[str, Any]:
        """Return them as ``hfplanner sweep --run --json`` does."""
        return self.run.to_dict()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return SWEEP_JOBS, self.to_dict()["jobs"]

    def _shown(self) -> Shown:
        sent = sum(job is not None for job in self.job_ids)
        title = f"Sweep {self.key}: {sent} of {len(self.job_ids)} jobs sent, {self.waiting} wait"
        return Shown(title, _columns(self.to_dict()["jobs"]), self.warnings)


def _columns(jobs: list[dict[str, Any]]) -> tuple[Column, ...]:
    return (
        Column("JOB", [str(job["number"]) for job in jobs]),
        Column("FLAVOR", [job["flavor"] for job in jobs], right=False),
        Column("TRIALS", [", ".join(map(str, job["trials"])) for job in jobs], right=False),
        Column("TIMEOUT", [format_duration(job["timeout_secs"]) for job in jobs]),
        Column("STATE", [job["state"] or "-" for job in jobs], right=False),
        Column("JOB ID", [job["job_id"] or "-" for job in jobs], right=False),
    )
