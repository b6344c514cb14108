"""Which flavor a run goes to: the one that is named, or the recommendation; and what the estimates say of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeGuard

from hfplanner.estimate.span import Estimate

if TYPE_CHECKING:
    from hfplanner.recommend.result import Option, Recommendation

__all__ = ["AUTO", "ChosenFlavor", "choose_flavor", "is_named"]

AUTO = "auto"
"""The name that asks for the recommendation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFlavor:
    """A flavor, why, and what is known of the job there.

    Args:
        name: of the flavor.
        why: a sentence.
        duration_secs: how long the job runs there; ``None`` where that is not known.
        cost_micro_usd: what it costs then; ``None`` where the duration is not known.
        timeout_secs: the timeout that is suggested [s]; ``None`` where the duration is not known.
        timeout_bound: what bound it, a sentence; ``None`` where nothing did.
        warnings: what speaks against it, a sentence each.
        breaks: the codes of the same.
        prediction: what the ledger keeps of how long it was told to run, before the user's own jobs calibrated that.
    """

    name: str
    why: str
    duration_secs: Estimate | None = None
    cost_micro_usd: Estimate | None = None
    timeout_secs: int | None = None
    timeout_bound: str | None = None
    warnings: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    prediction: Mapping[str, str] = field(default_factory=dict)


def choose_flavor(named: str | None, answer: "Recommendation") -> ChosenFlavor:
    """Return the flavor that is named, with what the recommendation says of it, or the first of the recommendation.

    A flavor that is named is taken although the needs reject it: that is a warning.

    Raises:
        NothingFits: none is named, and no flavor meets the needs.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.recommend.choose import recommend
    >>> from hfplanner.recommend.needs import Needs
    >>> answer = recommend(Needs(vram_bytes=40 * 10**9), shipped_listing())
    >>> choose_flavor(None, answer).name, choose_flavor("t4-small", answer).warnings[0][:36]
    ('l40sx1', 't4-small is taken as named, although')
    """
    if not is_named(named):
        if not answer.options:
            from hfplanner.recommend.words import nothing_fits  # noqa: PLC0415 - where none is named, and none fits

            raise nothing_fits(answer)
        best = answer.options[0]
        return _chosen(best, f"recommended: {best.standing}")
    for option in answer.options:
        if option.flavor.name == named:
            return _chosen(option, "as named")
    found = (rejection.reasons for rejection in answer.rejected if rejection.name == named)
    reasons = next(found, ())
    warnings = tuple(f"{named} is taken as named, although: {reason.message}." for reason in reasons)
    breaks = tuple(reason.code for reason in reasons)
    return replace(_as_estimated(named, answer), warnings=warnings, breaks=breaks)


def is_named(flavor: str | None) -> TypeGuard[str]:
    """Say whether a flavor is named, and not left to the recommendation.

    >>> is_named("l4x1"), is_named("auto"), is_named(None)
    (True, False, False)
    """
    return flavor is not None and flavor != AUTO


def _as_estimated(named: str, answer: "Recommendation") -> ChosenFlavor:
    """Return a flavor that the needs reject, with what is known of the job there all the same."""
    from hfplanner.recommend.rank import rank_options  # noqa: PLC0415 - where one is named that does not do

    flavor = answer.listing.by_name().get(named)
    if flavor is None or flavor.price_micro_usd_per_minute is None:
        return ChosenFlavor(name=named, why="as named")
    (option,) = rank_options(answer.needs, [flavor], answer.estimates)
    return _chosen(option, "as named")


def _chosen(option: "Option", why: str) -> ChosenFlavor:
    return ChosenFlavor(
        name=option.flavor.name,
        why=why,
        duration_secs=option.duration_secs,
        cost_micro_usd=option.cost_micro_usd,
        timeout_secs=option.timeout_secs,
        timeout_bound=option.timeout_bound,
    )
