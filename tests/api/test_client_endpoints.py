"""Every endpoint of the Jobs API, asked over a real wire."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.spec import create_job_spec
from hfplanner.errors import HubConflict, HubForbidden, HubNotFound, HubPaymentRequired, HubUnauthorized, UsageError
from tests.hub.control import Fate, Hub

SCHEDULE_SPEC: dict[str, Any] = {"dockerImage": "python:3.12", "flavor": "cpu-basic", "command": ["true"]}


def spec(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - the arguments of create_job_spec
    """Return the body of a small job."""
    wanted: dict[str, Any] = {
        "image": "python:3.12",
        "command": ["python", "-V"],
        "env": None,
        "secrets": None,
        "flavor": "cpu-basic",
        "timeout": "1h",
    }
    return create_job_spec(**(wanted | changes))


@pytest.fixture
def client(hub: Hub) -> Iterator[JobsClient]:
    """Return a client of the emulator."""
    with JobsClient(hub.url, token=Token(hub.token)) as opened:
        yield opened


def test_whoami_names_the_default_namespace_and_who_can_pay(client: JobsClient) -> None:
    """The account and its organizations, and nothing else of the person."""
    account = client.whoami()
    assert (account.name, account.can_pay, [org.name for org in account.orgs]) == ("alice", True, ["acme"])
    assert not account.model_extra


def test_hardware_needs_no_token(hub: Hub) -> None:
    """The listing is public: a client without a token reads it and sends none."""
    with JobsClient(hub.url, token=None) as client:
        rows = client.hardware()
    assert len(rows) == 26
    assert hub.requests()[-1].token is None


def test_a_created_job_is_launched_with_its_raw_answer(client: JobsClient, hub: Hub) -> None:
    """One POST with the specification as it was built; the answer is kept byte for byte."""
    body = spec(labels={"team": "nlp"}, secrets={"KEY": "value"})
    launched = client.create_job("alice", body)
    assert launched.job_id.encode() in launched.raw
    assert launched.problem is None
    assert launched.job is not None
    assert launched.job.url == f"{hub.url}/jobs/alice/{launched.job_id}"
    asked = [request for request in hub.requests() if request.method == "POST"]
    assert [request.json() for request in asked] == [body]


def test_a_job_is_read_counted_listed_and_cancelled(client: JobsClient, hub: Hub) -> None:
    """The same job by each way to it."""
    hub.fate(Fate(running_secs=None))
    job_id = client.create_job("alice", spec(labels={"team": "nlp"})).job_id
    client.create_job("alice", spec())
    hub.advance(10)
    assert client.get_job("alice", job_id).id == job_id
    assert client.count_jobs("alice") == 2
    assert client.count_jobs("alice", stages=["RUNNING"]) == 2
    assert [job.id for job in client.list_jobs("alice", stages=["RUNNING"], labels={"team": "nlp"})] == [job_id]
    cancelled = client.cancel_job("alice", job_id)
    assert cancelled.is_terminal
    assert client.count_jobs("alice", stages=["RUNNING", "CANCELED"]) == 2


def test_labels_and_ports_of_a_job_are_replaced(client: JobsClient, hub: Hub) -> None:
    """What was there before is gone."""
    hub.fate(Fate(running_secs=None))
    job_id = client.create_job("alice", spec(labels={"old": "1"})).job_id
    hub.advance(10)
    assert client.set_labels("alice", job_id, {"new": "2"}).labels == {"new": "2"}
    exposed = client.expose_ports("alice", job_id, [8000, 9000], public=[9000])
    assert (exposed.expose, exposed.expose_public) == ([8000, 9000], [9000])


def test_a_duplicate_is_a_job_of_its_own(client: JobsClient) -> None:
    """A copy says what it copies."""
    job_id = client.create_job("alice", spec()).job_id
    copy = client.duplicate_job("alice", job_id)
    assert copy.job is not None
    assert copy.job_id != job_id
    assert copy.job.initiator is not None
    assert (copy.job.initiator.type, copy.job.initiator.id) == ("duplicated-job", job_id)


def test_a_schedule_lives_its_whole_life(client: JobsClient, hub: Hub) -> None:
    """Made, listed, read, paused, taken up, rescheduled, labelled, run, in conflict, deleted."""
    schedules = client.scheduled
    made = schedules.create("alice", SCHEDULE_SPEC, schedule="@hourly")
    assert [one.id for one in schedules.list("alice")] == [made.id]
    assert schedules.get("alice", made.id).job_spec is not None
    schedules.suspend("alice", made.id)
    assert schedules.get("alice", made.id).suspend is True
    schedules.resume("alice", made.id)
    assert schedules.set_schedule("alice", made.id, "0 3 * * *").schedule == "0 3 * * *"
    schedules.set_labels("alice", made.id, {"team": "nlp"})
    assert [one.id for one in schedules.list("alice", label=("team", "nlp"))] == [made.id]
    assert schedules.list("alice", label=("team", "other")) == ()
    hub.fate(Fate(running_secs=None))
    started = schedules.run("alice", made.id)
    assert client.get_job("alice", started.job_id).id == started.job_id
    with pytest.raises(HubConflict):
        schedules.run("alice", made.id)
    schedules.delete("alice", made.id)
    with pytest.raises(HubNotFound):
        schedules.get("alice", made.id)


def test_bills_are_read_with_their_periods(client: JobsClient, hub: Hub) -> None:
    """The bill job by job as records; the others as the JSON they are."""
    hub.advance(86400)
    hub.add_jobs(3)
    hub.advance(3600)
    bill = client.billing.jobs_usage()
    assert bill.usage is not None
    assert len(bill.usage.job_details) == 3
    day = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 1, 2, tzinfo=UTC)}
    assert isinstance(client.billing.usage(**day), dict)
    assert isinstance(client.billing.organization_usage("acme", **day), dict)
    assert dict(hub.requests()[-1].query) == {"startDate": "1767225600", "endDate": "1767312000"}


@pytest.mark.parametrize("end", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)])
def test_a_period_that_ends_before_it_begins_is_not_asked_for(client: JobsClient, hub: Hub, end: datetime) -> None:
    """It is refused here, and the Hub hears nothing."""
    with pytest.raises(UsageError):
        client.billing.usage(start=datetime(2026, 1, 1, tzinfo=UTC), end=end)
    assert hub.requests() == []


def test_refusals_keep_the_words_and_the_request_id_of_the_hub(hub: Hub) -> None:
    """401, 402, 403 and 404, each with its class, what the Hub said, and what to do."""
    with JobsClient(hub.url, token=Token("hf_unknown")) as client, pytest.raises(HubUnauthorized) as refused:
        client.whoami()
    assert refused.value.answer.server_message == "Invalid username or password."
    assert (refused.value.answer.request_id or "").startswith("Root=1-emulated-")
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        hub.broke("alice")
        with pytest.raises(HubPaymentRequired, match="Pre-paid credit balance is insufficient"):
            client.create_job("alice", spec())
        with pytest.raises(HubForbidden):
            client.create_job("bob", spec())
        with pytest.raises(HubNotFound) as lost:
            client.get_job("alice", "0" * 24)
    assert lost.value.hint
    assert lost.value.exit_code == 1


@pytest.mark.parametrize("name", ["", ".", "..", "\ud800"])
def test_a_name_that_cannot_be_one_is_not_asked_for(client: JobsClient, hub: Hub, name: str) -> None:
    """Neither a namespace nor an id can lead out of its path."""
    with pytest.raises(UsageError):
        client.get_job("alice", name)
    assert hub.requests() == []


def test_a_name_with_a_slash_stays_one_segment(client: JobsClient, hub: Hub) -> None:
    """``a/../whoami-v2`` is an odd id, not another endpoint."""
    with pytest.raises(HubNotFound):
        client.get_job("alice", "../../whoami-v2?x=1")
    assert hub.requests()[-1].target == "/api/jobs/alice/..%2F..%2Fwhoami-v2%3Fx%3D1"


def test_reprs_show_the_endpoint_and_nothing_else(hub: Hub) -> None:
    """What a debugger or a log shows of a client."""
    with JobsClient(hub.url, token=Token(hub.token)) as client:
        assert repr(client) == f"JobsClient({hub.url!r})"
