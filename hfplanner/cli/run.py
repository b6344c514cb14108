"""``hfplanner run``."""

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hfplanner.budget.check import check_job
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.outside import read_outside
from hfplanner.budget.policy import Policy, applied_budgets
from hfplanner.cli.account import Account, find_account
from hfplanner.cli.budget_inputs import (
    PolicyOption,
    ask_schedules,
    history_gaps,
    history_jobs,
    the_policy,
)
from hfplanner.cli.desk import LedgerOption, kept_bills, open_desk, open_the_ledger
from hfplanner.cli.estimates import Asked
from hfplanner.cli.job_options import JobOptions, JobRequest, TokenOption, job_terms, read_job
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.options import FormatOption, JsonOption, OfflineOption, QuietOption, get_listing, now_utc
from hfplanner.cli.output import (
    OutputFormat,
    note,
    print_error,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
    warn,
)
from hfplanner.cli.packs import unpacked
from hfplanner.cli.show_run import ask, plan_document, show_plan, submitted_document
from hfplanner.errors import (
    BudgetBlocked,
    BudgetError,
    BudgetRefused,
    HfplannerError,
    SubmissionUnknown,
    UsageError,
)
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from hfplanner.submit.choose import ChosenFlavor, choose_flavor
from hfplanner.submit.plan import ChosenRun, RunLimits, choose_run

if TYPE_CHECKING:
    from hfplanner.budget.outside import Books
    from hfplanner.catalog.listing import Listing
    from hfplanner.submit.send import Desk, JobOrder, Submitted

SETTINGS = {"ignore_unknown_options": True}

EXAMPLES = [
    "hfplanner run --vram 24GB --timeout 2h python:3.12 python train.py",
    "hfplanner run --flavor l4x1 --max-cost 5 --detach python:3.12 python train.py",
    "hfplanner run --model Qwen/Qwen3-8B --task qlora --duration 3h@l4x1 --dry-run python:3.12 python train.py",
    "hfplanner run --flavor a100-large --timeout 4h --key nightly-42 --yes --json python:3.12 python train.py",
    "hfplanner run --like sft-0a1b2c3d --secrets HF_TOKEN python:3.12 python train.py",
]

DetachOption = Annotated[bool, typer.Option("-d", "--detach", help="Do not follow the job.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and what it may cost; no more.")]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="Makes a retry safe: the same key and job are sent once."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A run as it would be sent."""

    request: JobRequest
    flavor: ChosenFlavor
    run: ChosenRun
    account: Account
    decision: Decision

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent."""
        return (
            *self.flavor.warnings,
            *self.run.warnings,
            *(reason.message for reason in self.decision.warnings),
        )


