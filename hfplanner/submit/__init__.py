"""Do it, exactly once: reserve, mark, POST, record; afterwards reconcile and settle.

Where data comes from and goes. :func:`~hfplanner.submit.send.submit` takes a job whose money
:mod:`hfplanner.budget.check` has looked at, and reserves the most it can cost (T1), marks it as being sent (T2), sends
it once, and records what came back (T3). What nothing proves stays held. Later
:func:`~hfplanner.submit.reconciliation.reconcile` finds jobs by the two labels every submission carries, and settles
what has ended by what it cost.

Why it cannot run twice or be lost. The id of a submission is made here, is in the ledger before the first byte is sent,
and is a label of the job; whoever marks a submission as being sent is alone, because the mark is a compare-and-set; and
no state is left without a proof or an operator's word. A process that dies between two steps leaves a state from which
any other process goes on.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfplanner.submit.reconciliation import reconcile
    from hfplanner.submit.recovery import rebuild
    from hfplanner.submit.resolution import resolve
    from hfplanner.submit.send import submit

__all__ = ["rebuild", "reconcile", "resolve", "submit"]

# Imported when they are used: they bring httpx with them.
_MODULES = {"rebuild": "recovery", "reconcile": "reconciliation", "resolve": "resolution", "submit": "send"}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
