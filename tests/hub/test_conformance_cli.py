"""Hugging Face's own ``hf`` command (2.4.0) believes the emulator: what the user sees, and what was asked."""

import re

import pytest

from tests.hub.control import Fate, Hub
from tests.hub.hf import Hf

pytestmark = pytest.mark.process

JOBS = "/api/jobs/alice"
WHO = ("GET", "/api/whoami-v2", 200)
IMAGE = ("python:3.12", "echo", "hello world")


def test_hardware(hf: Hf) -> None:
    """The table has every flavor with its accelerator and its price per minute and hour."""
    ran = hf("jobs", "hardware", "--json")
    rows = {row["name"]: row for row in ran.json()}
    assert len(rows) == 26
    assert (rows["l4x4"]["accelerator"], rows["l4x4"]["cost/hour"]) == ("4x L4 (96 GB)", "$3.80")
    assert (rows["cpu-basic"]["ram"], rows["cpu-basic"]["cost/min"]) == ("16 GB", "$0.0002")
    assert ran.trace == [("GET", "/api/jobs/hardware", 200)]


def test_a_detached_run_sends_what_was_typed(hub: Hub, hf: Hf) -> None:
    """Every flag of ``hf jobs run`` arrives, is accepted, and is shown by ``inspect``."""
    flags = ["--name", "demo", "-l", "team=nlp", "-e", "MODE=fast", "-s", "TOKEN=hush", "--flavor", "l4x1"]
    flags += ["--timeout", "2h", "--attempts", "2", "--expose", "8000", "--expose-public", "9000", "--ssh"]
    flags += ["-v", "hf://buckets/acme/data:/data", "--network-group", "train", "--network-alias", "master"]
    flags += ["--resource-group-id", "a" * 24]
    ran = hf("jobs", "run", "-d", "--json", *flags, *IMAGE)
    assert ran.json() == {"id": hub.jobs()[0]["id"], "name": "demo", "url": f"{hub.url}/jobs/alice/{ran.json()['id']}"}
    assert ran.trace == [WHO, ("POST", JOBS, 200)]
    assert ran.asked[1].token == hub.token
    assert ran.asked[1].json() == {
        "command": ["echo", "hello world"],
        "arguments": [],
        "environment": {"MODE": "fast"},
        "flavor": "l4x1",
        "secrets": {"TOKEN": "hush"},
        "timeoutSeconds": 7200,
        "attempts": 2,
        "labels": {"team": "nlp", "name": "demo"},
        "volumes": [{"type": "bucket", "source": "acme/data", "mountPath": "/data"}],
        "expose": {"ports": [8000, 9000], "portsPublic": [9000]},
        "ssh": {"enabled": True},
        "network": {"group": "train", "aliases": ["master"]},
        "resourceGroupId": "a" * 24,
        "dockerImage": "python:3.12",
    }
    job_id = ran.json()["id"]
    assert f"https://{job_id}--8000.hf.jobs" in ran.err
    inspected = hf("jobs", "inspect", job_id, "--json")
    (job,) = inspected.json()
    assert (job["flavor"], job["retry"], job["secrets"]) == ("l4x1", 1, ["TOKEN"])
    assert (job["expose"], job["expose_public"]) == ([8000, 9000], [9000])
    assert job["status"] == {
        "stage": "SCHEDULING",
        "expose_urls": [f"https://{job_id}--{port}.hf.jobs" for port in (8000, 9000)],
        "ssh_url": f"ssh://{job_id}@ssh.hf.jobs",
    }
    assert job["initiator"]["type"] == "user"
    assert inspected.trace == [WHO, ("GET", f"{JOBS}/{job_id}", 200)]


def test_a_followed_run_prints_the_log_and_ends_with_the_job(hub: Hub, hf: Hf) -> None:
    """Exit 0 and the lines in order for a job that completes."""
    hub.fate(Fate(scheduling_secs=0, running_secs=20, logs=((1, "one"), (2, "two"), (19, "three"))))
    hub.run_clock(60)
    ran = hf("jobs", "run", *IMAGE)
    assert ran.lines[-4:] == ["one", "two", "three", f"Job {hub.jobs()[0]['id']} completed"]
    assert "===== Job started" not in ran.out
    assert [target.rpartition("/")[2] for _, target, _ in ran.trace if target.endswith("/logs")] == ["logs"]


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (Fate(outcome="oom"), "ERROR': Job failed with exit code: 137. Reason: OOMKilled"),
        (Fate(running_secs=None), "ERROR': Job timeout"),
        (Fate(outcome="canceled"), "CANCELED'"),
    ],
)
def test_a_followed_run_that_fails(hub: Hub, hf: Hf, fate: Fate, said: str) -> None:
    """Exit 1 and the service's reason."""
    hub.fate(fate)
    hub.run_clock(2000)
    assert said in hf("jobs", "run", "--timeout", "10m", *IMAGE, code=1).err


