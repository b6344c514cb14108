"""The README's pictures show what the program of today shows."""

import re
from html import unescape
from pathlib import Path

from tests.example_pictures import REPORTS, draw_terminal

_PNG = b"\x89PNG\r\n\x1a\n"


def _words(svg: str) -> list[str]:
    return unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).split()


def test_the_terminal_shows_what_the_command_answers(tmp_path: Path) -> None:
    """Every word; how they are drawn is the library's."""
    kept = (REPORTS / "recommend.svg").read_text(encoding="utf-8")
    assert _words(kept) == _words(draw_terminal(tmp_path)), "python -m tests.example_pictures draws it anew"


def test_the_report_is_a_picture() -> None:
    """As wide as the README shows it."""
    png = (REPORTS / "report.png").read_bytes()
    assert png[:8] == _PNG
    assert int.from_bytes(png[16:20]) == 1100
