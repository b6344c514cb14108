"""A connection that breaks at every byte of the head of a request and of an answer, for one GET and one POST."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.transport import Wire
from hfplanner.errors import HubError, HubInterrupted, Outcome
from tests.hub.control import Hub
from tests.reliability.probe import SPEC, attempt, opened

Call = Callable[[JobsClient], Any]
CALLS: dict[str, Call] = {
    "GET": lambda client: client.count_jobs("alice"),
    "POST": lambda client: client.create_job("alice", SPEC),
}


class Measuring(Wire):
    """The network, with a note of how long the last head of an answer was."""

    size = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Measure the head."""
        response = super().handle_request(request)
        fields = sum(len(name) + len(value) + len(b": \r\n") for name, value in response.headers.raw)
        self.size = len(b"HTTP/1.1 200 OK\r\n") + fields + len(b"\r\n")
        return response


def answer_head(hub: Hub, method: str) -> int:
    """Return how many bytes the head of a successful answer has, from the answer itself."""
    wire = Measuring()
    with JobsClient(hub.url, token=Token(hub.token), transport=wire) as client:
        CALLS[method](client)
    assert wire.size > 100
    return wire.size


def request_head(hub: Hub, method: str) -> int:
    """Return how many bytes the head of the last request of a method had."""
    asked = next(one for one in reversed(hub.requests()) if one.method == method)
    line = f"{asked.method} {asked.target} HTTP/1.1\r\n"
    return len(line) + sum(len(name) + len(value) + 4 for name, value in asked.headers) + 2


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_cut_at_every_byte_of_its_head_is_interrupted(hub: Hub, method: str, *, reset: bool) -> None:
    """Whatever came of the head: no answer, outcome unknown, and nothing is sent again."""
    size = answer_head(hub, method)
    before = len(hub.requests())
    with opened(hub.url, hub.token) as client:
        for cut in range(size + 1):
            hub.fault(method=method, cut_at=cut, reset=reset)
            error = attempt(lambda: CALLS[method](client)).error
            assert isinstance(error, HubInterrupted), cut
            assert error.outcome == Outcome.UNKNOWN
            # The last cut leaves the whole head: then its status is known, and what it makes likely.
            assert error.probably_done == (cut == size) or reset
    assert [asked.method for asked in hub.requests()][before:] == [method] * (size + 1)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_cut_at_every_byte_of_its_head_is_interrupted(hub: Hub, method: str) -> None:
    """The server read so many bytes of it and no more: the client cannot know, says so, and sends nothing again."""
    with opened(hub.url, hub.token) as client:
        CALLS[method](client)
        size = request_head(hub, method)
        assert size > 150
        before = hub.connections()
        for cut in range(1, size + 1):
            hub.fault(method=method if cut > len(method) + 1 else "", cut_request_at=cut)
            error = attempt(lambda: CALLS[method](client)).error
            assert isinstance(error, HubInterrupted), cut
            assert error.outcome == Outcome.UNKNOWN
            hub.clear_faults()
    # One connection for each cut (the first GET has one already): nothing was sent twice. The one job is that of the
    # first, whole request.
    assert hub.connections() - before == size - (method == "GET")
    assert len(hub.jobs()) == (1 if method == "POST" else 0)


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_submission_whose_success_is_cut_in_its_body_is_probably_done(hub: Hub, cut: int) -> None:
    """The status said success: the job probably exists, and it does; it is not asked for again."""
    hub.fault(method="POST", cut_body_at=cut)
    with opened(hub.url, hub.token) as client:
        error = attempt(lambda: client.create_job("alice", SPEC)).error
    assert isinstance(error, HubError)
    assert error.outcome == Outcome.UNKNOWN
    assert error.probably_done
    assert len(hub.jobs()) == 1
    assert len(hub.requests()) == 1
