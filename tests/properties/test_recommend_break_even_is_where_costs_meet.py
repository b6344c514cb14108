"""In its break-even time an option costs no more than the recommendation, and one second longer it costs more."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.recommend.break_even import longest_break_even_secs


def _flavor(price: int) -> Flavor:
    return Flavor(
        name=f"at {price}",
        pretty_name="",
        vcpu=1,
        ram_bytes=1,
        disk_bytes=1,
        accelerator=None,
        accelerator_type=None,
        gpus=0,
        vram_total_bytes=0,
        vram_per_gpu_bytes=0,
        price_micro_usd_per_minute=price,
        unpriced_reason=None,
    )


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**6))
def test_break_even_is_where_costs_meet(price: int, more: int, seconds: int) -> None:
    """Costs are counted in started minutes on both sides."""
    best, dearer = _flavor(price), _flavor(price + more)
    cost = job_cost_micro_usd(best.price, seconds)
    longest = longest_break_even_secs(dearer, best, seconds)
    assert job_cost_micro_usd(dearer.price, longest) <= cost < job_cost_micro_usd(dearer.price, longest + 1)
