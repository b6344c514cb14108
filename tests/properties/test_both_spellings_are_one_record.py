"""Law: an answer in the API's spelling, in Python's, or in a mixture is one and the same record."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.api.base import ApiModel
from hfplanner.api.models import JobHardwareInfo, JobInfo, ScheduledJobInfo
from tests.properties.job_strategies import BARE_JOB, BARE_SCHEDULE, HARDWARE, PYTHON_SPELLING, in_python_spelling


@pytest.mark.parametrize(
    ("model", "answers"), [(JobInfo, BARE_JOB), (ScheduledJobInfo, BARE_SCHEDULE), (JobHardwareInfo, HARDWARE)]
)
@settings(deadline=None)
@given(data=st.data(), keep=st.frozensets(st.sampled_from(sorted(PYTHON_SPELLING))))
def test_both_spellings(
    model: type[ApiModel], answers: st.SearchStrategy[dict[str, Any]], data: st.DataObject, keep: frozenset[str]
) -> None:
    """Whichever keys are respelled, the record is equal, and is written in the API's spelling."""
    answer = data.draw(answers)
    respelled = model.model_validate(in_python_spelling(answer, keep))
    assert respelled == model.model_validate(answer)
    assert respelled.to_api() == answer
