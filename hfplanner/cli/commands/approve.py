"""``hfplanner approve``."""

import getpass
import sys

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import show
from hfplanner.cli.show.approval import approvals_answer, approved_answer, ask_approver, show_request
from hfplanner.cli.show.output import note
from hfplanner.errors import BudgetRefused, UsageError, quoted
from hfplanner.plan.approvals import Word, give_approval, refuse_agents
from hfplanner.plan.arguments import Argument, find_arguments, flag
from hfplanner.plan.workspace import Workspace


def approve(*, code: str | None, yes: bool, who: str | None, ledger: str | None, shown: str) -> int:
    """Say yes to a job of an agent that may cost more than the policy lets it start by itself.

    The agent's `run` exits with 3 and a code. Here a person is shown what will be sent and what it may cost, and asked;
    then the agent's same command goes through, once, until the code expires. Another job, timeout, flavor or price
    needs another code. Who said yes, and when, is kept in the ledger. Without a code it lists what is asked for. An
    agent that calls this itself is refused.
    """
    with Workspace.from_environ(ledger=ledger) as workspace:
        now = workspace.now()
        if code is None:
            return show(approvals_answer(workspace.books().open_approvals(now)), shown)
        refuse_agents(workspace)
        if not (yes or sys.stdin.isatty()):
            raise UsageError("Nobody can be asked here.", hint="Run it in a terminal, or say --yes yourself.")
        known = workspace.ledger(must_exist=True).approval(code)
        if known is None:
            raise BudgetRefused(
                f"There is no approval {quoted(code)} in this ledger.",
                hint="`hfplanner approve` lists what is asked for; --ledger names another ledger.",
            )
        if known.approved_by is None:
            show_request(known, sys.stderr)
            if not yes and not ask_approver(known):
                note("Not approved.")
                return 1
        word = Word(code=code, who=who or getpass.getuser())
        return show(approved_answer(give_approval(word, workspace)), shown)


COMMAND = Command(
    call=approve,
    acts=True,
    positionals=(Positional(name="code", metavar="[CODE]", is_required=False, help="As the agent's `run` told it."),),
    options=(
        flag(
            name="yes",
            short="-y",
            group="Options",
            help="Do not ask; for a person only.",
        ),
        Argument(name="who", group="Options", metavar="NAME", shown_default="your user name", help="Who says so."),
        *find_arguments("ledger"),
    ),
    names="the code",
    examples=["hfplanner approve", "hfplanner approve 1a2b3c4d"],
)
