"""What reaches a terminal from strings that are not ours."""

import pytest

from hfplanner.sanitize import sanitize

MARK = "\N{REPLACEMENT CHARACTER}"
C0 = [chr(code) for code in range(0x20) if not chr(code).isspace()]
C1 = [chr(code) for code in range(0x80, 0xA0) if not chr(code).isspace()]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
ZERO_WIDTH = list("\u00ad\u180e\u200b\u200c\u200d\u2060\u2061\u2064\ufeff\U000e0001\U000e0041\U000e007f")
SURROGATES = ["\ud800", "\udbff", "\udc00", "\udfff"]


@pytest.mark.parametrize("character", [*C0, "\x7f", *C1, *BIDI, *ZERO_WIDTH, *SURROGATES], ids=ascii)
def test_an_unsafe_character_is_seen_but_not_obeyed(character: str) -> None:
    """It becomes U+FFFD, so that a reader sees that something was there."""
    assert sanitize(f"a{character}b") == f"a{MARK}b"


@pytest.mark.parametrize(
    "space", ["\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"], ids=ascii
)
def test_line_breaks_and_tabs_become_a_space(space: str) -> None:
    """One string is one line of output, also on terminals that break at U+2028."""
    assert sanitize(f"a{space}b") == "a b"


@pytest.mark.parametrize(
    "text",
    ["plain", "h\u00e9llo", "e\u0301", "\u65e5\u672c\u8a9e", "\u05e9\u05dc\u05d5\u05dd", "\U0001f917", "$5.00 & <b>"],
)
def test_ordinary_text_of_any_language_stays(text: str) -> None:
    """Only what steers a terminal goes."""
    assert sanitize(text) == text


@pytest.mark.parametrize(
    "attack",
    [
        "\x1b]0;renamed\x07",
        "\x1b[2J\x1b[H",
        "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
        "\x9b31m",
        "\x1bP+q544e\x1b\\",
        "user\u202egnp.exe",
        "\x08\x08\x08ok",
    ],
    ids=ascii,
)
def test_no_escape_sequence_survives(attack: str) -> None:
    """Whatever it meant to do, what is left holds no escape and no control."""
    shown = sanitize(attack)
    assert MARK in shown
    assert not set(shown) & {*C0, "\x7f", *C1, *BIDI}


def test_a_long_text_is_cut_and_says_so() -> None:
    """Exactly the limit stays whole; one more is cut."""
    assert sanitize("a" * 500) == "a" * 500
    assert sanitize("a" * 501) == "a" * 500 + "..."
    assert sanitize("abcdef", limit=5) == "abcde..."


def test_what_follows_a_long_run_of_spaces_is_not_lost_in_silence() -> None:
    """The three dots stand for it."""
    assert sanitize("a" + " " * 5000 + "b") == "a..."


def test_a_text_of_megabytes_is_cut_before_it_is_looked_at() -> None:
    """The work is bounded by the limit, not by the sender."""
    assert len(sanitize("\x1b" * 50_000_000)) == 503
