"""``hfplanner ledger reconcile``."""

from dataclasses import replace

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.options.common import NAMESPACES
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.ledger import reconciled_answer
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.readers import read_flag
from hfplanner.plan.sending import books_of
from hfplanner.plan.workspace import Workspace


def reconcile(
    *, namespace: list[str] | None, sweep: bool, policy: str | None, ledger: str | None, token: str | None
) -> Answer:
    """Bring the books up to what the Hub says: find what is unknown, adopt what was not held, settle what has ended.

    Running it twice does what running it once does. Exit code 5: something stays unknown; 6: the Hub did not tell all.
    """
    from hfplanner.submit.reconciliation import reconcile as reconcile_books  # noqa: PLC0415 - httpx, not for a help text

    with Workspace.from_environ(token=token, policy=policy, ledger=ledger) as workspace:
        workspace.policy()
        submitter, books = workspace.submitter(), books_of(workspace, get_listing(workspace), tuple(namespace or ()))
        return reconciled_answer(reconcile_books(submitter, books, sweep=sweep))


COMMAND = Command(
    call=reconcile,
    options=(
        replace(NAMESPACES, help="Look there too; repeatable.", shown_default="those of the ledger"),
        Argument(
            name="sweep",
            group="Options",
            read=read_flag,
            is_flag=True,
            default=True,
            help="Look for jobs with the ledger's label that it does not know.",
        ),
        *find_arguments("policy", "ledger", "token"),
    ),
    names="the ids of the submissions that stay unknown, one a line",
    examples=[
        "hfplanner ledger reconcile",
        "hfplanner ledger reconcile --namespace acme --json",
        "hfplanner ledger reconcile --no-sweep",
    ],
)
