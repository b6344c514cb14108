"""What code written for ``huggingface_hub`` 2.4.0 does with a record works here and gives the same: to the letter."""

import os
import subprocess
import sys
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import _jobs_api as reference
from hypothesis import given, settings

import hfplanner.api
from hfplanner.api import JobInfo, JobsClient, create_job_spec, models
from hfplanner.errors import JobSpecError, TokenError
from tests.hub.control import Hub
from tests.program import Program
from tests.properties.job_strategies import HARDWARE, JOB, SCHEDULE

ENDPOINT = "https://hub.example"
OWNER = {"id": "5e9ecfc04957053f60648a3e", "name": "acme", "type": "org"}
ANSWER: dict[str, Any] = {"id": "687fb701029421ae5549d998", "owner": OWNER, "status": {"stage": "RUNNING"}}
# What the reference does not keep; it would make our text longer, not different.
FORGOTTEN = {
    "arch",
    "timeout",
    "resourceGroupId",
    "createdBy",
    "suspendReason",
    "cancelReason",
    "failureCount",
    "type",
    "avatarUrl",
}


def as_kept_there(value: Any, *, within: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """Return an answer without what the reference forgets, and without values of variables, which ours hides."""
    if isinstance(value, list):
        return [as_kept_there(item, within=within) for item in value]
    if not isinstance(value, dict):
        return value
    if within in {"environment", "secrets"}:
        return {}
    if within == "labels":
        return value
    forgotten = FORGOTTEN - ({"arch", "timeout"} if within == "jobSpec" else set())
    forgotten -= {"type"} if within else set()
    return {
        key: as_kept_there(item, within=key)
        for key, item in value.items()
        if key not in forgotten and not key.startswith("newX")
    }


@pytest.mark.slow
@settings(deadline=None)
@given(answer=JOB)
def test_a_job_is_shown_as_the_reference_shows_it(answer: dict[str, Any]) -> None:
    """The same ``repr`` and ``str``: the same fields in the same order, the link at the end."""
    said = as_kept_there(answer) | {"endpoint": ENDPOINT}
    assert repr(JobInfo.model_validate(said)) == repr(reference.JobInfo(**said))
    assert str(JobInfo.model_validate(said)) == str(reference.JobInfo(**said))


@pytest.mark.slow
@settings(deadline=None)
@given(answer=SCHEDULE)
def test_a_schedule_is_shown_as_the_reference_shows_it(answer: dict[str, Any]) -> None:
    """With the specification in it."""
    said = {key: value for key, value in as_kept_there(answer).items() if key != "initiator"}
    assert repr(models.ScheduledJobInfo.model_validate(said)) == repr(reference.ScheduledJobInfo(**said))


@pytest.mark.slow
@settings(deadline=None)
@given(answer=HARDWARE)
def test_a_row_of_the_listing_is_shown_as_the_reference_shows_it(answer: dict[str, Any]) -> None:
    """With its accelerator."""
    said = as_kept_there(answer, within="row")
    if said.get("accelerator"):
        # The reference takes no key it does not know.
        known = ("type", "model", "quantity", "vram", "manufacturer")
        said["accelerator"] = {key: answer["accelerator"][key] for key in known}
    assert repr(models.JobHardwareInfo.model_validate(said)) == repr(reference.JobHardwareInfo(**said))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("JobOwner", ("1", "acme", "org")),
        ("JobStatus", ("RUNNING", None, ["https://1--80.hf.jobs"], None)),
        ("JobInitiator", ("user", "1")),
        ("JobInitiator", ("user", "1", "ada")),
    ],
)
def test_the_plain_records_take_their_fields_by_position(name: str, values: tuple[object, ...]) -> None:
    """They are plain dataclasses there; the same call gives the same record here."""
    ours, theirs = getattr(hfplanner.api, name)(*values), getattr(reference, name)(*values)
    assert repr(ours) == repr(theirs)
    assert ours == getattr(models, name)(**vars(theirs))


def test_a_field_too_many_or_given_twice_is_a_type_error() -> None:
    """As Python says it of any function."""
    for call in (lambda: models.JobOwner(*"abcd"), lambda: models.JobOwner("1", id="2")):
        with pytest.raises(TypeError, match="JobOwner was given"):
            call()


@pytest.mark.parametrize(
    ("key", "empty"),
    [
        ("volumes", []),
        ("durations", {}),
        ("initiator", {}),
        ("network", {}),
        ("dockerImage", ""),
        ("spaceId", ""),
        ("createdAt", ""),
    ],
)
def test_what_is_empty_was_not_said(key: str, empty: object) -> None:
    """An empty list, mapping or text of these reads as ``None``, in both spellings."""
    name = {"dockerImage": "docker_image", "spaceId": "space_id", "createdAt": "created_at"}.get(key, key)
    assert getattr(reference.JobInfo(**ANSWER | {key: empty}), name) is None
    for spelling in (key, name):
        assert getattr(JobInfo.model_validate(ANSWER | {spelling: empty}), name) is None


