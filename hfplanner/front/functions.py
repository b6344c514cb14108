"""The functions of the front door: each question the command line answers, asked in the same way."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.front.answers.flavors import Estimated, Hardware, MemoryNeeded, Recommended, Swept
from hfplanner.front.answers.history import Budgets, MeasuredPeaks, Reported, Synced
from hfplanner.front.answers.jobs import Checked, FilesChecked, Planned, Sent
from hfplanner.front.answers.sweeps import SweepPlanned, SweepSent
from hfplanner.front.approving import approve
from hfplanner.front.calling import Given, asks
from hfplanner.front.lists import prices, scheduled
from hfplanner.plan.arguments import (
    ATTEMPTS,
    CANARY,
    CHECKPOINT_EVERY,
    DURATION,
    FALLBACK,
    FILES,
    FIT,
    FLAVORS,
    GPUS_OF_A_RUN,
    JOB,
    LIMITS,
    MEASURED,
    MODEL,
    NEEDS,
    OBJECTIVE,
    REPORT,
    RUN_SWEEP,
    SENDING,
    SOLVE,
    SWEEP,
    SWEEP_JOB,
    SYNC,
    TIME,
    TO,
    TOP,
    TRACE,
    TRIALS,
    WORST_TIMEOUT,
    Argument,
    as_option,
    find_arguments,
)
from hfplanner.plan.asked import AskedDuration, AskedJob, AskedLimits, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.readers import MeasuredDuration, read_measured
from hfplanner.plan.selecting import SORT, select_flavors

if TYPE_CHECKING:
    from hfplanner.plan.fallback import Fallback
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace

__all__ = [
    "approve",
    "budgets",
    "check",
    "estimate_cost",
    "estimate_duration",
    "estimate_memory",
    "hardware",
    "measured_add",
    "measured_list",
    "measured_remove",
    "prices",
    "recommend",
    "report",
    "rerun",
    "run",
    "scheduled",
    "sweep",
    "sync",
]

_PRICES = find_arguments("refresh", "offline")
_IMAGE = (
    Argument(name="image", group="Job", metavar="IMAGE", help="The image it runs in."),
    Argument(name="command", group="Job", metavar="COMMAND", repeatable=True, help="What it runs, a list of words."),
)


_IDS = Argument(name="ids", group="Options", metavar="ID", repeatable=True, help="As `measured_list` shows them.")
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


def _read_runs(given: object) -> list[MeasuredDuration]:
    """Read measured durations by flavor: ``{"a10g-small": "2h"}``."""
    if not isinstance(given, dict) or not given:
        raise UsageError("The runs are no mapping of flavors to durations.", hint='For example {"a10g-small": "2h"}.')
    return [MeasuredDuration(read_measured(duration).seconds, str(flavor)) for flavor, duration in given.items()]


_RUNS = Argument(
    name="runs",
    group="Time",
    read=_read_runs,
    metavar="MAPPING",
    help='Measured durations by flavor, another way to say duration: {"a10g-small": "2h"}.',
)
_WORK = (*DURATION, _RUNS)


def _needs(given: Given) -> JobNeeds:
    return JobNeeds(
        machine=given.pack(AskedMachine),
        model=given.pack(AskedModel),
        time=given.pack(AskedTime),
        limits=given.pack(AskedLimits),
    )


@asks(*NEEDS, *find_arguments("max_price"), SORT, *_PRICES)
def hardware(given: Given) -> Hardware:
    """Return the flavors that can be rented, or those that do for a machine, with their prices.

    >>> import hfplanner as hp
    >>> hp.hardware(offline=True).flavors[0].name
    'cpu-basic'
    """
    with given.open_workspace() as workspace:
        found = select_flavors(
            workspace.listing(refresh=given["refresh"]),
            given.pack(AskedMachine),
            max_price_micro_usd_per_hour=given["max_price"],
            sort=given["sort"],
        )
        return Hardware(found, workspace.now())


@asks(*NEEDS, *MODEL, *TIME, *LIMITS, *TRIALS, CHECKPOINT_EVERY, OBJECTIVE, TOP, *_PRICES)
def recommend(given: Given) -> Recommended:
    """Return which flavor is cheapest for what a job needs, why, and why every other is not.

    Where nothing fits there are no ``options``, and the answer names the nearest miss.

    >>> import hfplanner as hp
    >>> hp.recommend(vram="40GB", offline=True).best.flavor.name
    'l40sx1'
    """
    from hfplanner.plan.recommending import recommend_for, with_inputs  # noqa: PLC0415 - each function loads what it needs

    with given.open_workspace() as workspace:
        needs = _needs(given)
        answer = with_inputs(recommend_for(needs, workspace, refresh=given["refresh"]), needs, given.said)
        return Recommended(answer, workspace.now())


@asks(*MODEL, GPUS_OF_A_RUN, TRACE, SOLVE, FIT, *_PRICES)
def estimate_memory(given: Given) -> MemoryNeeded:
    """Return how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    >>> import hfplanner as hp
    >>> hp.estimate_memory(model="Qwen/Qwen3-8B", task="lora", batch_size=4, offline=True).per_gpu_bytes.likely > 16e9
    True
    """
    from hfplanner.plan import estimating  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        asked = given.pack(AskedModel)
        how = {"trace": given["trace"], "solve": given["solve"], "fit": given["fit"]}
        report = estimating.estimate_memory(asked, given["gpus"], workspace, listing, **how)
        return MemoryNeeded(report)


@asks(*_WORK, TO, *_PRICES)
def estimate_duration(given: Given) -> Estimated:
    """Return how long a job that was measured on one flavor takes on the others, fastest first.

    >>> import hfplanner as hp
    >>> there = hp.estimate_duration(runs={"a10g-small": "2h20m"}, phase="train", to="h200", offline=True)
    >>> there.estimates[0].duration_secs.likely < 2 * 3600
    True
    """
    found = _estimated(given, TO)
    return replace(found, plan=found.plan.fastest_first())


@asks(*_WORK, FLAVORS, WORST_TIMEOUT, ATTEMPTS, *_PRICES)
def estimate_cost(given: Given) -> Estimated:
    """Return what a job costs on each flavor, cheapest first, and what it can cost at most.

    >>> import hfplanner as hp
    >>> hp.estimate_cost(duration="3h", flavor="l4x1", offline=True).estimates[0].cost_micro_usd.likely
    2399940
    """
    found = _estimated(given, FLAVORS, timeout_secs=given["timeout"], attempts=given["attempts"] or 1)
    return replace(found, plan=found.plan.cheapest_first())


def _estimated(given: Given, only: Argument, *, timeout_secs: int | None = None, attempts: int = 1) -> Estimated:
    from hfplanner.estimate.duration.plan import Terms, find_flavors  # noqa: PLC0415 - as above
    from hfplanner.plan.estimating import know_duration, plan_durations  # noqa: PLC0415 - as above

    runs = [*(given["duration"] or ()), *(given["runs"] or ())]
    asked = AskedDuration.of(**{**given.values, "duration": runs or None})
    terms = Terms(timeout_secs=timeout_secs, attempts=attempts, tokens=asked.time.tokens)
    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        flavors = find_flavors(given[only.name] or (), listing.by_name(), as_option(only.name))
        known = know_duration(asked, workspace)
        return Estimated(plan_durations(known, listing, flavors, terms), listing, workspace.now())


@asks(
    _PATHS,
    *FILES,
    *_IMAGE,
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
    from hfplanner.plan.job_plan import know_request  # noqa: PLC0415 - as above
    from hfplanner.plan.request import read_job  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        if given["paths"]:
            return _files_checked(given, workspace)
        request = read_job(given.pack(AskedJob), workspace.variables, values=False, token=workspace.token)
        known = know_request(request, _needs(given), workspace, sends=False)
        return Checked(known.plan(workspace, workspace.listing(refresh=given["refresh"])))


def _files_checked(given: Given, workspace: "Workspace") -> FilesChecked:
    from hfplanner.plan.spec_paths import check_files  # noqa: PLC0415 - as above

    asked = {one.name: given[one.name] for one in FILES} | {"namespace": given["namespace"]}
    return FilesChecked(check_files([Path(path) for path in given["paths"]], workspace, **asked))


@asks(
    *_IMAGE,
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
        asked = know_request(request, _needs(given), workspace, sends=True)
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


@asks(
    *TRIALS,
    *SWEEP,
    *NEEDS,
    *MODEL,
    *TIME,
    *LIMITS,
    *RUN_SWEEP,
    *_IMAGE,
    *SWEEP_JOB,
    *SENDING,
    *find_arguments("policy", "ledger", "token", "refresh", "offline"),
)
def sweep(given: Given) -> Swept | SweepPlanned | SweepSent:
    """Return the cheapest way to run many trials of one job: flavors, trials in a job, jobs at once, timeouts.

    What one trial needs and takes is said as for :func:`recommend`; ``max_cost`` is for all trials together.

    With ``run=True``, ``image`` and ``command`` all jobs are reserved in one step or none, then each is sent once; it
    costs money, and nobody is asked. A job finds its trials in its variable ``HFPLANNER_TRIALS``. With ``parallel`` as
    many are sent as may run at once; the same call with the same ``key`` sends the next. With ``dry_run=True`` nothing
    is reserved or sent.

    Raises:
        NothingFits: no flavor fits, or nothing keeps the limits; the hint says what would.
        BudgetError: all of it together may not run; nothing is reserved.
        HubError: not all could be sent; the same call with the same key goes on.
        SubmissionUnknown: two jobs in a row were sent, and nobody knows whether they exist; their money is held.

    >>> import hfplanner as hp
    >>> plan = hp.sweep(trials=40, duration="20m@l4x1", vram="20GB", offline=True).plan
    >>> sum(row.jobs * row.trials_per_job for row in plan) >= 40
    True
    """
    from hfplanner.plan.sweeping import AskedSweep, plan_sweep  # noqa: PLC0415 - as above
    from hfplanner.plan.when import parse_when  # noqa: PLC0415 - as above

    if given["trials"] is None:
        raise UsageError("How many trials there are is not said.", hint="For example trials=40.")
    with given.open_workspace() as workspace:
        if given["refresh"]:
            workspace.listing(refresh=True)
        deadline = given["deadline"]
        asked = AskedSweep(
            trials=given["trials"],
            deadline=None if deadline is None else parse_when(deadline, workspace.now()),
            parallel=given["parallel"],
            startup_secs=given["startup"] or 0,
        )
        if given["run"]:
            from hfplanner.front.sweeping import run_sweep  # noqa: PLC0415 - not for a plan

            return run_sweep(asked, _needs(given), given, workspace)
        return Swept(plan_sweep(asked, _needs(given), workspace), workspace.now())


@asks(*SYNC, *find_arguments("token", "offline"))
def sync(given: Given) -> Synced:
    """Bring the local history up to date with the Hub: the jobs of namespaces, and the bill of the current period.

    What was read is kept whatever happens then; where not all was read, the next sync goes on there.
    """
    from hfplanner.plan.syncing import sync_jobs  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        return Synced(sync_jobs(workspace, given["namespace"] or (), full=given["full"], logs=given["logs"]))


@asks(*MEASURED, *MODEL, GPUS_OF_A_RUN, *_PRICES)
def measured_add(given: Given) -> MeasuredPeaks:
    """Keep what a run took of one GPU, or that it ran out of memory: every later estimate of the same follows from it.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import hfplanner as hp
    >>> run = {"model": "Qwen/Qwen3-8B", "task": "lora", "batch_size": 4}
    >>> with tempfile.TemporaryDirectory() as folder, hp.Workspace(home=Path(folder), offline=True) as here:
    ...     _ = hp.measured_add(flavor="a10g-large", peak="19.3GB", **run, workspace=here)
    ...     hp.estimate_memory(**run, workspace=here).per_gpu_bytes.likely
    19300000000
    """
    from hfplanner.plan.measuring import AskedPeak, keep_peak  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        listing = workspace.listing(refresh=given["refresh"])
        return MeasuredPeaks((keep_peak(AskedPeak.of(**given.values), workspace, listing),))


@asks(*find_arguments("model"))
def measured_list(given: Given) -> MeasuredPeaks:
    """Return what runs were measured to need, as far as it is kept."""
    from hfplanner.plan.measuring import list_peaks  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        return MeasuredPeaks(list_peaks(workspace, given["model"]))


@asks(_IDS)
def measured_remove(given: Given) -> MeasuredPeaks:
    """Take out what is kept of some runs, by their ids, and return it."""
    from hfplanner.plan.measuring import remove_peaks  # noqa: PLC0415 - as above

    if not given["ids"]:
        raise UsageError("Which entries are to go is not said.", hint='For example ids=["4f1d20aa"].')
    with given.open_workspace() as workspace:
        return MeasuredPeaks(remove_peaks(workspace, given["ids"]))


@asks(*REPORT, *find_arguments("offline"))
def report(given: Given) -> Reported:
    """Return what the jobs of the local history cost, by what, and what of it was wasted.

    A cost is exact, or lies between two bounds; what has no known price is counted apart, never as zero.
    """
    from hfplanner.plan.reporting import AskedReport, report_history  # noqa: PLC0415 - as above

    asked = given.pack(AskedReport)
    with given.open_workspace() as workspace:
        spec = replace(asked, by=asked.by or ("flavor",)).spec(workspace.now())
        return Reported(report_history(spec, workspace))


@asks(*find_arguments("namespace", "policy", "ledger", "token", "offline"))
def budgets(given: Given) -> Budgets:
    """Return the limits, what is spent and held in the present period, and what is left."""
    from hfplanner.plan.budgets import overview_budgets  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        return Budgets(overview_budgets(workspace, given["namespace"]))
