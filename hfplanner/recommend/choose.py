"""Rank or reject every flavor of a listing for one request."""

from collections.abc import Iterator
from dataclasses import replace

from hfplanner.catalog.accelerators import match_accelerators
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.miss import nearest_miss
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.rank import rank_options
from hfplanner.recommend.result import Option, Reason, Recommendation, Rejection
from hfplanner.recommend.rules import broken_rules, has_wanted_accelerator

__all__ = ["recommend"]


def recommend(needs: Needs, listing: Listing) -> Recommendation:
    """Return every flavor of the listing, ranked where it meets the needs and with its reasons where it does not.

    Options come cheapest first (fastest first for ``objective="time"``). Ties: cheaper, then more VRAM per GPU, then
    fewer GPUs, then the name. The order of the listing does not matter.

    Raises:
        UsageError: an accelerator that no flavor has.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> answer = recommend(Needs(vram_bytes=40 * 10**9), shipped_listing())
    >>> answer.options[0].flavor.name, len(answer.options) + len(answer.rejected)
    ('l40sx1', 26)
    """
    offered = [flavor.accelerator for flavor in listing.flavors if flavor.accelerator]
    needs = replace(needs, accelerators=match_accelerators(needs.accelerators, offered))
    reasons = {flavor.name: tuple(_reasons(needs, flavor)) for flavor in listing.flavors}
    fitting = [flavor for flavor in listing.flavors if not reasons[flavor.name]]
    options = rank_options(needs, fitting)
    kept = options if needs.top is None else options[: needs.top]
    reasons |= {option.flavor.name: (_below_top(option, options, len(kept)),) for option in options[len(kept) :]}
    return Recommendation(
        needs=needs,
        listing=listing,
        options=tuple(kept),
        rejected=(*(Rejection(name, why) for name, why in reasons.items() if why), *_unreadable(listing)),
        nearest_miss=nearest_miss(needs, listing.flavors, fitting),
    )


def _reasons(needs: Needs, flavor: Flavor) -> Iterator[Reason]:
    if flavor.unpriced_reason is not None:
        yield Reason("unpriced", flavor.unpriced_reason)
    if not has_wanted_accelerator(needs, flavor):
        wanted, have = " or ".join(needs.accelerators), flavor.accelerator
        yield Reason("accelerator", f"{have or 'no accelerator'}, {wanted} needed", wanted, have)
    for rule in broken_rules(needs, flavor):
        need, have = getattr(needs, rule.need), rule.have(needs, flavor)
        if have is None:
            message = f"does not state its {rule.code}, {rule.show(need)} needed"
        elif rule.code in {"vram", "gpus"} and not flavor.gpus:
            message = f"no accelerator, {rule.show(need)} {'of VRAM' if rule.code == 'vram' else 'GPUs'} needed"
        else:
            message = rule.says.format(have=rule.show(have), need=rule.show(need))
        yield Reason(rule.code, message, need, have)


def _below_top(option: Option, options: list[Option], kept: int) -> Reason:
    message = f"fits, but ranks {option.rank} of {len(options)} and {kept} asked for"
    return Reason("not_in_top", message, kept, option.rank)


def _unreadable(listing: Listing) -> Iterator[Rejection]:
    """Reject by name the flavors whose rows could not be read, so that no listed flavor is missing."""
    readable = set(listing.by_name())
    unreadable = {p.name: p for p in reversed(listing.problems) if p.name is not None and p.name not in readable}
    for name, problem in unreadable.items():
        yield Rejection(name, (Reason("unreadable", problem.reason),))
