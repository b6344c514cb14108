"""Where we differ from ``huggingface_hub`` 2.4.0 on purpose: what it does, what we do, and why.

Everything else is equal; the laws in ``tests/properties`` say so. When one of these tests fails on its first half, the
reference has changed, and the difference may be at its end.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from huggingface_hub import Volume as TheirVolume
from huggingface_hub import _jobs_api as reference
from pydantic import ValidationError

from hfplanner.api.job_names import default_job_name_from_image, default_job_name_from_script
from hfplanner.api.models import JobHardwareInfo, JobInfo, JobStatus, ScheduledJobInfo, Volume
from hfplanner.api.spec import create_job_spec
from hfplanner.errors import JobSpecError

FINE: dict[str, Any] = {
    "image": "python:3.12",
    "command": ["python", "-V"],
    "env": None,
    "secrets": None,
    "flavor": None,
    "timeout": None,
}
ANSWER: dict[str, Any] = {
    "id": "687fb701029421ae5549d998",
    "owner": {"id": "5e9ecfc04957053f60648a3e", "name": "acme", "type": "org"},
    "status": {"stage": "RUNNING"},
}


def theirs(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - wrong types are what is tested
    """Build a body with the reference's builder."""
    return reference._create_job_spec(**(FINE | changed))  # noqa: SLF001 - the builder itself, which run_job wraps


