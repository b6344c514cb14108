"""JSON torture after RFC 8259: what is one document is read, everything else is refused with a reason."""

import json
import subprocess
import sys

import pytest

from hfplanner.api.strict_json import MAX_DEPTH, StrictJsonError, loads

LIMIT = 4 * 2**20

DOCUMENTS: dict[bytes, object] = {
    b"null": None,
    b"true": True,
    b" \t\r\n[ ] \n": [],
    b"{}": {},
    b'""': "",
    b'{"":0}': {"": 0},
    b"0": 0,
    b"-0": 0,
    b"-0.0": -0.0,
    b"1E3": 1000.0,
    b"1e-400": 0.0,
    b"1.7976931348623157e308": 1.7976931348623157e308,
    b"18446744073709551616": 2**64,
    b"1" * 1000: int("1" * 1000),
    b'"\\u0000\\u001b\\n"': "\x00\x1b\n",
    b'"\\ud83e\\udd17"': "\U0001f917",
    b'"\xf0\x9f\xa4\x97"': "\U0001f917",
    b'"\\\\\\""': '\\"',
    b'"[[[[{{{{"': "[[[[{{{{",
    b'"\\"[["': '"[[',
    b'"\xef\xbf\xbf\xf4\x8f\xbf\xbf"': "\uffff\U0010ffff",
    b'{"a":1,"A":2,"\\u0061b":3}': {"a": 1, "A": 2, "ab": 3},
    b"[" * MAX_DEPTH + b"]" * MAX_DEPTH: None,
}

NO_DOCUMENTS: dict[bytes, str] = {
    b"": "not a complete JSON document",
    b" ": "not a complete JSON document",
    b"[1,]": "not a complete JSON document",
    b"[,1]": "not a complete JSON document",
    b"[1 2]": "not a complete JSON document",
    b'{"a":1,}': "not a complete JSON document",
    b'{"a" 1}': "not a complete JSON document",
    b"{a:1}": "not a complete JSON document",
    b"{'a':1}": "not a complete JSON document",
    b"{1:1}": "not a complete JSON document",
    b"[1]]": "not a complete JSON document",
    b"[1}": "not a complete JSON document",
    b"[] []": "not a complete JSON document",
    b"[]\x00": "not a complete JSON document",
    b"// x\n[]": "not a complete JSON document",
    b"[]#": "not a complete JSON document",
    b"True": "not a complete JSON document",
    b"nul": "not a complete JSON document",
    b"undefined": "not a complete JSON document",
    b"01": "not a complete JSON document",
    b"-": "not a complete JSON document",
    b"+1": "not a complete JSON document",
    b"1.": "not a complete JSON document",
    b".5": "not a complete JSON document",
    b"1e": "not a complete JSON document",
    b"0x1": "not a complete JSON document",
    b"1_000": "not a complete JSON document",
    "\u0661".encode(): "not a complete JSON document",
    b'"\x1b"': "not a complete JSON document",
    b'"\n"': "not a complete JSON document",
    b'"\\x41"': "not a complete JSON document",
    b'"\\u12"': "not a complete JSON document",
    b'"\\': "not a complete JSON document",
    b"<!doctype html>": "not a complete JSON document",
    b"\xef\xbb\xbf[]": "not a complete JSON document",
    b"\xc2\xa0[]": "not a complete JSON document",
    b"\xff\xfe[\x00]\x00": "not UTF-8",
    b'"\xff"': "not UTF-8",
    b'"\xc0\xaf"': "not UTF-8",
    b'"\xed\xa0\x80"': "not UTF-8",
    b'"\xf4\x90\x80\x80"': "not UTF-8",
    b'"\xe2\x82"': "not UTF-8",
    b"NaN": "NaN is not a JSON value",
    b"[Infinity]": "Infinity is not a JSON value",
    b'{"a":-Infinity}': "-Infinity is not a JSON value",
    b"1e400": "a number is out of range",
    b"-1e400": "a number is out of range",
    b"1" * 1001: "a number is out of range",
    b"1" + b"0" * 5000: "a number is out of range",
    b'{"a":1,"a":1}': "the key 'a' stands twice",
    b'{"a":1,"\\u0061":2}': "the key 'a' stands twice",
    b'[{"b":{"c":1,"d":2,"c":3}}]': "the key 'c' stands twice",
    b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1): "nests deeper than 64",
    b"[" * 100_000: "nests deeper than 64",
    b'{"a":' * 100_000: "nests deeper than 64",
    b'[{"":' * 100_000: "nests deeper than 64",
}


