"""``hfplanner ledger reconcile``."""

import os
from typing import Annotated

import typer

from hfplanner.cli.budget_inputs import PolicyOption
from hfplanner.cli.desk import LedgerOption, get_books, open_desk
from hfplanner.cli.job_options import TokenOption
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption
from hfplanner.cli.show.output import (
    OutputFormat,
    print_block,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
    warn,
)
from hfplanner.errors import HubListingIncomplete, SubmissionUnknown
from hfplanner.submit.reconcile import Reconciled
from hfplanner.submit.reconcile import reconcile as reconcile_books

EXAMPLES = [
    "hfplanner ledger reconcile",
    "hfplanner ledger reconcile --namespace acme --json",
    "hfplanner ledger reconcile --no-sweep",
]

_STEPS = {
    "expired": "reserved and never sent, let go",
    "interrupted": "interrupted while being sent, still held",
    "found": "found on the Hub",
    "adopted": "adopted: jobs that nothing was held for",
    "settled": "settled at what they cost",
    "presumed": "never found, taken as spent",
    "corrected": "corrected to what the bill says",
    "unknown": "still unknown, still held",
}

NamespacesOption = Annotated[
    list[str] | None,
    typer.Option("--namespace", metavar="NAME", help="Look there too; repeatable.  [default: those of the ledger]"),
]
SweepOption = Annotated[
    bool, typer.Option("--sweep/--no-sweep", help="Look for jobs with the ledger's label that it does not know.")
]


def reconcile(
    namespace: NamespacesOption = None,
    sweep: SweepOption = True,
    policy: PolicyOption = None,
    ledger: LedgerOption = None,
    token: TokenOption = None,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Bring the books up to what the Hub says: find what is unknown, adopt what was not held, settle what has ended.

    Running it twice does what running it once does. Exit code 5: something stays unknown; 6: the Hub did not tell all.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    books = get_books(policy, tuple(namespace or ()))
    with open_desk(ledger, token) as desk:
        done = reconcile_books(desk, books, sweep=sweep)
    _show(done, shown)
    for text in done.alerts:
        warn(text)
    for gap in done.gaps:
        warn(f"The books may be behind: {gap}.")
    if done.gaps:
        return HubListingIncomplete.exit_code
    return SubmissionUnknown.exit_code if done.unknown else 0


def _show(done: Reconciled, shown: OutputFormat) -> None:
    steps = {name: getattr(done, name) for name in _STEPS}
    match shown:
        case OutputFormat.JSON:
            print_json(done.to_json())
        case OutputFormat.AGENT:
            print_tsv(("step", "submission_id"), ((name, sid) for name, sids in steps.items() for sid in sids))
        case OutputFormat.QUIET:
            print_lines(done.unknown)
        case _:
            print_block(f"{len(sids):>6,}  {_STEPS[name]}" for name, sids in steps.items() if sids)
            if not any(steps.values()):
                print_lines(["Nothing has changed."])
