"""The same report by other means: plain SQL in SQLite over whole microseconds, prices by the sightings themselves."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

import polars as pl

from hfplanner.catalog.prices import PriceBook

__all__ = ["load", "totals_by"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TABLES = """
CREATE TABLE job (id TEXT, namespace TEXT, owner TEXT, initiator TEXT, flavor TEXT, name TEXT, team TEXT,
  stage TEXT, created INTEGER, started INTEGER, finished INTEGER, running INTEGER, total INTEGER, timeout INTEGER,
  attempts INTEGER, failures INTEGER, ports INTEGER, seen INTEGER, scheduling INTEGER);
CREATE TABLE price (flavor TEXT, seen TEXT, micro INTEGER);
CREATE INDEX price_of ON price (flavor, seen);
"""

# Midnight is, in every time zone of today, at a quarter of an hour of 900,000,000 microseconds.
# A minute is 60,000,000 microseconds; (a + b - 1) / b is division rounded up.
_COSTS = """
CREATE TABLE cost AS
WITH fact AS MATERIALIZED (
  SELECT *, coalesce(started, created) AS moment,
    CASE WHEN started IS NULL OR NOT coalesce(finished < started OR (finished = started AND running > 0)
      OR running = 0, 0) THEN coalesce(finished - started, running) END AS ran,
    max(coalesce(attempts, 1), 1) AS tries,
    stage IN ('completed', 'error', 'cancelled', 'deleted') AS final,
    (SELECT micro FROM price WHERE price.flavor = job.flavor
       AND price.seen <= date(coalesce(started, created) / 1000000, 'unixepoch') ORDER BY price.seen DESC LIMIT 1) AS p
  FROM job
), state AS MATERIALIZED (
  SELECT *,
    final AND stage <> 'completed' AND started IS NULL AND coalesce(ran, 0) = 0
      AND (finished IS NOT NULL OR total IS NOT NULL) AS never,
    min(coalesce(failures, tries - 1), tries - 1) AS lost,
    (timeout + 59999999) / 60000000 AS worst,
    (ran + 59999999) / 60000000 AS minutes,
    (max(min(:now, coalesce(seen, :now)) - started, 0) + 59999999) / 60000000 AS so_far
  FROM fact
), unit AS MATERIALIZED (
  SELECT *,
    CASE WHEN never THEN 0 WHEN final AND ran IS NOT NULL THEN minutes
         WHEN stage = 'running' THEN coalesce(so_far, 0) WHEN final OR stage = 'scheduling' THEN 0
         ELSE coalesce(minutes, 0) END AS least,
    CASE WHEN never THEN 0 WHEN final AND ran IS NOT NULL AND lost > 0 THEN minutes + worst * lost
         WHEN final AND ran IS NOT NULL THEN minutes ELSE worst * tries END AS most
  FROM state
), held AS MATERIALIZED (
  SELECT *, CASE WHEN most < least THEN least ELSE most END AS at_most FROM unit
)
SELECT *, local_day(moment / 900000000) AS day,
  CASE WHEN never THEN 0 ELSE least * p + (coalesce(ports, 0) > 0) * ((least * 10000 + 59) / 60) END AS low,
  CASE WHEN never THEN 0 ELSE at_most * p + (coalesce(ports, 0) > 0) * ((at_most * 10000 + 59) / 60) END AS high
FROM held
"""


def load(jobs: pl.DataFrame, book: PriceBook, now: datetime, timezone: str) -> sqlite3.Connection:
    """Return a database with a table ``cost`` of one row per job."""
    base = sqlite3.connect(":memory:")
    base.create_function("local_day", 1, partial(_local_day, ZoneInfo(timezone)), deterministic=True)
    base.executescript(_TABLES)
    holders = ", ".join("?" * 19)
    base.executemany(f"INSERT INTO job VALUES ({holders})", _rows(jobs))  # noqa: S608 - question marks
    base.executemany(
        "INSERT INTO price VALUES (?, ?, ?)",
        (
            (flavor, seen.isoformat(), book.price_on(flavor, seen))
            for flavor, points in book.points.items()
            for seen in {point.seen for point in points}
        ),
    )
    base.execute(_COSTS, {"now": (now - _EPOCH) // timedelta(microseconds=1)})
    return base


def totals_by(base: sqlite3.Connection, column: str) -> Mapping[str | None, tuple[int, ...]]:
    """Return, by a column: jobs, low, high, unpriced, without an upper bound, ended, completed."""
    rows = base.execute(
        f"SELECT {column}, count(*), coalesce(sum(low), 0), coalesce(sum(high), 0), sum(low IS NULL), "  # noqa: S608 - a column's name, from a test
        "sum(low IS NOT NULL AND high IS NULL), sum(final), sum(stage = 'completed') "
        f"FROM cost GROUP BY {column}"
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def _rows(jobs: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """Return an iterator of the jobs with times and durations in whole microseconds; of their labels, the team."""
    is_team = pl.element().struct["key"] == "team"
    return jobs.select(
        "id",
        "namespace",
        "owner",
        pl.coalesce("initiator", "initiator_type"),
        "flavor",
        "name",
        pl.col("labels").list.eval(pl.element().filter(is_team).struct["value"]).list.first(),
        "stage",
        *(pl.col(name).to_physical() for name in ("created_at", "started_at", "finished_at")),
        *((pl.col(name) * 10**6).round().cast(pl.Int64) for name in ("running_secs", "total_secs", "timeout_secs")),
        "attempts",
        "failure_count",
        "ports",
        pl.col("seen_at").to_physical(),
        (pl.col("scheduling_secs") * 10**6).round().cast(pl.Int64),
    ).iter_rows()


@cache
def _local_day(zone: ZoneInfo, quarter: int) -> str:
    """Return the day, in a time zone, of a quarter of an hour since 1970."""
    return datetime.fromtimestamp(quarter * 900, zone).date().isoformat()
