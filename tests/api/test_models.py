"""What the models of the Jobs API hold to, whatever the Hub answers."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from hfplanner.api import models
from hfplanner.api.models import (
    TERMINAL_JOB_STAGES,
    JobHardware,
    JobInfo,
    JobNetwork,
    JobSpec,
    JobStage,
    JobStatus,
    ScheduledJobInfo,
    Volume,
)

ANSWER: dict[str, Any] = {
    "type": "job",
    "id": "687fb701029421ae5549d998",
    "createdAt": "2025-07-22T16:06:25.079Z",
    "startedAt": "2025-07-22T16:06:31.079Z",
    "dockerImage": "python:3.12",
    "command": ["python", "-c", "print(1)"],
    "arguments": [],
    "environment": {"MODE": "visible"},
    "secrets": ["HF_TOKEN"],
    "flavor": "l4x1",
    "timeout": 1800,
    "retry": 2,
    "labels": {"team": "nlp"},
    "volumes": [{"type": "bucket", "source": "acme/data", "mountPath": "/data", "readOnly": False}],
    "expose": {"ports": [8000, 9000], "portsPublic": [9000]},
    "resourceGroupId": "5e9ecfc04957053f60648a3f",
    "createdBy": {"id": "5e9ecfc04957053f60648a3e", "name": "ada"},
    "owner": {"id": "5e9ecfc04957053f60648a3e", "name": "acme", "type": "org", "avatarUrl": "/a.svg"},
    "initiator": {"type": "scheduled-job", "id": "687fb701029421ae5549d999"},
    "durations": {"schedulingSecs": 6, "runningSecs": 2.5, "totalSecs": 8.5},
    "network": {"group": "train", "aliases": ["master"]},
    "status": {
        "stage": "RUNNING",
        "message": None,
        "failureCount": 1,
        "exposeUrls": ["https://687fb701029421ae5549d998--8000.hf.jobs"],
        "sshUrl": "ssh://687fb701029421ae5549d998@ssh.hf.jobs",
    },
    "hfToken": {"ownerName": "ada"},
}


def test_public_names_are_sorted_and_there() -> None:
    """The public surface is a sorted ``__all__`` of names that exist."""
    assert sorted(models.__all__, key=lambda name: (not name.isupper(), name)) == models.__all__
    assert all(hasattr(models, name) for name in models.__all__)


def test_an_answer_survives_a_round_trip() -> None:
    """What the API sent is what comes out again, to the last key."""
    assert JobInfo.model_validate(ANSWER).to_api() == ANSWER


def test_unknown_values_survive_a_round_trip() -> None:
    """A flavor, stage, initiator or key this version does not know is data, at every depth."""
    answer = {
        "id": "1",
        "flavor": "tpu-v9",
        "status": {"stage": "PAUSED", "message": None, "pausedBy": {"who": "ada"}},
        "initiator": {"type": "pipeline", "stepNumber": 3},
        "expose": {"ports": [80], "portsPublic": [80], "portsInternal": [81]},
        "volumes": [{"type": "tape", "source": "a/b", "mountPath": "/t", "rewindFirst": True}],
        "newThing": [{"deepKey": 1}],
    }
    job = JobInfo.model_validate(answer)
    assert job.to_api() == answer
    assert job.flavor == "tpu-v9"
    assert job.expose == [80]


def test_only_the_id_is_required() -> None:
    """A job that was created is never lost because its answer lacks an owner or a status."""
    job = JobInfo.model_validate({"id": "687fb701029421ae5549d998"})
    assert (job.owner, job.status, job.url, job.expose, job.expose_public) == (None, None, None, None, None)
    assert not job.is_terminal
    assert ScheduledJobInfo.model_validate({"id": "1"}).job_spec is None
    with pytest.raises(ValidationError, match="id"):
        JobInfo.model_validate({"owner": {"name": "acme"}})


def test_null_is_kept() -> None:
    """A key that was null comes out null, not dropped."""
    answer = {"id": "1", "owner": None, "status": None, "expose": None, "volumes": None, "finishedAt": None}
    assert JobInfo.model_validate(answer).to_api() == answer


def test_known_flavors_and_stages_are_typed() -> None:
    """Known values become enumeration members; they still compare with the string."""
    job = JobInfo.model_validate(ANSWER)
    assert job.flavor is JobHardware.L4X1
    assert job.status is not None
    assert job.status.stage is JobStage.RUNNING
    assert job.status.stage == "RUNNING"


@pytest.mark.parametrize("stage", [*JobStage, "PAUSED", "completed", None])
def test_terminal_is_what_is_known_to_be(stage: str | None) -> None:
    """Only the four known last stages are terminal; an unknown stage may still run and cost."""
    status = JobStatus.model_validate({"stage": stage})
    assert status.is_terminal is (stage in {"COMPLETED", "CANCELED", "ERROR", "DELETED"})
    assert JobInfo(id="1", status=status).is_terminal is status.is_terminal
    assert len(TERMINAL_JOB_STAGES) == 4


def test_ports_as_hf_jobs_inspect_prints_them() -> None:
    """``hf jobs inspect --json`` spells keys with underscores, lists the ports and adds what can be inferred."""
    job = JobInfo.model_validate(
        {
            "id": "1",
            "job_id": "1",
            "created_at": "2025-07-22 16:06:25.079000+00:00",
            "docker_image": "python:3.12",
            "expose": [8000, 9000],
            "expose_public": [9000],
            "owner": {"id": "2", "name": "acme", "type": "org"},
            "status": {"stage": "RUNNING", "ssh_url": "ssh://1@ssh.hf.jobs"},
            "durations": {"scheduling_secs": 6},
            "volumes": [{"type": "bucket", "source": "acme/data", "mount_path": "/data"}],
            "endpoint": "https://hub.example",
            "url": "https://hub.example/jobs/acme/1",
        }
    )
    assert (job.expose, job.expose_public) == ([8000, 9000], [9000])
    assert job.url == "https://hub.example/jobs/acme/1"
    assert job.to_api() == {
        "id": "1",
        "createdAt": "2025-07-22T16:06:25.079Z",
        "dockerImage": "python:3.12",
        "expose": {"ports": [8000, 9000], "portsPublic": [9000]},
        "owner": {"id": "2", "name": "acme", "type": "org"},
        "status": {"stage": "RUNNING", "sshUrl": "ssh://1@ssh.hf.jobs"},
        "durations": {"schedulingSecs": 6},
        "volumes": [{"type": "bucket", "source": "acme/data", "mountPath": "/data"}],
    }


@pytest.mark.parametrize(
    ("given", "expose", "expose_public"),
    [
        ({"expose": {"ports": [1], "portsPublic": []}}, [1], []),
        ({"expose": {"ports": [1]}}, [1], None),
        ({"expose": {}}, None, None),
        ({"expose": None}, None, None),
        ({"expose": None, "expose_public": None}, None, None),
        ({"expose": [1, 2], "exposePublic": [2]}, [1, 2], [2]),
        ({"expose": [1]}, [1], None),
    ],
)
def test_ports_are_lists_however_they_came(
    given: dict[str, Any], expose: list[int] | None, expose_public: list[int] | None
) -> None:
    """The API's object and the client's two lists read alike, in jobs and in specifications."""
    for read in (JobInfo.model_validate({"id": "1", **given}), JobSpec.model_validate(given)):
        assert (read.expose, read.expose_public) == (expose, expose_public)


def test_both_spellings_are_one_value() -> None:
    """Where a key is given twice the API's spelling wins, unless it says nothing; only one comes out."""
    job = JobInfo.model_validate(
        {"id": "1", "dockerImage": "a", "docker_image": "b", "spaceId": None, "space_id": "c/d"}
    )
    assert job.to_api() == {"id": "1", "dockerImage": "a", "spaceId": "c/d"}
    row = models.JobHardwareInfo.model_validate({"name": "x", "prettyName": "X", "pretty_name": "Y"})
    assert row.to_api() == {"name": "x", "prettyName": "X"}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("2025-07-22T16:06:25.079Z", "2025-07-22T16:06:25.079Z"),
        ("2025-07-22T16:06:25Z", "2025-07-22T16:06:25.000Z"),
        ("2025-07-22T16:06:25.079123Z", "2025-07-22T16:06:25.079123Z"),
        ("2025-07-22T16:06:25.079123456Z", "2025-07-22T16:06:25.079123Z"),
        ("2025-07-22T18:06:25.079+02:00", "2025-07-22T16:06:25.079Z"),
        ("2025-07-22T16:06:25.079", "2025-07-22T16:06:25.079Z"),
        (datetime(2025, 7, 22, 18, 6, 25, tzinfo=timezone(timedelta(hours=2))), "2025-07-22T16:06:25.000Z"),
        ("", None),
    ],
)
def test_times_are_utc(given: object, written: str | None) -> None:
    """Every moment is held in UTC, one without a zone is read as UTC, and it is written as the API writes it."""
    job = JobInfo.model_validate({"id": "1", "createdAt": given})
    assert job.created_at is None or job.created_at.tzinfo is UTC
    assert job.to_api()["createdAt"] == written


