"""Law: what ``huggingface_hub`` reads in an answer, we read in it too."""

from typing import Any

from huggingface_hub import _jobs_api as reference
from hypothesis import given, settings

from hfplanner.api.models import JobHardwareInfo, JobInfo, ScheduledJobInfo
from tests.properties.job_strategies import HARDWARE, JOB, SCHEDULE, in_python_spelling, same

ENDPOINT = "https://hub.example"


@settings(deadline=None)
@given(answer=JOB)
def test_a_job_has_the_attributes_of_the_reference(answer: dict[str, Any]) -> None:
    """Each attribute of the reference's ``JobInfo``, at every depth, its link included."""
    theirs = reference.JobInfo(**answer, endpoint=ENDPOINT)
    ours = JobInfo.model_validate({**answer, "endpoint": ENDPOINT})
    assert same(ours, theirs)


@settings(deadline=None)
@given(answer=SCHEDULE)
def test_a_schedule_has_the_attributes_of_the_reference(answer: dict[str, Any]) -> None:
    """Each attribute of the reference's ``ScheduledJobInfo``, in both spellings."""
    theirs = reference.ScheduledJobInfo(**answer)
    assert same(ScheduledJobInfo.model_validate(answer), theirs)
    assert same(ScheduledJobInfo.model_validate(in_python_spelling(answer)), theirs)


@settings(deadline=None)
@given(answer=HARDWARE)
def test_a_row_of_the_listing_has_the_attributes_of_the_reference(answer: dict[str, Any]) -> None:
    """Each attribute of the reference's ``JobHardwareInfo``, prices as delivered."""
    assert same(JobHardwareInfo.model_validate(answer), reference.JobHardwareInfo(**answer))
