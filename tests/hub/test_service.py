"""Who may do what, and how a refusal looks."""

import json
import re

import pytest

from tests.hub.asking import ask, connect, raw_request, receive
from tests.hub.control import Fate, Hub

SPEC = {"dockerImage": "python:3.12", "flavor": "cpu-basic"}
UNKNOWN = "0" * 24


def test_whoami_names_the_user_and_her_organisations(hub: Hub) -> None:
    """The default namespace is ``name``; each organisation says whether it can pay."""
    hub.broke("acme")
    me = ask(hub, "GET", "/api/whoami-v2").json()
    assert (me["name"], me["canPay"]) == ("alice", True)
    assert [(org["name"], org["canPay"]) for org in me["orgs"]] == [("acme", False)]


def test_the_hardware_listing_is_public_and_the_shipped_one(hub: Hub) -> None:
    """No token is needed; a wrong one is refused all the same."""
    rows = ask(hub, "GET", "/api/jobs/hardware", token=None).json()
    assert len(rows) == 26
    assert rows[0]["name"] == "cpu-basic"
    assert ask(hub, "GET", "/api/jobs/hardware", token="hf_wrong").status == 401  # noqa: S106 - opens nothing


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/api/whoami-v2", None, 401),
        ("GET", "/api/jobs/alice", "hf_wrong", 401),
        ("POST", "/api/jobs/alice", None, 401),
        ("GET", "/api/jobs/bob", Hub.token, 403),
        ("POST", "/api/jobs/bob", Hub.token, 403),
        ("GET", "/api/jobs/alice", Hub.other_token, 403),
        ("POST", "/api/jobs/alice", Hub.reader_token, 403),
        ("POST", f"/api/jobs/alice/{UNKNOWN}/cancel", Hub.reader_token, 403),
        ("GET", "/api/organizations/acme/billing/usage-by-resource-group", Hub.other_token, 403),
        ("GET", "/api/jobs/nobody", Hub.token, 404),
        ("GET", f"/api/jobs/alice/{UNKNOWN}", Hub.token, 404),
        ("GET", f"/api/scheduled-jobs/alice/{UNKNOWN}", Hub.token, 404),
        ("GET", "/api/nothing", Hub.token, 404),
        ("GET", "/api/nothing", None, 404),
        ("DELETE", "/api/jobs/alice", Hub.token, 405),
        ("POST", "/api/jobs/hardware", Hub.token, 405),
    ],
)
def test_refusals(hub: Hub, method: str, path: str, token: str | None, status: int) -> None:
    """Each has an error in its body, and code, message and request id in its headers."""
    answer = ask(hub, method, path, SPEC if method == "POST" else None, token=token)
    assert answer.status == status
    assert answer.headers["X-Error-Message"] == answer.error
    assert answer.headers["X-Error-Code"]
    assert re.fullmatch(r"Root=1-emulated-\d{8}", answer.headers["X-Request-Id"])
    assert hub.jobs() == []


def test_an_organisations_jobs_are_its_own(hub: Hub) -> None:
    """A job in acme has acme as owner, alice as creator, and is not found under alice."""
    job = ask(hub, "POST", "/api/jobs/acme", SPEC).json()
    assert (job["owner"]["name"], job["owner"]["type"], job["createdBy"]["name"]) == ("acme", "org", "alice")
    assert ask(hub, "GET", f"/api/jobs/acme/{job['id']}").status == 200
    assert ask(hub, "GET", f"/api/jobs/alice/{job['id']}").status == 404


def test_no_credit_no_job(hub: Hub) -> None:
    """402 with the service's words, for a new job, a copy and a triggered one; reading goes on."""
    (job_id,) = hub.add_jobs(1)
    scheduled = ask(hub, "POST", "/api/scheduled-jobs/alice", {"jobSpec": SPEC, "schedule": "@daily"}).json()
    hub.broke("alice")
    for path in ("jobs/alice", f"jobs/alice/{job_id}/duplicate", f"scheduled-jobs/alice/{scheduled['id']}/run"):
        answer = ask(hub, "POST", f"/api/{path}", SPEC)
        assert (answer.status, answer.json()) == (402, {"error": "Pre-paid credit balance is insufficient"})
    assert len(hub.jobs()) == 1
    assert ask(hub, "GET", "/api/jobs/alice").status == 200


def test_the_rate_limit_counts_down_and_starts_anew(hub: Hub) -> None:
    """Headers tell what is left and for how long; each token has its own window."""
    hub.configure(rate_limit=2, rate_window_secs=300)
    answers = [ask(hub, "GET", "/api/whoami-v2") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"api";r=1;t=300',
        '"api";r=0;t=300',
        '"api";r=0;t=300',
    ]
    assert answers[2].headers["RateLimit-Policy"] == '"fixed window";"api";q=2;w=300'
    assert ask(hub, "GET", "/api/whoami-v2", token=hub.other_token).status == 200
    hub.advance(120)
    assert ask(hub, "GET", "/api/whoami-v2").headers["RateLimit"] == '"api";r=0;t=180'
    hub.advance(180)
    assert ask(hub, "GET", "/api/whoami-v2").status == 200


