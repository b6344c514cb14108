"""JSON that RFC 8259 forbids or warns of, as the body of every endpoint: unreadable, and never anything worse."""

import pytest

from hfplanner.api.strict_json import MAX_DEPTH
from hfplanner.errors import HubError, Outcome
from tests.hub.control import Hub
from tests.reliability.endpoints import ENDPOINTS, STREAMS
from tests.reliability.probe import attempt, opened

ID = b'"id":"687fb701029421ae5549d998"'
# No document of these is JSON, or none that may be taken (section of RFC 8259).
NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "blanks (2)": b" \t\r\n",
    "a byte order mark (8.1)": b"\xef\xbb\xbf{}",
    "UTF-16 (8.1)": '{"id":"a"}'.encode("utf-16-le"),
    "bad UTF-8 (8.1)": b'{"id":"\xff"}',
    "overlong UTF-8 (8.1)": b'{"id":"\xc0\xaf"}',
    "a surrogate in UTF-8 (8.1)": b'{"id":"\xed\xa0\x80"}',
    "truncated UTF-8 (8.1)": b'{"id":"\xe2\x82',
    "a truncated object (4)": b"{" + ID,
    "a truncated string (7)": b'{"id":"687',
    "a truncated escape (7)": b'{"id":"\\u12"}',
    "an unknown escape (7)": b'{"id":"\\x41"}',
    "a control character in a string (7)": b'{"id":"a\x00b"}',
    "a line break in a string (7)": b'{"id":"a\nb"}',
    "single quotes (7)": b"{'id':'a'}",
    "a name without quotes (4)": b'{id:"a"}',
    "a trailing comma (4)": b"{" + ID + b",}",
    "a missing comma (4)": b"{" + ID + b' "a":1}',
    "a missing colon (4)": b'{"id" "a"}',
    "two documents (2)": b"{" + ID + b"}{}",
    "trailing garbage (2)": b"{" + ID + b"}x",
    "a trailing NUL (2)": b"{" + ID + b"}\x00",
    "a comment (2)": b"/**/{" + ID + b"}",
    "NaN (6)": b"{" + ID + b',"timeout":NaN}',
    "Infinity (6)": b"{" + ID + b',"timeout":-Infinity}',
    "a number out of range (6)": b"{" + ID + b',"timeout":1e999}',
    "a leading zero (6)": b"{" + ID + b',"timeout":01}',
    "a plus sign (6)": b"{" + ID + b',"timeout":+1}',
    "a bare fraction (6)": b"{" + ID + b',"timeout":.5}',
    "a hexadecimal number (6)": b"{" + ID + b',"timeout":0x1f}',
    "more digits than an integer may have (6)": b"{" + ID + b',"timeout":' + b"9" * 5000 + b"}",
    "a capital literal (3)": b"{" + ID + b',"a":True}',
    "a key twice (4)": b"{" + ID + b"," + ID + b"}",
    "a key twice, once escaped (4)": b"{" + ID + b',"\\u0069d":"b"}',
    "a key twice, far below (4)": b"{" + ID + b',"a":[{"b":{"c":1,"c":1}}]}',
    "an empty key twice (4)": b"{" + ID + b',"":1,"":2}',
    "arrays too deep (9)": b"{" + ID + b',"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
    "objects too deep (9)": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "brackets without end (9)": b"[" * 1_000_000,
    "HTML": b"<!doctype html><title>502</title>",
}
# JSON, but what no endpoint answers.
NOT_AN_ANSWER: dict[str, bytes] = {
    "null": b"null",
    "a number": b"1",
    "a string": b'"a"',
    "true": b"true",
    "an array of numbers": b"[1]",
    "an array in an array": b"[[]]",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_is_no_json_is_unreadable(hub: Hub, endpoint: str) -> None:
    """Every case, in place of every answer; after a request that changes something the outcome is unknown."""
    with opened(hub.url, hub.token) as client:
        for name, body in (NOT_JSON | NOT_AN_ANSWER).items():
            hub.fault(status=200, body=body)
            result = attempt(lambda: ENDPOINTS[endpoint](client))
            assert result.kind == "HubUnreadable", name
            assert isinstance(result.error, HubError)
            assert result.error.outcome == Outcome.UNKNOWN
            assert result.error.message.isprintable()
    assert len(hub.requests()) == len(NOT_JSON | NOT_AN_ANSWER)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_is_no_json_explains_no_refusal(hub: Hub, endpoint: str) -> None:
    """As the body of a 403 it neither breaks the error nor proves a rejection."""
    with opened(hub.url, hub.token) as client:
        for name, body in NOT_JSON.items():
            hub.fault(status=403, body=body)
            result = attempt(lambda: ENDPOINTS[endpoint](client))
            assert result.kind == "HubForbidden", name
            assert isinstance(result.error, HubError)
            assert result.error.outcome == Outcome.UNKNOWN, name


def is_utf8(body: bytes) -> bool:
    """Tell whether bytes are text."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("stream", STREAMS)
def test_an_event_that_is_no_json_is_unreadable(hub: Hub, stream: str) -> None:
    """The same cases as the data of an event, those that fit on its line (where bad UTF-8 is replaced, not refused)."""
    job = b'{"id":"a","status":{"stage":"RUNNING"}}'
    with opened(hub.url, hub.token) as client:
        for name, body in (NOT_JSON | NOT_AN_ANSWER).items():
            if b"\n" in body or b"\r" in body or len(body) > 900_000 or not is_utf8(body):
                continue
            hub.clear_faults()
            hub.fault(path="0{24}$", times=0, status=200, body=job)
            event = b"data:" + body + b"\n\n"
            hub.fault(path="0{24}/", status=200, body=event, headers={"Content-Type": "text/event-stream"})
            assert attempt(lambda: STREAMS[stream](client)).kind == "HubUnreadable", name


@pytest.mark.parametrize(
    "extra",
    [
        b'"\\ud800":1',
        b'"timeout":1E400000',
        b'"a":-0',
        b'"a":1e-999',
        b'"a":"\\u0000\\u202e"',
        b'"a":123456789012345678901234567890',
    ],
)
def test_odd_but_legal_json_never_breaks_a_submission(hub: Hub, extra: bytes) -> None:
    """A lone surrogate, minus zero, a denormal, controls, a large integer: launched, or unreadable, and once."""
    hub.fault(status=200, body=b"{" + ID + b"," + extra + b"}")
    with opened(hub.url, hub.token) as client:
        result = attempt(lambda: ENDPOINTS["create"](client))
    assert result.kind in {"ok", "HubUnreadable"}
    assert len(hub.requests()) == 1
