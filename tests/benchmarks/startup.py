"""Start-up: whole processes, from the shell's point of view."""

import json
import os
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from hfplanner.budget.ledger.open import open_ledger
from tests.benchmarks.processes import child_environ, interleaved, python, run_process, script
from tests.benchmarks.ratio import Ratio, against_peer

__all__ = ["measure"]

_ROUNDS = 25

RECOMMEND = "hfplanner recommend --vram 40GB --offline"
HELP = "hfplanner --help"
IMPORT_POLARS = 'python -c "import polars"'
IMPORT_TYPER_RICH = 'python -c "import typer, rich"'
HF_JOBS_HELP = "hf jobs --help"
BUDGET_CHECK = "hfplanner budget check --flavor l4x1 --timeout 2h --offline"
HOOK_OF_NO_JOB = "hfplanner hook, about git status"
HOOK_OF_A_JOB = "hfplanner hook, about hf jobs run"
PYTHON_ALONE = "python -c pass"
IMPORT_SQLITE_PYDANTIC = 'python -c "import sqlite3, pydantic"'

_POLICY = '[[budget]]\nname = "team"\nlimit_usd = "500"\n[limits]\nmax_job_usd = "50"\nmax_price_age = "36500d"\n'


def measure() -> list[Ratio]:
    """Return what answers and a help text cost beside importing what they need, and beside ``hf``."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "policy.toml").write_text(_POLICY, encoding="utf-8")
        open_ledger(home / "ledger.sqlite3").close()
        ours = {"HFPLANNER_POLICY": str(home / "policy.toml"), "HFPLANNER_LEDGER": str(home / "ledger.sqlite3")}
        figures = interleaved(_sides(child_environ(os.environ, home) | ours), rounds=_ROUNDS)
    return [
        against_peer(ours, figures[ours], peer, figures[peer], goal=goal)
        for ours, peer, goal in (
            (RECOMMEND, IMPORT_POLARS, 1.0),
            (RECOMMEND, HF_JOBS_HELP, 0.55),
            (HELP, IMPORT_TYPER_RICH, 1.0),
            (BUDGET_CHECK, IMPORT_SQLITE_PYDANTIC, 2.5),
            (HOOK_OF_NO_JOB, PYTHON_ALONE, 2.0),
            (HOOK_OF_A_JOB, IMPORT_SQLITE_PYDANTIC, 2.5),
        )
    ]


def _sides(environ: Mapping[str, str]) -> dict[str, Callable[[], float]]:
    commands = {
        RECOMMEND: [script("hfplanner"), "recommend", "--vram", "40GB", "--offline"],
        IMPORT_POLARS: python("-c", "import polars"),
        HF_JOBS_HELP: [script("hf"), "jobs", "--help"],
        HELP: [script("hfplanner"), "--help"],
        IMPORT_TYPER_RICH: python("-c", "import typer, rich"),
        BUDGET_CHECK: [script("hfplanner"), "budget", "check", "--flavor", "l4x1", "--timeout", "2h", "--offline"],
        HOOK_OF_NO_JOB: _hook("git status"),
        HOOK_OF_A_JOB: _hook("hf jobs run --flavor l4x1 --timeout 1h python:3.12 id"),
        PYTHON_ALONE: python("-c", "pass"),
        IMPORT_SQLITE_PYDANTIC: python("-c", "import sqlite3, pydantic"),
    }
    return {name: partial(_seconds, command, environ) for name, command in commands.items()}


def _hook(command: str) -> list[str]:
    """Return a hook that is asked about a command, as Claude Code asks."""
    question = json.dumps({"tool_name": "Bash", "session_id": "s1", "tool_input": {"command": command}})
    called = shlex.join([script("hfplanner"), "hook", "--agent", "claude-code"])
    return ["sh", "-c", f"{called} <<'EOF'\n{question}\nEOF"]


def _seconds(command: Sequence[str], environ: Mapping[str, str]) -> float:
    return run_process(command, environ)[0]
