"""Approvals from Python: what agents ask for, and a person's yes."""

import getpass

from hfplanner.front.answers.approvals import Approvals, Approved
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import Argument, find_arguments

__all__ = ["approve"]

_CODE = Argument(name="code", group="Options", metavar="CODE", help="As the agent's `run` told it.")
_WHO = Argument(name="who", group="Options", metavar="NAME", help="Who says so; by default your user name.")


@asks(_CODE, _WHO, *find_arguments("ledger"))
def approve(given: Given) -> Approvals | Approved:
    """Say yes to a job of an agent that may cost more than the policy lets it start by itself.

    Nobody is asked: look at it first. Without a code nothing is approved; what agents ask for is returned. An agent
    that calls this itself is refused.

    Raises:
        BudgetRefused: an agent calls; there is no such approval; or it has expired.
        LedgerError: the ledger cannot be used.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import hfplanner as hp
    >>> with tempfile.TemporaryDirectory() as folder, hp.Workspace(home=Path(folder)) as here:
    ...     hp.approve(workspace=here)
    No agent asks for anything
    """
    from hfplanner.plan.approvals import Word, give_approval  # noqa: PLC0415 - not before it is asked for

    with given.open_workspace() as workspace:
        if given["code"] is None:
            return Approvals(workspace.books().open_approvals(workspace.now()))
        word = Word(code=given["code"], who=given["who"] or getpass.getuser())
        return Approved(give_approval(word, workspace))
