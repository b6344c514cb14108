"""Law: asking for more, or allowing less money or time, never gives a cheaper answer, nor one where there was none."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from hfplanner.units import GB
from tests.strategies import questions

NEEDS = {"vram_bytes": 200 * GB, "gpus": 3, "vcpu": 40, "ram_bytes": 200 * GB, "disk_bytes": 500 * GB}
LIMITS = {"max_time_secs": 10**9, "max_cost_micro_usd": 10**12, "max_price_micro_usd_per_hour": 10**8}


@st.composite
def stricter(draw: st.DrawFn, needs: Needs, listing: Listing) -> Needs:
    """Draw needs that differ in one field and ask for more there, or allow less."""
    field = draw(st.sampled_from([*NEEDS, *LIMITS, "shard", "duration_secs", "accelerators"]))
    changes: dict[str, Any] = {}
    if field in NEEDS:
        changes[field] = (getattr(needs, field) or 0) + draw(st.integers(1, NEEDS[field]))
    elif field in LIMITS and (field == "max_price_micro_usd_per_hour" or needs.duration_secs is not None):
        changes[field] = draw(st.integers(1, getattr(needs, field) or LIMITS[field]))
    elif field == "shard":
        changes["shard"] = False
    elif field == "duration_secs" and needs.duration_secs is not None:
        changes["duration_secs"] = needs.duration_secs + draw(st.integers(1, 10**6))
    elif field == "accelerators" and not needs.accelerators:
        # Only GPUs: naming an accelerator of another kind is not more of the same, it is something else.
        cards = {(accelerator_key(f.accelerator), f.accelerator_type) for f in listing.flavors if f.accelerator}
        models = sorted({key for key, _ in cards} - {key for key, kind in cards if kind != "gpu"})
        changes["accelerators"] = (draw(st.sampled_from(models)),) if models else ()
    return replace(needs, **changes)


def cheapest(needs: Needs, listing: Listing) -> int | None:
    """Return the price of the recommendation, if there is one."""
    options = recommend(needs, listing).options
    return options[0].flavor.price_micro_usd_per_minute if options else None


@settings(deadline=None)
@given(st.data(), questions())
def test_the_answer_to_stricter_needs_is_no_cheaper(data: st.DataObject, question: tuple[Needs, Listing]) -> None:
    """Where nothing fitted before, nothing fits now; otherwise the price is at least what it was."""
    needs, listing = question
    before, after = cheapest(needs, listing), cheapest(data.draw(stricter(needs, listing)), listing)
    assert after is None or (before is not None and after >= before)
