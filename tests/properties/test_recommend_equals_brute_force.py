"""Law: the recommendation is what a search through every flavor finds, written here from the contract's words."""

from hypothesis import given, settings

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from tests.strategies import questions


def memory_fits(needs: Needs, flavor: Flavor) -> bool:
    """Whether the listed memory holds the need on one GPU, or over all of the flavor's where sharding is allowed."""
    if needs.vram_bytes is None:
        return True
    total = flavor.vram_total_bytes if needs.shard else flavor.vram_per_gpu_bytes
    return flavor.gpus >= 1 and total >= needs.vram_bytes


def kind_fits(needs: Needs, flavor: Flavor) -> bool:
    """Whether the accelerator is one asked for; where none is named, VRAM and GPUs are those of a GPU."""
    if needs.accelerators:
        models = [accelerator_key(name) for name in needs.accelerators]
        return flavor.accelerator is not None and accelerator_key(flavor.accelerator) in models
    wants_gpu = needs.vram_bytes is not None or needs.gpus is not None
    return flavor.accelerator_type == "gpu" if wants_gpu else True


def machine_fits(needs: Needs, flavor: Flavor) -> bool:
    """Whether there is at least as much of everything; unknown is never enough."""
    pairs = [
        (needs.gpus, flavor.gpus),
        (needs.vcpu, flavor.vcpu),
        (needs.ram_bytes, flavor.ram_bytes),
        (needs.disk_bytes, flavor.disk_bytes),
    ]
    return all(need is None or (have is not None and have >= need) for need, have in pairs)


def budget_fits(needs: Needs, price: int) -> bool:
    """Whether price, cost and time are within the limits.

    The service delivers whole micro-USD per minute: a limit per hour admits the next whole one above it, and a limit on
    the cost is kept to half a cent.
    """
    hourly = needs.max_price_micro_usd_per_hour
    if hourly is not None and (price - 1) * 60 >= hourly:
        return False
    seconds = needs.duration_secs
    if seconds is None:
        return True
    minutes = seconds // 60 + (1 if seconds % 60 else 0)
    cost_fits = needs.max_cost_micro_usd is None or price * minutes <= needs.max_cost_micro_usd + 5000
    return cost_fits and (needs.max_time_secs is None or seconds <= needs.max_time_secs)


def search(needs: Needs, listing: Listing) -> list[str]:
    """Return the names of what fits: cheaper first, then more VRAM per GPU, then fewer GPUs, then the name."""
    found: list[tuple[int, int, int, str]] = []
    for flavor in listing.flavors:
        price = flavor.price_micro_usd_per_minute
        if price is None or not budget_fits(needs, price):
            continue
        if memory_fits(needs, flavor) and kind_fits(needs, flavor) and machine_fits(needs, flavor):
            found.append((price, -flavor.vram_per_gpu_bytes, flavor.gpus, flavor.name))
    return [name for *_, name in sorted(found)][: needs.top]


@settings(deadline=None)
@given(questions())
def test_the_options_are_what_a_search_finds_in_its_order(question: tuple[Needs, Listing]) -> None:
    """Every option and its rank is that of the search; there is a recommendation exactly where something fits."""
    needs, listing = question
    answer = recommend(needs, listing)
    assert [option.flavor.name for option in answer.options] == search(needs, listing)
    assert [option.rank for option in answer.options] == list(range(1, len(answer.options) + 1))
