"""100,000 jobs over loopback into a polars frame, beside ``huggingface_hub.HfApi.list_jobs`` over the same pages.

Both read from one server of prepared pages, each run in a process of its own, turn about. The time is that of the
listing alone, imports left out; for the Hub's client it ends with the last ``JobInfo``, for ours with the frame. Where
other programs keep the processors busy, our second thread gains nothing, and the ratio is smaller.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import REPOSITORY, child_environ, interleaved, python, run_process
from tests.benchmarks.ratio import Result, against_limit, against_peer
from tests.benchmarks.serve_jobs import NAMESPACE

__all__ = ["measure"]

_JOBS = 100_000
_PAGE = 1000
_ROUNDS = 5
# A fifth of the time of the Hub's client.
_GOAL = 0.2
_LIMIT_BYTES = 1 << 30
_PEER = "HfApi.list_jobs"

_PROGRAM = """
import json, resource, time
{imports}
begun = time.perf_counter()
{body}
kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({{"secs": time.perf_counter() - begun, "bytes": kib * 1024, "jobs": jobs}}))
"""
_OURS = _PROGRAM.format(
    imports="""
import os
from datetime import UTC, datetime
from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.frames.job_pages import job_page_frames
""",
    body=f"""
with JobsClient(os.environ["HF_ENDPOINT"], token=Token(os.environ["HF_TOKEN"])) as client:
    pages = client.job_pages("{NAMESPACE}")
    jobs = job_page_frames(pages, source="hub", seen_at=datetime.now(UTC), namespace="{NAMESPACE}").jobs.height
""",
)
# The jobs are counted and let go, which is the least its users hold.
_THEIRS = _PROGRAM.format(
    imports="from huggingface_hub import HfApi",
    body=f'jobs = sum(1 for _ in HfApi().list_jobs(namespace="{NAMESPACE}"))',
)


def measure() -> list[Result]:
    """Return the time of a whole listing beside that of the Hub's client, and our peak memory beside a limit."""
    with tempfile.TemporaryDirectory() as folder, _served() as endpoint:
        environ = child_environ(os.environ, Path(folder))
        environ |= {"HF_ENDPOINT": endpoint, "HF_TOKEN": "hf_example", "HF_HUB_OFFLINE": "0"}
        sides = {name: partial(_figures, code, environ) for name, code in (("ours", _OURS), (_PEER, _THEIRS))}
        figures = interleaved(sides, rounds=_ROUNDS)
    secs = {name: [run["secs"] for run in runs] for name, runs in figures.items()}
    name = f"list {_JOBS:,} jobs into a frame"
    return [
        against_peer(name, secs["ours"], _PEER, secs[_PEER], goal=_GOAL, remark=f"{_PAGE} jobs a page"),
        against_limit(f"{name}: peak", [run["bytes"] for run in figures["ours"]], _LIMIT_BYTES, unit="bytes"),
    ]


def _figures(code: str, environ: dict[str, str]) -> dict[str, Any]:
    _, printed = run_process(python("-c", code), environ)
    figures: dict[str, Any] = json.loads(printed)
    if figures["jobs"] != _JOBS:
        raise RuntimeError(f"{figures['jobs']} jobs were listed, not {_JOBS}: the time means nothing")
    return figures


@contextmanager
def _served() -> Iterator[str]:
    """Serve the pages from a process of their own while the block runs; yield the endpoint."""
    command = python("-m", "tests.benchmarks.serve_jobs", str(_JOBS), str(_PAGE))
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("the server has no pipes")
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.stdin.close()
