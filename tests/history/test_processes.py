"""Real processes: writers at the same time, writers that are killed, a reader meanwhile."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hfplanner.history.store import HistoryStore
from tests.program import Program

pytestmark = pytest.mark.process

_WRITERS = 8


def listing(path: Path, numbers: range, stage: str = "COMPLETED") -> Path:
    """Write an API listing of jobs of these numbers."""
    jobs: list[dict[str, Any]] = [
        {"id": f"{number:024x}", "createdAt": f"2026-0{1 + number % 3}-01T00:00:00.000Z", "status": {"stage": stage}}
        for number in numbers
    ]
    path.write_text(json.dumps(jobs))
    return path


def start(program: Program, file: Path) -> subprocess.Popen[bytes]:
    """Start an import and do not wait for it."""
    command = [sys.executable, "-m", "hfplanner", "import", str(file)]
    return subprocess.Popen(command, env=program.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_writers_at_the_same_time_lose_nothing_of_each_other(program: Program, tmp_path: Path) -> None:
    """Eight imports of jobs that overlap, and a reader that finds each import whole or not at all."""
    size = 200
    files = [listing(tmp_path / f"{n}.json", range(n * size // 2, n * size // 2 + size)) for n in range(_WRITERS)]
    writers = [start(program, file) for file in files]
    store = HistoryStore(tmp_path / "history")
    heights = set()
    while any(writer.poll() is None for writer in writers):
        frame = store.scan().collect()
        assert frame["id"].is_unique().all()
        heights.add(frame.height)
        time.sleep(0.01)
    for writer in writers:
        _, err = writer.communicate()
        assert writer.returncode == 0, err.decode()
    frame = store.scan().collect()
    assert sorted(int(job, 16) for job in frame["id"]) == list(range((_WRITERS + 1) * size // 2))
    assert len(store.sources()) == _WRITERS
    assert all(height % (size // 2) == 0 for height in heights)


def test_a_writer_killed_at_any_instant_leaves_a_history_that_can_be_read_and_written(
    program: Program, tmp_path: Path
) -> None:
    """The first import's jobs are there whatever happened to the second, which is there whole or not at all."""
    store = HistoryStore(tmp_path / "history")
    first = listing(tmp_path / "first.json", range(300), "RUNNING")
    second = listing(tmp_path / "second.json", range(600))
    assert program.run("import", str(first)).code == 0
    began = time.perf_counter()
    copy = Program(tmp_path / "copy")
    copy.home.mkdir()
    assert copy.run("import", str(second)).code == 0
    takes = time.perf_counter() - began
    chance = random.Random(3)  # noqa: S311 - a test's instants
    for _ in range(8):
        writer = start(program, second)
        time.sleep(takes * chance.uniform(0.3, 1.1))
        writer.kill()
        writer.communicate()
        frame = store.scan().collect()
        assert frame["id"].is_unique().all()
        assert (frame.height, frame["stage"].unique().to_list()) in ((300, ["running"]), (600, ["completed"]))
    assert program.run("import", str(second)).code == 0
    assert store.scan().collect().height == 600