@unpacked
def run(
    typed: JobOptions,
    machine: MachineOptions,
    model: ModelOptions,
    time: TimeOptions,
    money: MoneyOptions,
    key: KeyOption = None,
    detach: DetachOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    policy: PolicyOption = None,
    ledger: LedgerOption = None,
    token: TokenOption = None,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Run a job on Hugging Face Jobs: recommend a flavor, check the budget, reserve, submit exactly once, follow.

    Takes the options of `hf jobs run`. Without --flavor, or with auto, the cheapest flavor that meets the needs is
    taken. The timeout is always sent: yours, or the one your duration suggests, or 30 minutes; --max-cost shortens it
    until the worst case costs no more. Exit code 3: a budget refuses it; 4: nothing fits; 5: it was sent, and nobody
    knows whether it exists.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    if typed.image is None:
        raise UsageError("No image is given.", hint="For example: hfplanner run python:3.12 python train.py")
    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError("Nobody can be asked here whether to run it.", hint="Add --yes, or --dry-run to look at it.")
    request = read_job(typed, values=not dry_run, token=token)
    asked = Asked(machine, model, time, offline=offline)
    wishes = _needs(machine, money, asked)
    planner = _Planner(request, typed, wishes, asked, money, policy, offline=offline)
    try:
        if dry_run:
            return _dry_run(planner, ledger, token, shown)
        with open_desk(ledger, token, offline=offline) as desk:
            return _run(planner, desk, shown, key=key, yes=yes, follows=not detach)
    except SubmissionUnknown as error:
        if shown is OutputFormat.JSON:
            print_json(_unknown_document(error))
        print_error(error, json=False)
        return error.exit_code


def _needs(machine: MachineOptions, money: MoneyOptions, asked: Asked) -> Needs:
    """Return what the flavor must meet; a limit of the cost is a need where the duration is known."""
    return Needs(
        vram_bytes=machine.vram,
        shard=machine.shard,
        gpus=machine.gpus,
        accelerators=tuple(machine.accelerator or ()),
        vcpu=machine.cpu,
        ram_bytes=machine.ram,
        disk_bytes=machine.disk,
        duration_secs=asked.duration_secs,
        max_time_secs=money.max_time,
        max_cost_micro_usd=money.max_cost if asked.knows_duration else None,
        max_price_micro_usd_per_hour=money.max_price,
        confidence=money.confidence,
    )


class _Planner:
    """What was asked, from which a plan is made once the listing, the books and the account are known."""

    def __init__(
        self,
        request: JobRequest,
        typed: JobOptions,
        needs: Needs,
        asked: Asked,
        money: MoneyOptions,
        policy: Path | None,
        *,
        offline: bool,
    ) -> None:
        self.request, self.typed, self.needs, self.asked, self.money = request, typed, needs, asked, money
        self.offline = offline
        self.rules: Policy = the_policy(policy)

    def listing(self) -> "Listing":
        """Return the prices of now."""
        return get_listing(offline=self.offline, refresh=False, now=now_utc())

    def plan(self, listing: "Listing", books: "Books", account: Account, schedules: Any) -> Planned:  # noqa: ANN401 - of the Hub
        """Return what would be sent, and whether it may be.

        Raises:
            NothingFits: no flavor meets the needs.
            BudgetError: the price is not known, or not even one minute fits --max-cost.
        """
        chosen = choose_flavor(self.typed.flavor, recommend(self.needs, listing, self.asked.on(listing)))
        limits = RunLimits(
            timeout_secs=self.request.timeout_secs,
            estimated_timeout_secs=chosen.timeout_secs,
            attempts=self.request.attempts,
            has_ports=self.request.has_ports,
            max_cost_micro_usd=self.money.max_cost,
        )
        run = choose_run(chosen.name, listing, limits)
        body = {
            **self.request.body,
            "flavor": run.flavor,
            "timeoutSeconds": run.timeout_secs,
            "attempts": self.request.attempts,
        }
        request = replace(self.request, body=body, flavor=run.flavor, timeout_secs=run.timeout_secs)
        terms, problem = job_terms(request, account, listing)
        now = now_utc()
        applied = applied_budgets(self.rules, terms, now)
        outside = read_outside(
            applied,
            books,
            now=now,
            listing=listing,
            jobs=history_jobs() if applied else None,
            gaps=history_gaps() if applied else (),
            schedules=schedules if applied else None,
        )
        decision = check_job(self.rules, terms, books, outside, now=now, price_problem=problem)
        return Planned(request=request, flavor=chosen, run=run, account=account, decision=decision)


def _dry_run(planner: _Planner, ledger: str | None, token: str | None, shown: OutputFormat) -> int:
    """Show the plan; nothing is sent, reserved or written."""
    from hfplanner.api.settings import read_hub_settings  # noqa: PLC0415 - as everything of the Hub
    from hfplanner.cli.account import open_client  # noqa: PLC0415 - as above
    from hfplanner.cli.budget_inputs import open_books  # noqa: PLC0415 - as above

    settings = read_hub_settings(os.environ)
    with open_client(settings, token, offline=planner.offline) as hub:
        account = find_account(hub, planner.typed.namespace)
        books = open_the_ledger(ledger) if ledger else None
        with books or open_books() as found:
            planned = planner.plan(planner.listing(), found, account, ask_schedules(hub, account.namespace))
    document = plan_document(planned)
    match shown:
        case OutputFormat.JSON:
            print_json(document)
        case OutputFormat.AGENT:
            names = ("flavor", "timeout_secs", "attempts", "worst_case_micro_usd", "decision")
            print_tsv(names, [[document[name] for name in names]])
        case OutputFormat.QUIET:
            print_lines([planned.run.flavor])
        case _:
            show_plan(planned, sys.stdout)
    for text in planned.warnings:
        warn(text)
    return planned.decision.exit_code


def _run(planner: _Planner, desk: "Desk", shown: OutputFormat, *, key: str | None, yes: bool, follows: bool) -> int:
    from hfplanner.submit.books import books_for  # noqa: PLC0415 - httpx
    from hfplanner.submit.reconcile import reconcile  # noqa: PLC0415 - httpx
    from hfplanner.submit.send import submit  # noqa: PLC0415 - httpx

    listing = planner.listing()
    account = find_account(desk.hub, planner.typed.namespace)
    done = reconcile(desk, books_for(planner.rules, listing, bills=kept_bills()), sweep=False)
    for text in (*done.alerts, *(f"The books may be behind: {gap}." for gap in done.gaps)):
        warn(text)
    planned = planner.plan(listing, desk.ledger, account, ask_schedules(desk.hub, account.namespace))
    known = None if key is None else desk.ledger.by_key(key)
    if planned.decision.verdict is not Verdict.ALLOWED and known is None:
        return _refuse(planned, shown)
    if shown is OutputFormat.HUMAN:
        show_plan(planned, sys.stderr)
    for text in planned.warnings:
        warn(text)
    if not yes and not ask():
        note("Not run.")
        return 1
    submitted = submit(_order(planned, key), desk)
    for text in submitted.warnings:
        warn(text)
    return _finish(submitted, planned, desk, shown, follows=follows)


def _order(planned: Planned, key: str | None) -> "JobOrder":
    from hfplanner.submit.send import JobOrder  # noqa: PLC0415 - httpx

    body = planned.request.body
    image = body.get("dockerImage") or body.get("spaceId") or ""
    return JobOrder(
        namespace=planned.account.namespace,
        spec=body,
        terms=planned.decision.terms,
        windows=planned.decision.windows,
        key=key,
        notes={"image": str(image), "name": planned.request.labels.get("name", "")},
    )


def _refuse(planned: Planned, shown: OutputFormat) -> int:
    """Say why it may not run; the same document as `budget check` gives, beside the error."""
    decision = planned.decision
    reasons = " ".join(reason.message for reason in decision.against)
    kind = BudgetRefused if decision.verdict is Verdict.REFUSED else BudgetBlocked
    error = kind(reasons or "It may not run.", hint="`hfplanner budget check` shows the arithmetic.")
    if shown is OutputFormat.JSON:
        print_json({**_error_document(error), **decision.to_json()})
    print_error(error, json=False)
    return BudgetError.exit_code


def _error_document(error: HfplannerError) -> dict[str, Any]:
    body = {"code": error.code, "message": error.message, "hint": error.hint, "exit_code": error.exit_code}
    return {"error": body}


def _unknown_document(error: SubmissionUnknown) -> dict[str, Any]:
    known = {"submission_id": error.submission_id, "state": "UNKNOWN", "job_id": error.job_id, "url": None}
    return {**_error_document(error), **known}


def _finish(submitted: "Submitted", planned: Planned, desk: "Desk", shown: OutputFormat, *, follows: bool) -> int:
    """Show what was submitted, and follow it where somebody looks."""
    document = submitted_document(submitted)
    unknown = document["state"] in {"UNKNOWN", "SENDING", "RESERVED"}
    match shown:
        case OutputFormat.JSON:
            print_json(document)
        case OutputFormat.AGENT:
            print_tsv(tuple(document), [list(document.values())])
        case OutputFormat.QUIET:
            print_lines([submitted.job_id or submitted.submission.sid])
        case _:
            print_lines([f"Job {submitted.job_id or 'not known yet'}: {submitted.url or submitted.submission.state}"])
            if follows and submitted.job_id is not None:
                from hfplanner.cli.follow import follow  # noqa: PLC0415 - rich, for people only

                return follow(submitted, planned.run, desk)
    return SubmissionUnknown.exit_code if unknown else 0
