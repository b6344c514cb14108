"""Each status from 100 to 599, for a question and for a submission: the right class, the right outcome, one POST."""

from dataclasses import replace

import pytest

from hfplanner.errors import HubError, Outcome
from tests.hub.control import Hub
from tests.reliability.probe import LIMITS, SPEC, attempt, opened

CLASSES = {
    400: "HubBadRequest",
    401: "HubUnauthorized",
    402: "HubPaymentRequired",
    403: "HubForbidden",
    404: "HubNotFound",
    405: "HubBadRequest",
    406: "HubNotAcceptable",
    409: "HubConflict",
    410: "HubNotFound",
    413: "HubBadRequest",
    415: "HubBadRequest",
    422: "HubBadRequest",
    429: "HubRateLimited",
}
REJECTED = {400, 401, 402, 403, 404, 405, 413, 415, 422}
# HTTP knows no body in these (RFC 9110): what stands behind their head is not read.
BODILESS = {204, 304}
JOB = '{"id": "687fb701029421ae5549d998"}'
SAID = '{"error": "what the Hub says"}'


def expected(status: int, *, question: bool) -> str:
    """Return the class a status has."""
    if status < 200:
        # Promises an answer that does not come, or, with 101, another protocol that nobody asked for.
        return "HubInterrupted" if status == 101 else "HubTimeout"
    if status // 100 == 2 and (status == 200 or not question):
        return "HubUnreadable" if status in BODILESS else "ok"
    by_family = {3: "HubRedirect", 5: "HubServerError"}
    return CLASSES.get(status) or by_family.get(status // 100, "HubStatusError")


def outcome(status: int) -> Outcome:
    """Return what a status proves, given the Hub's own JSON."""
    return Outcome.REJECTED if status in REJECTED else Outcome.UNKNOWN


FAMILIES = [range(first, first + 100) for first in (100, 200, 300, 400, 500)]
# Each status below 200 ends in a time-out, a hundred times.
HASTY = replace(LIMITS, read_secs=0.04, total_secs=0.1)


@pytest.mark.parametrize("statuses", FAMILIES, ids=["1xx", "2xx", "3xx", "4xx", "5xx"])
def test_each_status_of_a_question_has_its_class(hub: Hub, statuses: range) -> None:
    """A GET with every status; the Hub's words are kept."""
    with opened(hub.url, hub.token, limits=HASTY if statuses[0] < 200 else LIMITS) as client:
        for status in statuses:
            body = JOB if status // 100 == 2 else SAID
            hub.fault(method="GET", status=status, body=body)
            result = attempt(lambda: client.get_job("alice", "0" * 24))
            assert result.kind == expected(status, question=True), status
            if isinstance(result.error, HubError) and status >= 300 and status not in BODILESS:
                assert result.error.answer.server_message == "what the Hub says"


@pytest.mark.parametrize("statuses", FAMILIES, ids=["1xx", "2xx", "3xx", "4xx", "5xx"])
def test_each_status_of_a_submission_has_its_class_and_outcome(hub: Hub, statuses: range) -> None:
    """A POST with every status, sent once."""
    with opened(hub.url, hub.token, limits=HASTY if statuses[0] < 200 else LIMITS) as client:
        for status in statuses:
            body = JOB if status // 100 == 2 else SAID
            hub.fault(method="POST", status=status, body=body)
            result = attempt(lambda: client.create_job("alice", SPEC))
            assert result.kind == expected(status, question=False), status
            if isinstance(result.error, HubError):
                assert result.error.outcome == outcome(status), status
                assert result.error.probably_done == (status // 100 == 2)
    assert [asked.method for asked in hub.requests()] == ["POST"] * len(statuses)


@pytest.mark.parametrize(
    "body", ["", "<html>nginx</html>", '{"message": "no"}', '{"error": 1}', '["error"]', SAID[:-1]]
)
def test_a_refusal_without_the_words_of_the_hub_proves_nothing(hub: Hub, body: str) -> None:
    """A proxy may say 403 after the Hub took the job."""
    with opened(hub.url, hub.token) as client:
        for status in sorted(REJECTED):
            hub.fault(method="POST", status=status, body=body)
            result = attempt(lambda: client.create_job("alice", SPEC))
            assert isinstance(result.error, HubError)
            assert result.kind == CLASSES[status]
            assert result.error.outcome == Outcome.UNKNOWN
    assert len(hub.requests()) == len(REJECTED)


@pytest.mark.parametrize(
    ("header", "proven"),
    [('"api";r=0;t=60', True), ('"api";r=1;t=60', False), (None, False), ("garbage", False), ('"api";r=00;t=1', True)],
)
def test_a_rate_limit_is_a_rejection_only_where_nothing_is_left(hub: Hub, header: str | None, *, proven: bool) -> None:
    """429 with r=0 may be sent again; any other 429 proves nothing. Neither is sent again by itself."""
    hub.fault(method="POST", status=429, body=SAID, headers={"RateLimit": header} if header else {})
    with opened(hub.url, hub.token) as client:
        result = attempt(lambda: client.create_job("alice", SPEC))
    assert isinstance(result.error, HubError)
    assert result.error.outcome == (Outcome.REJECTED if proven else Outcome.UNKNOWN)
    assert len(hub.requests()) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["/api/jobs/alice?again", "https://evil.example/", "http://[", "//localhost:1/"])
def test_no_redirect_of_a_submission_is_followed(hub: Hub, status: int, where: str) -> None:
    """Not even on the same server: the outcome is unknown, and the body went out once."""
    hub.fault(method="POST", status=status, body="", headers={"Location": where})
    with opened(hub.url, hub.token) as client:
        result = attempt(lambda: client.create_job("alice", SPEC))
    assert isinstance(result.error, HubError)
    assert result.kind in {"HubRedirect", "HubInterrupted"}
    assert result.error.outcome == Outcome.UNKNOWN
    assert len(hub.requests()) == 1


def test_a_question_follows_redirects_on_its_own_server_and_no_further(hub: Hub) -> None:
    """One hop is followed, a circle is not, and nothing is asked elsewhere."""
    with opened(hub.url, hub.token) as client:
        hub.fault(method="GET", path="/count", status=307, body="", headers={"Location": "count?stage=RUNNING"})
        assert attempt(lambda: client.count_jobs("alice")).value == 0
        hub.fault(method="GET", path="/count", times=0, status=307, body="", headers={"Location": f"{hub.url}/count"})
        assert attempt(lambda: client.count_jobs("alice")).kind == "HubRedirect"
        hub.clear_faults()
        hub.fault(method="GET", path="/count", status=307, body="", headers={"Location": "http://localhost:1/count"})
        assert attempt(lambda: client.count_jobs("alice")).kind == "HubRedirect"
