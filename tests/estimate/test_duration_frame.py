"""A frame of measured jobs carried at once says what single jobs are told."""

import time
from typing import Any

import polars as pl
import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.frame import carry_frame
from hfplanner.estimate.duration.measured import MeasuredRun, at_least
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly

FLAVORS = shipped_listing().flavors
JOBS: list[dict[str, Any]] = [
    {"job": "a", "flavor": "l4x1", "duration_secs": 3600, "phase": "train", "precision": "bf16"},
    {"job": "b", "flavor": "t4-small", "duration_secs": 45, "phase": None, "precision": None},
    {"job": "c", "flavor": "h200", "duration_secs": 86_400, "phase": "decode", "precision": "fp8"},
    {"job": "d", "flavor": "cpu-basic", "duration_secs": 100, "phase": None, "precision": None},
]


def test_a_frame_says_what_single_jobs_are_told() -> None:
    """Long, short, on a GPU and on a CPU, to the second."""
    answer = {(job, flavor): spans for job, flavor, *spans in carry_frame(pl.DataFrame(JOBS), FLAVORS).iter_rows()}
    known = {flavor.name: flavor for flavor in FLAVORS}
    for job in JOBS:
        said = {key: job[key] for key in ("phase", "precision") if job[key]}
        run = MeasuredRun(flavor=job["flavor"], duration_secs=exactly(job["duration_secs"], "measured"))
        alone = carry_to_all([run], FLAVORS, known, Workload(**said)).estimates
        assert {flavor for key, flavor in answer if key == job["job"]} == set(alone)
        for flavor, span in alone.items():
            assert answer[job["job"], flavor] == pytest.approx([span.low, span.likely, span.high], abs=1)


def test_a_run_that_was_stopped_is_a_lower_bound_in_a_frame_as_in_a_history() -> None:
    """There and elsewhere; one that completed beside it is as it was."""
    jobs = pl.DataFrame([one | {"completed": one["job"] != "a"} for one in JOBS])
    answer = {(job, flavor): spans for job, flavor, *spans in carry_frame(jobs, FLAVORS).iter_rows()}
    whole = {(job, flavor): spans for job, flavor, *spans in carry_frame(pl.DataFrame(JOBS), FLAVORS).iter_rows()}
    assert all(answer[key] == whole[key] for key in whole if key[0] != "a")
    run = MeasuredRun(flavor="l4x1", duration_secs=at_least(3600, "one run was cut off"))
    known = {flavor.name: flavor for flavor in FLAVORS}
    alone = carry_to_all([run], FLAVORS, known, Workload(phase="train", precision="bf16")).estimates
    for flavor, span in alone.items():
        assert answer["a", flavor] == pytest.approx([span.low, span.likely, span.high], abs=1)
    assert answer["a", "l4x1"][0] >= 3600


@pytest.mark.parametrize("frame", [{"job": [1], "flavor": ["l4x1"]}, {"job": [1], "flavor": ["l4x1"], "secs": [1]}])
def test_a_column_that_is_missing_or_not_known_is_refused(frame: dict[str, list[Any]]) -> None:
    """With the columns there are."""
    with pytest.raises(UsageError, match="frame of measured jobs"):
        carry_frame(pl.DataFrame(frame), FLAVORS)


def test_a_flavor_that_is_not_listed_is_refused() -> None:
    """With the nearest."""
    with pytest.raises(UsageError, match="not in the listing"):
        carry_frame(pl.DataFrame({"job": [1], "flavor": ["l4x9"], "duration_secs": [60]}), FLAVORS)


def test_a_hundred_thousand_pairs_take_no_time_to_speak_of() -> None:
    """Two seconds of processor time are allowed; the factors are computed once for each way to measure."""
    jobs = pl.DataFrame(JOBS).with_columns(pl.col("duration_secs").cast(pl.Int64))
    many = pl.concat([jobs.with_columns(job=pl.lit(f"{number}")) for number in range(1500)])
    before = time.process_time()
    assert carry_frame(many, FLAVORS).height > 100_000
    assert time.process_time() - before < 2