def ours(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - wrong types are what is tested
    """Build a body with ours."""
    return create_job_spec(**(FINE | changed))


def refused(**changed: Any) -> bool:  # noqa: ANN401 - wrong types are what is tested
    """Tell whether ours refuses, with a sentence and the accepted forms."""
    with pytest.raises(JobSpecError) as caught:
        ours(**changed)
    return bool(caught.value.message and caught.value.hint)


def their_job(**changed: Any) -> reference.JobInfo:  # noqa: ANN401 - any JSON value
    """Read an answer with the reference."""
    return reference.JobInfo(**(ANSWER | changed))


def our_job(**changed: Any) -> JobInfo:  # noqa: ANN401 - any JSON value
    """Read an answer with ours."""
    return JobInfo.model_validate(ANSWER | changed)


# Timeouts: what decides when a job stops costing.


@pytest.mark.parametrize("timeout", [0, 0.0, ""])
def test_a_timeout_of_nothing(timeout: float | str) -> None:
    """It is dropped there, and the job gets the Hub's 30 minutes; whoever wrote it meant something else."""
    assert "timeoutSeconds" not in theirs(timeout=timeout)
    assert refused(timeout=timeout)


@pytest.mark.parametrize(("timeout", "sent"), [("-5m", -300), (-300, -300), ("-1", -1)])
def test_a_negative_timeout(timeout: float | str, sent: int) -> None:
    """It is sent there, for the Hub to refuse; here nothing leaves the machine."""
    assert theirs(timeout=timeout)["timeoutSeconds"] == sent
    assert refused(timeout=timeout)


@pytest.mark.parametrize(("timeout", "sent"), [("0.5s", 0), (0.5, 0), (90.9, 90), ("1.1s", 1), ("0.01m", 0)])
def test_a_timeout_with_a_fraction_of_a_second(timeout: float | str, sent: int) -> None:
    """It is cut off there, down to nothing; the Hub counts whole seconds, so we ask for them."""
    assert theirs(timeout=timeout)["timeoutSeconds"] == sent
    assert refused(timeout=timeout)


@pytest.mark.parametrize(("timeout", "sent", "meant"), [("2.05m", 122, 123), ("4.1m", 245, 246), ("1.13h", 4067, 4068)])
def test_a_timeout_counted_in_floating_point(timeout: str, sent: int, meant: int) -> None:
    """2.05 minutes are 123 seconds; there the float below it is cut off. Ours counts in fractions."""
    assert theirs(timeout=timeout)["timeoutSeconds"] == sent
    assert ours(timeout=timeout)["timeoutSeconds"] == meant


@pytest.mark.parametrize(("timeout", "sent"), [(True, 1), ("1e3s", 1000), ("1_0s", 10), ("٣s", 3), (2**53, 2**53)])
def test_a_timeout_that_only_python_understands(timeout: object, sent: int) -> None:
    """Truth, exponents, underscores, other digits and numbers that JSON readers round are slips, not timeouts."""
    assert theirs(timeout=timeout)["timeoutSeconds"] == sent
    assert refused(timeout=timeout)


@pytest.mark.parametrize(
    ("timeout", "error"),
    [
        ("soon", ValueError),
        ("5M", ValueError),
        ("1.5", ValueError),
        ("infs", OverflowError),
        (float("nan"), ValueError),
    ],
)
def test_a_timeout_that_is_none(timeout: object, error: type[Exception]) -> None:
    """There an error of Python's number parser gets out; ours names the accepted forms."""
    with pytest.raises(error):
        theirs(timeout=timeout)
    assert refused(timeout=timeout)


def test_a_timeout_in_two_units() -> None:
    """``1h30m`` is what people write; the reference cannot read it."""
    with pytest.raises(ValueError, match="could not convert"):
        theirs(timeout="1h30m")
    assert ours(timeout="1h30m")["timeoutSeconds"] == 5400


# The rest of the body.


def test_no_command() -> None:
    """There it is sent as null, which the API does not take; left out, the image's own command runs."""
    assert theirs(command=None)["command"] is None
    assert "command" not in ours(command=None)


@pytest.mark.parametrize(
    "changed",
    [
        {"command": []},
        {"command": [""]},
        {"command": "python -V"},
        {"env": {"A": "one letter"}},
        {"env": {"A-B": "1"}},
        {"env": {"AB": 1}},
        {"secrets": {"AB": None}},
        {"labels": {"a b": "c"}},
        {"labels": {"k": "v" * 101}},
        {"name": "n" * 101},
        {"name": "a b"},
        {"expose": [0]},
        {"expose": ["8000"]},
        {"expose": list(range(1, 22))},
        {"network_group": "Train"},
        {"network_group": "g" * 47},
        {"network_group": "g", "network_aliases": ["a", "a"]},
        {"network_group": "g", "network_aliases": ["a" * 35]},
        {"network_group": "g", "network_aliases": "master"},
        {"resource_group_id": "prod"},
        {"attempts": 0},
        {"flavor": "l4 x1"},
        {"image": "python 3"},
        {"image": "http://hf.co/spaces/acme/train"},
        {"image": "https://huggingface.co/acme/train"},
        {"image": "hf.co/spaces/acme"},
        {"image": "hf.co/spaces/acme/train/tree/main"},
    ],
    ids=json.dumps,
)
def test_what_the_hub_would_refuse(changed: dict[str, Any]) -> None:
    """There it is sent, and the Hub answers 400 or takes it for something else; here it is refused before."""
    assert theirs(**changed)
    assert refused(**changed)


@pytest.mark.parametrize("changed", [{"type": "tape"}, {"source": ""}, {"mount_path": "data"}], ids=json.dumps)
def test_a_volume_the_hub_would_refuse(changed: dict[str, str]) -> None:
    """The same for volumes, which are read tolerantly and checked when they are sent."""
    volume = {"type": "bucket", "source": "acme/data", "mount_path": "/data"} | changed
    assert theirs(volumes=[TheirVolume(**volume)])["volumes"]
    assert refused(volumes=[Volume.model_validate(volume)])


@pytest.mark.parametrize(
    ("option", "key", "sent"),
    [
        ("flavor", "flavor", "cpu-basic"),
        ("network_group", "network", None),
        ("resource_group_id", "resourceGroupId", None),
    ],
)
def test_an_empty_text(option: str, key: str, sent: str | None) -> None:
    """``--flavor "$FLAVOR"`` with no FLAVOR set runs on cpu-basic there; an empty text is not "not given"."""
    assert theirs(**{option: ""}).get(key) == sent
    assert refused(**{option: ""})


def test_ssh_that_is_not_a_bool() -> None:
    """The text "false" opens SSH there, because it is not empty."""
    assert theirs(ssh="false")["ssh"] == {"enabled": True}
    assert refused(ssh="false")


def test_a_space_with_a_slash_at_its_end() -> None:
    """As copied from a browser; there the slash becomes part of the Space's name."""
    image = "https://huggingface.co/spaces/acme/train/"
    assert theirs(image=image)["spaceId"] == "acme/train/"
    assert ours(image=image)["spaceId"] == "acme/train"


def test_a_contradiction_is_one_of_our_errors() -> None:
    """A ``ValueError`` there; here an error of the one tree, with a hint and exit code 2."""
    for changed in ({"network_aliases": ["a"]}, {"name": "a", "labels": {"name": "b"}}):
        with pytest.raises(ValueError, match="`"):
            theirs(**changed)
        assert refused(**changed)


def test_the_caller_keeps_what_they_passed() -> None:
    """There the body holds the caller's own mapping, and a change of one changes the other."""
    env = {"MODE": "fast"}
    assert theirs(env=env)["environment"] is env
    assert ours(env=env)["environment"] is not env


def test_an_architecture_can_be_asked_for() -> None:
    """The API takes ``arch``; the reference has no argument for it."""
    with pytest.raises(TypeError, match="arch"):
        theirs(arch="arm64")
    assert ours(arch="arm64")["arch"] == "arm64"


# Names.


def test_a_default_name_is_a_label() -> None:
    """A label has at most 100 characters; there a long name is built and the Hub refuses the job."""
    image, script = "i" * 300, "s" * 300
    for long, short in (
        (reference._default_job_name_from_image(image, []), default_job_name_from_image(image, [])),  # noqa: SLF001 - what run_job calls
        (reference._default_job_name_from_script(script, []), default_job_name_from_script(script, [])),  # noqa: SLF001 - what run_uv_job calls
    ):
        assert len(long) == 309
        assert short == long[:91] + long[-9:]


def test_a_default_name_without_a_command() -> None:
    """The image's own command is a command too."""
    with pytest.raises(TypeError):
        reference._default_job_name_from_image("python:3.12", None)  # noqa: SLF001 - what run_job calls
    assert default_job_name_from_image("python:3.12", None) == default_job_name_from_image("python:3.12", [])


def test_a_default_name_of_a_file_that_is_no_utf_8() -> None:
    """Such a file can be run; there its name is an error of the encoder."""
    with pytest.raises(UnicodeEncodeError):
        reference._default_job_name_from_script("\udcff.py", [])  # noqa: SLF001 - what run_uv_job calls
    assert default_job_name_from_script("\udcff.py", []).startswith("--")


# Answers: a job that was created must never be lost over one.


@pytest.mark.parametrize(
    "answer",
    [
        {key: value for key, value in ANSWER.items() if key != "owner"},
        {key: value for key, value in ANSWER.items() if key != "status"},
        ANSWER | {"owner": {"name": "acme"}},
        ANSWER | {"status": {"message": "starting"}},
        ANSWER | {"initiator": {"type": "pipeline"}},
        ANSWER | {"network": {"aliases": ["a"]}},
    ],
    ids=json.dumps,
)
def test_an_answer_that_lacks_something(answer: dict[str, Any]) -> None:
    """There it is a ``KeyError`` after the job was created, and its id is gone while it runs and costs."""
    with pytest.raises(KeyError):
        reference.JobInfo(**answer)
    assert JobInfo.model_validate(answer).id == ANSWER["id"]


@pytest.mark.parametrize("key", ["owner", "status"])
def test_an_answer_with_a_null(key: str) -> None:
    """Null is no crash either; it means "not said" and stays null."""
    with pytest.raises((TypeError, AttributeError)):
        their_job(**{key: None})
    assert our_job(**{key: None}).to_api()[key] is None


def test_an_answer_without_an_id() -> None:
    """That one names no job: an error in both, of which ours does not show the values."""
    with pytest.raises(KeyError):
        reference.JobInfo(owner=ANSWER["owner"], status=ANSWER["status"])
    with pytest.raises(ValidationError) as caught:
        JobInfo.model_validate({"environment": {"TOKEN": "hf_secret"}})
    assert "hf_secret" not in str(caught.value)


@pytest.mark.parametrize("written", ["2025-07-22T18:06:25.079+02:00", "2025-07-22 16:06:25.079000+00:00"])
def test_times_with_a_zone(written: str) -> None:
    """``hf jobs inspect --json`` prints times like these, and the reference cannot read its own output."""
    with pytest.raises(ValueError, match="Cannot parse"):
        their_job(createdAt=written)
    assert our_job(createdAt=written).created_at == datetime(2025, 7, 22, 16, 6, 25, 79000, tzinfo=UTC)


def test_status_in_python_spelling() -> None:
    """``expose_urls`` and ``ssh_url`` of a printed job are lost there."""
    status = {"stage": "RUNNING", "expose_urls": ["https://1--80.hf.jobs"], "ssh_url": "ssh://1@ssh.hf.jobs"}
    assert their_job(status=status).status == reference.JobStatus("RUNNING", None, None, None)  # type: ignore[arg-type] - as it stores it
    read = our_job(status=status).status
    assert isinstance(read, JobStatus)
    assert (read.expose_urls, read.ssh_url) == (status["expose_urls"], status["ssh_url"])


def test_ports_as_printed() -> None:
    """``hf jobs inspect --json`` prints lists of ports, which the reference cannot read back."""
    with pytest.raises(AttributeError):
        their_job(expose=[80], expose_public=[80])
    assert our_job(expose=[80], expose_public=[80]).to_api()["expose"] == {"ports": [80], "portsPublic": [80]}


@pytest.mark.parametrize(
    "key", ["timeout", "arch", "resourceGroupId", "createdBy", "hfToken", "resourceGroup", "somethingNew"]
)
def test_what_the_reference_forgets(key: str) -> None:
    """A planner needs the timeout; and what nobody needs yet is kept too."""
    value = {"timeout": 1800, "arch": "arm64", "resourceGroupId": "0" * 24}.get(key, {"id": "1", "name": "x"})
    assert value not in vars(their_job(**{key: value})).values()
    assert our_job(**{key: value}).to_api()[key] == value


def test_the_same_key_twice_on_creation() -> None:
    """An answer with an ``endpoint`` of its own is a ``TypeError`` there, after the job was created."""
    answer = ANSWER | {"endpoint": "https://a"}
    with pytest.raises(TypeError, match="endpoint"):
        reference.JobInfo(**answer, endpoint="https://b")
    job = JobInfo.model_validate(answer | {"endpoint": "https://b"})
    assert job.url == f"https://b/jobs/acme/{ANSWER['id']}"


def test_records_are_frozen() -> None:
    """There an answer can be edited after the fact."""
    editable = their_job()
    editable.id = "another"
    with pytest.raises(ValidationError, match="frozen"):
        our_job().id = "another"  # type: ignore[misc] - what is tested


def test_secrets_are_not_shown() -> None:
    """There ``repr`` of a job, which notebooks and logs print, shows its variables; ours shows their names."""
    variables = {"environment": {"TOKEN": "hf_1"}, "secrets": {"TOKEN": "hf_2"}}
    assert "hf_1" in repr(their_job(**variables))
    assert "hf_" not in repr(our_job(**variables))
    assert "environment={'TOKEN': '[hidden]'}, secrets={'TOKEN': '[hidden]'}" in repr(our_job(**variables))


def test_a_schedule_that_lacks_something() -> None:
    """There an owner is required and a missing status is an empty one; here neither is made up."""
    with pytest.raises(KeyError):
        reference.ScheduledJobInfo(id="1", jobSpec={})
    made_up = reference.ScheduledJobInfo(id="1", jobSpec={}, owner=ANSWER["owner"])
    assert made_up.status.next_job_run_at is None
    schedule = ScheduledJobInfo.model_validate({"id": "1", "jobSpec": {}, "owner": ANSWER["owner"]})
    assert schedule.status is None


def test_a_row_of_the_listing_that_lacks_something() -> None:
    """There one row without a price takes the whole listing down; here it is a row without a price."""
    with pytest.raises(KeyError):
        reference.JobHardwareInfo(name="tpu-v9", prettyName="TPU", cpu="8 vCPU", ram="32 GB")
    row = JobHardwareInfo.model_validate({"name": "tpu-v9", "prettyName": "TPU", "cpu": "8 vCPU", "ram": "32 GB"})
    assert (row.unit_cost_micro_usd, row.ephemeral_storage) == (None, "N/A")


def test_a_row_of_the_listing_in_python_spelling() -> None:
    """The reference reads rows only as the API spells them."""
    row = {"name": "cpu-basic", "pretty_name": "CPU Basic", "unit_cost_micro_usd": 167}
    with pytest.raises(KeyError):
        reference.JobHardwareInfo(**row)
    assert JobHardwareInfo.model_validate(row).to_api() == {
        "name": "cpu-basic",
        "prettyName": "CPU Basic",
        "unitCostMicroUSD": 167,
    }
