"""A plan after files went up: decided anew, since an upload may take an hour in which others spend and months end."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from hfplanner.budget.decision import Decision
from hfplanner.errors import SubmissionError

__all__ = ["planned_after"]


class _Plan(Protocol):
    """A plan, as far as an upload may outdate it."""

    @property
    def decision(self) -> Decision:
        """Whether it may run, and what it may cost."""


P = TypeVar("P", bound=_Plan)


def planned_after(bring: Callable[[], object], plan: P, again: Callable[[], P]) -> P:
    """Bring files up, and return the plan as things stand then; whether it is still allowed is for the caller.

    Args:
        bring: brings them.
        plan: that was agreed to.
        again: makes the plan from what is known at that moment.

    Raises:
        SubmissionError: it is another job than the one that was agreed to; nothing was sent.
        HubInterrupted: it did not all arrive.
    """
    from hfplanner.submit.agree import changes_between  # noqa: PLC0415 - where something goes up

    bring()
    now = again()
    changes = changes_between(plan.decision, now.decision)
    if changes.to_ask:
        raise SubmissionError(
            f"While the files went up the plan changed, and no job was sent. {' '.join(changes.to_ask)}",
            hint="Run the command again: what has arrived is not uploaded a second time.",
        )
    return now
