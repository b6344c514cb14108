"""Hugging Face's own Python client (``HfApi`` of 2.4.0) believes the emulator, and shows its known weaknesses on it."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from tests.hub.control import Fate, Hub, running_hub

JOBS = "/api/jobs/alice"
RUN: dict[str, Any] = {"image": "python:3.12", "command": ["echo", "x"], "namespace": "alice"}


@pytest.fixture
def api(hub: Hub) -> HfApi:
    """Return the client, logged in as alice."""
    return HfApi(endpoint=hub.url, token=hub.token)


def test_a_job_from_start_to_end(hub: Hub, api: HfApi) -> None:
    """Run, inspect while it runs, wait, logs, and the listing: the client's own models hold what happened."""
    hub.fate(Fate(scheduling_secs=5, running_secs=60, logs=((1, "a"), (2, "b"))))
    job = api.run_job(**RUN, timeout="1h", labels={"k": "v"}, secrets={"S": "hush"})
    assert (job.status.stage, job.labels["k"], job.secrets) == ("SCHEDULING", "v", ["S"])
    hub.advance(15)
    running = api.inspect_job(job_id=job.id)
    assert running.started_at == datetime(2026, 9, 1, 0, 0, 5, tzinfo=UTC)
    assert (running.durations.scheduling_secs, running.durations.running_secs) == (5, 10)
    hub.advance(60)
    done = api.wait_for_job(job.id)
    assert (done.status.stage, done.durations.total_secs) == ("COMPLETED", 65)
    assert list(api.fetch_job_logs(job_id=job.id, follow=True)) == ["a", "b"]
    assert [listed.id for listed in api.list_jobs(namespace="alice", labels={"k": "v"})] == [job.id]
    assert job.id not in [listed.id for listed in api.list_jobs(namespace="alice", status="RUNNING")]
    assert hub.requests()[0].json()["timeoutSeconds"] == 3600


def test_a_listing_over_many_pages(hub: Hub, api: HfApi) -> None:
    """The client follows the links to the end and sends the token with each."""
    ids = hub.add_jobs(25)
    hub.configure(page_size=10)
    assert [job.id for job in api.list_jobs(namespace="alice")] == ids[::-1]
    assert [asked.token for asked in hub.requests()] == [hub.token] * 3


def test_the_client_takes_up_a_log_where_it_broke(hub: Hub, api: HfApi) -> None:
    """A stream that is cut in its middle is asked for again, and no line comes twice."""
    lines = tuple((second, f"line {second}") for second in range(1, 6))
    (job_id,) = hub.add_jobs(1, fate=Fate(scheduling_secs=0, running_secs=6, logs=lines))
    hub.advance(3)
    hub.run_clock(1)
    hub.fault(path="/logs$", cut_body_at=200)
    assert list(api.fetch_job_logs(job_id=job_id, follow=True, namespace="alice")) == [line for _, line in lines]
    assert [asked.path for asked in hub.requests()].count(f"{JOBS}/{job_id}/logs") >= 2


def test_metrics_of_a_running_and_of_a_finished_job(hub: Hub, api: HfApi) -> None:
    """The shape the client's documentation shows; nothing for a job that is over."""
    (job_id,) = hub.add_jobs(1, flavor="a10g-small", fate=Fate(gpu_total_bytes=22_836_000_000))
    hub.advance(10)
    (sample,) = api.fetch_job_metrics(job_id=job_id, namespace="alice")
    assert set(sample) == {
        "cpu_usage_pct",
        "cpu_millicores",
        "memory_used_bytes",
        "memory_total_bytes",
        "rx_bps",
        "tx_bps",
        "gpus",
        "replica",
    }
    assert sample["memory_total_bytes"] == 15_032_385_536
    assert [gpu["memory_total_bytes"] for gpu in sample["gpus"].values()] == [22_836_000_000]
    hub.advance(100)
    assert list(api.fetch_job_metrics(job_id=job_id, namespace="alice")) == []


def test_a_schedule_fires_by_the_clock(hub: Hub, api: HfApi) -> None:
    """Its jobs appear at their hours and say who started them; the client reads last and next run."""
    scheduled = api.create_scheduled_job(**RUN, schedule="@hourly", concurrency=True)
    hub.advance(2 * 3600 + 10)
    jobs = list(api.list_jobs(namespace="alice"))
    assert [job.created_at.hour for job in jobs] == [2, 1]
    assert {(job.initiator.type, job.initiator.id) for job in jobs} == {("scheduled-job", scheduled.id)}
    status = api.inspect_scheduled_job(scheduled_job_id=scheduled.id).status
    assert (status.last_job.id, status.next_job_run_at.hour) == (jobs[0].id, 3)


def test_errors_carry_the_services_words(hub: Hub, api: HfApi) -> None:
    """Status, message and request id of a refusal are in the client's exception."""
    hub.broke("alice")
    with pytest.raises(HfHubHTTPError, match="Pre-paid credit balance is insufficient") as caught:
        api.run_job(**RUN)
    assert caught.value.response.status_code == 402
    with pytest.raises(HfHubHTTPError, match="namespace"):
        api.inspect_job(job_id="x", namespace="nobody")


def test_a_rate_limit_is_understood(hub: Hub, api: HfApi) -> None:
    """The client reads what is left and when it begins anew."""
    hub.configure(rate_limit=1)
    api.list_jobs_hardware()
    with pytest.raises(HfHubHTTPError, match=r"(?s)rate limit.*Retry after 300 seconds \(0/1 requests remaining"):
        api.list_jobs_hardware()


def test_a_foreign_next_link_gets_the_token(hub: Hub, api: HfApi) -> None:
    """The reference client hands its token to whatever host a page names: the emulator's fault really bites."""
    hub.add_jobs(1)
    with running_hub() as foreign:
        hub.fault(next_link=f"{foreign.url}{JOBS}")
        list(api.list_jobs(namespace="alice"))
        assert [asked.token for asked in foreign.requests()] == [hub.token]


def test_a_page_that_names_itself_is_read_for_ever(hub: Hub, api: HfApi) -> None:
    """The reference client never ends on it."""
    ids = hub.add_jobs(2)
    hub.fault(times=0, next_link="self")
    seen = [job.id for job in islice(api.list_jobs(namespace="alice"), 20)]
    assert seen == ids[::-1] * 10


def test_a_foreign_redirect_gets_the_body(hub: Hub, api: HfApi) -> None:
    """The reference client follows a 307 with the secrets in the body."""
    with running_hub() as foreign:
        hub.fault(method="POST", before=True, status=307, headers={"Location": f"{foreign.url}{JOBS}"})
        with pytest.raises(HfHubHTTPError):
            api.run_job(**RUN, secrets={"S": "hush"})
        assert [asked.json()["secrets"] for asked in foreign.requests()] == [{"S": "hush"}]


def test_an_answer_without_a_field_after_the_effect(hub: Hub, api: HfApi) -> None:
    """The reference client raises KeyError although the job exists."""
    hub.fault(method="POST", remove=("status",))
    with pytest.raises(KeyError):
        api.run_job(**RUN)
    assert len(hub.jobs()) == 1
