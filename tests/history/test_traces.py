"""Real traces become jobs: the excerpts beside this file, and rows with the columns of those that are not carried."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from hfplanner.errors import UsageError
from hfplanner.frames.jobs import JOBS_SCHEMA
from tests.history.traces import read_trace

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda path: path.stem)
def test_every_row_of_a_trace_is_a_job_or_a_bad_row(path: Path) -> None:
    """Nothing vanishes, and what comes back has the schema of a jobs frame."""
    jobs, bad = read_trace(path)
    assert jobs.schema == JOBS_SCHEMA
    assert jobs.height + bad.height == pl.read_csv(path).height
    assert jobs["id"].is_unique().all()


def test_a_run_without_a_start_is_no_job() -> None:
    """An MLPerf log that was cut off has no start: it comes back with the reason."""
    assert read_trace(DATA / "mlperf_training_runs.csv").bad["code"].to_list() == ["no_creation_time"]


def test_an_instance_that_still_runs_has_no_end(tmp_path: Path) -> None:
    """The 2025 trace leaves the deletion empty: the job is running, whatever else is known."""
    row = {
        "instance_sn": "instance_1",
        "app_name": "app_1",
        "gpu_request": 1,
        "creation_time": None,
        "scheduled_time": None,
        "deletion_time": None,
    }
    times = dict.fromkeys(("creation_time", "scheduled_time", "deletion_time"), pl.Float64)
    pl.DataFrame([row], schema_overrides=times).write_parquet(tmp_path / "alibaba_dlrm_2025.parquet")
    job = read_trace(tmp_path / "alibaba_dlrm_2025.parquet").jobs.row(0, named=True)
    assert (job["stage"], job["flavor"], job["finished_at"]) == ("running", "t4-small", None)


def test_a_failed_pod_is_an_error_on_the_nearest_flavor(tmp_path: Path) -> None:
    """The 2023 trace: seconds count from the declared day, and eight devices need the flavor that has eight."""
    row = {
        "name": "pod-1",
        "qos": "LS",
        "num_gpu": 8,
        "pod_phase": "Failed",
        "creation_time": 0,
        "scheduled_time": 60,
        "deletion_time": 3660,
        "queue_s": 60,
        "run_s": 3600,
    }
    pl.DataFrame([row]).write_parquet(tmp_path / "alibaba_openb_2023.parquet")
    job = read_trace(tmp_path / "alibaba_openb_2023.parquet").jobs.row(0, named=True)
    assert (job["stage"], job["flavor"], job["running_secs"]) == ("error", "l40sx8", 3600)
    assert job["started_at"] == datetime(2023, 1, 1, 0, 1, tzinfo=UTC)


def test_an_unknown_trace_is_refused(tmp_path: Path) -> None:
    """The name says which reader; another name names the known ones."""
    with pytest.raises(UsageError, match="not a trace") as refused:
        read_trace(tmp_path / "borg.parquet")
    assert "philly_pollux" in str(refused.value.hint)
