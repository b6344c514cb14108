"""What users see, to the letter: one file per line of ``command_lines.txt``, in every format, wide and narrow."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hfplanner.api.settings import DEFAULT_ENDPOINT
from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.listing import shipped_listing
from tests.program import Program, Result, steady

GOLDEN = Path(__file__).parent / "golden"
WIDTH = 100
# What stands in the folder a command line is run in.
HOME = Path(__file__).parent / "home"
# What can be rented in that world: a dozen flavors, copied from the listing of 2026-08-31. The Hub's next flavor is of
# no concern to any golden file but those of the lines that run on the listing that ships.
LISTING = (Path(__file__).parent / "listing.json").read_bytes()
MOST_WITH_EVERY_FLAVOR = 10
SHIPPED = ("hardware", "hardware --json", "recommend --vram 40GB")

# The exit code of each is in its golden file.
COMMAND_LINES = (Path(__file__).parent / "command_lines.txt").read_text(encoding="utf-8").splitlines()


def _file(line: str, width: int) -> Path:
    name = re.sub(r"[^a-z0-9]+", "-", line.lower()).strip("-")
    return GOLDEN / f"{name}{'' if width == WIDTH else f'-{width}-columns'}.txt"


def _run(program: Program, line: str) -> Result:
    for file in HOME.iterdir():
        # What Python keeps beside a script that the doctests looked at is no part of that world.
        if file.is_file():
            shutil.copy(file, program.home)
    if line not in SHIPPED or program.width != WIDTH:
        # The newer of the two is used.
        kept = ListingCache(program.home / "cache", DEFAULT_ENDPOINT)
        kept.write(LISTING, shipped_listing().checked + timedelta(hours=1))
    return program.run(*line.split())


def _transcript(line: str, done: Result) -> str:
    parts = [f"$ hfplanner {line}\n", done.out, "--- stderr\n", done.err, f"--- exit code {done.code}\n"]
    return steady("".join(parts))


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_what_users_see_is_what_the_golden_file_says(
    line: str, program: Program, golden: Callable[[Path, str], None]
) -> None:
    """Stdout, stderr and exit code of a command line, offline, in 100 columns."""
    golden(_file(line, WIDTH), _transcript(line, _run(program, line)))


@pytest.mark.parametrize("line", ["hardware", "recommend --vram 24GB --duration 90m"])
@pytest.mark.parametrize("width", [50, 80])
def test_a_narrow_terminal_loses_columns_not_digits(
    line: str, width: int, program: Program, golden: Callable[[Path, str], None]
) -> None:
    """Lines stay within the width, and names and prices stay whole."""
    done = _run(replace(program, width=width), line)
    assert max(map(len, done.out.splitlines())) <= width
    golden(_file(line, width), _transcript(line, done))


def test_no_golden_file_is_left_over() -> None:
    """Every golden file belongs to a command line of ``command_lines.txt``, or is a narrow one."""
    narrow = ("hardware", "recommend --vram 24GB --duration 90m")
    expected = {_file(line, WIDTH) for line in COMMAND_LINES} | {_file(line, w) for line in narrow for w in (50, 80)}
    assert set(GOLDEN.iterdir()) == expected


def test_the_next_flavor_changes_few_golden_files() -> None:
    """What is not in the small listing is named by the files of the lines that run on the whole one, and few others."""
    small = {row["name"] for row in json.loads(LISTING)}
    others = "|".join(name for name in shipped_listing().by_name() if name not in small)
    names_another = re.compile(rf"(?<![\w-])(?:{others})(?![\w-])")
    found = {path for path in GOLDEN.iterdir() if names_another.search(path.read_text(encoding="utf-8"))}
    assert {_file(line, WIDTH) for line in SHIPPED} <= found
    assert len(found) < MOST_WITH_EVERY_FLAVOR


@pytest.mark.parametrize("line", [line for line in COMMAND_LINES if "--json" in line])
def test_json_is_one_document_whatever_the_exit_code(line: str) -> None:
    """With ``--json`` stdout is exactly one JSON document, also when nothing fits or the options make no sense."""
    shown = _file(line, WIDTH).read_text(encoding="utf-8")
    out = shown.partition("\n")[2].partition("--- stderr\n")[0]
    assert isinstance(json.loads(out), dict | list)
    assert out.count("\n") == 1


@pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.stem)
def test_no_line_ends_in_blanks(path: Path) -> None:
    """A table whose last column holds words is not padded; an empty last cell of a TSV line is one."""
    assert [line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith(" ")] == []