def test_a_moment_before_the_first_year_is_refused() -> None:
    """A zone that pushes a moment out of the calendar is an error of the input, not a crash."""
    with pytest.raises(ValidationError, match="outside the years"):
        JobInfo.model_validate({"id": "1", "createdAt": "0001-01-01T00:00:00+05:00"})


def test_secrets_and_environment_are_not_shown() -> None:
    """Neither ``repr``, ``str`` nor an error shows what a variable holds."""
    job = JobInfo.model_validate({"id": "1", "environment": {"A": "hf_env"}, "secrets": {"B": "hf_secret"}})
    for text in (repr(job), str(job), repr(ScheduledJobInfo(id="2", job_spec=JobSpec(secrets={"B": "hf_secret"})))):
        assert "hf_" not in text
    with pytest.raises(ValidationError) as caught:
        JobInfo.model_validate({"id": "1", "secrets": "hf_secret", "environment": "hf_env"})
    assert "hf_" not in str(caught.value)


def test_the_endpoint_is_ours_not_the_apis() -> None:
    """The endpoint makes the link and is not sent back."""
    job = JobInfo.model_validate({"id": "1", "owner": {"name": "acme"}, "endpoint": "http://127.0.0.1:1"})
    assert job.url == "http://127.0.0.1:1/jobs/acme/1"
    assert job.to_api() == {"id": "1", "owner": {"name": "acme"}}
    assert JobInfo(id="1").endpoint == "https://huggingface.co"


