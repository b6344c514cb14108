"""``hfplanner run``."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.decision import Verdict
from hfplanner.budget.policy import Policy
from hfplanner.cli.account import Account, find_account, open_client
from hfplanner.cli.budget_inputs import PolicyOption, open_books, the_policy
from hfplanner.cli.desk import LedgerOption, kept_bills, open_desk
from hfplanner.cli.job_options import JobOptions, TokenOption
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.options import FormatOption, JsonOption, OfflineOption, QuietOption, get_listing, now_utc
from hfplanner.cli.packs import unpacked
from hfplanner.cli.planning import AskedRun, Planned, account_for
from hfplanner.cli.show.output import (
    OutputFormat,
    error_document,
    note,
    print_error,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
    warn,
)
from hfplanner.cli.show.run import ask, plan_document, show_plan, submitted_document
from hfplanner.errors import (
    BudgetBlocked,
    BudgetError,
    BudgetRefused,
    HubError,
    SubmissionUnknown,
    UsageError,
)

if TYPE_CHECKING:
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.catalog.listing import Listing
    from hfplanner.submit.books import Books
    from hfplanner.submit.send import Desk, JobOrder, Submitted

# How long the Hub is asked who pays and submits.
_WHO_SECS = 3.0
SETTINGS = {"ignore_unknown_options": True}

EXAMPLES = [
    "hfplanner run --vram 24GB --timeout 2h python:3.12 python train.py",
    "hfplanner run --flavor l4x1 --max-cost 5 --detach python:3.12 python train.py",
    "hfplanner run --model Qwen/Qwen3-8B --task qlora --duration 3h@l4x1 --dry-run python:3.12 python train.py",
    "hfplanner run --flavor a100-large --timeout 4h --key nightly-42 --yes --json python:3.12 python train.py",
    "hfplanner run --like sft-0a1b2c3d --secrets HF_TOKEN python:3.12 python train.py",
]

DetachOption = Annotated[
    bool, typer.Option("-d", "--detach", help="Do not follow the job; --json and --quiet do not either.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent and what it may cost; no more.")]
YesOption = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="Makes a retry safe: the same key and job are sent once."),
]


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
    taken. The timeout is always sent: yours, or the one your duration suggests, or 30 minutes; --max-cost shortens one
    that is not yours until the worst case costs no more, and refuses yours if it costs more. Exit code 3: a budget or
    --max-cost refuses it; 4: nothing fits; 5: it was sent, and nobody knows whether it exists.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    if not (typed.image or "").strip():
        raise UsageError("No image is given.", hint="For example: hfplanner run python:3.12 python train.py")
    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError("Nobody can be asked here whether to run it.", hint="Add --yes, or --dry-run to look at it.")
    if key is not None and not key.strip():
        raise UsageError("The key is empty.", hint="Leave --key out, or give it a text that is new for each job.")
    rules = the_policy(policy)
    asked = AskedRun(typed, machine, model, time, money, sends=True, values=not dry_run, token=token, offline=offline)
    try:
        if dry_run:
            return _dry_run(asked, rules, (ledger, key), token, shown, offline=offline)
        with open_desk(ledger, token, offline=offline) as desk:
            return _run(asked, rules, desk, shown, key=key, yes=yes, follows=not detach)
    except SubmissionUnknown as error:
        if shown is OutputFormat.JSON:
            print_json(_unknown_document(error))
        print_error(error, json=False)
        return error.exit_code


def _dry_run(
    asked: AskedRun,
    rules: Policy,
    books_and_key: tuple[str | None, str | None],
    token: str | None,
    shown: OutputFormat,
    *,
    offline: bool,
) -> int:
    """Show the plan, or what became of a key that was used; nothing is sent, reserved or written."""
    from hfplanner.submit.retry import sent_before  # noqa: PLC0415 - httpx

    ledger, key = books_and_key
    settings = read_hub_settings(os.environ)
    with open_client(settings, token, offline=offline) as hub, open_books(ledger) as books:
        sent = sent_before(books, key, asked.spec_as)
        if sent is not None:
            return _show_sent(sent, key or "", settings.endpoint, shown)
        account = account_for(rules, hub, asked.job.namespace)
        planned = asked.plan(rules, _listing(offline=offline), books, account, hub)
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


def _show_sent(sent: "Submission", key: str, endpoint: str, shown: OutputFormat) -> int:
    """Show what a dry run finds under its key: the job was sent, so no plan is made for it."""
    from hfplanner.submit.retry import sent_before_words  # noqa: PLC0415 - httpx
    from hfplanner.submit.send import Submitted, job_url  # noqa: PLC0415 - httpx

    url = None if sent.job_id is None else job_url(endpoint, sent.terms.namespace, sent.job_id)
    note(sent_before_words(sent, key))
    submitted = Submitted(submission=sent, is_new=False, job_id=sent.job_id, url=url)
    _show_submitted(submitted, {"dry_run": True, **submitted_document(submitted)}, shown)
    return 0


def _listing(*, offline: bool) -> "Listing":
    return get_listing(offline=offline, refresh=False, now=now_utc())


def _run(
    asked: AskedRun, rules: Policy, desk: "Desk", shown: OutputFormat, *, key: str | None, yes: bool, follows: bool
) -> int:
    from hfplanner.submit.books import books_for  # noqa: PLC0415 - httpx
    from hfplanner.submit.reconcile import SOON_SECS, reconcile  # noqa: PLC0415 - httpx
    from hfplanner.submit.retry import sent_before, sent_before_words  # noqa: PLC0415 - the same
    from hfplanner.submit.send import as_it_stands, submit  # noqa: PLC0415 - httpx

    books = books_for(rules, _listing(offline=False), bills=kept_bills())
    done = reconcile(desk, books, sweep=False, within_secs=SOON_SECS)
    for text in (*done.alerts, *(f"The books may be behind: {gap}." for gap in done.gaps)):
        warn(text)
    sent = sent_before(desk.ledger, key, asked.spec_as)
    if sent is not None:
        note(sent_before_words(sent, key or ""))
        return _finish(as_it_stands(sent, desk), desk, books, shown, follows=follows)
    planned = _agreed_plan(asked, rules, desk, shown, yes=yes)
    if planned is None:
        note("Not run.")
        return 1
    known = None if key is None else desk.ledger.by_key(key)
    if planned.decision.verdict is not Verdict.ALLOWED and known is None:
        return _refuse(planned, shown)
    submitted = submit(_order(planned, key, books), desk)
    for text in submitted.warnings:
        warn(text)
    return _finish(submitted, desk, books, shown, follows=follows)


def _agreed_plan(asked: AskedRun, rules: Policy, desk: "Desk", shown: OutputFormat, *, yes: bool) -> Planned | None:
    """Return the plan that may be sent: with a question, the one that is made after the answer (I16)."""
    from hfplanner.submit.agree import agreed  # noqa: PLC0415 - after a command line that is understood

    account = _who(desk, asked.job.namespace)

    def plan() -> Planned:
        return asked.plan(rules, _listing(offline=False), desk.ledger, account, desk.hub)

    def show(planned: Planned) -> None:
        if shown is OutputFormat.HUMAN or not yes:
            show_plan(planned, sys.stderr)
        for text in planned.warnings:
            warn(text)

    def ask_about(planned: Planned, changed: tuple[str, ...]) -> bool:
        for text in changed:
            warn(text)
        show(planned)
        return ask()

    if not yes:
        return agreed(plan, ask_about, note)
    planned = plan()
    if planned.decision.verdict is Verdict.ALLOWED:
        show(planned)
    return planned


def _who(desk: "Desk", namespace: str | None) -> Account:
    """Return who pays and submits; where who pays is said, a Hub that does not answer keeps nothing from being sent."""
    try:
        with desk.hub.within(_WHO_SECS):
            return find_account(desk.hub, namespace)
    except HubError as error:
        if not namespace:
            raise
        warn(f"Who submits is not known, so budgets of any owner count: {error.message}")
        return Account(namespace)


def _order(planned: Planned, key: str | None, books: "Books") -> "JobOrder":
    from hfplanner.submit.send import JobOrder  # noqa: PLC0415 - httpx

    body = planned.request.body
    image = body.get("dockerImage") or body.get("spaceId") or ""
    return JobOrder(
        namespace=planned.account.namespace,
        spec=body,
        terms=planned.decision.terms,
        windows=planned.decision.windows,
        key=key,
        price_of=books.worst_price_of,
        notes={"image": str(image), "name": planned.request.labels.get("name", "")},
    )


def _refuse(planned: Planned, shown: OutputFormat) -> int:
    """Say why it may not run; the same document as `budget check` gives, beside the error."""
    decision = planned.decision
    reasons = " ".join(reason.message for reason in decision.against)
    kind = BudgetRefused if decision.verdict is Verdict.REFUSED else BudgetBlocked
    error = kind(reasons or "It may not run.", hint="`hfplanner budget check` shows the arithmetic.")
    if shown is OutputFormat.JSON:
        print_json({**error_document(error), **decision.to_json()})
    print_error(error, json=False)
    return BudgetError.exit_code


def _unknown_document(error: SubmissionUnknown) -> dict[str, Any]:
    known = {"submission_id": error.submission_id, "state": "UNKNOWN", "job_id": error.job_id, "url": None}
    return {**error_document(error), **known}


def _finish(submitted: "Submitted", desk: "Desk", books: "Books", shown: OutputFormat, *, follows: bool) -> int:
    """Show what was submitted, and follow it where somebody looks."""
    document = submitted_document(submitted)
    _show_submitted(submitted, document, shown)
    if shown is OutputFormat.HUMAN and follows and submitted.job_id is not None:
        from hfplanner.cli.show.follow import follow  # noqa: PLC0415 - rich, for people only

        return follow(submitted, desk, books)
    unknown = document["state"] in {"UNKNOWN", "SENDING", "RESERVED"}
    return SubmissionUnknown.exit_code if unknown else 0


def _show_submitted(submitted: "Submitted", document: dict[str, Any], shown: OutputFormat) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(document)
        case OutputFormat.AGENT:
            print_tsv(tuple(document), [list(document.values())])
        case OutputFormat.QUIET:
            print_lines([submitted.job_id or submitted.submission.sid])
        case _:
            print_lines([f"Job {submitted.job_id or 'not known yet'}: {submitted.url or submitted.submission.state}"])
