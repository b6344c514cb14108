"""Needs and the answer to them, in a sentence."""

from collections.abc import Callable, Iterator
from typing import Any

from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation
from hfplanner.units import format_bytes, format_duration, format_usd

__all__ = ["describe_needs", "nothing_fits"]


def describe_needs(needs: Needs) -> str:
    """Return what was asked, as it would be said.

    >>> describe_needs(Needs(vram_bytes=40 * 10**9, vcpu=8, max_price_micro_usd_per_hour=2_000_000))
    '40 GB of VRAM on one GPU, 8 vCPU, at most $2.00 an hour'
    >>> describe_needs(Needs())
    'anything'
    """
    return ", ".join(_wishes(needs)) or "anything"


def _wishes(needs: Needs) -> Iterator[str]:
    where = "over the GPUs of one flavor" if needs.shard else "on one GPU"
    wishes: tuple[tuple[Any, Callable[[Any], str]], ...] = (
        (needs.vram_bytes, lambda size: f"{format_bytes(size)} of VRAM {where}"),
        (needs.gpus, lambda count: "a GPU" if count == 1 else f"{count} GPUs"),
        (needs.accelerators, " or ".join),
        (needs.vcpu, lambda count: f"{count} vCPU"),
        (needs.ram_bytes, lambda size: f"{format_bytes(size)} of RAM"),
        (needs.disk_bytes, lambda size: f"{format_bytes(size)} of disk"),
        (needs.duration_secs, lambda seconds: f"a run of {format_duration(seconds)}"),
        (needs.max_time_secs, lambda seconds: f"at most {format_duration(seconds)}"),
        (needs.max_cost_micro_usd, lambda amount: f"at most {format_usd(amount)} for the job"),
        (needs.max_price_micro_usd_per_hour, lambda amount: f"at most {format_usd(amount)} an hour"),
    )
    for value, say in wishes:
        if value:
            yield say(value)


def nothing_fits(answer: Recommendation) -> str:
    """Say that nothing fits.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.recommend.choose import recommend
    >>> nothing_fits(recommend(Needs(vram_bytes=160 * 10**9), shipped_listing()))
    'None of the 26 listed flavors meets the needs: 160 GB of VRAM on one GPU.'
    """
    return f"None of the {len(answer.rejected)} listed flavors meets the needs: {describe_needs(answer.needs)}."