def test_models_are_frozen() -> None:
    """A record of what the Hub said is not edited."""
    with pytest.raises(ValidationError, match="frozen"):
        JobInfo(id="1").flavor = "l4x1"  # type: ignore[misc] - what is tested


def test_a_network_without_aliases_has_an_empty_list() -> None:
    """``aliases`` is a list, also when the API sends none or null."""
    assert (
        JobNetwork(group="train").aliases
        == JobNetwork.model_validate({"group": "train", "aliases": None}).aliases
        == []
    )


def test_a_volume_for_a_specification_always_names_its_type() -> None:
    """``to_dict`` is what a job specification holds: the default type too, and nothing that says nothing."""
    volume = Volume(source="acme/weights", mount_path="/w", read_only=False, revision=None)
    expected = {"type": "model", "source": "acme/weights", "mountPath": "/w", "readOnly": False}
    assert volume.to_dict() == expected


def test_a_schedule_survives_a_round_trip() -> None:
    """A scheduled job comes out as it came, with the keys this version does not know."""
    answer = {
        "type": "scheduled-job",
        "id": "687fb701029421ae5549d999",
        "createdAt": "2025-07-22T16:06:25.079Z",
        "schedule": "0 9 * * 1",
        "suspend": True,
        "suspendReason": "no credits",
        "concurrency": False,
        "status": {
            "lastJob": {"id": "1", "at": "2025-07-21T09:00:00.001Z"},
            "nextJobRunAt": "2025-07-28T09:00:00.000Z",
        },
        "owner": {"id": "2", "name": "acme", "type": "org"},
        "initiator": {"id": "3", "name": "ada", "type": "user"},
        "jobSpec": {"spaceId": "acme/space", "environment": {}, "flavor": "inf2x6", "expose": {"ports": [1]}, "x": 1},
    }
    assert ScheduledJobInfo.model_validate(answer).to_api() == answer
