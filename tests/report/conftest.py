"""Jobs, prices and an oracle that several tests of the report share."""

import sqlite3
from collections.abc import Iterator

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.catalog.prices import price_book
from hfplanner.report.build import ReportInputs
from tests.report.generated import NOW, generate_jobs
from tests.report.oracle import load
from tests.report.sources import FileSource

ZONE = "America/New_York"


@pytest.fixture(scope="session")
def inputs() -> ReportInputs:
    """Return shipped prices, a fixed time and a history that is complete."""
    return ReportInputs(listing=shipped_listing(), now=NOW, sources=(FileSource("file:jobs.json"),))


@pytest.fixture(scope="module")
def many_jobs() -> pl.DataFrame:
    """Return 1,000,000 jobs of every kind."""
    return generate_jobs(1_000_000)


@pytest.fixture(scope="module")
def oracle(many_jobs: pl.DataFrame) -> Iterator[sqlite3.Connection]:
    """Return what SQL says of them."""
    base = load(many_jobs, price_book(), NOW, ZONE)
    yield base
    base.close()
