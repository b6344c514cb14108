"""What a canary that has ended told of its job, and whether the job still fits with that."""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.errors import BudgetRefused, CanaryFailed, NothingFits
from hfplanner.plan.job_log import LoggedRun, NoProgress, Ran, lines_after, ran_secs, run_of_lines
from hfplanner.units import format_about_duration, format_duration, format_usd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from hfplanner.api.models import JobInfo
    from hfplanner.api.streams import LogLine
    from hfplanner.plan.job_plan import JobPlan
    from hfplanner.submit.send import Submitted

__all__ = ["CanaryEnded", "canary_json", "refuse_what_does_not_fit", "told_by"]

_LAST_LINES = 10
_LIMITS = {"max_time", "max_cost", "deadline"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryEnded:
    """A canary that has ended, with what it told.

    Args:
        submitted: as the ledger has it.
        cost_micro_usd: what it cost; its worst case where that is not known.
        run: what its log says.
        warnings: what could not be done with it, a sentence each.
    """

    submitted: "Submitted"
    cost_micro_usd: int
    run: LoggedRun
    warnings: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What it told, a sentence."""
        run, whole = self.run, self.run.whole
        share = f"{run.progress:.0%}".replace("%", " %")
        return (
            f"Measured: {share} after {format_duration(run.secs)} on {run.flavor}, so about"
            f" {format_about_duration(whole.likely)} there ({format_about_duration(whole.low)} to"
            f" {format_about_duration(whole.high)}). It cost {format_usd(self.cost_micro_usd)}."
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        run = self.run
        told = {"running_secs": run.secs, "progress": run.progress, "duration_secs": run.whole.to_json()}
        return {**canary_json(self.submitted), "measured": True, "cost_micro_usd": self.cost_micro_usd, **told}


def canary_json(submitted: "Submitted") -> dict[str, Any]:
    """Return a canary of which only the ledger tells, as the interface spells it."""
    told: dict[str, Any] = {"measured": False, **submitted.to_json()}
    told["cost_micro_usd"] = submitted.submission.posted_micro_usd
    return told


def refuse_what_does_not_fit(plan: "JobPlan", ended: CanaryEnded) -> None:
    """Refuse a job that, as was measured, would be stopped before it is done, or breaks a limit on its flavor.

    Raises:
        NothingFits: it takes longer than was said.
        BudgetRefused: the money does not last until its end.
    """
    duration, run = plan.flavor.duration_secs, plan.run
    if duration is None:
        return
    saved = f"The canary {ended.submitted.job_id} cost {format_usd(ended.cost_micro_usd)}; nothing else was sent."
    if set(plan.flavor.breaks) & _LIMITS:
        raise NothingFits(f"As was measured, the job does not fit. {' '.join(plan.flavor.warnings)}", hint=saved)
    if run.timeout_secs >= duration.likely:
        return
    takes, stopped = format_about_duration(duration.likely), format_duration(run.timeout_secs)
    sentence = f"As was measured, the job takes about {takes} on {run.flavor}, and would be stopped after {stopped}"
    if run.timeout_basis == "max_cost":
        raise BudgetRefused(f"{sentence}, for which --max-cost pays.", hint=saved)
    raise NothingFits(f"{sentence}.", hint=saved)


def told_by(
    job: "JobInfo", row: "pl.DataFrame", lines: "Sequence[LogLine]", *, epochs: int | None, now: "datetime"
) -> LoggedRun:
    """Return what the log of a canary that has ended says.

    Raises:
        CanaryFailed: it ended by something else than its timeout or its own end, or says nothing.
    """
    last = tuple(deque((line.data for line in lines), maxlen=_LAST_LINES))
    stage, reason = (row[0, name] for name in ("stage", "reason")) if not row.is_empty() else ("unknown", "unknown")
    secs = ran_secs(job, now)
    if reason not in {"canary", "timeout", "completed"} or secs is None:
        message = job.status and job.status.message
        why = f": {message}" if message else f" with stage {stage}"
        raise CanaryFailed(f"The canary {job.id} ended{why}. The job was not sent.", lines=last)
    ran = Ran(flavor=str(job.flavor), secs=secs, job_id=job.id, log=f"The log of canary {job.id}")
    is_done = stage == "completed"
    try:
        run = run_of_lines(lines_after(job.started_at, lines), ran, epochs=epochs)
    except NoProgress as error:
        if is_done:
            raise _may_be_all(job.id, secs, last) from error
        raise CanaryFailed(f"{error.message} The job was not sent.", lines=last, hint=error.hint) from error
    if is_done and run.progress == 1 and run.said_by != "line":
        raise _may_be_all(job.id, secs, last)
    return run


def _may_be_all(job_id: str, secs: float, last: "Sequence[str]") -> CanaryFailed:
    """Return the error of a canary that came to its end: nobody knows whether all of the work is done."""
    lasted = format_duration(round(secs))
    return CanaryFailed(
        f"The canary {job_id} came to its end after {lasted}: that was the whole job, or the script does less where"
        " HFPLANNER_CANARY is set. The job was not sent.",
        lines=last,
        hint=f"A script that does less prints its progress itself; a job that takes {lasted} needs no canary.",
    )
