"""A body is held to the service's own schema: what it forbids is answered 400 with the place, and changes nothing."""

from typing import Any

import pytest

from tests.hub.asking import ask
from tests.hub.control import Hub

FINE: dict[str, Any] = {"dockerImage": "python:3.12", "flavor": "cpu-basic"}
ABSENT = object()
LONGEST = 2**53 - 1


def changed(fields: dict[str, Any]) -> dict[str, Any]:
    """Return a fine body with some fields replaced, added or (ABSENT) left out."""
    return {name: value for name, value in (FINE | fields).items() if value is not ABSENT}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"dockerImage": ABSENT, "spaceId": "acme/space"},
        {"command": ["a"], "arguments": []},
        {"timeoutSeconds": None},
        {"timeoutSeconds": 1},
        {"timeoutSeconds": 60.0},
        {"timeoutSeconds": LONGEST},
        {"attempts": 1},
        {"flavor": "sprx8"},
        {"arch": "arm64"},
        {"environment": {"AB": ""}},
        {"secrets": {"A": ""}},
        {"labels": {"a.b": "", "-": "v" * 100}},
        {"volumes": [{"type": "bucket", "source": "a/b", "mountPath": "/d", "readOnly": True, "path": "x"}]},
        {"expose": {"ports": [1, 65535], "portsPublic": [1]}},
        {"ssh": {}},
        {"ssh": {"enabled": True}},
        {"resourceGroupId": "aF" * 12},
        {"network": {"group": "g-1", "aliases": ["m"]}},
    ],
)
def test_what_the_service_takes(hub: Hub, fields: dict[str, Any]) -> None:
    """The edges of every rule are inside."""
    assert ask(hub, "POST", "/api/jobs/alice", changed(fields)).status == 200


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"flavor": ABSENT}, 'missing key "flavor"'),
        ({"flavor": "h100"}, "flavor"),
        ({"flavor": None}, "flavor"),
        ({"dockerImage": ABSENT}, "exactly one"),
        ({"spaceId": "a/b"}, "exactly one"),
        ({"dockerImage": 3}, "dockerImage"),
        ({"command": []}, "command"),
        ({"command": [""]}, "command[0]"),
        ({"command": "echo"}, "command"),
        ({"arguments": [1]}, "arguments[0]"),
        ({"environment": {"A": "1"}}, "environment"),
        ({"environment": {"_A": "1"}}, "environment"),
        ({"environment": {"AB\n": "1"}}, "environment"),
        ({"environment": {"AB": 1}}, "environment.AB"),
        ({"secrets": {"1A": "x"}}, "secrets"),
        ({"arch": "riscv"}, "arch"),
        ({"timeoutSeconds": 0}, "timeoutSeconds"),
        ({"timeoutSeconds": -300}, "timeoutSeconds"),
        ({"timeoutSeconds": 1.5}, "timeoutSeconds"),
        ({"timeoutSeconds": "60"}, "timeoutSeconds"),
        ({"timeoutSeconds": True}, "timeoutSeconds"),
        ({"timeoutSeconds": LONGEST + 1}, "timeoutSeconds"),
        ({"timeout": 60}, 'unrecognized key "timeout"'),
        ({"attempts": 0}, "attempts"),
        ({"attempts": None}, "attempts"),
        ({"retry": 1}, 'unrecognized key "retry"'),
        ({"labels": {"a b": "c"}}, "labels"),
        ({"labels": {"": "c"}}, "labels"),
        ({"labels": {"a": "b/c"}}, "labels.a"),
        ({"labels": {"k" * 101: "c"}}, "labels"),
        ({"labels": {"a": "v" * 101}}, "labels.a"),
        ({"labels": {"a": "b\n"}}, "labels.a"),
        ({"volumes": []}, "volumes"),
        ({"volumes": [{"type": "disk", "source": "a", "mountPath": "/d"}]}, "volumes[0].type"),
        ({"volumes": [{"type": "model", "source": "a", "mountPath": "d"}]}, "volumes[0].mountPath"),
        ({"volumes": [{"type": "model", "mountPath": "/d"}]}, 'volumes[0]: missing key "source"'),
        ({"volumes": [{"type": "model", "source": "a", "mountPath": "/d", "mount_path": "/d"}]}, "volumes[0]"),
        ({"expose": {"ports": [0]}}, "expose.ports[0]"),
        ({"expose": {"ports": [65536]}}, "expose.ports[0]"),
        ({"expose": {"ports": list(range(1, 22))}}, "expose.ports"),
        ({"expose": {"ports": [1], "portsPublic": [2]}}, "expose.portsPublic"),
        ({"expose": {"portsPublic": [2]}}, 'expose: missing key "ports"'),
        ({"ssh": {"enabled": "yes"}}, "ssh.enabled"),
        ({"ssh": {"key": "x"}}, 'ssh: unrecognized key "key"'),
        ({"resourceGroupId": "a" * 23}, "resourceGroupId"),
        ({"resourceGroupId": "g" * 24}, "resourceGroupId"),
        ({"network": {"aliases": ["a"]}}, "network"),
        ({"network": {"group": "A"}}, "network.group"),
        ({"network": {"group": "g", "aliases": ["a", "a"]}}, "network.aliases"),
        ({"tags": ["a"]}, 'unrecognized key "tags"'),
    ],
)
def test_what_the_service_refuses(hub: Hub, fields: dict[str, Any], place: str) -> None:
    """One sentence that names the place, no job, and the same as the specification of a schedule."""
    answer = ask(hub, "POST", "/api/jobs/alice", changed(fields))
    assert answer.status == 400
    assert place in answer.error
    schedule = {"jobSpec": changed(fields), "schedule": "@daily"}
    assert ask(hub, "POST", "/api/scheduled-jobs/alice", schedule).status == 400
    assert hub.jobs() == []


