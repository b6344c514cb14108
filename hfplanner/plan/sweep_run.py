"""A sweep that is run: planned once, reserved whole or not at all, sent job by job, and gone on with where it ended."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.catalog.listing import Listing
from hfplanner.errors import HfplannerError, KeyConflict, quoted
from hfplanner.plan.after_upload import planned_after
from hfplanner.plan.approvals import ask_approval, judge_plan
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.job_plan import JobPlan, KnownRequest
from hfplanner.plan.known import know_job
from hfplanner.plan.own_outcomes import without_prediction
from hfplanner.plan.request import JobRequest
from hfplanner.plan.sending import refusal_of, who_submits
from hfplanner.plan.several import digest_of, exit_code_of, together, unknown_among
from hfplanner.plan.sweep_jobs import SWEEP_LABEL, KeptSweep, SweepJob, jobs_of, refuse_taken_names, sweep_label
from hfplanner.plan.sweeping import AskedSweep, Sweep, plan_sweep
from hfplanner.plan.uploads import HubUploader
from hfplanner.plan.workspace import Workspace
from hfplanner.units import ceil_div

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import JobOrder

__all__ = ["AskedSweepRun", "PlannedSweep", "SweepRun", "SweepRunner", "new_sweep_key"]

_SENDS_WITHIN = timedelta(hours=1)
_GRACE = timedelta(days=1)
_LONGEST_HOLD = timedelta(days=30)


def new_sweep_key() -> str:
    """Return a key for a sweep that was given none."""
    return f"sweep-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSweepRun:
    """A sweep that is to be run.

    Args:
        sweep: how many trials, by when, how many jobs at once.
        needs: what one trial needs and takes.
        request: what each job runs.
        key: of the sweep: the same again goes on with it.
    """

    sweep: AskedSweep
    needs: JobNeeds
    request: JobRequest
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSweep:
    """A sweep as it would be sent.

    Args:
        kept: its jobs.
        plans: of each kind of job, by flavor and timeout.
        earlier: what is in the books of each job already; ``None`` for one that is not.
        decision: whether all that is not yet reserved may be, together.
        sweep: the plan as it was made now; ``None`` where an earlier one goes on.
    """

    kept: KeptSweep
    plans: Mapping[tuple[str, int], JobPlan]
    earlier: tuple[Submission | None, ...]
    decision: Decision
    sweep: Sweep | None

    @property
    def new(self) -> tuple[SweepJob, ...]:
        """The jobs that nothing is held for."""
        return tuple(job for job, one in zip(self.kept.jobs, self.earlier, strict=True) if _is_new(one))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent, a sentence each."""
        notices = [text for plan in self.plans.values() for text in plan.notices]
        return (*dict.fromkeys(notices), *(reason.message for reason in self.decision.warnings))

    def plan_of(self, job: SweepJob) -> JobPlan:
        """Return the plan of a job, without what is its own."""
        return self.plans[job.flavor, job.timeout_secs]

    def own_plan(self, job: SweepJob) -> JobPlan:
        """Return the plan of a job, with what is its own."""
        plan = self.plan_of(job)
        told = job.variables(self.kept.key, self.kept.trials)
        return replace(plan, job=plan.job.but(env={**plan.job.env, **told}))

    def order(self, job: SweepJob, books: "Charging") -> "JobOrder":
        """Return what is sent for a job."""
        order = self.own_plan(job).order(self.kept.key_of(job), price_of=books.worst_price_of)
        # One window for all jobs: two looks at what is outside the ledger may differ.
        windows = {line.window.budget: line.window for line in self.decision.lines}
        return replace(
            order,
            windows=tuple(windows.get(one.budget, one) for one in order.windows),
            notes={
                **(order.notes if job.count == 1 else without_prediction(order.notes)),
                **self.kept.notes(job),
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the plan and whether it may be sent, as the interface spells it."""
        jobs = [_job_json(self.kept, job, one) for job, one in zip(self.kept.jobs, self.earlier, strict=True)]
        decision = {**self.decision.to_json(), "worst_case_micro_usd": self.kept.document["worst_case_micro_usd"]}
        first = self.kept.jobs[0]
        spec = {**self.plan_of(first).job.shown()}
        return {
            **self.kept.document,
            "dry_run": True,
            "sweep_key": self.kept.key,
            **decision,
            "to_reserve_micro_usd": self.decision.worst_case_micro_usd,
            "jobs": jobs,
            "spec": spec,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRun:
    """What became of a sweep.

    Args:
        kept: its jobs.
        submissions: of each of them.
        urls: the page of each, once known.
        warnings: what to know, a sentence each.
        stopped: why not all were sent; ``None`` where nothing kept them.
    """

    kept: KeptSweep
    submissions: tuple[Submission, ...]
    urls: tuple[str | None, ...]
    warnings: tuple[str, ...] = ()
    stopped: HfplannerError | None = None

    @property
    def waiting(self) -> int:
        """How many are reserved and not sent."""
        return sum(one.state is State.RESERVED for one in self.submissions)

    @property
    def unknown(self) -> int:
        """Of how many nobody knows whether they exist."""
        return unknown_among(self.submissions)

    @property
    def exit_code(self) -> int:
        """That of the contract: 5 where the outcome of one is unknown, 0 where nothing kept them from being sent."""
        return exit_code_of(self.submissions, self.stopped)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan and what became of each job, as the interface spells it."""
        jobs = [
            _job_json(self.kept, job, one, url)
            for job, one, url in zip(self.kept.jobs, self.submissions, self.urls, strict=True)
        ]
        return {**self.kept.document, "sweep_key": self.kept.key, "jobs": jobs, "waiting": self.waiting}


def _job_json(kept: KeptSweep, job: SweepJob, one: Submission | None, url: str | None = None) -> dict[str, Any]:
    return {
        "number": job.number,
        "key": kept.key_of(job),
        "submission_id": one and one.sid,
        "state": one and one.state.value,
        "job_id": one and one.job_id,
        "url": url,
        "flavor": job.flavor,
        "timeout_secs": job.timeout_secs,
        "attempts": 1,
        "worst_case_micro_usd": one and one.cap_micro_usd,
        "trials": list(job.trials),
        "slots": job.slots,
    }


def _is_new(one: Submission | None) -> bool:
    """Whether nothing is held for a job and nothing came of it."""
    return one is None or one.state is State.VOID


class SweepRunner:
    """Plans and sends one sweep.

    Args:
        asked: the sweep.
        workspace: where it is sent from.
        books: what charges a job that is granted otherwise than it was asked for; ``None`` where nothing is sent.

    Raises:
        HubError: who pays is not said, and the Hub does not tell.
        TokenError: there is no token.
        UsageError: offline, or the job sets a variable of the sweep's own.
    """

    def __init__(self, asked: AskedSweepRun, workspace: Workspace, books: "Charging | None") -> None:
        refuse_taken_names(asked.request.job.env)
        self._asked, self._books, self._workspace = asked, books, workspace
        labels = {**asked.request.job.labels, SWEEP_LABEL: sweep_label(asked.key)}
        self._request = replace(asked.request, job=asked.request.job.but(labels=labels, attempts=1))
        namespace = asked.request.namespace
        self._account = None if books is None else who_submits(workspace.submitter().hub, namespace)

    def plan(self, listing: Listing | None = None) -> PlannedSweep:
        """Return the plan as things stand now; of a key that was used, the one it was used for.

        Raises:
            KeyConflict: the key was used for another number of trials, or for what is no sweep.
            NothingFits: no flavor fits one trial, or no mix of jobs keeps the limits.
            HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
        """
        found = listing or self._workspace.listing()
        kept = self._kept()
        sweep = plan_sweep(self._asked.sweep, self._asked.needs, self._workspace) if kept is None else None
        if sweep is not None:
            trials = self._asked.sweep.trials
            kept = KeptSweep(key=self._asked.key, trials=trials, jobs=jobs_of(sweep.plan), document=sweep.to_json())
        if kept is None:
            raise AssertionError("a sweep is kept, or planned")
        books = self._workspace.books()
        earlier = tuple(books.by_key(kept.key_of(job)) for job in kept.jobs)
        kinds = dict.fromkeys((job.flavor, job.timeout_secs) for job in kept.jobs)
        plans = {kind: self._plan_one(*kind, found) for kind in kinds}
        one = next(iter(plans.values())).decision
        return self._decided(PlannedSweep(kept=kept, plans=plans, earlier=earlier, decision=one, sweep=sweep))

    def ask_approval(self, planned: PlannedSweep) -> "Approval | None":
        """Ask for a person's word for the whole sweep, where only that is missing for an agent.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        first = planned.plan_of(planned.kept.jobs[0])
        shown = first.shown | {"jobs": len(planned.new), "sweep_key": planned.kept.key}
        return ask_approval(planned.decision, shown, self._workspace)

    def _again(self, planned: PlannedSweep) -> PlannedSweep:
        """Return the same jobs, decided as things stand now."""
        listing, books = self._workspace.listing(), self._workspace.books()
        plans = {kind: self._plan_one(*kind, listing) for kind in planned.plans}
        earlier = tuple(books.by_key(planned.kept.key_of(job)) for job in planned.kept.jobs)
        return self._decided(replace(planned, plans=plans, earlier=earlier))

    def _decided(self, planned: PlannedSweep) -> PlannedSweep:
        """Return a sweep with the decision on all of its jobs that are not in the books."""
        new = [planned.plan_of(job) for job in planned.new]
        running = self._workspace.books().running()
        decision = together(new, running) if new else _nothing_new(next(iter(planned.plans.values())).decision)
        digests = [digest_of(planned.own_plan(job)) for job in planned.new]
        return replace(planned, decision=judge_plan(decision, digests, self._workspace))

    def _kept(self) -> KeptSweep | None:
        """Return the plan that was made under the key; ``None`` where there is none."""
        key, trials = self._asked.key, self._asked.sweep.trials
        first = self._workspace.books().by_key(f"{key}/1")
        if first is None:
            return None
        kept = KeptSweep.from_notes(key, first.notes)
        if kept.trials != trials:
            raise KeyConflict(
                f"The key {quoted(key)} was used before, for a sweep of {kept.trials} trials, not {trials}.",
                hint="Use another --key for another sweep; the same command with the same key goes on with the first.",
            )
        return kept

    def _plan_one(self, flavor: str, timeout_secs: int, listing: Listing) -> JobPlan:
        job = self._request.job.but(flavor=flavor, timeout_secs=timeout_secs)
        known = know_job(JobNeeds(), self._workspace)
        asked = KnownRequest(request=replace(self._request, job=job), known=known, sends=True)
        return asked.plan(self._workspace, listing, self._account)

    def send(
        self,
        planned: PlannedSweep,
        *,
        wait: Callable[[], object] | None = None,
        tell: Callable[[SweepJob, Submission], object] = lambda _job, _submission: None,
    ) -> SweepRun:
        """Reserve all jobs that nothing is held for, in one transaction, and send those there is room for.

        Args:
            planned: of :meth:`plan`.
            wait: waits until a job may have ended, where only so many may run at once; ``None`` returns instead.
            tell: hears of each job that was sent.

        Raises:
            BudgetError: it may not run; nothing is held and nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.several.reserve_orders`.
        ValueError: this runner only plans.
        """
        from hfplanner.submit.send import job_url  # noqa: PLC0415 - httpx
        from hfplanner.submit.several import AtOnce, reserve_orders, send_reserved  # noqa: PLC0415 - as above

        books = self._books
        if books is None:
            raise ValueError("a runner that only plans")
        if planned.decision.verdict is not Verdict.ALLOWED:
            raise refusal_of(planned.decision, self.ask_approval(planned))
        submitter, kept = self._workspace.submitter(), planned.kept
        first = planned.plan_of(kept.jobs[0])
        if not first.uploads.is_empty:
            # After the decision, before anything is reserved: what does not arrive holds no money.
            uploader = HubUploader(self._workspace.endpoint, self._workspace.token)
            planned = planned_after(
                lambda: first.uploads.send(first.account.namespace, uploader), planned, lambda: self._again(planned)
            )
            if planned.decision.verdict is not Verdict.ALLOWED:
                raise refusal_of(planned.decision, self.ask_approval(planned))
        orders = [planned.order(job, books) for job in kept.jobs]
        parallel = self._asked.sweep.parallel
        reserved = reserve_orders(orders, submitter, _lasts(kept.jobs, parallel))
        sent = send_reserved(
            orders,
            reserved,
            submitter,
            at_once=AtOnce(most=parallel, wait=wait),
            tell=lambda number, submission: tell(kept.jobs[number], submission),
        )
        endpoint = submitter.hub.endpoint
        urls = [one.job_id and job_url(endpoint, one.terms.namespace, one.job_id) for one in sent.submissions]
        return SweepRun(
            kept=kept,
            submissions=sent.submissions,
            urls=tuple(urls),
            warnings=sent.warnings,
            stopped=sent.stopped,
        )


def _lasts(jobs: Sequence[SweepJob], parallel: int | None) -> timedelta:
    """Return how long a job that is not sent keeps its money: while those before it may run, and a day to go on."""
    if parallel is None or parallel >= len(jobs):
        return _SENDS_WITHIN
    longest = max(job.timeout_secs for job in jobs)
    return min(timedelta(seconds=ceil_div(len(jobs), parallel) * longest) + _GRACE, _LONGEST_HOLD)


def _nothing_new(decision: Decision) -> Decision:
    """Return the decision of a sweep whose money is all held, or spent: what is reserved may be sent."""
    remarks = tuple(decision.warnings)
    return replace(decision, verdict=Verdict.ALLOWED, worst_case_micro_usd=0, lines=(), reasons=remarks)
