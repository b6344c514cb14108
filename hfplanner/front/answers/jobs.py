"""Answers about jobs: may they run, what would be sent, and what became of one that was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.front.answers.cells import usd_text
from hfplanner.front.frames import CHECKED_JOBS, Columns
from hfplanner.front.results import Answer, Table
from hfplanner.front.shown import Column, Shown, said
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.budget.decision import Decision
    from hfplanner.plan.canary import CanaryPlan, NotMeasured
    from hfplanner.plan.fallback import Tried
    from hfplanner.plan.job_plan import JobPlan
    from hfplanner.plan.spec_paths import CheckedFiles
    from hfplanner.submit.send import Submitted

__all__ = ["Checked", "FilesChecked", "Planned", "Sent"]


@dataclass(frozen=True, slots=True, repr=False)
class Checked(Answer):
    """Whether a job may run, with the arithmetic.

    Args:
        plan: the job as it would be sent.
    """

    plan: "JobPlan"

    @property
    def decision(self) -> str:
        """``"allowed"``, ``"refused"`` or ``"blocked"``."""
        return self.plan.decision.verdict.value

    @property
    def allowed(self) -> bool:
        """Whether it may run."""
        return self.decision == "allowed"

    @property
    def worst_case_micro_usd(self) -> int | None:
        """The most it can cost; ``None`` where that is not known."""
        return self.plan.decision.worst_case_micro_usd

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not run, a sentence each."""
        return tuple(said(reason.message) for reason in self.plan.decision.against)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know although it may, a sentence each."""
        return tuple(map(said, self.plan.warnings))

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as ``hfplanner check --json`` does."""
        return self.plan.checked()

    def _shown(self) -> Shown:
        return _shown_decision(self.plan.decision, (*self.reasons, *self.warnings))


@dataclass(frozen=True, slots=True, repr=False)
class FilesChecked(Table):
    """What every job in files costs, and whether all of it may run.

    Args:
        files: the engine's.
    """

    files: "CheckedFiles"

    @property
    def decision(self) -> str:
        """``"allowed"``, ``"refused"`` or ``"blocked"``: of all jobs together."""
        return self.files.check.verdict.value

    @property
    def allowed(self) -> bool:
        """Whether all of it may run, and is no dearer than allowed."""
        return self.files.exit_code == 0

    def to_dict(self) -> dict[str, Any]:
        """Return the check as ``hfplanner check PATH --json`` does."""
        return self.files.to_dict()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return CHECKED_JOBS, [job.to_json() for job in self.files.check.jobs]

    def _shown(self) -> Shown:
        check, jobs = self.files.check, self.files.check.jobs
        title = f"{self.decision.capitalize()}: {len(jobs)} jobs"
        columns = [
            Column("JOB", [job.found.title for job in jobs], right=False),
            Column("WHERE", [job.found.where for job in jobs], right=False),
            Column("FLAVOR", [job.flavor or "-" for job in jobs], right=False),
            Column("RUNS", [str(job.runs) for job in jobs]),
            Column("AT MOST", [usd_text(job.worst_case_micro_usd) for job in jobs]),
            Column("DECISION", [job.verdict.value for job in jobs], right=False),
        ]
        unchecked = (f"{one.source}: {one.reason}" for one in check.not_checked)
        return Shown(title, columns if jobs else (), tuple(filter(None, (self.files.too_dear, *unchecked))))


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Answer):
    """What would be sent, and what it may cost: nothing was.

    Args:
        plan: the job as it would be sent.
        canary: it and its canary, or why there is none; ``None`` where nobody asked for one.
    """

    plan: "JobPlan"
    canary: "CanaryPlan | NotMeasured | None" = None

    @property
    def allowed(self) -> bool:
        """Whether it may run, with its canary where it has one."""
        return bool(self.to_dict()["decision"] == "allowed")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent, a sentence each."""
        return tuple(map(said, self.plan.warnings))

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as ``hfplanner run --dry-run --json`` does; of secrets it has the names only."""
        if self.canary is None:
            return self.plan.to_dict()
        return {**self.plan.to_dict(), **self.canary.of_the_answer()}

    def _shown(self) -> Shown:
        why = f"{self.plan.run.flavor}: {self.plan.flavor.why}. Timeout {format_duration(self.plan.run.timeout_secs)}."
        return _shown_decision(self.plan.decision, (why, *self.warnings))


@dataclass(frozen=True, slots=True, repr=False)
class Sent(Answer):
    """What became of a job that was sent.

    Args:
        submitted: as the ledger has it.
        warnings: what to know, a sentence each.
        dry_run: whether nothing was sent now, because the key had been used before.
        canary: what became of its canary; ``None`` where nobody asked for one.
        fallbacks: the flavors on which it did not start in time; ``None`` where nobody asked for others.
    """

    submitted: "Submitted"
    warnings: tuple[str, ...] = ()
    dry_run: bool = False
    canary: Mapping[str, Any] | None = None
    fallbacks: "tuple[Tried, ...] | None" = None

    @property
    def job_id(self) -> str | None:
        """The job's id; ``None`` while it is not known."""
        return self.submitted.job_id

    @property
    def url(self) -> str | None:
        """The job's page; ``None`` while it is not known."""
        return self.submitted.url

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner run --json`` does."""
        canary = {} if self.canary is None else {"canary": dict(self.canary)}
        tried = {} if self.fallbacks is None else {"fallbacks": [one.to_json() for one in self.fallbacks]}
        return {**({"dry_run": True} if self.dry_run else {}), **self.submitted.to_json(), **canary, **tried}

    def _shown(self) -> Shown:
        submission = self.submitted.submission
        most = format_usd(submission.cap_micro_usd)
        state = f"Job {self.job_id or 'not known yet'} is {submission.state.value} on {submission.terms.flavor}"
        return Shown(f"{state}: {most} at most", (), tuple(filter(None, (self.url, *self.warnings))))


def _shown_decision(decision: "Decision", notes: tuple[str, ...]) -> Shown:
    from hfplanner.budget.explain import headline  # noqa: PLC0415 - for people only

    lines = decision.lines
    columns = [
        Column("BUDGET", [line.window.budget for line in lines], right=False),
        Column("LIMIT", [format_usd(line.limit_micro_usd) for line in lines]),
        Column("SPENT", [format_usd(line.spent_micro_usd) for line in lines]),
        Column("HELD", [format_usd(line.held_micro_usd) for line in lines]),
        Column("THIS JOB", [format_usd(line.this_job_micro_usd) for line in lines]),
        Column("LEFT", [format_usd(line.left_micro_usd) for line in lines]),
    ]
    return Shown(headline(decision), columns if lines else (), notes)
