"""Law: whatever bytes stand in a policy file, they are a policy or a PolicyError, soon and in little memory."""

import time
import tracemalloc

from hypothesis import example, given, settings
from hypothesis import strategies as st

from hfplanner.budget.policy import Policy
from hfplanner.budget.policy_file import MAX_POLICY_BYTES, parse_policy
from hfplanner.errors import PolicyError

# Far more than the slowest needs on a busy machine (0.2 s, 20 MB), and far less than what hurts.
MOST_SECS = 5
MOST_BYTES = 200_000_000

WORDS = [
    "[[budget]]", "[limits]", "[[waiver]]", "name", "limit_usd", "period", "scope", "labels", "timezone", "expires",
    "max_timeout", "=", "=", '"a"', '"5.00"', '"month"', "'", '"', '"""', "{", "}", "[", "]", ".", ",", "\n", "\n", " ",
    "1e999", "nan", "-inf", "0x", "2026-12-01", "2026-12-01T00:00:00Z", "true", "#", "\\u0000", "\\", "é", "\x00", "\r",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=60).map("".join).map(str.encode)
LONG = "\n".join("[" + f"k{number}" + ".a" * 8 + "]" for number in range(2700))


@settings(deadline=None)
@given(st.binary(max_size=200) | TEXTS)
@example(b"")
@example(LONG.encode()[:MAX_POLICY_BYTES])
@example(("x = " + "[\n" * 32_000).encode())
@example(b"\n" * MAX_POLICY_BYTES)
@example(b'[[budget]]\nname="a"\nlimit_usd="5"\n' * 1800)
@example(("a = " + "9" * 990 + "\n").encode() * 60)
@example(b"x = { " + b"a = { " * 150 + b"}" * 151)
def test_any_bytes_are_a_policy_or_an_error(raw: bytes) -> None:
    """The errors are sentences of one line, safe for a terminal."""
    tracemalloc.start()
    begun = time.perf_counter()
    found = _parsed(raw)
    took, (_, most) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if isinstance(found, PolicyError):
        assert found.exit_code == 3
        assert found.message.isprintable()
        assert len(found.message) < 1000
    assert took < MOST_SECS
    assert most < MOST_BYTES


def _parsed(raw: bytes) -> Policy | PolicyError:
    try:
        return parse_policy(raw)
    except PolicyError as error:
        return error
