"""``hfplanner ledger rebuild``."""

import os
from typing import Annotated

import typer

from hfplanner.cli.budget_inputs import PolicyOption
from hfplanner.cli.desk import LedgerOption, get_books, open_desk
from hfplanner.cli.job_options import TokenOption
from hfplanner.cli.options import FormatOption, JsonOption, QuietOption
from hfplanner.cli.show.output import OutputFormat, print_json, print_lines, resolve_format, warn
from hfplanner.errors import HubListingIncomplete
from hfplanner.submit.rebuild import rebuild as rebuild_books

EXAMPLES = [
    "hfplanner ledger rebuild",
    "hfplanner ledger rebuild --namespace acme --namespace ada",
    "hfplanner ledger rebuild --of 5f2b8c --json",
]

NamespacesOption = Annotated[
    list[str] | None,
    typer.Option("--namespace", metavar="NAME", help="Whose jobs; repeatable.  [default: the token's user]"),
]
OfOption = Annotated[
    str | None,
    typer.Option("--of", metavar="LEDGER_ID", help="The lost ledger, where jobs carry those of several."),
]


def rebuild(
    namespace: NamespacesOption = None,
    of: OfOption = None,
    policy: PolicyOption = None,
    ledger: LedgerOption = None,
    token: TokenOption = None,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Make lost books again from the labels of the jobs: held while they run, settled where they have ended.

    Run it again whenever you like: what is in the books already stays as it is. Exit code 6: the Hub did not tell all.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    books = get_books(policy, ())
    with open_desk(ledger, token) as desk:
        namespaces = namespace or [desk.hub.whoami().name]
        done = rebuild_books(desk, books, namespaces, of_ledger=of)
    match shown:
        case OutputFormat.JSON:
            print_json(done.to_json())
        case OutputFormat.QUIET:
            print_lines([str(done.adopted)])
        case _:
            print_lines(
                [f"{done.jobs:,} jobs carry the labels; {done.adopted:,} taken back, {done.settled:,} settled."]
            )
    for gap in done.gaps:
        warn(f"The books are not whole: {gap}.")
    return HubListingIncomplete.exit_code if done.gaps else 0
