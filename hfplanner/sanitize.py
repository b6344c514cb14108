"""The one function every string that is not ours passes before it reaches a terminal, and one more for Markdown.

A name in a listing, an error of the server, an option somebody typed: any of them may hold an escape sequence that
moves the cursor, renames the window or reverses the reading direction (CVE-2021-42574).
"""

import re
import unicodedata

__all__ = ["escape_markdown", "sanitize"]

# Cc: C0, DEL, C1. Cf: bidirectional controls, zero-width characters, tags. Zl, Zp: line and paragraph separators.
# Cs: lone surrogates, which no UTF-8 terminal can be sent. Co, Cn would draw as boxes and are left alone.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def sanitize(text: str, *, limit: int = 500) -> str:
    r"""Return ``text`` on one line without control, bidirectional or zero-width characters.

    What is longer than ``limit`` characters is cut there, and three dots say so.

    Line breaks and tabs become a space, everything else unsafe becomes U+FFFD, so that it is seen that it was there.

    >>> sanitize("\x1b[31mred\x1b[0m")
    '\ufffd[31mred\ufffd[0m'
    >>> sanitize("two\r\nlines"), sanitize("abc" * 10, limit=5)
    ('two lines', 'abcab...')
    """
    # Four times the limit is read, so that a text of megabytes costs nothing and some runs of spaces still collapse.
    read = text[: limit * 4]
    joined = " ".join(read.split())
    safe = "".join(_REPLACEMENT if unicodedata.category(c) in _UNSAFE else c for c in joined)
    return safe if len(safe) <= limit and len(read) == len(text) else f"{safe[:limit]}..."


# Everything that CommonMark or GitHub's tables, mentions and references could read as more than text.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@$]|:(?=\S))")


def escape_markdown(text: str) -> str:
    r"""Return text that stays text in Markdown.

    >>> print(escape_markdown("a|b <img src=x> [c](d) @all"))
    a\|b \<img src=x\> \[c\](d) \@all
    """
    return _SPECIAL.sub(r"\\\1", text)