def test_lists_that_say_something_when_empty_stay() -> None:
    """No arguments and no ports are facts."""
    said = ANSWER | {"command": [], "arguments": [], "environment": {}, "expose": {"ports": []}}
    theirs, ours = reference.JobInfo(**said), JobInfo.model_validate(said)
    for name in ("command", "arguments", "environment", "expose"):
        assert getattr(ours, name) == getattr(theirs, name)
        assert getattr(ours, name) is not None


def test_every_class_and_constant_is_had_from_one_place() -> None:
    """``from hfplanner.api import JobHardware`` and so on, each the class of ``huggingface_hub`` has that name."""
    names = {name for name, thing in vars(reference).items() if getattr(thing, "__module__", "") == reference.__name__}
    public = {name for name in names if not name.startswith("_")} | {
        "TERMINAL_JOB_STAGES",
        "DEFAULT_UV_IMAGE",
        "Volume",
    }
    assert public <= set(hfplanner.api.__all__)
    assert all(hasattr(hfplanner.api, name) for name in hfplanner.api.__all__)


def test_a_volume_of_the_hub_client_is_a_volume() -> None:
    """Whoever has one does not build another; what the Hub would refuse is refused in it too."""
    given = huggingface_hub.Volume(type="bucket", source="acme/data", mount_path="/data", read_only=True)
    theirs = reference._create_job_spec(  # noqa: SLF001 - the builder itself, which run_job wraps
        image="python:3.12", command=["id"], env=None, secrets=None, flavor=None, timeout=None, volumes=[given]
    )
    fine: dict[str, Any] = {"image": "python:3.12", "command": ["id"], "env": None, "secrets": None, "flavor": None}
    assert create_job_spec(**fine, timeout=None, volumes=[given])["volumes"] == theirs["volumes"]
    bad = huggingface_hub.Volume(type="bucket", source="acme/data", mount_path="data")
    with pytest.raises(JobSpecError, match="mount path"):
        create_job_spec(**fine, timeout=None, volumes=[bad])


def run_python(program: Program, script: str) -> str:
    """Run a script in a home of its own; return its answer."""
    done = program.run_command([sys.executable, "-c", script])
    assert done.err == ""
    return done.out.strip()


@pytest.mark.process
@pytest.mark.parametrize("library", ["huggingface_hub._jobs_api", "hfplanner.api"])
def test_the_link_of_a_job_is_on_the_hub_of_the_environment(program: Program, library: str) -> None:
    """``HF_ENDPOINT`` says which Hub that is, unless the record says it."""
    there = Program(program.home, environ=(("HF_ENDPOINT", "https://hub.example/"),))
    script = f"from {library} import JobInfo; print(JobInfo(**{ANSWER!r}).url)"
    assert run_python(there, script) == f"https://hub.example/jobs/acme/{ANSWER['id']}"


@pytest.mark.process
def test_a_client_without_arguments_asks_the_hub_of_the_environment_with_its_token(hub: Hub, program: Program) -> None:
    """As ``HfApi()`` does."""
    there = Program(program.home, environ=(("HF_ENDPOINT", hub.url), ("HF_TOKEN", hub.token)))
    script = "from hfplanner.api import JobsClient; c = JobsClient(); print(c, c.whoami().name)"
    assert (
        run_python(there, script)
        == f"JobsClient('{hub.url}') {huggingface_hub.HfApi(hub.url, hub.token).whoami()['name']}"
    )


def test_a_token_may_be_text(hub: Hub) -> None:
    """It is checked and hidden like any other; ``None`` sends none."""
    with JobsClient(hub.url, token=hub.token) as client:
        assert client.whoami().name
    with JobsClient(hub.url, token=None) as client:
        assert client.hardware()
    with pytest.raises(TokenError):
        JobsClient(hub.url, token="\n")  # noqa: S106 - no token


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:99999", "https://hub.example:\uff11", "https://[::1"])
@pytest.mark.parametrize(
    "line",
    ["sync --namespace acme", "run --yes --flavor l4x1 --namespace acme python:3.12 id", "hardware --refresh"],
)
def test_an_endpoint_that_is_no_url_is_a_sentence(program: Program, endpoint: str, line: str) -> None:
    """Also where ``huggingface_hub`` is imported, which fails on such a port; exit code 2."""
    online = Program(program.home, environ=(("HF_ENDPOINT", endpoint), ("HF_HUB_OFFLINE", "0"), ("HF_TOKEN", "hf_x")))
    done = online.run(*line.split())
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"Error: The Hub's endpoint '{endpoint}' is not a URL.\n")


@pytest.mark.process
def test_a_variable_the_hub_client_cannot_read_is_a_sentence() -> None:
    """Its constants are read while it is imported."""
    script = "from hfplanner.api import find_token; find_token()"
    environ = os.environ | {"HF_HUB_DOWNLOAD_TIMEOUT": "soon"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert done.stderr.endswith("TokenError: The token of the Hub could not be read (ValueError).\n")