def test_a_job_is_exposed_relabelled_copied_and_cancelled(hub: Hub) -> None:
    """PUT replaces all; a copy has the same specification and says whose copy it is."""
    job = ask(hub, "POST", "/api/jobs/alice", SPEC | {"labels": {"a": "1", "b": "2"}, "secrets": {"T": "s"}}).json()
    path = f"/api/jobs/alice/{job['id']}"
    assert ask(hub, "PUT", f"{path}/labels", {"labels": {"c": "3"}}).json()["labels"] == {"c": "3"}
    exposed = ask(hub, "PUT", f"{path}/expose", {"ports": [8000, 9000], "portsPublic": [9000]}).json()
    assert exposed["status"]["exposeUrls"] == [f"https://{job['id']}--{port}.hf.jobs" for port in (8000, 9000)]
    copy = ask(hub, "POST", f"{path}/duplicate").json()
    assert copy["initiator"] == {"type": "duplicated-job", "id": job["id"]}
    assert (copy["labels"], copy["secrets"], copy["expose"]) == ({"c": "3"}, ["T"], exposed["expose"])
    assert hub.specs()[1]["secrets"] == {"T": "s"}
    assert ask(hub, "POST", f"{path}/cancel").json()["status"]["stage"] == "CANCELED"
    assert ask(hub, "PUT", f"{path}/expose", {"ports": []}).status == 400


def test_the_log_remembers_everything(hub: Hub) -> None:
    """Method, path, query, the headers as they were spelled, the token, the body, and what was answered."""
    ask(hub, "POST", "/api/jobs/alice?x=1&x=2", SPEC, headers={"x-OWN": "é"})
    (asked,) = hub.requests()
    assert (asked.method, asked.path, asked.query) == ("POST", "/api/jobs/alice", [("x", "1"), ("x", "2")])
    assert ("x-OWN", "é") in asked.headers
    assert (asked.token, asked.json(), asked.status, asked.effect) == (hub.token, SPEC, 200, True)
    assert hub.requests(since=1) == []


@pytest.mark.parametrize("junk", [b"hello\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
def test_what_is_not_http_is_refused(hub: Hub, junk: bytes) -> None:
    """400, the connection ends, and nothing is logged."""
    with connect(hub) as connection:
        connection.sendall(junk)
        received, _ = receive(connection)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert hub.requests() == []


def test_a_connection_is_kept_and_a_chunked_body_is_read(hub: Hub) -> None:
    """Two requests in one go are answered in order."""
    body = json.dumps(SPEC).encode()
    chunked = raw_request(hub, "POST", "/api/jobs/alice").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    with connect(hub) as connection:
        connection.sendall(raw_request(hub))
        connection.sendall(chunked + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n")
        connection.sendall(raw_request(hub).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received, ending = receive(connection)
    assert (received.count(b"HTTP/1.1 200 OK"), ending) == (3, "end")
    assert len(hub.jobs()) == 1


def test_the_bill_follows_started_minutes(hub: Hub) -> None:
    """61 seconds are two minutes at the listed price; a job that never started costs nothing and is not listed."""
    hub.add_jobs(1, fate=Fate(scheduling_secs=1, running_secs=61), flavor="cpu-upgrade")
    hub.add_jobs(1, fate=Fate(scheduling_secs=None))
    hub.advance(600)
    running = hub.add_jobs(1, fate=Fate(scheduling_secs=0, running_secs=None))
    hub.advance(30)
    usage = ask(hub, "GET", "/api/settings/billing/usage/jobs").json()["usage"]
    assert [(job["totalMinutes"], job["totalCostMicroUsd"]) for job in usage["jobDetails"]] == [(1, 167), (2, 1000)]
    assert usage["jobDetails"][0]["jobId"] == running[0]
    assert "completedAt" not in usage["jobDetails"][0]
    assert (usage["totalMinutes"], usage["usedMicroUsd"]) == (3, 1167)
    assert (usage["periodStart"], usage["periodEnd"]) == ("2026-09-01T00:00:00.000Z", "2026-10-01T00:00:00.000Z")


def test_the_bill_of_a_period(hub: Hub) -> None:
    """Dates are whole seconds and both are needed; an organisation has its own, per resource group too."""
    group = "5" * 24
    hub.add_jobs(1, namespace="acme", flavor="l4x1", resourceGroupId=group)
    hub.advance(600)
    start = round(hub.now()) - 600
    path = "/api/organizations/acme/billing"
    answer = ask(hub, "GET", f"{path}/usage-v2?startDate={start}&endDate={start + 600}").json()
    assert [entry["product"] for entry in answer["usage"]["Jobs"]] == ["jobs/l4x1/minutes"]
    assert ask(hub, "GET", f"/api/settings/billing/usage-v2?startDate={start}&endDate={start + 1}").json() == {
        "usage": {"Jobs": []}
    }
    assert ask(hub, "GET", "/api/settings/billing/usage-v2?startDate=1").status == 400
    assert ask(hub, "GET", "/api/settings/billing/usage-v2?startDate=1.5&endDate=2").status == 400
    (period,) = ask(hub, "GET", f"{path}/usage-by-resource-group").json()["periods"]
    assert [group["id"] for group in period["resourceGroups"]] == [group]
