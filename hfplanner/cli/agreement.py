"""A plan is shown, a person asked, and what is sent is what they agreed to, whatever the plan is of."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO, TypeVar

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.cli.show.output import note, warn
from hfplanner.cli.show.run import ask

if TYPE_CHECKING:
    from hfplanner.cli.options.submission import How

__all__ = ["agreed_plan"]


class _Plan(Protocol):
    """A plan, as far as it is asked about."""

    @property
    def decision(self) -> Decision:
        """Whether it may run, and what it may cost."""

    @property
    def warnings(self) -> Sequence[str]:
        """What to know before it is sent, a sentence each."""


P = TypeVar("P", bound=_Plan)


def agreed_plan(plan: Callable[[], P], show_plan: Callable[[P, TextIO], object], how: "How") -> P | None:
    """Return the plan that may be sent; ``None`` where a person says no.

    With a question it is the plan that is made after the answer (I16 of the ledger's rules). A plan that is not allowed
    is returned without a question; the caller refuses it.

    Args:
        plan: makes the plan from what is known at this moment.
        show_plan: prints one.
        how: whether somebody is asked, and in which format answers are shown.
    """
    from hfplanner.submit.agree import agreed  # noqa: PLC0415 - after a command line that is understood

    def show_it(planned: P) -> None:
        if how.shown == "human" or not how.yes:
            show_plan(planned, sys.stderr)
        for text in planned.warnings:
            warn(text)

    def ask_about(planned: P, changed: tuple[str, ...]) -> bool:
        for text in changed:
            warn(text)
        show_it(planned)
        return ask()

    if not how.yes:
        return agreed(plan, ask_about, note)
    planned = plan()
    if planned.decision.verdict is Verdict.ALLOWED:
        show_it(planned)
    return planned
