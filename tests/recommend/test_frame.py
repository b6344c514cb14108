"""What a whole frame of needs is answered."""

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.frame import carry_frame
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly
from hfplanner.frames.hardware import HARDWARE_SCHEMA, hardware_frames
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.durations import durations_from
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.frame import UNMET_SCHEMA, options_schema, recommend_frame
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.needs_frame import BAD_NEEDS_SCHEMA, NEEDS_SCHEMA
from hfplanner.units import GB

HARDWARE = hardware_frames(shipped_listing()).hardware


def best(needs: pl.DataFrame) -> list[tuple[int, str]]:
    """Return every need's recommendation over the shipped listing."""
    return recommend_frame(needs, HARDWARE, top=1).options.select("need", "flavor").rows()


def test_memory_on_one_gpu_and_sharded_is_answered_at_once() -> None:
    """As single requests are: 160 GB on one GPU is nowhere, two RTX PRO 6000 hold them together."""
    needs = pl.DataFrame(
        {
            "vram_bytes": [gb * GB for gb in (24, 40, 96, 141, 160, 160, 250, 300)],
            "shard": [False, False, False, False, False, True, True, True],
        }
    )
    answer = recommend_frame(needs, HARDWARE, top=1)
    assert answer.options["flavor"].to_list() == [
        "l4x1",
        "l40sx1",
        "rtx-pro-6000",
        "h200",
        "rtx-pro-6000x2",
        "h200x2",
        "a100x4",
    ]
    assert answer.options["need"].to_list() == [0, 1, 2, 3, 5, 6, 7]
    assert answer.unmet.rows() == [(4, ["vram"])]


@pytest.mark.parametrize("height", [0, 1, 3])
def test_the_answer_has_the_declared_schemas(height: int) -> None:
    """Also of no needs, and of needs without a column."""
    needs = pl.DataFrame({"vcpu": [2] * height}, schema={"vcpu": pl.Int32})
    answer = recommend_frame(needs, HARDWARE)
    assert answer.options.schema == options_schema(HARDWARE["name"])
    assert answer.unmet.schema == UNMET_SCHEMA
    assert answer.bad.schema == BAD_NEEDS_SCHEMA
    assert answer.options.height == 26 * height


def test_hardware_without_a_row_or_without_a_price_meets_nothing() -> None:
    """The reason is that nothing has a price."""
    unpriced = HARDWARE.with_columns(price_micro_usd_per_minute=pl.lit(None, pl.Int64))
    needs = pl.DataFrame({"vcpu": [1, None], "accelerators": [None, ["T4"]]})
    assert recommend_frame(needs, unpriced).unmet.rows() == [(0, ["unpriced"]), (1, ["unpriced"])]
    empty = recommend_frame(needs, HARDWARE_SCHEMA.to_frame())
    assert (empty.options.height, empty.unmet.rows(), empty.bad["need"].to_list()) == (0, [(0, ["unpriced"])], [1])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"vram_bytes": 0}, "vram_bytes must be between 1 and 9223372036854775807"),
        ({"vcpu": -2}, "vcpu must be between 1 and 1000000"),
        ({"ram_bytes": float("nan")}, "ram_bytes must be between 1 and 9223372036854775807"),
        ({"disk_bytes": float("inf")}, "disk_bytes must be between 1 and 9223372036854775807"),
        ({"gpus": 1e30}, "gpus must be between 1 and 10000"),
        ({"shard": True}, "shard is set, but no vram_bytes is asked for"),
        ({"max_time_secs": 60}, "max_time_secs cannot be judged without duration_secs"),
        ({"max_cost_micro_usd": 60}, "max_cost_micro_usd cannot be judged without duration_secs"),
        ({"accelerators": ["T4", "T5"]}, "accelerators names one that no flavor has"),
        ({"accelerators": ["T4", None]}, "accelerators names one that no flavor has"),
    ],
)
def test_a_row_that_cannot_be_meant_comes_back_with_its_reason(values: dict[str, Any], reason: str) -> None:
    """It costs no other row its answer."""
    needs = pl.DataFrame([{}, values, {}], schema={name: pl.Series([value]).dtype for name, value in values.items()})
    answer = recommend_frame(needs, HARDWARE, top=1)
    assert answer.bad.rows() == [(1, reason)]
    assert answer.options["need"].to_list() == [0, 2]


