"""``hfplanner ledger rebuild``."""

from dataclasses import replace

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.common import NAMESPACES
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import rebuilt_answer
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.sending import books_of
from hfplanner.plan.workspace import Workspace


def rebuild(
    *, namespace: list[str] | None, of: str | None, policy: str | None, ledger: str | None, token: str | None
) -> Answer:
    """Make lost books again from the labels of the jobs: held while they run, settled where they have ended.

    Run it again whenever you like: what is in the books already stays as it is. Exit code 6: the Hub did not tell all.
    """
    from hfplanner.submit.recovery import rebuild as rebuild_books  # noqa: PLC0415 - httpx, not for a help text

    with Workspace.from_environ(token=token, policy=policy, ledger=ledger) as workspace:
        workspace.policy()
        submitter, books = workspace.submitter(), books_of(workspace, get_listing(workspace))
        namespaces = namespace or [submitter.hub.whoami().name]
        return rebuilt_answer(rebuild_books(submitter, books, namespaces, of_ledger=of))


COMMAND = Command(
    call=rebuild,
    options=(
        replace(NAMESPACES, help="Whose jobs; repeatable.", shown_default="the token's user"),
        Argument(
            name="of",
            group="Options",
            metavar="LEDGER_ID",
            help="The lost ledger, where jobs carry those of several.",
        ),
        *find_arguments("policy", "ledger", "token"),
    ),
    names="the number of submissions that were taken back",
    examples=[
        "hfplanner ledger rebuild",
        "hfplanner ledger rebuild --namespace acme --namespace ada",
        "hfplanner ledger rebuild --of 5f2b8c --json",
    ],
)
