"""Real cluster traces as jobs, for examples and tests: other people's jobs, on the nearest flavor.

A trace tells who ran what, for how long and how it ended; it does not run on Hugging Face Jobs. Which flavor stands in
for its hardware is a mapping declared here, not a finding, and a cost computed from it is an example. A job too large
for any flavor has none, and is unpriced. Times a trace gives relative to its start are counted from a declared day.

- MLPerf Training result logs v0.7 to v5.0, MLCommons, Apache-2.0 (github.com/mlcommons/training_results_v5.0 and its
  predecessors). The submitter stands in for the user.
- Microsoft Philly 2017, as prepared for Pollux (Qiao et al., OSDI 2021), CC-BY-4.0. The virtual cluster stands in for
  the user; there is no status.
- NASA Ames iPSC/860 1993, Parallel Workloads Archive (Feitelson and Nitzberg). Processors stand in for vCPU.
- Alibaba GPU cluster trace 2023 (Weng et al., "Beware of Fragmentation", ATC 2023) and 2025 (inference instances).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from hfplanner.errors import UsageError
from hfplanner.frames.job_checks import check_records
from hfplanner.frames.job_schema import RECORDS_SCHEMA, JobFrames

__all__ = ["TRACES", "read_trace"]

_SEEN_AT = datetime(2026, 1, 1, tzinfo=UTC)
# Sizes of a family, smallest first: a job has the first that holds its devices.
_FAMILIES: dict[str, dict[int, str]] = {
    "A100": {1: "a100-large", 4: "a100x4", 8: "a100x8"},
    "H200": {1: "h200", 2: "h200x2", 4: "h200x4", 8: "h200x8"},
    "L4": {1: "l4x1", 4: "l4x4"},
    "L40S": {1: "l40sx1", 4: "l40sx4", 8: "l40sx8"},
    "A10G": {1: "a10g-small", 2: "a10g-largex2", 4: "a10g-largex4"},
    "small": {0: "cpu-upgrade", 1: "t4-small", 2: "a10g-largex2", 4: "a10g-largex4", 8: "l40sx8"},
    "cpu": {2: "cpu-basic", 8: "cpu-upgrade", 32: "cpu-performance", 128: "cpu-xl"},
}
# The beginning of a device's name, longest first, and the family that comes nearest to it.
_NEAREST = {
    "NVIDIA RTX A5000": "A10G",
    "NVIDIA A40": "L40S",
    "NVIDIA L4": "L4",
    "L40": "L40S",
    "A100": "A100",
    "H100": "H200",
    "H200": "H200",
    "V100": "A100",
    "A30": "A10G",
    "A10": "A10G",
    "T4": "small",
}


def _flavor(family: str, devices: pl.Expr) -> pl.Expr:
    """Return the smallest flavor of a family with so many devices, null where none has."""
    chosen = pl.lit(None, pl.String)
    for size, flavor in sorted(_FAMILIES[family].items(), reverse=True):
        chosen = pl.when(devices <= size).then(pl.lit(flavor)).otherwise(chosen)
    return chosen


def _seconds(expression: pl.Expr) -> pl.Expr:
    return pl.duration(milliseconds=(expression * _MILLISECONDS).round().cast(pl.Int64))


_MILLISECONDS = 1000


def _since(year: int, month: int, day: int, seconds: pl.Expr) -> pl.Expr:
    return pl.lit(datetime(year, month, day, tzinfo=UTC), pl.Datetime("us", "UTC")) + _seconds(seconds)


def _mlperf(trace: pl.LazyFrame) -> pl.LazyFrame:
    start, end = (pl.from_epoch(pl.col(name).cast(pl.Int64), "ms").dt.replace_time_zone("UTC") for name in _MS)
    flavor = pl.lit(None, pl.String)
    for name, family in reversed(_NEAREST.items()):
        is_it = pl.col("gpu").str.starts_with(name)
        flavor = pl.when(is_it).then(_flavor(family, pl.col("n_accelerators"))).otherwise(flavor)
    stages = {"success": "COMPLETED", "aborted": "ERROR", "abort": "ERROR", "fail": "ERROR"}
    return trace.select(
        id=pl.concat_str(pl.lit("mlperf-"), pl.int_range(pl.len())),
        owner=pl.col("submitter"),
        initiator=pl.col("submitter"),
        name=pl.concat_str("benchmark", "system", separator=" "),
        flavor=flavor,
        stage_text=pl.col("status").replace_strict(stages, default="UNKNOWN"),
        created_at=start,
        started_at=start,
        finished_at=end,
        running_secs=(end - start).dt.total_milliseconds() / _MILLISECONDS,
    )


_MS = ("start_ms", "end_ms")


def _philly(trace: pl.LazyFrame) -> pl.LazyFrame:
    created = pl.col("submit_time").dt.replace_time_zone("UTC")
    return trace.select(
        id=pl.concat_str(pl.lit("philly-"), pl.int_range(pl.len())),
        owner=pl.col("vc"),
        initiator=pl.col("vc"),
        flavor=_flavor("small", pl.col("num_gpus")),
        stage_text=pl.lit("COMPLETED"),
        created_at=created,
        started_at=created,
        finished_at=created + _seconds(pl.col("duration_s")),
        running_secs=pl.col("duration_s"),
    )


def _nasa(trace: pl.LazyFrame) -> pl.LazyFrame:
    created = _since(1993, 10, 1, pl.col("submit_s"))
    wait = pl.when(pl.col("wait_s") >= 0).then("wait_s").otherwise(0)
    executable = pl.when(pl.col("executable") >= 0).then("executable")
    return trace.select(
        id=pl.concat_str(pl.lit("nasa-"), "job"),
        owner=pl.lit("nasa-ames"),
        initiator=pl.concat_str(pl.lit("user-"), "user"),
        name=pl.concat_str(pl.lit("executable-"), executable),
        flavor=_flavor("cpu", pl.col("alloc_procs")),
        stage_text=pl.lit("COMPLETED"),
        created_at=created,
        started_at=created + _seconds(wait),
        finished_at=created + _seconds(wait + pl.col("run_s")),
        running_secs=pl.col("run_s"),
    )


def _openb(trace: pl.LazyFrame) -> pl.LazyFrame:
    stages = {"Running": "COMPLETED", "Succeeded": "COMPLETED", "Failed": "ERROR", "Pending": "CANCELED"}
    return trace.select(
        id=pl.col("name"),
        owner=pl.col("qos"),
        flavor=_flavor("small", pl.col("num_gpu")),
        stage_text=pl.col("pod_phase").replace_strict(stages, default="UNKNOWN"),
        created_at=_since(2023, 1, 1, pl.col("creation_time")),
        started_at=_since(2023, 1, 1, pl.col("scheduled_time")),
        finished_at=_since(2023, 1, 1, pl.col("deletion_time")),
        scheduling_secs=pl.col("queue_s"),
        running_secs=pl.col("run_s"),
    )


def _dlrm(trace: pl.LazyFrame) -> pl.LazyFrame:
    created, scheduled, deleted = (pl.col(f"{name}_time") for name in ("creation", "scheduled", "deletion"))
    # What was there before the trace began has no creation: it counts from the trace's first second.
    began = created.fill_null(0)
    return trace.select(
        id=pl.col("instance_sn"),
        owner=pl.lit("alibaba"),
        initiator=pl.col("app_name"),
        name=pl.col("app_name"),
        flavor=_flavor("small", pl.col("gpu_request")),
        stage_text=pl.when(deleted.is_null()).then(pl.lit("RUNNING")).otherwise(pl.lit("COMPLETED")),
        created_at=_since(2025, 1, 1, began),
        started_at=_since(2025, 1, 1, scheduled.fill_null(began)),
        finished_at=_since(2025, 1, 1, deleted),
        running_secs=deleted - scheduled.fill_null(began),
    )


TRACES: Mapping[str, Callable[[pl.LazyFrame], pl.LazyFrame]] = {
    "alibaba_dlrm_2025": _dlrm,
    "alibaba_openb_2023": _openb,
    "mlperf_training_runs": _mlperf,
    "nasa_ipsc_1993": _nasa,
    "philly_pollux": _philly,
}
"""What turns the rows of each trace into records."""


def read_trace(path: Path) -> JobFrames:
    """Return a trace's jobs, and the rows that cannot be right: without a start, too long, ending before they start.

    Args:
        path: a Parquet or CSV file that is named after its trace, one of :data:`TRACES`.

    Raises:
        UsageError: the file is not named after a trace.
    """
    if path.stem not in TRACES:
        raise UsageError(f"{path.name!r} is not a trace that is known.", hint=f"Known: {', '.join(TRACES)}.")
    rows = pl.scan_csv(path, try_parse_dates=True) if path.suffix == ".csv" else pl.scan_parquet(path)
    said = TRACES[path.stem](rows).collect()
    numbered = said.with_columns(
        pl.int_range(pl.len()).alias("position"), *(pl.col(n).cast(pl.Float64) for n in said.columns if "_secs" in n)
    )
    records = numbered.match_to_schema(RECORDS_SCHEMA, missing_columns="insert")
    return check_records(records, source=f"trace:{path.stem}", seen_at=_SEEN_AT)