def test_a_fraction_of_a_need_is_rounded_up_and_of_a_limit_down() -> None:
    """24 GB and a tenth of a byte do not fit 24 GB; a limit that is a tenth of a micro-USD too low allows nothing."""
    assert best(pl.DataFrame({"vram_bytes": [24e9, 24e9 + 0.1]})) == [(0, "l4x1"), (1, "l40sx1")]
    # Two hours of cpu-basic; a limit is kept to half a cent.
    cost = 120 * 167 - 5000
    needs = pl.DataFrame({"duration_secs": [7199.5, 7199.5], "max_cost_micro_usd": [float(cost), cost - 0.1]})
    assert best(needs) == [(0, "cpu-basic")]
    assert best(pl.DataFrame({"vcpu": [Decimal("8.5")]})) == [(0, "cpu-xl")]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("duration_secs", pl.Series([1], dtype=pl.Duration("us"))),
        ("vram_bytes", pl.Series(["40GB"])),
        ("vram_bytes", pl.Series(["40"])),
        ("vcpu", pl.Series([True])),
        ("shard", pl.Series([1])),
        ("accelerators", pl.Series(["T4"])),
        ("accelerators", pl.Series([[4]])),
    ],
)
def test_a_column_whose_unit_would_be_guessed_is_refused(column: str, values: pl.Series) -> None:
    """Microseconds are no seconds, and a text is parsed by whoever knows its unit."""
    with pytest.raises(UsageError, match=f"'{column}' of a frame of needs cannot be of the type") as caught:
        recommend_frame(pl.DataFrame({column: values}), HARDWARE)
    assert str(NEEDS_SCHEMA[column]) in caught.value.hint


@pytest.mark.parametrize("dtype", [pl.UInt8, pl.Int16, pl.UInt64, pl.Int128, pl.Float32, pl.Null])
def test_every_kind_of_number_is_read(dtype: type[pl.DataType]) -> None:
    """Narrow, wide, with a fraction, or nothing at all."""
    needs = pl.DataFrame({"vcpu": pl.Series([None if dtype is pl.Null else 9], dtype=dtype)})
    assert best(needs) == [(0, "cpu-basic" if dtype is pl.Null else "cpu-xl")]


@pytest.mark.parametrize("inner", [pl.String, pl.Categorical, pl.Enum(["nvidia-t4", "h200", "L4"])])
def test_accelerators_are_found_however_they_are_spelled_and_typed(inner: pl.DataType) -> None:
    """Nothing, an empty list and a null ask for none; of several any will do."""
    column = pl.Series([["nvidia-t4"], ["h200", "L4"], [], None], dtype=pl.List(inner))
    assert best(pl.DataFrame({"accelerators": column})) == [
        (0, "t4-small"),
        (1, "l4x1"),
        (2, "cpu-basic"),
        (3, "cpu-basic"),
    ]


def test_a_column_that_is_no_need_is_refused_with_the_near_name() -> None:
    """A misspelled need would otherwise be one that does not matter."""
    with pytest.raises(UsageError, match="'vram'") as caught:
        recommend_frame(pl.DataFrame({"vram": [1]}), HARDWARE)
    assert caught.value.hint.startswith("Did you mean vram_bytes")
    with pytest.raises(UsageError, match="'zzz'") as caught:
        recommend_frame(pl.DataFrame({"zzz": [1]}), HARDWARE)
    assert caught.value.hint.startswith("The columns are vram_bytes, shard,")


def test_less_than_one_option_cannot_be_asked_for() -> None:
    """It would leave every need without an answer and without a reason."""
    with pytest.raises(UsageError, match="top is 0"):
        recommend_frame(pl.DataFrame({"vcpu": [1]}), HARDWARE, top=0)


def test_what_only_the_combination_forbids_names_no_rule() -> None:
    """80 GB and two processors are each had, an H200 for a dollar is not; nor is one with 999 processors."""
    needs = pl.DataFrame(
        {
            "accelerators": [["H200"], ["H200"]],
            "max_price_micro_usd_per_hour": [1_000_000, 1_000_000],
            "vcpu": [None, 999],
        }
    )
    assert recommend_frame(needs, HARDWARE).unmet.rows() == [(0, []), (1, ["vcpu"])]


