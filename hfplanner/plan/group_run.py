"""The jobs of one network group: reserved together or not at all, then sent one after the other, each once.

Jobs of a group (huggingface_hub 2.4.0) reach each other's ports, in one namespace, and make sense only together: half
of them would wait, and be paid for, until its timeout. A file of jobs is where they come together for us: those with
the same ``network_group``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.catalog.listing import Listing
from hfplanner.errors import HfplannerError, JobSpecError, UsageError, did_you_mean, quoted
from hfplanner.plan.after_upload import planned_after
from hfplanner.plan.approvals import ask_approval, judge_plan
from hfplanner.plan.asked import AskedJob
from hfplanner.plan.chosen_flavor import AUTO
from hfplanner.plan.job_plan import JobPlan, KnownRequest, know_request
from hfplanner.plan.request import JobRequest, read_job
from hfplanner.plan.script_run import ScriptRun, load_script, read_script_run
from hfplanner.plan.sending import refusal_of, who_submits
from hfplanner.plan.several import digest_of, exit_code_of, together, unknown_among
from hfplanner.plan.spec_job import request_of
from hfplanner.plan.spec_needs import needs_of
from hfplanner.plan.workspace import Workspace
from hfplanner.specs.discover import read_spec
from hfplanner.specs.documents import read_spec_text
from hfplanner.specs.found import FoundJob

if TYPE_CHECKING:
    from hfplanner.budget.ledger.approval import Approval
    from hfplanner.plan.uploads import Uploader
    from hfplanner.submit.charging import Charging
    from hfplanner.submit.send import JobOrder

__all__ = ["AskedGroup", "GroupRun", "GroupRunner", "PlannedGroup", "read_group"]

_SENDS_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedGroup:
    """A group that is to be run.

    Args:
        name: of the group.
        jobs: each of them, by the name of the file and a number where it is started several times.
        key: that makes a retry safe: the same again goes on.
    """

    name: str
    jobs: Mapping[str, FoundJob]
    key: str


def read_group(path: Path, name: str | None, key: str) -> AskedGroup:
    """Return the jobs of a file that are in one network group.

    Args:
        path: a file of jobs, TOML or YAML.
        name: of the group; ``None`` where the file has one.
        key: of the run.

    Raises:
        JobSpecError: the file cannot be read, or a job of the group cannot be run so; the sentence names file and line.
        UsageError: the file has no such group, or several and none is named.
    """
    source = str(path)
    found = read_spec(source, read_spec_text(path)).jobs
    groups = list(dict.fromkeys(job.group for job in found if job.group))
    if name is None and len(groups) > 1:
        raise UsageError(f"{quoted(source)} has several groups.", hint=f"Give --group: {', '.join(groups)}.")
    if not groups or (name is not None and name not in groups):
        wanted = "no job with a network_group" if name is None or not groups else f"no group {quoted(name)}"
        hint = f"{did_you_mean(name or '', groups)}Jobs of a group have the same network_group in the file."
        raise UsageError(f"{quoted(source)} has {wanted}.", hint=hint)
    chosen = name or groups[0]
    jobs = [job for job in found if job.group == chosen]
    _check(jobs)
    return AskedGroup(name=chosen, jobs=dict(_each(jobs)), key=key)


def _check(jobs: Sequence[FoundJob]) -> None:
    for job in jobs:
        if job.kind == "script" and job.command[0].startswith(("https://", "http://")):
            raise JobSpecError(
                f"{job.where}: a script of a group has to be a file of this machine.",
                hint="Download it, so that every job of the group runs the same.",
            )
        if job.namespace != jobs[0].namespace:
            raise JobSpecError(f"{job.where}: the jobs of a network group are of one namespace.")


def _each(jobs: Sequence[FoundJob]) -> Iterator[tuple[str, FoundJob]]:
    for job in jobs:
        for number in range(1, job.times + 1):
            yield job.title if job.times == 1 else f"{job.title}/{number}", replace(job, times=1)


def _request(job: FoundJob, workspace: Workspace) -> JobRequest:
    """Return what is sent for a job, its secrets from the environment of who runs it.

    Raises:
        JobSpecError: something the Hub would refuse.
        UsageError: a secret is not set, or a file is not here.
    """
    request, variables = request_of(job), workspace.variables
    missing = [name for name in job.secrets if name not in variables]
    if missing:
        raise UsageError(
            f"{job.where}: these secrets are not set in your environment: {', '.join(map(quoted, missing))}.",
            hint=f"Export them (export {missing[0]}=...).",
        )
    read = _script(job, request, workspace) if job.kind == "script" else _image(job, request)
    return replace(
        read,
        job=read.job.but(
            env={**read.job.env, **job.env},
            secrets={**read.job.secrets, **{name: variables[name] for name in job.secrets}},
            expose=job.ports,
            network_group=job.group,
            network_aliases=job.aliases,
        ),
    )


def _image(job: FoundJob, request: JobRequest) -> JobRequest:
    volumes = read_job(AskedJob(image=job.image, command=job.command, volume=list(job.volumes)), {}, values=False)
    # Of variables and secrets only the names were read.
    bare = request.job.but(env={}, secrets={}, volumes=volumes.job.volumes)
    return replace(request, uploads=volumes.uploads, job=bare)


def _script(job: FoundJob, request: JobRequest, workspace: Workspace) -> JobRequest:
    """Return the job of a script: what the file says wins over the script's header, and both go up with it."""
    base = Path(job.source).parent
    script = next((str(path) for path in (base / job.command[0], Path(job.command[0])) if path.is_file()), None)
    loaded = load_script(ScriptRun(script=script or job.command[0], args=job.command[1:]))
    asked = AskedJob(
        image=job.image,
        flavor=request.job.flavor or AUTO,
        timeout=request.job.timeout_secs,
        attempts=job.attempts,
        namespace=job.namespace,
        label=[f"{key}={value}" if value else key for key, value in job.labels.items()],
        volume=list(job.volumes),
    )
    return read_script_run(asked, loaded, workspace.variables, values=True, token=workspace.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedGroup:
    """A group as it would be sent.

    Args:
        asked: the group.
        plans: of each job, by its name.
        earlier: what was reserved under the key before.
        decision: whether all that is not yet reserved may be, together.
    """

    asked: AskedGroup
    plans: Mapping[str, JobPlan]
    earlier: Mapping[str, Submission]
    decision: Decision

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent, a sentence each."""
        return tuple(dict.fromkeys(text for plan in self.plans.values() for text in plan.warnings))

    def orders(self, books: "Charging") -> "list[JobOrder]":
        """Return what is sent for each job."""
        # One window for all jobs: two looks at what is outside the ledger may differ.
        windows = {line.window.budget: line.window for line in self.decision.lines}
        orders = [
            plan.order(f"{self.asked.key}/{name}", price_of=books.worst_price_of) for name, plan in self.plans.items()
        ]
        return [
            replace(
                order,
                windows=tuple(windows.get(one.budget, one) for one in order.windows),
                notes={**order.notes, "group": self.asked.name},
            )
            for order in orders
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan and whether it may be sent, as the interface spells it."""
        jobs = [
            {
                "name": name,
                "flavor": plan.run.flavor,
                "timeout_secs": plan.run.timeout_secs,
                "attempts": plan.attempts,
                "worst_case_micro_usd": plan.decision.worst_case_micro_usd,
                "state": self.earlier[name].state.value if name in self.earlier else None,
                "spec": plan.job.shown(),
            }
            for name, plan in self.plans.items()
        ]
        return {"dry_run": True, **_named(self.asked), **self.decision.to_json(), "jobs": jobs}


def _named(asked: AskedGroup) -> dict[str, Any]:
    return {"network_group": asked.name, "group_key": asked.key}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRun:
    """What became of a group.

    Args:
        asked: the group.
        submissions: of each job, by its name.
        urls: their pages, once known.
        warnings: what to know, a sentence each.
        stopped: why not all were sent; ``None`` where nothing kept them.
    """

    asked: AskedGroup
    submissions: Mapping[str, Submission]
    urls: Mapping[str, str | None]
    warnings: tuple[str, ...] = ()
    stopped: HfplannerError | None = None

    @property
    def unknown(self) -> int:
        """Of how many nobody knows whether they exist."""
        return unknown_among(self.submissions.values())

    @property
    def exit_code(self) -> int:
        """That of the contract."""
        return exit_code_of(self.submissions.values(), self.stopped)

    def to_dict(self) -> dict[str, Any]:
        """Return what became of each job, as the interface spells it."""
        jobs = [
            {
                "name": name,
                "submission_id": one.sid,
                "state": one.state.value,
                "job_id": one.job_id,
                "url": self.urls[name],
                "flavor": one.terms.flavor,
                "timeout_secs": one.terms.timeout_secs,
                "attempts": one.terms.attempts,
                "worst_case_micro_usd": one.cap_micro_usd,
            }
            for name, one in self.submissions.items()
        ]
        total = sum(one.cap_micro_usd for one in self.submissions.values() if one.state is not State.VOID)
        return {**_named(self.asked), "worst_case_micro_usd": total, "jobs": jobs}


class GroupRunner:
    """Plans and sends one group.

    Args:
        asked: the group.
        workspace: where it is sent from.
        books: what charges a job that is granted otherwise than it was asked for; ``None`` where nothing is sent.
        uploader: brings files of this machine into the bucket; by default ``huggingface_hub``.

    Raises:
        HubError: who pays is not said, and the Hub does not tell.
        TokenError: there is no token.
        UsageError: offline, or a secret is not set.
    """

    def __init__(
        self,
        asked: AskedGroup,
        workspace: Workspace,
        books: "Charging | None",
        uploader: "Uploader | None" = None,
    ) -> None:
        self._asked, self._workspace, self._books, self._uploader = asked, workspace, books, uploader
        self._known: dict[str, KnownRequest] = {
            name: know_request(_request(job, workspace), needs_of(job), workspace, sends=True)
            for name, job in asked.jobs.items()
        }
        namespace = next(iter(self._known.values())).request.namespace
        self._account = None if books is None else who_submits(workspace.submitter().hub, namespace)

    def plan(self, listing: Listing | None = None) -> PlannedGroup:
        """Return the plan as things stand now.

        Raises:
            HfplannerError: see :meth:`~hfplanner.plan.job_plan.KnownRequest.plan`.
        """
        found, books = listing or self._workspace.listing(), self._workspace.books()
        plans = {name: one.plan(self._workspace, found, self._account) for name, one in self._known.items()}
        kept = {name: books.by_key(f"{self._asked.key}/{name}") for name in plans}
        earlier = {name: one for name, one in kept.items() if one is not None and one.state is not State.VOID}
        new = [plan for name, plan in plans.items() if name not in earlier]
        if new:
            decision = judge_plan(together(new, books.running()), [digest_of(plan) for plan in new], self._workspace)
        else:
            first = next(iter(plans.values())).decision
            decision = replace(first, verdict=Verdict.ALLOWED, worst_case_micro_usd=0, lines=(), reasons=())
        return PlannedGroup(asked=self._asked, plans=plans, earlier=earlier, decision=decision)

    def ask_approval(self, planned: PlannedGroup) -> "Approval | None":
        """Ask for a person's word for all jobs, where only that is missing for an agent.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        shown = next(iter(planned.plans.values())).shown | {"jobs": len(planned.plans), "group": planned.asked.name}
        return ask_approval(planned.decision, shown, self._workspace)

    def send(
        self, planned: PlannedGroup, tell: Callable[[str, Submission], object] = lambda _name, _submission: None
    ) -> GroupRun:
        """Reserve all jobs in one transaction, or none, and send each once.

        Args:
            planned: of :meth:`plan`.
            tell: hears of each job that was sent.

        Raises:
            BudgetError: it may not run; nothing is held and nothing was sent.
            HfplannerError: see :func:`~hfplanner.submit.several.reserve_orders`.
            ValueError: this runner only plans.
        """
        from hfplanner.plan.uploads import HubUploader  # noqa: PLC0415 - httpx
        from hfplanner.submit.send import job_url  # noqa: PLC0415 - as above
        from hfplanner.submit.several import AtOnce, reserve_orders, send_reserved  # noqa: PLC0415 - as above

        if self._books is None:
            raise ValueError("a runner that only plans")
        if planned.decision.verdict is not Verdict.ALLOWED:
            raise refusal_of(planned.decision, self.ask_approval(planned))
        submitter, names = self._workspace.submitter(), list(planned.plans)
        uploader = self._uploader or HubUploader(self._workspace.endpoint, self._workspace.token)
        plans = list(planned.plans.values())
        if not all(plan.uploads.is_empty for plan in plans):

            def bring() -> None:
                for plan in plans:
                    plan.uploads.send(plan.account.namespace, uploader)

            planned = planned_after(bring, planned, self.plan)
            if planned.decision.verdict is not Verdict.ALLOWED:
                raise refusal_of(planned.decision, self.ask_approval(planned))
        orders = planned.orders(self._books)
        reserved = reserve_orders(orders, submitter, _SENDS_WITHIN)
        sent = send_reserved(
            orders, reserved, submitter, at_once=AtOnce(), tell=lambda number, one: tell(names[number], one)
        )
        endpoint = submitter.hub.endpoint
        submissions = dict(zip(names, sent.submissions, strict=True))
        return GroupRun(
            asked=planned.asked,
            submissions=submissions,
            urls={
                name: one.job_id and job_url(endpoint, one.terms.namespace, one.job_id)
                for name, one in submissions.items()
            },
            warnings=sent.warnings,
            stopped=sent.stopped,
        )