def test_ps_filters_on_the_server(hub: Hub, hf: Hf) -> None:
    """Active ones by default, all with ``-a``, and by status and labels; over several pages."""
    hub.configure(page_size=2)
    done = hub.add_jobs(3, fate=Fate(scheduling_secs=0, running_secs=0), labels={"team": "a", "env": "prod"})
    hub.advance(600)
    failed = hub.add_jobs(2, fate=Fate(scheduling_secs=0, running_secs=0, outcome="error"), labels={"team": "a"})
    hub.advance(600)
    running = hub.add_jobs(1, fate=Fate(scheduling_secs=0, running_secs=None), labels={"env": "prod"})
    ran = hf("jobs", "ps", "-q")
    assert ran.lines == running
    assert ran.trace == [WHO, ("GET", f"{JOBS}?stage=RUNNING&stage=SCHEDULING", 200)]
    ran = hf("jobs", "ps", "-a", "--json")
    assert [job["id"] for job in ran.json()] == [*running, *failed[::-1], *done[::-1]]
    assert [status for _, _, status in ran.trace] == [200] * 4
    assert all("cursor=" in target for _, target, _ in ran.trace[2:])
    assert {job["status"] for job in ran.json()} == {"RUNNING", "ERROR", "COMPLETED"}
    ran = hf("jobs", "ps", "--status", "error,completed", "-l", "team=a", "-l", "env=prod", "-q")
    assert ran.lines == done[::-1]
    query = "stage=ERROR&stage=COMPLETED&label=team%3Da&label=env%3Dprod"
    assert ran.trace[1] == ("GET", f"{JOBS}?{query}", 200)


def test_logs(hub: Hub, hf: Hf) -> None:
    """All lines of a finished job, its last ones, and those that come while one follows."""
    (job_id,) = hub.add_jobs(1, fate=Fate(running_secs=9, logs=((1, "a"), (2, "b"), (3, "c"))))
    hub.advance(60)
    assert hf("jobs", "logs", job_id).lines == ["a", "b", "c"]
    ran = hf("jobs", "logs", "-n", "2", job_id)
    assert ran.lines == ["b", "c"]
    assert ran.trace == [WHO, ("GET", f"{JOBS}/{job_id}/logs?tail=2", 200)]
    (job_id,) = hub.add_jobs(1, fate=Fate(running_secs=40, logs=((1, "d"), (30, "e"))))
    hub.advance(10)
    hub.run_clock(60)
    assert hf("jobs", "logs", "-f", job_id).lines == ["d", "e"]


def test_stats(hub: Hub, hf: Hf) -> None:
    """A sample of a running job, GPUs included; a finished one is answered 406 and said to have none."""
    hub.configure(metrics_interval_secs=0.05)
    fate = Fate(running_secs=None, memory_bytes=3 * 2**30, gpu_memory_bytes=7 * 10**9, gpu_utilization=93)
    (job_id,) = hub.add_jobs(1, fate=fate, flavor="l4x4", timeoutSeconds=10_000)
    (over,) = hub.add_jobs(1, fate=Fate(running_secs=0))
    hub.advance(60)
    ran = hf("jobs", "stats", job_id, "--json")
    (sample,) = ran.json()
    assert (sample["job_id"], sample["memory_used_bytes"], len(sample["gpus"])) == (job_id, 3 * 2**30, 4)
    assert {gpu["utilization"] for gpu in sample["gpus"].values()} == {93}
    assert ran.trace == [WHO, ("GET", f"{JOBS}/{job_id}/metrics", 200)]
    ran = hf("jobs", "stats", over)
    assert f"No stats available for Job {over}" in ran.err
    assert ran.trace[-1] == ("GET", f"{JOBS}/{over}/metrics", 406)


def test_wait(hub: Hub, hf: Hf) -> None:
    """Exit 0 when all have completed, 1 when one has not, and 1 when time is up."""
    (good,) = hub.add_jobs(1)
    (bad,) = hub.add_jobs(1, fate=Fate(outcome="error"))
    assert "Timed out after 1s" in hf("jobs", "wait", good, "--timeout", "1s", code=1).err
    hub.advance(100)
    ran = hf("jobs", "wait", good)
    assert ran.trace[-1] == ("GET", f"{JOBS}/{good}", 200)
    assert "ERROR" in hf("jobs", "wait", good, bad, code=1).err


def test_cancel_labels_expose_and_rerun(hub: Hub, hf: Hf) -> None:
    """Each change is asked for once, answered, and kept."""
    (job_id,) = hub.add_jobs(1, fate=Fate(running_secs=None), labels={"a": "b"}, timeoutSeconds=99)
    hub.advance(10)
    ran = hf("jobs", "labels", job_id, "--name", "new", "--json")
    assert ran.json() == {"id": job_id, "name": "new"}
    assert ran.asked[-1].json() == {"labels": {"a": "b", "name": "new"}}
    ran = hf("jobs", "expose", job_id, "8000", "--public", "9000", "--json")
    assert ran.json() == {"id": job_id, "ports": [8000, 9000], "public_ports": [9000]}
    assert ran.trace[-1] == ("PUT", f"{JOBS}/{job_id}/expose", 200)
    ran = hf("jobs", "rerun", "-d", job_id, "--json")
    assert ran.trace == [WHO, ("POST", f"{JOBS}/{job_id}/duplicate", 200)]
    copy = hub.jobs()[1]
    assert (ran.json()["id"], ran.json()["name"], copy["timeout"]) == (copy["id"], "new", 99)
    ran = hf("jobs", "cancel", f"alice/{job_id}", "--json")
    assert ran.json() == {"id": job_id}
    assert ran.trace == [("POST", f"{JOBS}/{job_id}/cancel", 200)]
    assert [job["status"]["stage"] for job in hub.jobs()] == ["CANCELED", "SCHEDULING"]


