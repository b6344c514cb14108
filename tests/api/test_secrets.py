"""No spelling of a secret is shown; a short one is hidden where it stands by itself."""

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest

from hfplanner.api.auth import Token
from hfplanner.api.secrets import HIDDEN, hide, secrets_of

KEY = 'hun"ter/2 \\ pä=ß+ñ😀'
LINES = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
SPELLINGS = {
    "as it is": str,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "as JSON": json.dumps,
    "as JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False),
    "as JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "as JSON with escaped slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "as JSON in capitals": lambda text: json.dumps(text).upper(),
    "every character escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text if ord(char) < 2**16),
    "as Python": repr,
    "in a URL": quote,
    "in a form": quote_plus,
    "every byte of it": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "as HTML": html.escape,
    "as HTML by number": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "in base64 behind a name": lambda text: base64.b64encode(b"user:" + text.encode()).decode(),
    "in base64 between others": lambda text: base64.b64encode(b"ab" + text.encode() + b"\xff\xff").decode(),
    "in hexadecimal": lambda text: text.encode().hex().upper(),
    "with nothing between": "\u200b".join,
    "with other blanks": lambda text: text.replace(" ", "\r\n\t"),
}


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("secret", [KEY, "sk-live-0123456789abcdef", "Zürich!", "abcd", LINES.splitlines()[1]])
def test_no_spelling_of_a_secret_is_shown(name: str, secret: str) -> None:
    """Nothing is left of it between two words that are."""
    if name == "every character escaped" and any(ord(char) >= 2**16 for char in secret):
        secret = secret.replace("😀", "x")
    said = f"invalid value: {SPELLINGS[name](secret)} in secrets"
    shown = hide(said, [secret])
    assert HIDDEN in shown
    # In base64 the characters at its ends also hold bits of what stands beside it.
    assert len(shown) <= len(f'invalid value: \'"\\"{HIDDEN}"\\"\' in secrets') + (12 if "base64" in name else 0)
    assert shown.startswith("invalid value: ")
    assert shown.endswith(" in secrets")


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("7", "PIN=[hidden] is not one of 17, 77 and x7"),
        ("17", "PIN=7 is not one of [hidden], 77 and x7"),
        ("x7", "PIN=7 is not one of 17, 77 and [hidden]"),
        (" ", "PIN=7 is not one of 17, 77 and x7"),
        ("", "PIN=7 is not one of 17, 77 and x7"),
    ],
)
def test_a_short_secret_is_hidden_where_it_stands_by_itself(secret: str, shown: str) -> None:
    """And the sentence around it can still be read."""
    assert hide("PIN=7 is not one of 17, 77 and x7", [secret]) == shown


def test_each_line_of_a_key_is_a_secret() -> None:
    """A server that shows only the line it cannot read shows part of the key."""
    assert hide("bad line: hkiG9w0BAQEFAASC", [LINES]) == f"bad line: {HIDDEN}"


def test_a_token_is_hidden_in_every_spelling() -> None:
    """As a secret is."""
    token = Token("hf_canaryTOKEN")
    assert token.hide_in("Bearer HF_CANARYTOKEN") == f"Bearer {HIDDEN}"
    assert token.hide_in(base64.b64encode(b"alice:hf_canaryTOKEN").decode()).startswith(("YWxpY2U6", HIDDEN))


def test_short_settings_are_no_secrets() -> None:
    """RANK=0 is not worth hiding every 0 for; a secret of one character is."""
    assert secrets_of({"secrets": {"A": "1"}, "environment": {"B": "0", "C": "long enough"}}) == ("long enough", "1")


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("\\" * 400, "\\" * 20_000),
        (" a" * 3000, " a" * 8000),
        ("a" * 20_000, "a" * 16_000 + "b"),
        (" " * 999 + "x", " " * 9999),
    ],
    ids=["backslashes", "blanks", "one letter", "nothing but blanks"],
)
def test_no_secret_takes_long_to_hide(secret: str, text: str) -> None:
    """Whatever a server repeats of whatever was sent: a few seconds at most, on any machine."""
    began = time.monotonic()
    hide(text, [secret])
    assert time.monotonic() - began < 20