@pytest.mark.parametrize(("raw", "value"), DOCUMENTS.items(), ids=lambda value: ascii(value)[:30])
def test_one_document_is_read_as_what_it_means(raw: bytes, value: object) -> None:
    """Whatever RFC 8259 allows within the caps is read."""
    read = loads(raw, max_bytes=LIMIT)
    assert read == (json.loads(raw) if value is None else value)


@pytest.mark.parametrize(("raw", "why"), NO_DOCUMENTS.items(), ids=lambda value: ascii(value)[:30])
def test_what_is_no_document_is_refused_with_a_reason(raw: bytes, why: str) -> None:
    """Never another exception, never a value, and the reason does not repeat the input."""
    with pytest.raises(StrictJsonError, match=why) as caught:
        loads(raw, max_bytes=LIMIT)
    assert len(str(caught.value)) < 100


def test_a_document_cut_at_any_byte_is_refused() -> None:
    """Half an answer is no answer."""
    whole = '[{"name": "caf\u00e9", "n": [1.5, true, null], "\U0001f917": {}}]'.encode()
    loads(whole, max_bytes=LIMIT)
    for length in range(len(whole)):
        with pytest.raises(StrictJsonError):
            loads(whole[:length], max_bytes=LIMIT)


def test_a_document_is_as_long_as_its_cap_and_no_longer() -> None:
    """The cap is counted in bytes, before anything else is looked at."""
    assert loads(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(StrictJsonError, match="longer than 4 bytes"):
        loads(b'"abc"', max_bytes=4)


def test_a_key_of_a_megabyte_is_not_repeated_in_the_reason() -> None:
    """The reason is a sentence, whatever was sent."""
    key = b'"' + b"k" * 1_000_000 + b'"'
    with pytest.raises(StrictJsonError, match="stands twice") as caught:
        loads(b"{" + key + b":1," + key + b":2}", max_bytes=LIMIT)
    assert len(str(caught.value)) < 100


def test_a_lone_surrogate_is_read_as_it_stands() -> None:
    """RFC 8259 allows the escape; who stores the text has to refuse it there, without losing the other rows."""
    assert loads(b'["\\ud800", "ok"]', max_bytes=LIMIT) == ["\ud800", "ok"]


def test_the_depth_cap_is_an_argument() -> None:
    """A file that wraps an answer is one level deeper than the answer."""
    assert loads(b"[[1]]", max_bytes=LIMIT, max_depth=2) == [[1]]
    with pytest.raises(StrictJsonError, match="deeper than 1 levels"):
        loads(b"[[1]]", max_bytes=LIMIT, max_depth=1)


@pytest.mark.process
@pytest.mark.parametrize("pattern", [b"a", b"\\", b'"', b'{"a":', b'a\\"'], ids=ascii)
def test_an_answer_as_long_as_the_cap_is_judged_in_bounded_memory(pattern: bytes) -> None:
    """4 MiB of anything, inside a string or outside, take a process of its own less than 100 MiB more."""
    script = (
        "import resource, sys\n"
        "from hfplanner.api.strict_json import StrictJsonError, loads\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "pattern = bytes.fromhex(sys.argv[1])\n"
        "raw = b'\"' + pattern * (1 << 22) if sys.argv[2] == 'string' else pattern * (1 << 22)\n"
        "raw = raw[: 1 << 22]\n"
        "try:\n    loads(raw, max_bytes=1 << 22)\n"
        "except StrictJsonError:\n    pass\n"
        "print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    for kind in ("string", "bare"):
        run = [sys.executable, "-c", script, pattern.hex(), kind]
        done = subprocess.run(run, capture_output=True, text=True, check=True, timeout=300)
        assert int(done.stdout) < 100
