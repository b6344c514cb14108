"""What an option says beside the others: break-even, dominance, the Pareto front, notes."""

from fractions import Fraction

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.dominance import beaten_on_the_list, dominated
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.rank import rank_options
from hfplanner.recommend.result import Option
from hfplanner.units import GB
from tests.strategies import as_listing


def options(needs: Needs) -> dict[str, Option]:
    """Return the shipped listing's options by name."""
    return {option.flavor.name: option for option in recommend(needs, shipped_listing()).options}


def test_the_break_even_is_the_ratio_of_the_prices() -> None:
    """An A100 costs 1.39 times an L40S: only where it is that much faster is the job cheaper."""
    option = options(Needs(vram_bytes=40 * GB))["a100-large"]
    assert option.break_even == Fraction(41667, 30000)
    assert option.standing == "cheaper per job only if it is 1.39x as fast as l40sx1"


def test_a_price_that_differs_by_a_rounding_says_no_speedup() -> None:
    """83334 beside 83333 is no reason to look for a machine 1.00x as fast."""
    fields = {"unitLabel": "minute", "cpu": "2 vCPU", "ram": "1 GB"}
    rows = [{"name": "a", "unitCostMicroUSD": 83333, **fields}, {"name": "b", "unitCostMicroUSD": 83334, **fields}]
    assert recommend(Needs(), as_listing(rows)).options[1].standing == "costs all but the same as a"


def test_l4_beats_a10g_on_the_list_and_not_in_speed() -> None:
    """a10g-small is not marked as dominated, and a note says what it has that the list does not show."""
    flavors = shipped_listing().by_name()
    assert beaten_on_the_list(flavors["a10g-small"], flavors["l4x1"])
    option = options(Needs(vram_bytes=20 * GB))["a10g-small"]
    assert option.dominated_by == ()
    assert option.notes[0] == (
        "l4x1 has no less of anything listed for no more money, but A10G has 2.0x the memory bandwidth of L4"
    )


@pytest.mark.parametrize(
    ("model", "expected"),
    [("L4", True), ("nvidia L4", True), ("L40S", True), ("T4", False), ("X1", False)],
)
def test_a_flavor_is_dominated_by_one_that_is_known_to_have_no_less(model: str, *, expected: bool) -> None:
    """For the same money: more processors on the same model or a faster one; slower or unknown is not claimed."""

    def row(name: str, accelerator: str, cpu: str) -> dict[str, object]:
        card = {"type": "gpu", "model": accelerator, "quantity": "1", "vram": "24 GB"}
        sizes = {"cpu": cpu, "ram": "30 GB", "ephemeralStorage": "100 GB"}
        return {"name": name, "accelerator": card, "unitCostMicroUSD": 100, "unitLabel": "minute", **sizes}

    listing = as_listing([row("plain", "L4", "4 vCPU"), row("other", model, "8 vCPU")])
    flavors = listing.by_name()
    assert dominated(flavors["plain"], flavors["other"]) is expected
    marked = {option.flavor.name: option.dominated_by for option in recommend(Needs(), listing).options}
    assert marked == {"other": (), "plain": ("other",) if expected else ()}


def test_what_is_not_listed_is_not_claimed_to_be_beaten() -> None:
    """Without its disk a flavor may have more of it."""
    fields = {"unitLabel": "minute", "cpu": "2 vCPU", "ram": "1 GB"}
    rows = [
        {"name": "a", "unitCostMicroUSD": 2, **fields},
        {"name": "b", "unitCostMicroUSD": 1, "ephemeralStorage": "50 GB", **fields},
    ]
    flavors = as_listing(rows).by_name()
    assert not dominated(flavors["a"], flavors["b"])


def test_pareto_marks_come_with_the_duration() -> None:
    """While every flavor takes as long, the front is what costs least, all of it where prices tie."""
    assert {option.pareto for option in options(Needs(vram_bytes=250 * GB, shard=True)).values()} == {None}
    timed = options(Needs(vram_bytes=250 * GB, shard=True, duration_secs=90))
    assert [name for name, option in timed.items() if option.pareto] == ["h200x2", "a100x4"]
    assert timed["h200x2"].cost_micro_usd.likely == 2 * 166667


def test_the_objective_time_says_that_every_flavor_is_taken_to_be_as_fast() -> None:
    """The order is then that of the cost."""
    by_time = options(Needs(vram_bytes=40 * GB, duration_secs=60, objective="time"))
    assert list(by_time) == list(options(Needs(vram_bytes=40 * GB)))
    assert by_time["l40sx1"].notes[0].startswith("every flavor is taken to be as fast")


def test_the_listed_memory_that_a_program_cannot_use_is_pointed_out() -> None:
    """24 GB are on the label of an L4, 23.65 GB can be allocated; 23 GB fit both."""
    note = "a program can use 23.65 GB of one GPU: 24 GB fits the listed memory, not the usable"
    assert note in options(Needs(vram_bytes=24 * GB))["l4x1"].notes
    assert note not in options(Needs(vram_bytes=23 * GB))["l4x1"].notes
    sharded = options(Needs(vram_bytes=96 * GB, shard=True))["l4x4"].notes
    assert "a program can use 94.62 GB over 4 GPUs: 96 GB fits the listed memory, not the usable" in sharded


def test_a_t4_says_that_it_has_no_bf16() -> None:
    """Training in bf16 does not run on its tensor cores."""
    assert "T4 has no bf16 tensor cores" in options(Needs(gpus=1))["t4-small"].notes


def test_the_only_flavor_that_fits_says_so() -> None:
    """There is nothing to compare it with."""
    assert options(Needs(vram_bytes=1000 * GB, shard=True))["h200x8"].standing == "the only flavor that fits"


def test_a_flavor_without_a_price_cannot_be_ranked() -> None:
    """Whoever calls the ranking sets them apart first."""
    listing = as_listing([{"name": "a", "unitCostMicroUSD": 0, "unitLabel": "minute"}])
    with pytest.raises(ValueError, match="a has no price"):
        rank_options(Needs(), listing.flavors)