def test_several_problems_are_a_list(hub: Hub) -> None:
    """The error of one is a text, of several a list of texts."""
    answer = ask(hub, "POST", "/api/jobs/alice", changed({"attempts": 0, "arch": "z"}))
    assert [text.split(":")[0] for text in answer.error] == ["attempts", "arch"]


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"", {}, 400),
        (b"[1]", {}, 400),
        (b"null", {}, 400),
        (b'{"flavor": "cpu-basic", "dockerImage": "a", "timeoutSeconds": NaN}', {}, 400),
        (b'{"flavor": "cpu-basic", "dockerImage": "\xff"}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b" " * (10 * 2**20 + 1), {}, 413),
    ],
)
def test_what_is_no_json_object(hub: Hub, body: bytes, headers: dict[str, str], status: int) -> None:
    """Neither garbage nor another type nor a flood gets through."""
    answer = ask(hub, "POST", "/api/jobs/alice", body, headers=headers)
    assert answer.status == status
    assert hub.jobs() == []


@pytest.mark.parametrize(
    "query",
    [
        "stage=DONE",
        "stage=RUNNING&stage=running",
        "label=a",
        "label==b",
        "label=a%20b=c",
        "cursor=%21",
        "cursor=WzFd",
        "cursor=" + "a" * 2049,
    ],
)
def test_a_listing_refuses_what_it_does_not_know(hub: Hub, query: str) -> None:
    """A wrong stage, label or cursor is an error, never an empty or a full list."""
    assert ask(hub, "GET", f"/api/jobs/alice?{query}").status == 400


@pytest.mark.parametrize("tail", ["-1", "x", "1.5", ""])
def test_a_tail_is_a_number(hub: Hub, tail: str) -> None:
    """Whole and not negative."""
    (job_id,) = hub.add_jobs(1)
    assert ask(hub, "GET", f"/api/jobs/alice/{job_id}/logs?tail={tail}").status == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("labels", {"labels": {"a": "b", "c d": ""}}),
        ("labels", {}),
        ("labels", {"labels": {}, "x": 1}),
        ("expose", {"ports": [0]}),
        ("expose", {"ports": [1], "portsPublic": [2]}),
    ],
)
def test_a_change_is_held_to_its_rules_too(hub: Hub, path: str, body: dict[str, Any]) -> None:
    """What a new job may not have, a running one may not get."""
    (job_id,) = hub.add_jobs(1, labels={"kept": "yes"})
    assert ask(hub, "PUT", f"/api/jobs/alice/{job_id}/{path}", body).status == 400
    assert hub.jobs()[0]["labels"] == {"kept": "yes"}
