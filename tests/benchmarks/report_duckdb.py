"""The peer of :mod:`tests.benchmarks.report_jobs`: the same answers by SQL in DuckDB over the same Parquet files."""
# ruff: noqa: S608 - the queries are put together from constants of this file

import json
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import duckdb

from hfplanner.catalog.prices import price_book
from hfplanner.estimate.price_table import price_table
from tests.benchmarks.rank_needs import peak_bytes

# Only the columns the aggregates need; the jobs of the benchmark all ended, on one attempt and without ports.
_COSTS = """
CREATE TEMP TABLE cost AS
SELECT j.id, j.namespace, j.owner, j.flavor, j.name, j.stage, j.reason,
  CAST(coalesce(j.started_at, j.created_at) AS DATE) AS day,
  (date_diff('microsecond', j.started_at, j.finished_at) + 999999) // 1000000 AS ran,
  (date_diff('microsecond', j.created_at, j.started_at) + 999999) // 1000000 AS wait,
  (date_diff('microsecond', j.started_at, j.finished_at) + 59999999) // 60000000 AS minutes,
  minutes * p.price_micro_usd_per_minute AS low
FROM read_parquet($files) j LEFT JOIN price p ON p.flavor = j.flavor
  AND p.price_day = least(CAST(coalesce(j.started_at, j.created_at) AS DATE), $last_day)
"""
_SUMS = "count(*), sum(low), count(*) - count(low)"
_SPREAD = ", ".join(
    f"avg({column}), quantile_disc({column}, [0.5, 0.9, 0.99]), max({column})" for column in ("low", "ran", "wait")
)
_WASTED = "stage = 'error' OR (stage = 'cancelled' AND ran >= 1800)"
_NAMED = "stage IN ('completed', 'error') AND name IS NOT NULL"
_QUESTIONS = (
    f"SELECT flavor, {_SUMS}, sum(ran), {_SPREAD}, count(*) FILTER (stage = 'completed') FROM cost GROUP BY flavor",
    f"SELECT {_SUMS}, {_SPREAD}, min(day), max(day) FROM cost",
    f"SELECT low IS NULL, {_SUMS} FROM cost GROUP BY 1",
    f"SELECT day, flavor, {_SUMS}, sum(minutes) FROM cost GROUP BY day, flavor",
    f"SELECT reason, {_SUMS}, sum(ran), max_by(id, low) FROM cost WHERE {_WASTED} GROUP BY reason",
    f"SELECT namespace, name, reason, {_SUMS}, sum(ran), min(ran) FROM cost WHERE {_NAMED} GROUP BY ALL",
)


def main() -> None:
    """Ask every question once, from opening the files to the answers."""
    table = price_table(price_book())
    with tempfile.TemporaryDirectory() as folder:
        table.rows.write_parquet(Path(folder) / "price.parquet")
        begun = time.perf_counter()
        base = duckdb.connect()
        base.execute("SET TimeZone = 'UTC'")
        base.execute("CREATE TABLE price AS SELECT * FROM read_parquet($file)", {"file": f"{folder}/price.parquet"})
        base.execute(_COSTS, {"files": f"{sys.argv[1]}/*.parquet", "last_day": table.last_day})
        groups, *_ = [base.execute(question).fetchall() for question in _QUESTIONS]
        secs = time.perf_counter() - begun
    found = {
        "secs": secs,
        "peak_bytes": peak_bytes(),
        "jobs": sum(row[1] for row in groups),
        "groups": {row[0]: int(row[2] or 0) for row in groups},
        "version": version("duckdb"),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