def test_more_needs_than_are_ranked_at_a_time_are_answered_in_their_order() -> None:
    """300,000 rows: the number of every row is that of the whole frame."""
    sizes = [24 * GB, 40 * GB, 10**15]
    answer = recommend_frame(pl.DataFrame({"vram_bytes": sizes * 100_000}), HARDWARE, top=1)
    assert answer.options.height == 200_000
    assert answer.options["need"].is_sorted()
    assert answer.unmet["need"].to_list() == list(range(2, 300_000, 3))
    by_size = answer.options.group_by(pl.col("need") % 3).agg(pl.col("flavor").unique()).sort("need").rows()
    assert by_size == [(0, ["l4x1"]), (1, ["l40sx1"])]


def test_no_column_is_no_need() -> None:
    """A frame without columns has no rows, and so no answers."""
    answer = recommend_frame(pl.DataFrame(), HARDWARE)
    assert [part.height for part in answer] == [0, 0, 0]


@pytest.mark.parametrize("needs", [pl.LazyFrame({"gpus": [1]}), {"gpus": [1]}, [1]])
def test_what_is_no_frame_is_refused(needs: object) -> None:
    """A LazyFrame has to be collected by whoever knows when."""
    with pytest.raises(UsageError, match="polars DataFrame"):
        recommend_frame(needs, HARDWARE)  # type: ignore[arg-type] - what is tested


def test_durations_on_each_flavor_decide_as_a_single_request_does() -> None:
    """Carried from three measurements: the same flavors in the same order at the same cost, within limits on both."""
    listing = shipped_listing()
    hardware = hardware_frames(listing).hardware
    jobs = pl.DataFrame(
        {"job": [0, 1, 2], "flavor": ["l4x1", "t4-small", "a100-large"], "duration_secs": [3600, 90, 40_000]}
    )
    carried = carry_frame(jobs, listing.flavors)
    there = carried.select(need=pl.col("job").cast(pl.UInt32), flavor="flavor", duration_secs="likely_secs")
    rows: list[dict[str, int | None]] = [
        {"vram_bytes": 20 * 10**9, "max_cost_micro_usd": 1_000_000, "max_time_secs": None},
        {"vram_bytes": None, "max_cost_micro_usd": None, "max_time_secs": 60},
        {"vram_bytes": 60 * 10**9, "max_cost_micro_usd": 30_000_000, "max_time_secs": 86_400},
    ]
    answer = recommend_frame(pl.DataFrame(rows), hardware, durations=there)
    for number, (row, job) in enumerate(zip(rows, jobs.iter_rows(named=True), strict=True)):
        run = MeasuredRun(flavor=job["flavor"], duration_secs=exactly(job["duration_secs"], "measured"))
        estimates = Estimates(durations=durations_from([run], listing, Workload()))
        alone = recommend(Needs(**row), listing, estimates).options  # type: ignore[arg-type]
        mine = answer.options.filter(pl.col("need") == number)
        known = [option for option in alone if option.duration_secs is not None]
        assert mine["flavor"].to_list()[: len(known)] == [option.flavor.name for option in known]
        assert mine["cost_micro_usd"].to_list()[: len(known)] == [
            option.cost_micro_usd.likely for option in known if option.cost_micro_usd
        ]
        assert mine["rank"].to_list() == list(range(1, mine.height + 1))


@pytest.mark.parametrize(
    "durations",
    [
        pl.DataFrame({"need": [0], "flavor": ["l4x1"]}),
        pl.DataFrame({"need": [0, 0], "flavor": ["l4x1", "l4x1"], "duration_secs": [1, 2]}),
    ],
)
def test_durations_that_are_no_such_frame_are_refused(durations: pl.DataFrame) -> None:
    """A column is missing, or a need has two on one flavor."""
    with pytest.raises(UsageError, match="frame of durations"):
        recommend_frame(pl.DataFrame({"gpus": [1]}), hardware_frames(shipped_listing()).hardware, durations=durations)
