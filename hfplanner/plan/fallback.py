"""Another flavor where one lacks capacity: what is asked for, and which flavors are tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.units import format_duration

if TYPE_CHECKING:
    from hfplanner.catalog.listing import Listing
    from hfplanner.plan.job_plan import KnownRequest

__all__ = ["AUTO", "MAX_WAIT_SECS", "Fallback", "Tried", "fallback_flavors"]

AUTO = "auto"
MAX_WAIT_SECS = 20 * 60
"""How long a job may wait for hardware where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What to do where a job waits too long for hardware.

    Args:
        flavors: to be tried next, in this order; ``("auto",)`` is every other that fits, by expected cost; none: the
            job is only cancelled.
        max_wait_secs: how long each may wait [s].
    """

    flavors: tuple[str, ...] = ()
    max_wait_secs: int = MAX_WAIT_SECS

    @classmethod
    def of(cls, flavors: str | None, max_wait_secs: int | None) -> "Fallback | None":
        """Return what was asked for; ``None`` where nothing was.

        Raises:
            UsageError: no flavor is named, or one twice, or others beside ``auto``.

        >>> Fallback.of("l40sx1, a100-large", 600)
        Fallback(flavors=('l40sx1', 'a100-large'), max_wait_secs=600)
        """
        if flavors is None and max_wait_secs is None:
            return None
        names = tuple(name.strip() for name in (flavors or "").split(","))
        if flavors is None:
            names = ()
        elif not all(names) or len(set(names)) < len(names) or (AUTO in names and len(names) > 1):
            raise UsageError(
                f"--fallback: {flavors!r} names no flavors to try next.",
                hint="For example --fallback l40sx1,a100-large, or --fallback auto.",
            )
        return cls(flavors=names, max_wait_secs=max_wait_secs or MAX_WAIT_SECS)

    def words(self, names: Sequence[str]) -> str:
        """Return what happens where the job waits too long, a sentence.

        >>> Fallback.of("auto", 600).words(["l40sx1", "a100-large"])
        'Where it waits more than 10m it is cancelled, and sent to l40sx1, then a100-large.'
        """
        on = f"and sent to {', then '.join(names)}" if names else "and nothing else is sent"
        return f"Where it waits more than {format_duration(self.max_wait_secs)} it is cancelled, {on}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A flavor on which the job did not start in time.

    Args:
        flavor: its name.
        job_id: of the job that was cancelled there.
        waited_secs: how long it waited [s].
        cost_micro_usd: what it cost at most: nothing, or the minute in which it was cancelled.
    """

    flavor: str
    job_id: str
    waited_secs: int
    cost_micro_usd: int

    @property
    def words(self) -> str:
        """What became of it, a sentence."""
        return (
            f"{self.flavor} had no capacity for {format_duration(self.waited_secs)}: job {self.job_id} was cancelled."
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as the interface spells it."""
        return {
            "flavor": self.flavor,
            "job_id": self.job_id,
            "waited_secs": self.waited_secs,
            "cost_micro_usd": self.cost_micro_usd,
            "outcome": "cancelled",
        }


def fallback_flavors(asked: "KnownRequest", fallback: Fallback, listing: "Listing", first: str) -> tuple[str, ...]:
    """Return the flavors to try after the first, by expected cost where that is left to us.

    Raises:
        UsageError: one is not listed; or nothing says what the job needs, so that nobody knows what fits.
    """
    if fallback.flavors != (AUTO,):
        listed = listing.by_name()
        unknown = [name for name in fallback.flavors if name not in listed]
        if unknown:
            raise UsageError(
                f"--fallback: there is no flavor {unknown[0]!r}.", hint="`hfplanner hardware` lists all flavors."
            )
        return tuple(name for name in fallback.flavors if name != first)
    from hfplanner.plan.recommending import recommend_known  # noqa: PLC0415 - where it is left to us
    from hfplanner.recommend.needs import Needs  # noqa: PLC0415 - as above

    if asked.known.model is None and asked.known.flavor_needs(with_max_cost=False) == Needs():
        raise UsageError(
            "--fallback auto takes flavors that fit, and nothing says what the job needs.",
            hint="Add --vram or --model, or name the flavors: --fallback l40sx1,a100-large.",
        )
    answer = recommend_known(asked.known, listing, with_max_cost=False)
    return tuple(option.flavor.name for option in answer.options if option.flavor.name != first)
