"""``hfplanner sync``."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from hfplanner.api.auth import Token, find_token
from hfplanner.api.client import JobsClient
from hfplanner.api.settings import read_hub_settings
from hfplanner.cli import INTERRUPTED
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption, now_utc
from hfplanner.cli.show.output import OutputFormat, hint, note, print_json, print_lines, print_tsv, resolve_format, warn
from hfplanner.errors import HubUnreachable, Outcome, TokenError
from hfplanner.history.bill_pull import BillPull
from hfplanner.history.store import HistoryStore, default_history_folder
from hfplanner.history.sync import SyncRequest, sync_history
from hfplanner.history.sync_result import NamespaceSync, Sync
from hfplanner.history.sync_walk import Watch
from hfplanner.report.words import count_text
from hfplanner.units import format_usd

EXAMPLES = [
    "hfplanner sync",
    "hfplanner sync --namespace acme --namespace ada",
    "hfplanner sync --full --json",
    "hfplanner sync && hfplanner report --since 30d",
]

_AGENT_COLUMNS = ("namespace", "complete", "read", "new", "updated", "unchanged", "vanished", "reason")

NamespacesOption = Annotated[
    list[str] | None,
    typer.Option("--namespace", metavar="NAME", help="Whose jobs; repeatable.  [default: the token's user]"),
]
FullOption = Annotated[bool, typer.Option("--full", help="Read everything again, not only what can have changed.")]
TokenOption = Annotated[
    str | None, typer.Option(metavar="TOKEN", help="Of the Hub; by default HF_TOKEN, or that of `hf auth login`.")
]
OfflineOption = Annotated[bool, typer.Option("--offline", help="Refuse to ask the Hub. HF_HUB_OFFLINE=1 does too.")]


def sync(
    namespace: NamespacesOption = None,
    full: FullOption = False,
    token: TokenOption = None,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Bring the local history up to date with the Hub: the jobs of namespaces, and the bill of the current period.

    After the first time only what can have changed is read. What was read is kept whatever happens then; exit code 6
    means that not all was read, and the next sync goes on there. Labels that were changed after a job had ended are
    seen by --full.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    settings = read_hub_settings(os.environ)
    if offline or settings.offline:
        raise HubUnreachable(
            "A sync asks the Hub, and the program is told to stay offline.",
            hint="Leave out --offline and HF_HUB_OFFLINE, or take jobs from a file: `hfplanner import`.",
            outcome=Outcome.NOT_SENT,
        )
    store = HistoryStore(default_history_folder(os.environ))
    request = SyncRequest(namespaces=tuple(namespace or ()), full=full)
    with JobsClient(settings.endpoint, token=_token(token)) as client, _progress() as watch:
        done = sync_history(client, store, request, clock=now_utc, watch=watch)
    _show(done, shown)
    for one in done.namespaces:
        _tell(one)
    if done.bill is not None and done.bill.reason:
        (warn if done.bill.failed else note)(done.bill.reason)
    return INTERRUPTED if done.interrupted else done.exit_code


def _token(given: str | None) -> Token:
    token = find_token() if given is None else Token(given.strip())
    if token is None:
        raise TokenError("A sync needs a token, and there is none.", hint="Run `hf auth login`, or set HF_TOKEN.")
    return token


@contextmanager
def _progress() -> Iterator[Watch | None]:
    if not sys.stderr.isatty():
        yield None
        return
    from hfplanner.cli.show.sync_progress import progress_bar  # noqa: PLC0415 - rich, for people only

    with progress_bar() as watch:
        yield watch


def _show(done: Sync, shown: OutputFormat) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(done.to_json())
        case OutputFormat.QUIET:
            print_lines([str(sum(one.tally.new + one.tally.updated for one in done.namespaces))])
        case OutputFormat.AGENT:
            pulls = [one.to_json() for one in done.namespaces]
            print_tsv(_AGENT_COLUMNS, ([pull[name] for name in _AGENT_COLUMNS] for pull in pulls))
        case _:
            print_lines([*(_sentence(one) for one in done.namespaces if one.pull), *_bill_sentence(done.bill)])


def _sentence(one: NamespaceSync) -> str:
    counts = ", ".join(f"{getattr(one.tally, name):,} {name}" for name in ("new", "updated", "unchanged"))
    return f"{one.namespace}: read {count_text(one.tally.read, 'job')}: {counts}."


def _bill_sentence(bill: BillPull | None) -> list[str]:
    if bill is None or bill.period is None:
        return []
    since = f"{bill.period.start:%Y-%m-%d}"
    return [f"Bill of {bill.period.account} since {since}: {format_usd(bill.billed_micro_usd)} for {_jobs(bill)}."]


def _jobs(bill: BillPull) -> str:
    return count_text(bill.jobs, "job")


def _tell(one: NamespaceSync) -> None:
    """Say on stderr what is not as it should be."""
    if one.tally.vanished:
        warn(
            f"{one.namespace}: {count_text(one.tally.vanished, 'job')} had not ended when last seen, and the Hub knows "
            "nothing of them any more; the history keeps what was seen."
        )
    if one.complete:
        return
    warn(f"{one.namespace} is incomplete: {one.reason}.")
    if one.error and one.error.hint:
        hint(one.error.hint)
    elif one.pull is not None and not one.pull.bad:
        hint("Run `hfplanner sync` again: it goes on where this one ended.")