def test_a_schedules_life(hub: Hub, hf: Hf) -> None:
    """Created, listed, triggered (409 while one runs), suspended, resumed, rescheduled, renamed, deleted."""
    root = "/api/scheduled-jobs/alice"
    ran = hf("jobs", "scheduled", "run", "0 9 * * 1", "-l", "team=a", "-s", "K=v", "--json", *IMAGE)
    job_id = ran.json()["id"]
    assert ran.trace == [WHO, ("POST", root, 200)]
    assert (ran.asked[1].json()["schedule"], ran.asked[1].json()["jobSpec"]["secrets"]) == ("0 9 * * 1", {"K": "v"})
    (shown,) = hf("jobs", "scheduled", "inspect", job_id, "--json").json()
    assert shown["status"] == {"next_job_run_at": "2026-09-07T09:00:00+00:00"}
    ran = hf("jobs", "scheduled", "trigger", job_id, "--json")
    assert ran.json()["id"] == hub.jobs()[0]["id"]
    assert hub.jobs()[0]["initiator"] == {"type": "scheduled-job", "id": job_id}
    ran = hf("jobs", "scheduled", "trigger", job_id, code=1)
    assert "Another job is already running at the same time" in ran.err
    assert ran.trace[-1] == ("POST", f"{root}/{job_id}/run", 409)
    assert "suspended" in hf("jobs", "scheduled", "suspend", job_id).out
    assert hf("jobs", "scheduled", "ps", "-q").lines == []
    ran = hf("jobs", "scheduled", "ps", "-a", "-l", "team=a", "--json")
    assert [(job["id"], job["suspend"], job["last_run"]) for job in ran.json()] == [
        (job_id, True, "2026-09-01 00:00:00")
    ]
    assert ran.trace[-1] == ("GET", f"{root}?label=team%3Da", 200)
    hf("jobs", "scheduled", "resume", job_id)
    ran = hf("jobs", "scheduled", "reschedule", job_id, "@hourly", "--json")
    assert ran.json() == {"id": job_id, "schedule": "@hourly"}
    hf("jobs", "scheduled", "labels", job_id, "--name", "weekly")
    (listed,) = hf("jobs", "scheduled", "ps", "--name", "weekly", "--json").json()
    assert (listed["suspend"], listed["next_run"]) == (False, "2026-09-01 01:00:00")
    ran = hf("jobs", "scheduled", "delete", job_id, "--json")
    assert ran.trace[-1] == ("DELETE", f"{root}/{job_id}", 200)
    assert hf("jobs", "scheduled", "ps", "-a", "-q").lines == []


def test_a_uv_script_that_is_a_command(hub: Hub, hf: Hf) -> None:
    """``hf jobs uv run`` sends uv's command line; nothing is uploaded for a tool."""
    ran = hf("jobs", "uv", "run", "-d", "--json", "--with", "torch", "lighteval", "baseline")
    assert ran.trace == [WHO, WHO, ("POST", JOBS, 200)]
    spec = hub.specs()[0]
    assert spec["command"][:2] == ["uv", "run"]
    assert spec["dockerImage"] == "ghcr.io/astral-sh/uv:python3.12-bookworm"
    assert ran.json()["id"] == hub.jobs()[0]["id"]


def test_errors_reach_the_user_in_the_services_words(hub: Hub, hf: Hf) -> None:
    """401, 402, 403, 404 and 400 end the command with exit 1 and say why."""
    assert "Invalid user token" in hf("jobs", "ps", code=1, token="hf_wrong").err  # noqa: S106 - opens nothing
    assert "You do not have access" in hf("jobs", "ps", "--namespace", "bob", code=1).err
    assert "Job Not Found" in hf("jobs", "inspect", "0" * 24, code=1).err
    assert "flavor: invalid option" in hf("jobs", "run", "-d", "--flavor", "h100", *IMAGE, code=1).err
    # The client's own trap: minus five minutes are sent as they are, and the service refuses them.
    ran = hf("jobs", "run", "-d", "--timeout=-5m", *IMAGE, code=1)
    assert ran.asked[-1].json()["timeoutSeconds"] == -300
    assert "timeoutSeconds: too small" in ran.err
    hub.broke("alice")
    ran = hf("jobs", "run", "-d", *IMAGE, code=1)
    assert "Pre-paid credit balance is insufficient" in ran.err
    assert re.search(r"Root=1-emulated-\d{8}", ran.err)
    assert hub.jobs() == []
