"""A canary as token, others as secrets: they reach the configured origin and are found nowhere else."""

import io
import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.retry import RetryPolicy
from hfplanner.errors import HfplannerError, HubError
from tests.hub.control import Hub
from tests.reliability.bytes_server import serving
from tests.reliability.endpoints import ENDPOINTS, STREAMS
from tests.reliability.probe import LIMITS, NO_RETRY, SPEC

TOKEN = "hf_canaryTOKEN"  # noqa: S105 - a canary
SECRET = SPEC["secrets"]["KEY"]
ENVIRONMENT = SPEC["environment"]["MODE"]
QUICK = RetryPolicy(attempts=2, wait_initial_secs=0.01, wait_max_secs=0.01, wait_jitter_secs=0.0)
CALLS = ENDPOINTS | STREAMS


@contextmanager
def listening_to_logs() -> Iterator[io.StringIO]:
    """Collect every record of every logger, at its finest."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r %(exc_info)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(before)
        root.removeHandler(handler)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and all that it came from, those that are not shown too."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def everything_shown(error: HfplannerError) -> str:
    """Return all an error can be made to say."""
    said = [str(error), repr(error), str(error.hint), repr(error.args), repr(vars(error))]
    if isinstance(error, HubError):
        said.append(repr(error.answer))
    for one in chain(error):
        said += [repr(one), str(one), repr(vars(one)), "".join(traceback.format_exception(one))]
    return "\n".join(said)


def locals_shown(error: BaseException) -> str:
    """Return a traceback as tools print it that show every local variable of every frame of our code."""
    lines = []
    for one in chain(error):
        frames = traceback.TracebackException.from_exception(one, capture_locals=True).stack
        lines += [
            f"{name}={value}" for frame in frames for name, value in (frame.locals or {}).items() if name != "head"
        ]
    return "\n".join(lines)


def failed(url: str, call: Callable[[JobsClient], Any], retry: RetryPolicy = NO_RETRY) -> tuple[HfplannerError, str]:
    """Make a call that fails; return its error and all that was logged."""
    with listening_to_logs() as logs, JobsClient(url, token=Token(TOKEN), limits=LIMITS, retry=retry) as client:
        try:
            call(client)
        except HfplannerError as error:
            return error, logs.getvalue()
    raise AssertionError("nothing failed")


def assert_clean(error: HfplannerError, logs: str) -> None:
    """Find no canary in what is shown."""
    for canary in (TOKEN, SECRET, ENVIRONMENT):
        assert canary not in everything_shown(error)
        assert canary not in logs
    assert "httpcore" in logs, "the logs were heard"


def hub_faults() -> dict[str, dict[str, Any]]:
    """Return one fault of each kind."""
    return {
        "refused": {"status": 401},
        "dropped": {"drop": True},
        "reset": {"drop": True, "reset": True},
        "cut": {"cut_at": 40},
        "stalled": {"stall_at": 10, "stall_secs": 1.0},
        "garbage": {"raw": b"garbage\r\n\r\n"},
        "no JSON": {"status": 200, "body": "nonsense"},
        "failed": {"status": 500},
        "redirected": {"status": 307, "headers": {"Location": "http://localhost:1/"}},
    }


@pytest.mark.parametrize("kind", hub_faults())
def test_no_error_of_any_endpoint_holds_a_canary(hub: Hub, kind: str) -> None:
    """Texts, attributes, chains, tracebacks and logs, for every endpoint and every kind of failure."""
    hub.account(TOKEN, "alice")
    # A stall is waited for, so the endpoints that share their way share one.
    names = ["create", "list", "logs"] if kind == "stalled" else list(CALLS)
    for name in names:
        hub.clear_faults()
        hub.fault(times=0, **hub_faults()[kind])
        error, logs = failed(hub.url, CALLS[name], QUICK)
        assert_clean(error, logs)
        assert TOKEN not in locals_shown(error)
    for asked in hub.requests():
        held = [header for header, value in asked.headers if TOKEN in value]
        assert held == ["Authorization"]
        assert TOKEN not in asked.target
        assert TOKEN.encode() not in asked.body


def echo(head: bytes, status: bytes, body: bytes) -> list[bytes]:
    """Answer as a server does that repeats all it was told, in every place it can."""
    token = TOKEN.encode()
    secret = SECRET.encode() + b" " + ENVIRONMENT.encode()
    fields = (
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nX-Error-Message: %s %s\r\nX-Error-Code: %s\r\n"
        b"X-Request-Id: %s\r\nLocation: http://localhost:1/%s\r\nSet-Cookie: t=%s\r\nRetry-After: %s\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n"
    )
    assert token in head
    return [fields % (status, token, secret, token, token, token, token, token, len(body)) + body]


ECHOES = {
    "an error": (b"400 Bad", b'{"error": ["bad TOKEN", "SECRET and MODE"]}'),
    "an unknown status": (b"418 Teapot", b'{"error": "TOKEN SECRET MODE"}'),
    "a redirect": (b"302 Found", b"TOKEN"),
    "a key twice": (b"200 OK", b'{"TOKEN": 1, "TOKEN": 2}'),
    "a key of a wrong value": (b"200 OK", b'{"id": 1, "labels": {"TOKEN": 5}, "count": "SECRET"}'),
    "no object": (b"200 OK", b'["TOKEN"]'),
    "no JSON": (b"200 OK", b"TOKEN SECRET MODE"),
}


@pytest.mark.parametrize("kind", ECHOES)
def test_a_server_that_repeats_what_it_was_told_is_not_repeated(kind: str) -> None:
    """Not in the message, not in the request id, not in the reason why an answer is unreadable."""
    status, template = ECHOES[kind]
    body = template.replace(b"TOKEN", TOKEN.encode()).replace(b"SECRET", SECRET.encode())
    body = body.replace(b"MODE", ENVIRONMENT.encode())
    with serving(lambda head: echo(head, status, body)) as server:
        assert_clean(*failed(server.url, CALLS["create"]))


def test_a_launched_job_reports_what_is_odd_without_a_canary() -> None:
    """The raw answer is kept for the ledger; what is shown of it is clean."""
    body = b'{"id": "687fb701029421ae5549d998", "labels": {"%s": 5}}' % TOKEN.encode()
    with (
        serving(lambda head: echo(head, b"200 OK", body)) as server,
        JobsClient(server.url, token=Token(TOKEN), limits=LIMITS) as client,
    ):
        launched = client.create_job("alice", SPEC)
    assert launched.raw == body
    assert TOKEN not in repr(launched) + str(launched.problem)
    assert "[hidden]" in str(launched.problem)


@pytest.mark.parametrize(
    "status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Again", b"308 There", b"200 OK"]
)
def test_another_server_is_not_asked_at_all(status: bytes) -> None:
    """Wherever redirects and next links point: the other server hears nothing, not even a connection."""
    with serving(lambda _: []) as other:
        target = other.url.encode()

        def answer(_: bytes) -> list[bytes]:
            return [
                b'HTTP/1.1 %s\r\nLocation: %s/\r\nLink: <%s/>; rel="next"\r\n' % (status, target, target),
                b"Refresh: 0;url=%s\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]" % target,
            ]

        with serving(answer) as server:
            for name in CALLS:
                with (
                    JobsClient(server.url, token=Token(TOKEN), limits=LIMITS, retry=QUICK) as client,
                    suppress(HfplannerError),
                ):
                    CALLS[name](client)
        assert other.heads == []
    assert len(server.heads) >= len(CALLS)


def test_an_environment_with_a_proxy_and_a_netrc_changes_nothing_on_loopback(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy is not asked, and the password of the file is not sent."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    with serving(lambda _: []) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        with JobsClient(hub.url, token=Token(hub.token)) as client:
            client.whoami()
        assert proxy.heads == []
    assert hub.requests()[-1].token == hub.token


def test_through_a_proxy_for_https_nothing_but_the_name_of_the_host_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy is asked for a tunnel, without token or body; that it gives none means nothing was sent."""
    with serving(lambda _: [b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"]) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        error, _ = failed("https://hub.example", CALLS["create"])
    assert isinstance(error, HubError)
    assert error.outcome.value == "not_sent"
    assert [head.split(b"\r\n")[0] for head in proxy.heads] == [b"CONNECT hub.example:443 HTTP/1.1"]
    assert not any(canary.encode() in head for head in proxy.heads for canary in (TOKEN, SECRET))
