"""Start-up: whole processes, from the shell's point of view."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests.benchmarks.processes import child_environ, interleaved, python, run_process, script
from tests.benchmarks.ratio import Ratio, against_peer

__all__ = ["measure"]

_ROUNDS = 25

RECOMMEND = "hfplanner recommend --vram 40GB --offline"
HELP = "hfplanner --help"
IMPORT_POLARS = 'python -c "import polars"'
IMPORT_TYPER_RICH = 'python -c "import typer, rich"'
HF_JOBS_HELP = "hf jobs --help"


def measure() -> list[Ratio]:
    """Return what an answer and a help text cost beside importing polars, beside ``hf``, and beside importing typer."""
    with tempfile.TemporaryDirectory() as folder:
        figures = interleaved(_sides(child_environ(os.environ, Path(folder))), rounds=_ROUNDS)
    return [
        against_peer(ours, figures[ours], peer, figures[peer], goal=goal)
        for ours, peer, goal in (
            (RECOMMEND, IMPORT_POLARS, 1.5),
            (RECOMMEND, HF_JOBS_HELP, 0.8),
            (HELP, IMPORT_TYPER_RICH, 1.1),
        )
    ]


def _sides(environ: Mapping[str, str]) -> dict[str, Callable[[], float]]:
    commands = {
        RECOMMEND: [script("hfplanner"), "recommend", "--vram", "40GB", "--offline"],
        IMPORT_POLARS: python("-c", "import polars"),
        HF_JOBS_HELP: [script("hf"), "jobs", "--help"],
        HELP: [script("hfplanner"), "--help"],
        IMPORT_TYPER_RICH: python("-c", "import typer, rich"),
    }
    return {name: partial(_seconds, command, environ) for name, command in commands.items()}


def _seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    return run_process(command, environ)[0]
