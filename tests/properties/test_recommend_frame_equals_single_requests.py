"""Law: a frame of needs is answered row by row as single requests are, and cutting the frame changes nothing."""

from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError
from hfplanner.frames.hardware import hardware_frames
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.frame import FrameRecommendation, recommend_frame
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.needs_frame import NEEDS_SCHEMA
from tests.strategies import listings, need_values, usually

RULES = {"accelerator", "accelerator_type", "disk", "gpus", "max_cost", "max_price", "max_time", "ram", "vcpu", "vram"}
SPOILS: list[dict[str, Any]] = [
    {"vram_bytes": 0},
    {"gpus": -1},
    {"vcpu": 10**9},
    {"shard": True, "vram_bytes": None},
    {"max_cost_micro_usd": 5, "duration_secs": None},
    {"accelerators": ("no such model",)},
    {"accelerators": ("no such model", "T4")},
]


@st.composite
def many_questions(draw: st.DrawFn) -> tuple[list[dict[str, Any]], Listing]:
    """Draw a listing and rows of needs, some of which cannot be meant."""
    listing = draw(listings())
    row = st.builds(dict.__or__, need_values(listing), usually(st.just({}), st.sampled_from(SPOILS)))
    return draw(st.lists(row, max_size=8)), listing


def as_frame(questions: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows of needs as a frame."""
    columns = {name: [row[name] for row in questions] for name in NEEDS_SCHEMA}
    return pl.DataFrame(columns | {"accelerators": [list(a) for a in columns["accelerators"]]}, schema=NEEDS_SCHEMA)


def rows_of(answer: FrameRecommendation) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the three frames as rows."""
    return answer.options.rows(), answer.unmet.rows(), answer.bad["need"].to_list()


def one_by_one(
    questions: list[dict[str, Any]], listing: Listing, top: int | None
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return what single requests answer, in the shape of the frames."""
    options: list[Any] = []
    unmet: list[Any] = []
    bad: list[Any] = []
    for number, values in enumerate(questions):
        try:
            answer = recommend(Needs(**values | {"top": top}), listing)
        except UsageError:
            bad.append(number)
            continue
        for option in answer.options:
            flavor, cost = option.flavor, option.cost_micro_usd
            price = flavor.price_micro_usd_per_minute
            cell = (number, option.rank, flavor.name, option.placement, price, cost.likely if cost else None)
            options.append(cell)
        if not answer.options:
            broken = [{r.code for r in x.reasons} for x in answer.rejected if not is_without_price(x.name, listing)]
            unmet.append((number, set.intersection(*broken) & RULES if broken else {"unpriced"}))
    return options, unmet, bad


def is_without_price(name: str, listing: Listing) -> bool:
    """Whether a listed name is one that cannot be rented: without a price, or in a row that cannot be read."""
    flavor = listing.by_name().get(name)
    return flavor is None or flavor.price_micro_usd_per_minute is None


@settings(deadline=None)
@given(many_questions(), st.sampled_from([None, 1, 2]))
def test_every_row_is_answered_as_a_single_request(
    asked: tuple[list[dict[str, Any]], Listing], top: int | None
) -> None:
    """The same options with rank, placement, price and cost, the same rows unmet and why, the same rows refused."""
    questions, listing = asked
    options, unmet, bad = rows_of(recommend_frame(as_frame(questions), hardware_frames(listing).hardware, top=top))
    expected_options, expected_unmet, expected_bad = one_by_one(questions, listing, top)
    assert options == expected_options
    assert [(need, set(codes)) for need, codes in unmet] == expected_unmet
    assert bad == expected_bad


@settings(deadline=None)
@given(many_questions(), st.integers(0, 8))
def test_a_frame_cut_in_two_is_answered_as_the_whole(asked: tuple[list[dict[str, Any]], Listing], cut: int) -> None:
    """Only the row numbers of the second part start anew."""
    questions, listing = asked
    hardware = hardware_frames(listing).hardware
    needs = as_frame(questions)
    whole = recommend_frame(needs, hardware)
    parts = [recommend_frame(part, hardware) for part in (needs[:cut], needs[cut:])]
    moved = [
        pl.concat([first, second.with_columns(pl.col("need") + pl.lit(min(cut, needs.height), pl.UInt32))])
        for first, second in zip(*parts, strict=True)
    ]
    assert all(one.equals(other) for one, other in zip(moved, whole, strict=True))
