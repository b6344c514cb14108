"""``hfplanner run``."""

import os
import sys
from typing import TYPE_CHECKING, Any

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.decision import Verdict
from hfplanner.budget.policy import Policy
from hfplanner.cli.account import Account, find_account, open_client
from hfplanner.cli.budget_inputs import open_books, the_policy
from hfplanner.cli.command import Command
from hfplanner.cli.desk import kept_bills, open_desk
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.options.image import IMAGE_AND_COMMAND, options_of_the_command
from hfplanner.cli.options.job import JOB_OPTIONS, asked_run
from hfplanner.cli.planning import AskedRun, Planned, account_for
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.output import note, warn
from hfplanner.cli.show.run import (
    ask,
    dry_run_answer,
    refused_answer,
    show_plan,
    submitted_answer,
    submitted_document,
    unknown_answer,
)
from hfplanner.errors import HubError, SubmissionUnknown, UsageError
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.readers import read_flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.budget.ledger.records import Submission
    from hfplanner.catalog.listing import Listing
    from hfplanner.submit.books import Books
    from hfplanner.submit.send import Desk, JobOrder, Submitted

# How long the Hub is asked who pays and submits.
_WHO_SECS = 3.0


def run(
    *,
    image: str | None,
    command: "Sequence[str]",
    key: str | None,
    detach: bool,
    dry_run: bool,
    yes: bool,
    policy: str | None,
    ledger: str | None,
    token: str | None,
    offline: bool,
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> int:
    """Run a job on Hugging Face Jobs: recommend a flavor, check the budget, reserve, submit exactly once, follow.

    Takes the options of `hf jobs run`, before the image; what stands after it is the command's. Without --flavor, or
    with auto, the cheapest flavor that meets the needs is taken. The timeout is always sent: yours, or the one your
    duration suggests, or 30 minutes; --max-cost shortens one that is not yours until the worst case costs no more, and
    refuses yours if it costs more. Exit code 3: a budget or --max-cost refuses it; 4: nothing fits; 5: it was sent,
    and nobody knows whether it exists.
    """
    if image is None:
        raise UsageError("No image is given.", hint="For example: hfplanner run python:3.12 python train.py")
    if not (yes or dry_run or sys.stdin.isatty()):
        raise UsageError("Nobody can be asked here whether to run it.", hint="Add --yes, or --dry-run to look at it.")
    if key is not None and not key.strip():
        raise UsageError("The key is empty.", hint="Leave --key out, or give it a text that is new for each job.")
    rules = the_policy(policy)
    options = {**given, "token": token, "offline": offline}
    asked = asked_run(options, image, command, sends=True, values=not dry_run)
    _warn_of_options_after_the_image(command)
    try:
        if dry_run:
            return _dry_run(asked, rules, (ledger, key), token, shown, offline=offline)
        with open_desk(ledger, token, offline=offline) as desk:
            return _run(asked, rules, desk, shown, key=key, yes=yes, follows=not detach)
    except SubmissionUnknown as error:
        return show(unknown_answer(error), shown)


def _warn_of_options_after_the_image(command: "Sequence[str]") -> None:
    """Say which options go to the command, where `hf jobs run` would take them for the job."""
    names = options_of_the_command(command)
    if names:
        verb = "belongs" if len(names) == 1 else "belong"
        hint = "write -- before the command to say that you mean it, or put options of the job before the image"
        warn(f"{', '.join(names)} after the image {verb} to the command; {hint}.")


def _dry_run(
    asked: AskedRun,
    rules: Policy,
    books_and_key: tuple[str | None, str | None],
    token: str | None,
    shown: str,
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
    return show(dry_run_answer(planned), shown)


def _show_sent(sent: "Submission", key: str, endpoint: str, shown: str) -> int:
    """Show what a dry run finds under its key: the job was sent, so no plan is made for it."""
    from hfplanner.submit.retry import sent_before_words  # noqa: PLC0415 - httpx
    from hfplanner.submit.send import Submitted, job_url  # noqa: PLC0415 - httpx

    url = None if sent.job_id is None else job_url(endpoint, sent.terms.namespace, sent.job_id)
    note(sent_before_words(sent, key))
    submitted = Submitted(submission=sent, is_new=False, job_id=sent.job_id, url=url)
    show(submitted_answer(submitted, {"dry_run": True, **submitted_document(submitted)}), shown)
    return 0


def _listing(*, offline: bool) -> "Listing":
    return get_listing(offline=offline, refresh=False, now=now_utc())


def _run(asked: AskedRun, rules: Policy, desk: "Desk", shown: str, *, key: str | None, yes: bool, follows: bool) -> int:
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
        return show(refused_answer(planned), shown)
    submitted = submit(_order(planned, key, books), desk)
    for text in submitted.warnings:
        warn(text)
    return _finish(submitted, desk, books, shown, follows=follows)


def _agreed_plan(asked: AskedRun, rules: Policy, desk: "Desk", shown: str, *, yes: bool) -> Planned | None:
    """Return the plan that may be sent: with a question, the one that is made after the answer (I16)."""
    from hfplanner.submit.agree import agreed  # noqa: PLC0415 - after a command line that is understood

    account = _who(desk, asked.job.namespace)

    def plan() -> Planned:
        return asked.plan(rules, _listing(offline=False), desk.ledger, account, desk.hub)

    def show_it(planned: Planned) -> None:
        if shown == "human" or not yes:
            show_plan(planned, sys.stderr)
        for text in planned.warnings:
            warn(text)

    def ask_about(planned: Planned, changed: tuple[str, ...]) -> bool:
        for text in changed:
            warn(text)
        show_it(planned)
        return ask()

    if not yes:
        return agreed(plan, ask_about, note)
    planned = plan()
    if planned.decision.verdict is Verdict.ALLOWED:
        show_it(planned)
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


def _finish(submitted: "Submitted", desk: "Desk", books: "Books", shown: str, *, follows: bool) -> int:
    """Show what was submitted, and follow it where somebody looks."""
    document = submitted_document(submitted)
    show(submitted_answer(submitted, document), shown)
    if shown == "human" and follows and submitted.job_id is not None:
        from hfplanner.cli.show.follow import follow  # noqa: PLC0415 - rich, for people only

        return follow(submitted, desk, books)
    unknown = document["state"] in {"UNKNOWN", "SENDING", "RESERVED"}
    return SubmissionUnknown.exit_code if unknown else 0


COMMAND = Command(
    call=run,
    acts=True,
    positionals=IMAGE_AND_COMMAND,
    options=(
        *JOB_OPTIONS,
        Argument(
            name="key",
            group="Submission",
            metavar="KEY",
            help="Makes a retry safe: the same key and job are sent once.",
        ),
        Argument(
            name="detach",
            short="-d",
            group="Submission",
            read=read_flag,
            is_flag=True,
            default=False,
            help="Do not follow the job; --json and --quiet do not either.",
        ),
        Argument(
            name="dry_run",
            group="Submission",
            read=read_flag,
            is_flag=True,
            default=False,
            help="Show what would be sent and what it may cost; no more.",
        ),
        Argument(
            name="yes", short="-y", group="Submission", read=read_flag, is_flag=True, default=False, help="Do not ask."
        ),
        *find_arguments("policy", "ledger", "token", "offline"),
    ),
    stops_at_positional=True,
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner run --vram 24GB --timeout 2h python:3.12 python train.py",
        "hfplanner run --flavor l4x1 --max-cost 5 --detach python:3.12 python train.py",
        "hfplanner run --model Qwen/Qwen3-8B --task qlora --duration 3h@l4x1 --dry-run python:3.12 python train.py",
        "hfplanner run --flavor a100-large --timeout 4h --key nightly-42 --yes --json python:3.12 python train.py",
        "hfplanner run --like sft-0a1b2c3d --secrets HF_TOKEN python:3.12 python train.py",
    ],
)
