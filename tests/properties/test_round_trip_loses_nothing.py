"""Law: what the Hub said is what comes out again, to the last key, whatever this version knows of it."""

import json
from typing import Any

from hypothesis import given, settings

from hfplanner.api.models import JobHardwareInfo, JobInfo, JobSpec, ScheduledJobInfo
from tests.properties.job_strategies import BARE_JOB, BARE_SCHEDULE, HARDWARE, JOB_SPEC


@settings(deadline=None)
@given(answer=BARE_JOB)
def test_a_job(answer: dict[str, Any]) -> None:
    """Also by way of JSON text, and twice."""
    once = JobInfo.model_validate(answer).to_api()
    assert once == answer
    assert JobInfo.model_validate_json(json.dumps(once)).to_api() == answer


@settings(deadline=None)
@given(answer=BARE_SCHEDULE)
def test_a_schedule(answer: dict[str, Any]) -> None:
    """With the specification in it."""
    assert ScheduledJobInfo.model_validate(answer).to_api() == answer


@settings(deadline=None)
@given(answer=JOB_SPEC)
def test_a_specification(answer: dict[str, Any]) -> None:
    """As a schedule or a webhook holds it."""
    assert JobSpec.model_validate(answer).to_api() == answer


@settings(deadline=None)
@given(answer=HARDWARE)
def test_a_row_of_the_listing(answer: dict[str, Any]) -> None:
    """With accelerators nobody knows."""
    assert JobHardwareInfo.model_validate(answer).to_api() == answer
