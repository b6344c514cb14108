"""How a job is submitted, whatever it was made of: the options, and what they say."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.plan.arguments import CANARY, FALLBACK, SENDING, find_arguments, flag

if TYPE_CHECKING:
    from hfplanner.plan.fallback import Fallback
    from hfplanner.plan.workspace import Workspace

__all__ = ["BOOKS", "RUN_SUBMISSION", "SENT_ALONE", "SUBMISSION", "How", "taken_workspace"]

_KEY, _DRY_RUN = SENDING
_YES = flag(name="yes", short="-y", group="Submission", help="Do not ask.")

SENT_ALONE = (_KEY, _DRY_RUN, _YES)
"""How what is not followed is sent and asked for: a schedule, a group."""

SUBMISSION = (
    _KEY,
    flag(
        name="detach",
        short="-d",
        group="Submission",
        help="Do not follow the job; --json and --quiet do not either.",
    ),
    _DRY_RUN,
    _YES,
)
"""How one job is sent, asked for and followed."""

RUN_SUBMISSION = (*SUBMISSION, CANARY, *FALLBACK)
"""The same, with what comes before the job and what takes its place."""

BOOKS = find_arguments("policy", "ledger", "token", "offline")
"""Which limits hold, where the books are, and how the Hub is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a job is to be run.

    Args:
        key: the user's own, to make a retry safe.
        dry_run: whether it is only shown.
        yes: whether nobody is asked.
        follows: whether it is followed where somebody looks.
        shown: the format.
        canary: whether it is measured first, where that pays.
        fallback: what to do where it waits too long for hardware; ``None`` where it just waits.
    """

    key: str | None
    dry_run: bool
    yes: bool
    follows: bool
    shown: str
    canary: bool = False
    fallback: "Fallback | None" = None

    @classmethod
    def taken(cls, given: dict[str, Any], shown: str) -> "How":
        """Take the options of a submission out of what was given, as many as the command has.

        Raises:
            UsageError: the flavors to try next cannot be meant.

        >>> given = {"key": "k7", "detach": False, "dry_run": True, "yes": False, "vram": 8}
        >>> How.taken(given, "human").key, given
        ('k7', {'vram': 8})
        """
        from hfplanner.plan.fallback import Fallback  # noqa: PLC0415 - not for a help text

        return cls(
            key=given.pop("key"),
            dry_run=given.pop("dry_run"),
            yes=given.pop("yes"),
            # What cannot be detached is not followed.
            follows=not given.pop("detach", True),
            shown=shown,
            canary=given.pop("canary", False),
            fallback=Fallback.of(given.pop("fallback", None), given.pop("max_wait", None)),
        )

    def refuse_what_cannot_be(self) -> None:
        """Refuse a question that nobody can answer, and a key that is empty.

        Raises:
            UsageError: one of them.
        """
        from hfplanner.plan.sending import refuse_empty_key  # noqa: PLC0415 - as above

        if not (self.yes or self.dry_run or sys.stdin.isatty()):
            raise UsageError(
                "Nobody can be asked here whether to run it.", hint="Add --yes, or --dry-run to look at it."
            )
        refuse_empty_key(self.key)


def taken_workspace(given: dict[str, Any]) -> "Workspace":
    """Take the options of :data:`BOOKS` out of what was given, as many as the command has, and open the world.

    Raises:
        UsageError: the environment names a folder that cannot be.
    """
    from hfplanner.plan.workspace import Workspace  # noqa: PLC0415 - as above

    return Workspace.from_environ(**{option.name: given.pop(option.name) for option in BOOKS if option.name in given})
