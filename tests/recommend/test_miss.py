"""What nearly fits."""

import shlex
from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import Needs
from hfplanner.units import GB
from tests.strategies import as_listing


def row(name: str, price: int, model: str | None = None, gpus: int = 1, vram: int = 24) -> dict[str, Any]:
    """Return a row of the API, the price in hundreds of micro-USD a minute, with the memory of all GPUs in GB."""
    accelerator = {"type": "gpu", "model": model, "quantity": str(gpus), "vram": f"{vram} GB"}
    sizes = {"cpu": "8 vCPU", "ram": "32 GB", "unitCostMicroUSD": 100 * price, "unitLabel": "minute"}
    return {"name": name, "accelerator": accelerator if model else None, **sizes}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"vram_bytes": 160 * GB}, "rtx-pro-6000x2 fits if the model is sharded over 2 GPUs: --shard ($5.50 an hour)"),
        ({"vram_bytes": 250 * GB}, "h200x2 fits if the model is sharded over 2 GPUs: --shard ($10.00 an hour)"),
        (
            {"vram_bytes": 2000 * GB},
            "h200x8 fits if the model is sharded over 8 GPUs: --shard --vram 1128GB ($40.00 an hour)",
        ),
        ({"vram_bytes": 2000 * GB, "shard": True}, "h200x8 fits with --vram 1128GB ($40.00 an hour)"),
        (
            {"vram_bytes": 160 * GB, "max_price_micro_usd_per_hour": 3_000_000},
            "rtx-pro-6000x2 fits if the model is sharded over 2 GPUs: --shard --max-price 5.50 ($5.50 an hour)",
        ),
        (
            {"vram_bytes": 40 * GB, "max_price_micro_usd_per_hour": 1_790_000},
            "l40sx1 fits with --max-price 1.80 ($1.80 an hour)",
        ),
        (
            {"vram_bytes": 40 * GB, "duration_secs": 3 * 3600, "max_cost_micro_usd": 5_000_000},
            "l40sx1 fits with --max-cost 5.40 ($1.80 an hour)",
        ),
        ({"vcpu": 200}, "l40sx8 fits with --cpu 192 ($23.50 an hour)"),
        ({"gpus": 9}, "a100x8 fits with --gpus 8 ($20.00 an hour)"),
        ({"ram_bytes": 2100 * GB, "disk_bytes": 1}, "rtx-pro-6000x8 fits with --ram 2048GB ($22.00 an hour)"),
        ({"disk_bytes": 30_000 * GB}, "h200x8 fits with --disk 24000GB ($40.00 an hour)"),
        ({"max_price_micro_usd_per_hour": 1}, "cpu-basic fits with --max-price 0.01 ($0.01 an hour)"),
    ],
)
def test_where_nothing_fits_the_smallest_change_is_named(values: dict[str, Any], message: str) -> None:
    """First sharding, then a larger budget, then less of what is needed; as it is typed."""
    answer = recommend(Needs(**values), shipped_listing())
    assert answer.options == ()
    assert answer.nearest_miss.message == message


def test_a_model_is_quoted_for_the_shell() -> None:
    """What a listing calls an accelerator cannot leave its quotes."""
    listing = as_listing([row("unpriced", 0, "L4"), row("b", 10, "RTX $(PRO) '6")])
    answer = recommend(Needs(accelerators=("l4",)), listing)
    [option] = answer.nearest_miss.options
    assert shlex.split(option) == ["--accelerator", "RTX $(PRO) '6"]


def test_a_little_of_two_needs_is_nearer_than_much_of_one() -> None:
    """4 % of memory and a seventh of the processors lack in one flavor, nine tenths of the memory in the other."""
    listing = as_listing([row("near", 10, "L4", vram=48), row("far", 5, "L4", vram=5) | {"cpu": "64 vCPU"}])
    answer = recommend(Needs(vram_bytes=50 * GB, vcpu=9), listing)
    assert answer.nearest_miss.options == ("--vram 48GB", "--cpu 8")


def test_a_size_that_is_no_whole_gb_is_named_to_the_byte() -> None:
    """A third of 100 GB is rounded down, so that the flavor really fits."""
    listing = as_listing([row("x3", 10, "L4", gpus=3, vram=100), row("x1", 1, "L4") | {"ram": "100 MB"}])
    answer = recommend(Needs(vram_bytes=24 * GB, ram_bytes=10**8 + 1), listing)
    assert [option.flavor.name for option in answer.options] == ["x3"]
    assert answer.nearest_miss.options == ("--ram 100000000B",)


def test_beside_a_recommendation_a_cheaper_flavor_is_named_only_where_it_is_near() -> None:
    """100 GB: 96 for half the price is near. 40 GB: 24 is not. 48 GB: nothing cheaper is."""
    answers = [recommend(Needs(vram_bytes=size * GB), shipped_listing()) for size in (100, 40, 48)]
    assert [answer.nearest_miss and answer.nearest_miss.flavor.name for answer in answers] == [
        "rtx-pro-6000",
        None,
        None,
    ]


def test_beside_a_recommendation_a_cheaper_flavor_that_shards_is_named() -> None:
    """Two small GPUs hold together what one large does, for less."""
    listing = as_listing([row("large", 100, "H200", vram=141), row("small", 50, "L4", gpus=4, vram=96)])
    answer = recommend(Needs(vram_bytes=90 * GB), listing)
    assert answer.options[0].flavor.name == "large"
    assert answer.nearest_miss.options == ("--shard",)
    assert answer.nearest_miss.changed == Needs(vram_bytes=90 * GB, shard=True)


def test_what_cannot_be_asked_for_is_not_suggested() -> None:
    """A century on the dearest machine costs more than an amount may be."""
    listing = as_listing([row("dear", 10**9, "L4")])
    needs = Needs(duration_secs=100 * 365 * 24 * 3600, max_cost_micro_usd=1)
    assert recommend(needs, listing).nearest_miss is None


def test_a_flavor_that_lacks_something_altogether_is_never_near() -> None:
    """No GPU, an unknown disk: there is no number that would make it fit."""
    listing = as_listing([row("cpu", 1), row("gpu", 2, "L4")])
    assert recommend(Needs(vram_bytes=GB, disk_bytes=1), listing).nearest_miss is None
