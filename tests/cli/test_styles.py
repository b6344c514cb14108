"""What a terminal shows in styles can be read on a dark and on a light one."""

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import Program

HOME = Path(__file__).with_name("home")
# Bold, dim, and back: the terminal's own color of text, whatever its background.
_LEGIBLE = {"0", "1", "2", ""}
_SCREENS = [
    ("recommend", "--vram", "40GB", "--duration", "2h@l4x1", "--why"),
    ("estimate", "memory", "--model", "Qwen/Qwen3-8B", "--task", "lora"),
    ("estimate", "duration", "--duration", "2h@l4x1"),
    ("check", "--flavor", "l4x1", "--timeout", "1h", "--namespace", "acme"),
    ("run", "--flavor", "l4x1", "--dry-run", "--canary", "--namespace", "acme", "python:3.12", "python", "t.py"),
    ("report", "--by", "owner"),
    ("sweep", "--trials", "8", "--duration", "50m@l4x1"),
    ("budget", "show", "--namespace", "acme"),
]


@pytest.mark.process
@pytest.mark.parametrize("line", _SCREENS, ids=lambda line: "-".join(line[:2]))
def test_no_screen_depends_on_a_color(program: Program, line: tuple[str, ...]) -> None:
    """Yellow and green on black are not to be read on white: only bold and dim are used, and they are used."""
    shutil.copytree(HOME, program.home, dirs_exist_ok=True)
    ours, theirs = pty.openpty()
    environ = program.environment() | {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "hfplanner", *line], cwd=program.home, env=environ, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        # At the end of the process the terminal is gone, which Linux tells as an error.
        try:
            while piece := os.read(ours, 65536):
                shown += piece
        except OSError:
            pass
        process.wait(60)
    os.close(ours)
    codes = {code for part in re.findall(rb"\x1b\[([0-9;]*)m", shown) for code in part.decode().split(";")}
    assert codes <= _LEGIBLE, shown.decode()
    assert shown.strip()
