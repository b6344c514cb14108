"""May a job run, and run it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.front.answers.jobs import Checked, FilesChecked, Planned, Sent
from hfplanner.front.asked import IMAGE, needs_of
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import (
    CANARY,
    FALLBACK,
    FILES,
    JOB,
    LIMITS,
    MODEL,
    NEEDS,
    SENDING,
    TIME,
    Argument,
    find_arguments,
)
from hfplanner.plan.asked import AskedJob

if TYPE_CHECKING:
    from hfplanner.plan.fallback import Fallback
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace

__all__ = ["check", "rerun", "run"]

_RERUN = Argument(
    name="job",
    group="Job",
    metavar="JOB_ID",
    help="The job, or one of the history: @latest, @latest-failed, @name=sft.",
)
_BOOKS = find_arguments("policy", "ledger", "token")
_PATHS = Argument(
    name="paths", group="Job", metavar="PATH", repeatable=True, help="Files and folders of jobs, instead of one job."
)


@asks(
    _PATHS,
    *FILES,
    *IMAGE,
    *JOB,
    *NEEDS,
    *MODEL,
    *TIME,
    *LIMITS,
    *SENDING,
    CANARY,
    *FALLBACK,
    *find_arguments("policy", "ledger", "token", "refresh", "offline"),
)
def check(given: Given) -> Checked | FilesChecked:
    """Return whether a job may run, with the arithmetic. Nothing is sent or reserved.

    With ``paths`` every job in files and folders is judged: scripts with a ``[tool.hf-jobs]`` header, files of jobs,
    jobs as JSON, workflows. ``max_cost`` is a limit here: :func:`run` shortens a timeout for it that was not given, a
    check shortens nothing. The arguments of a submission change nothing here.

    >>> import hfplanner as hp
    >>> hp.check(flavor="l4x1", timeout="1h", offline=True).worst_case_micro_usd
    799980
    """
    from hfplanner.plan.job_plan import know_request  # noqa: PLC0415 - each function loads what it needs
    from hfplanner.plan.request import read_job  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        if given["paths"]:
            return _files_checked(given, workspace)
        request = read_job(given.pack(AskedJob), workspace.variables, values=False, token=workspace.token)
        known = know_request(request, needs_of(given), workspace, sends=False)
        return Checked(known.plan(workspace, workspace.listing(refresh=given["refresh"])))


def _files_checked(given: Given, workspace: "Workspace") -> FilesChecked:
    from hfplanner.plan.spec_paths import check_files  # noqa: PLC0415 - as above

    asked = {one.name: given[one.name] for one in FILES} | {"namespace": given["namespace"]}
    return FilesChecked(check_files([Path(path) for path in given["paths"]], workspace, **asked))


@asks(
    *IMAGE,
    *JOB,
    *NEEDS,
    *MODEL,
    *TIME,
    *LIMITS,
    *SENDING,
    CANARY,
    *FALLBACK,
    *find_arguments("policy", "ledger", "token", "offline"),
)
def run(given: Given) -> Sent | Planned:
    """Run a job: recommend a flavor, check the budget, reserve, submit exactly once. Nobody is asked; it costs money.

    With ``dry_run=True`` return what would be sent and what it may cost; nothing is sent, reserved or written. A job
    that is sent is not followed. With ``canary=True`` it is measured first, where that pays: this waits until the
    canary has ended, and sends the job with what that told. With ``fallback`` or ``max_wait`` it waits until the job
    has started, on another flavor where one has no capacity.

    Raises:
        BudgetError: it may not run; ``hp.check`` has the arithmetic.
        NothingFits: no flavor meets the needs.
        CanaryFailed: the canary told nothing, and the job was not sent.
        NoCapacity: no flavor had room in time; nothing runs.
        SubmissionUnknown: it was sent, and nobody knows whether it exists; its money is held.

    >>> import hfplanner as hp
    >>> plan = hp.run(image="python:3.12", command=["python", "-V"], vram="24GB", dry_run=True, offline=True)
    >>> plan.to_dict()["flavor"]
    'l4x1'
    """
    from hfplanner.plan.fallback import Fallback  # noqa: PLC0415 - as above
    from hfplanner.plan.job_plan import know_request  # noqa: PLC0415 - as above
    from hfplanner.plan.request import read_job  # noqa: PLC0415 - as above
    from hfplanner.plan.sending import refuse_empty_key  # noqa: PLC0415 - as above

    job, key = given.pack(AskedJob), given["key"]
    if not (job.image or "").strip():
        raise UsageError("No image is given.", hint='For example image="python:3.12", command=["python", "train.py"].')
    refuse_empty_key(key)
    with given.open_workspace() as workspace:
        request = read_job(job, workspace.variables, values=not given["dry_run"], token=workspace.token)
        asked = know_request(request, needs_of(given), workspace, sends=True)
        fallback = Fallback.of(given["fallback"], given["max_wait"])
        if given["canary"]:
            return _measured(asked, key, workspace, fallback, dry_run=given["dry_run"])
        if fallback is not None and not given["dry_run"]:
            return _started(asked, key, fallback, workspace)
        return _planned(asked, key, workspace) if given["dry_run"] else _sent(asked, key, workspace)


def _measured(
    asked: "KnownRequest", key: str | None, workspace: "Workspace", fallback: "Fallback | None", *, dry_run: bool
) -> Sent | Planned:
    """Return the plan of a job and its canary, or what became of both."""
    from hfplanner.front.canary import plan_measured, send_measured  # noqa: PLC0415 - for those who measure first
    from hfplanner.plan.canary import NotMeasured  # noqa: PLC0415 - as above

    if dry_run:
        return plan_measured(asked, key, workspace)
    if fallback is not None:
        _refuse_unknown_flavors(asked, fallback, workspace)
    found = send_measured(asked, key, workspace, plans_anew=fallback is not None)
    if isinstance(found, NotMeasured):
        sent = _sent(asked, key, workspace) if fallback is None else _started(asked, key, fallback, workspace)
        return replace(sent, canary=found.to_json())
    sent, job = found
    return sent if fallback is None else _on_its_way(job, key, fallback, workspace, sent)


def _started(asked: "KnownRequest", key: str | None, fallback: "Fallback", workspace: "Workspace") -> Sent:
    """Return the job that has started, with what was tried before."""
    _refuse_unknown_flavors(asked, fallback, workspace)
    return _on_its_way(asked, key, fallback, workspace, _sent(asked, key, workspace))


def _refuse_unknown_flavors(asked: "KnownRequest", fallback: "Fallback", workspace: "Workspace") -> None:
    from hfplanner.plan.fallback import fallback_flavors  # noqa: PLC0415 - where it is asked for

    fallback_flavors(asked, fallback, workspace.listing(), "")


def _on_its_way(
    asked: "KnownRequest", key: str | None, fallback: "Fallback", workspace: "Workspace", sent: Sent
) -> Sent:
    """Return the job once it has started, on whichever flavor."""
    from hfplanner.plan.fallback_run import FallbackRun  # noqa: PLC0415 - where it is asked for
    from hfplanner.plan.sending import books_of  # noqa: PLC0415 - as above

    if sent.job_id is None:
        return sent
    listing = workspace.listing()
    run = FallbackRun(asked, key, fallback, books_of(workspace, listing), workspace)
    submitted, tried = run.run(sent.submitted, listing)
    return replace(sent, submitted=submitted, fallbacks=tried)


def _planned(asked: "KnownRequest", key: str | None, workspace: "Workspace") -> Sent | Planned:
    """Return the plan, or what became of a key that was used."""
    from hfplanner.plan.sending import sent_before  # noqa: PLC0415 - as above

    sent = sent_before(asked, key, workspace)
    return Planned(asked.plan(workspace)) if sent is None else Sent(sent, dry_run=True)


def _sent(asked: "KnownRequest", key: str | None, workspace: "Workspace") -> Sent:
    from hfplanner.plan.sending import Sender, bring_up_to_date, sent_before  # noqa: PLC0415 - as above

    now = bring_up_to_date(workspace, workspace.listing())
    sent = sent_before(asked, key, workspace)
    if sent is not None:
        return Sent(sent, now.warnings)
    sender = Sender(asked, key, now.books, workspace)
    plan = sender.plan()
    submitted = sender.send(plan)
    return Sent(submitted, (*now.warnings, *plan.warnings, *submitted.warnings))


@asks(_RERUN, *find_arguments("secrets", "secrets_file", "namespace"), *SENDING, *FALLBACK, *_BOOKS)
def rerun(given: Given) -> Sent | Planned:
    """Run a job again with the specification it had, through the same gate as :func:`run`.

    The Hub does not tell the values of secrets: each has to be given again. With ``dry_run=True`` nothing is sent. With
    ``fallback`` or ``max_wait`` it waits until the job has started, as :func:`run` does.

    Raises:
        UsageError: no job is named, or a secret is missing.
        HfplannerError: see :func:`run`.
    """
    from hfplanner.plan.fallback import Fallback  # noqa: PLC0415 - as above
    from hfplanner.plan.rerun import know_rerun  # noqa: PLC0415 - as above
    from hfplanner.plan.sending import refuse_empty_key  # noqa: PLC0415 - as above

    if not given["job"]:
        raise UsageError("No job is named.", hint='For example job="687fb701029421ae5549d998", or job="@latest".')
    refuse_empty_key(given["key"])
    with given.open_workspace() as workspace:
        asked = know_rerun(given["job"], given.pack(AskedJob), workspace, values=not given["dry_run"])
        fallback = Fallback.of(given["fallback"], given["max_wait"])
        if fallback is not None and not given["dry_run"]:
            return _started(asked, given["key"], fallback, workspace)
        send = _planned if given["dry_run"] else _sent
        return send(asked, given["key"], workspace)
