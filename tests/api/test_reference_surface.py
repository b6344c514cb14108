"""Whoever knows the classes of ``huggingface_hub`` finds them here: same names, same attributes, same values."""

import dataclasses
import enum
import inspect
import subprocess
import sys
import types

import pytest
from huggingface_hub import Volume as TheirVolume
from huggingface_hub import _jobs_api as reference

from hfplanner.api import job_names, models
from hfplanner.api.spec import create_job_spec

CLASSES = {
    name: thing
    for name, thing in vars(reference).items()
    if isinstance(thing, type) and thing.__module__ == reference.__name__
}
RECORDS = {**{name: thing for name, thing in CLASSES.items() if dataclasses.is_dataclass(thing)}, "Volume": TheirVolume}
ENUMS = {name: thing for name, thing in CLASSES.items() if issubclass(thing, enum.Enum)}
# The functions and constants of the reference, and what they are called here.
COUNTERPARTS = {
    "DEFAULT_UV_IMAGE": models.DEFAULT_UV_IMAGE,
    "TERMINAL_JOB_STAGES": models.TERMINAL_JOB_STAGES,
    "_SPACE_IMAGE_PREFIXES": models.SPACE_IMAGE_PREFIXES,
    "_create_job_spec": create_job_spec,
    "_default_job_name_from_image": job_names.default_job_name_from_image,
    "_default_job_name_from_script": job_names.default_job_name_from_script,
    "_derive_job_volume_name": job_names.job_volume_name,
}
# Parts of the functions above, which the laws in tests/properties hold ours against.
_STEPS = {"_build_expose_payload", "_sanitize_job_name", "_short_invocation_hash"}


def test_nothing_of_the_reference_is_forgotten() -> None:
    """Each class, function and constant it defines is accounted for; a new one fails here first."""
    defined = {
        name
        for name, thing in vars(reference).items()
        if not name.startswith("__")
        and not isinstance(thing, types.ModuleType)
        and getattr(thing, "__module__", reference.__name__) == reference.__name__
    }
    assert defined == {*CLASSES, *COUNTERPARTS, *_STEPS}
    assert {*CLASSES, "Volume"} <= set(models.__all__)


@pytest.mark.parametrize("name", ["DEFAULT_UV_IMAGE", "TERMINAL_JOB_STAGES", "_SPACE_IMAGE_PREFIXES"])
def test_constants_are_equal(name: str) -> None:
    """In value and in order: the first prefix that fits decides."""
    assert COUNTERPARTS[name] == getattr(reference, name)


@pytest.mark.parametrize("name", ENUMS)
def test_enumerations_are_equal(name: str) -> None:
    """The same members under the same names, in the same order; each equals its string."""
    ours = getattr(models, name)
    assert [(member.name, member.value) for member in ours] == [(member.name, member.value) for member in ENUMS[name]]
    assert all(member == member.value for member in ours)


def test_there_are_26_flavors_and_6_stages() -> None:
    """The numbers of ``huggingface_hub`` 2.4.0."""
    assert (len(models.JobHardware), len(models.JobStage)) == (26, 6)


@pytest.mark.parametrize("name", RECORDS)
def test_records_have_the_same_attributes(name: str) -> None:
    """Each field of the reference's dataclass can be read from ours, and given to it by the same name or computed."""
    ours = getattr(models, name)
    for field in dataclasses.fields(RECORDS[name]):
        computed = isinstance(getattr(ours, field.name, None), property)
        assert computed or field.name in ours.model_fields, field.name
    assert ours.model_config["frozen"]


@pytest.mark.parametrize("name", RECORDS)
def test_records_have_the_same_methods(name: str) -> None:
    """Public ones, by name and arguments."""
    for method, function in inspect.getmembers(RECORDS[name], inspect.isfunction):
        if not method.startswith("_"):
            ours = getattr(getattr(models, name), method)
            assert inspect.signature(ours).parameters.keys() == inspect.signature(function).parameters.keys()


def test_the_builder_takes_the_same_arguments() -> None:
    """By the same names, with the same defaults; ours has the architecture on top."""
    ours = inspect.signature(create_job_spec).parameters
    theirs = inspect.signature(reference._create_job_spec).parameters  # noqa: SLF001 - the builder itself
    assert {name: given.default for name, given in ours.items() if name != "arch"} == {
        name: given.default for name, given in theirs.items()
    }


def test_records_are_constructed_in_python_spelling() -> None:
    """As one writes the reference's records by hand, nested ones as records or as mappings."""
    owner = models.JobOwner(id="5e9ecfc04957053f60648a3e", name="acme", type="org")
    job = models.JobInfo(
        id="687fb701029421ae5549d998",
        docker_image="python:3.12",
        flavor=models.JobHardware.T4_SMALL,
        owner=owner,
        status=models.JobStatus(stage=models.JobStage.RUNNING, message=None, expose_urls=None, ssh_url=None),
        durations=models.JobDurations(scheduling_secs=6, running_secs=2, total_secs=8),
        initiator=models.JobInitiator(type="user", id="5e9ecfc04957053f60648a3e"),
        network=models.JobNetwork(group="train", aliases=["master"]),
        volumes=[models.Volume(type="bucket", source="acme/data", mount_path="/data")],
        expose=[8000],
        expose_public=[8000],
        retry=2,
        endpoint="https://hub.example",
    )
    assert job.owner is owner
    assert (job.expose, job.expose_public, job.retry) == ([8000], [8000], 2)
    assert job.url == "https://hub.example/jobs/acme/687fb701029421ae5549d998"
    assert job.to_api()["status"] == {"stage": "RUNNING", "message": None, "exposeUrls": None, "sshUrl": None}


@pytest.mark.process
def test_reading_a_job_imports_nothing_heavy() -> None:
    """The command line answers quickly: models and builder need pydantic, and none of the large libraries."""
    program = (
        "import sys; import hfplanner.api.models, hfplanner.api.spec; "
        "print(sorted({'httpx', 'huggingface_hub', 'matplotlib', 'polars', 'rich', 'typer'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
