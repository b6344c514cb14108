"""Law: what ``hf jobs`` prints we read as the job it was, and what it counts into a default name we count too.

The command line of ``huggingface_hub`` asks the network and writes to the home folder as soon as it is imported. It
therefore runs as a process of its own, offline and with a home of its own, and is asked line by line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from huggingface_hub import _jobs_api as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.api.job_names import job_config_parts
from hfplanner.api.models import JobInfo
from tests.properties.job_strategies import JOB, same

ENDPOINT = "https://hub.example"
PROGRAM = """
import json, sys
from huggingface_hub import _jobs_api
from huggingface_hub.cli import _output, jobs

def inspect(answer, endpoint):
    job = _jobs_api.JobInfo(**answer, endpoint=endpoint)
    return jobs._surface_name(_output._dataclass_to_dict(job), labels=job.labels)

questions = {"inspect": inspect, "parts": jobs._name_hash_parts}
for line in sys.stdin:
    name, given = json.loads(line)
    print(json.dumps(questions[name](**given), default=str), flush=True)
"""
WORD = st.text(max_size=5)
WORDS = st.lists(WORD, max_size=3)
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Return what asks the command line's own functions."""
    home = {"HF_HOME": str(tmp_path_factory.mktemp("hf_home")), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        questions, answers = child.stdin, child.stdout

        def ask(name: str, **given: Any) -> Any:  # noqa: ANN401 - any JSON value
            print(json.dumps([name, given]), file=questions, flush=True)
            return json.loads(answers.readline())

        yield ask


@settings(deadline=None)
@given(answer=JOB)
def test_what_hf_jobs_inspect_prints_is_the_job_it_was(ask: Ask, answer: dict[str, Any]) -> None:
    """It respells keys and times, leaves out nulls and adds links and names; what we write again was in the answer."""
    job = JobInfo.model_validate(ask("inspect", answer=answer, endpoint=ENDPOINT))
    assert same(job, reference.JobInfo(**answer, endpoint=ENDPOINT))
    assert job.to_api().keys() <= answer.keys()


@settings(deadline=None)
@given(
    options=st.fixed_dictionaries(
        {"flavor": st.none() | WORD, "timeout": st.none() | WORD, "namespace": st.none() | WORD},
        optional={"network_group": st.none() | WORD, "network_aliases": WORDS, "extra": WORDS},
    ),
    env=st.dictionaries(WORD, WORD, max_size=3),
    secrets=st.dictionaries(WORD, WORD, max_size=3),
    volumes=WORDS,
)
def test_what_hf_jobs_run_counts_into_a_name(
    ask: Ask, options: dict[str, Any], env: dict[str, str], secrets: dict[str, str], volumes: list[str]
) -> None:
    """The same parts in the same order; of secrets the names alone."""
    theirs = ask("parts", **options, env=env, secrets=secrets, volume_specs=volumes)
    assert job_config_parts(**options, env=env, secret_names=secrets, volumes=volumes) == theirs
