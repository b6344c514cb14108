"""Law: the table of prices by day says of every flavor and day what the price book says."""

from datetime import UTC, date, datetime, time

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from hfplanner.catalog.prices import price_book
from hfplanner.estimate.price_table import price_table

BOOK = price_book()
TABLE = price_table(BOOK)
FLAVORS = st.sampled_from([*BOOK.points, "nowhere"])


@given(st.lists(st.tuples(FLAVORS, st.dates(date(2022, 1, 1), date(2030, 1, 1))), max_size=20))
def test_every_day(pairs: list[tuple[str, date]]) -> None:
    """Before the first sighting, between two, and long after the last."""
    rows = [(flavor, datetime.combine(day, time(12), UTC)) for flavor, day in pairs]
    jobs = pl.LazyFrame(rows, schema={"flavor": pl.String, "at": pl.Datetime("us", "UTC")}, orient="row")
    joined = TABLE.join(jobs.with_row_index(), pl.col("at").dt.date()).sort("index").collect()
    assert joined["price_micro_usd_per_minute"].to_list() == [BOOK.price_on(*pair) for pair in pairs]
