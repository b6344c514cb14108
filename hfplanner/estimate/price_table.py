"""A price book as a table of one row for each flavor and day, which a frame of any size can be joined with."""

from datetime import date, timedelta

import polars as pl

from hfplanner.catalog.prices import PriceBook

__all__ = ["PRICE_TABLE_SCHEMA", "PriceTable", "price_table"]

PRICE_TABLE_SCHEMA = pl.Schema(
    {"flavor": pl.String(), "price_day": pl.Date(), "price_micro_usd_per_minute": pl.Int64()}
)

_SPANS = {"flavor": pl.String, "first": pl.Date, "end": pl.Date, "price_micro_usd_per_minute": pl.Int64}


class PriceTable:
    """Prices by flavor and day, from the first sighting to the last; what was seen last holds from then on.

    Args:
        rows: a frame of :data:`PRICE_TABLE_SCHEMA`, only of prices that are known.
        last_day: the day of the last sighting.
    """

    def __init__(self, rows: pl.DataFrame, last_day: date) -> None:
        self.rows = rows
        self.last_day = last_day

    def join(self, jobs: pl.LazyFrame, day: pl.Expr) -> pl.LazyFrame:
        """Return jobs with ``price_micro_usd_per_minute`` as of a day, null where it is not known."""
        keyed = jobs.with_columns(price_day=pl.min_horizontal(day, pl.lit(self.last_day)))
        return keyed.join(self.rows.lazy(), on=["flavor", "price_day"], how="left", build_side="force_right").drop(
            "price_day"
        )


def price_table(book: PriceBook) -> PriceTable:
    """Return every price of a book by day. A join on equal days streams, one on the nearest earlier day has to sort.

    >>> from hfplanner.catalog.prices import price_book
    >>> table = price_table(price_book())
    >>> table.rows.filter(flavor="a100-large", price_day=date(2025, 1, 1))["price_micro_usd_per_minute"].item()
    66667
    """
    last_day = max((point.seen for points in book.points.values() for point in points), default=date.min)
    spans: list[tuple[str, date, date, int]] = []
    for flavor, points in book.points.items():
        by_day = {point.seen: book.price_on(flavor, point.seen) for point in points}
        days = sorted(by_day)
        for first, end in zip(days, [*days[1:], last_day + timedelta(days=1)], strict=True):
            price = by_day[first]
            if price is not None:
                spans.append((flavor, first, end, price))
    frame = pl.DataFrame(spans, schema=_SPANS, orient="row")
    # Days as Python objects would be a third of a small report's own time.
    each = frame.with_columns(price_day=pl.date_ranges("first", "end", closed="left")).explode("price_day")
    return PriceTable(each.select(PRICE_TABLE_SCHEMA.names()), last_day)
