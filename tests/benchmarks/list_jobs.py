"""100,000 jobs over loopback into a polars frame, against ``huggingface_hub.HfApi.list_jobs`` over the same pages.

::

    python -m tests.benchmarks.list_jobs [--jobs 100000] [--page 1000] [--runs 5]

Both read from one server of prepared pages, each run in a process of its own, turn about. The time is that of the
listing alone, imports left out; for the Hub's client it ends with the last ``JobInfo``, for ours with the frame. Ours
is measured twice: with ``trusted=True``, which the goal of one fifth of the time is for, since the Hub's client checks
no more, and with the proof that no object names a key twice. Where other programs keep the processors busy, our second
thread gains nothing, and the ratio is smaller.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server, socket
from statistics import median
from typing import Any

__all__ = ["Run", "main", "measure", "page_of_jobs"]

GOAL = 5.0
_MIB = 1024
_ROOT = Path(__file__).resolve().parents[2]
_NAMESPACE = "acme"

_OURS = """
import resource, sys, time
from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.frames.job_pages import job_page_frames
with JobsClient(sys.argv[1], token=Token("hf_example")) as client:
    start = time.perf_counter()
    jobs = job_page_frames(client.job_pages("acme"), trusted=sys.argv[2] == "trusted").jobs.height
    print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, jobs)
"""
# The jobs are counted and let go, which is the least its users hold.
_THEIRS = """
import resource, time
from huggingface_hub import HfApi
api = HfApi()
start = time.perf_counter()
jobs = sum(1 for _ in api.list_jobs(namespace="acme"))
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, jobs)
"""
_CLIENTS = {"hfplanner": (_OURS, "trusted"), "hfplanner proven": (_OURS, "proven"), "huggingface_hub": (_THEIRS, "")}


@dataclass(frozen=True, slots=True)
class Run:
    """One listing: seconds, peak memory of its process in KiB, and how many jobs came."""

    secs: float
    peak_kib: int
    jobs: int


def job(number: int) -> dict[str, Any]:
    """Return a job as the Hub describes a finished one."""
    user = {"id": "5e9ecfc04957053f60648a3e", "name": "ada", "type": "user", "avatarUrl": "https://cdn.example/a.svg"}
    return {
        "type": "job",
        "id": f"{number:024x}",
        "createdAt": f"2026-07-{number % 28 + 1:02d}T16:06:25.079Z",
        "startedAt": f"2026-07-{number % 28 + 1:02d}T16:06:31.079Z",
        "finishedAt": f"2026-07-{number % 28 + 1:02d}T16:{number % 50 + 7:02d}:31.079Z",
        "dockerImage": "ghcr.io/astral-sh/uv:python3.12-bookworm",
        "command": ["bash", "-c", f"uv run train.py --epochs 3 --seed {number}"],
        "arguments": [],
        "environment": {"MODE": "train", "SEED": str(number)},
        "secrets": ["HF_TOKEN"],
        "flavor": ("cpu-basic", "t4-small", "l4x1", "a100-large")[number % 4],
        "timeout": 7200,
        "retry": 0,
        "labels": {"name": f"train-{number % 100}", "team": ("nlp", "vision")[number % 2]},
        "createdBy": {"id": user["id"], "name": user["name"]},
        "owner": {**user, "name": _NAMESPACE, "type": "org"},
        "initiator": user,
        "durations": {"schedulingSecs": 6, "runningSecs": 60 * (number % 50), "totalSecs": 60 * (number % 50) + 6},
        "status": {"stage": "COMPLETED", "message": None, "failureCount": 0},
    }


def page_of_jobs(first: int, count: int) -> bytes:
    """Return one page, compact as the Hub's."""
    return json.dumps([job(number) for number in range(first, first + count)], separators=(",", ":")).encode()


def _serve(listener: socket, pages: Sequence[bytes]) -> None:
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=_talk, args=(peer, pages), daemon=True).start()


def _talk(peer: socket, pages: Sequence[bytes]) -> None:
    with peer, suppress(OSError):
        heard = b""
        while piece := peer.recv(65536):
            heard += piece
            while b"\r\n\r\n" in heard:
                head, heard = heard.split(b"\r\n\r\n", 1)
                peer.sendall(_answer(head, pages))


def _answer(head: bytes, pages: Sequence[bytes]) -> bytes:
    target = head.split(b" ")[1].decode()
    path, _, query = target.partition("?")
    if path != f"/api/jobs/{_NAMESPACE}":
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    number = int(query.partition("cursor=")[2] or 0)
    body = pages[number]
    host = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:")).split(b":", 1)[1].strip()
    link = b""
    if number + 1 < len(pages):
        link = b'Link: <http://%s%s?cursor=%d>; rel="next"\r\n' % (host, path.encode(), number + 1)
    fields = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n%sContent-Length: %d\r\n\r\n"
    return fields % (link, len(body)) + body


def _server(jobs: int, page: int) -> None:
    """Be the server: print the port, then serve until the pipe closes."""
    pages = [page_of_jobs(first, min(page, jobs - first)) for first in range(0, jobs, page)]
    with create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, pages), daemon=True).start()
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()


def _run(script: str, url: str, how: str, home: str) -> Run:
    environ = {**os.environ, "HF_ENDPOINT": url, "HF_TOKEN": "hf_example", "HF_HOME": home}
    command = [sys.executable, "-c", script, url, how]
    result = subprocess.run(command, cwd=_ROOT, env=environ, capture_output=True, text=True, check=True)
    secs, peak, jobs = result.stdout.split()
    return Run(float(secs), int(peak), int(jobs))


def measure(*, jobs: int, page: int, runs: int) -> dict[str, list[Run]]:
    """List so many jobs with both clients, turn about, and return every run."""
    command = [sys.executable, "-m", "tests.benchmarks.list_jobs", "--serve", "--jobs", str(jobs), "--page", str(page)]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        if server.stdout is None or server.stdin is None:
            raise RuntimeError("the server has no pipes")
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        found: dict[str, list[Run]] = {name: [] for name in _CLIENTS}
        for _ in range(runs):
            for name, (script, how) in _CLIENTS.items():
                found[name].append(_run(script, url, how, home))
        server.stdin.close()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print medians, peaks and the ratio; exit 1 where a listing was not whole or the goal was missed."""
    parser = argparse.ArgumentParser(description="List jobs into a frame, against huggingface_hub.")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--page", type=int, default=1000, help="jobs on a page")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.serve:
        _server(options.jobs, options.page)
        return 0
    found = measure(jobs=options.jobs, page=options.page, runs=options.runs)
    medians = {name: median(run.secs for run in runs) for name, runs in found.items()}
    for name, runs in found.items():
        peak = max(run.peak_kib for run in runs) // _MIB
        sys.stdout.write(f"{name:16} {medians[name]:6.2f} s (median of {len(runs)}), peak memory {peak} MiB\n")
    ratio, proven = (medians["huggingface_hub"] / medians[name] for name in ("hfplanner", "hfplanner proven"))
    sys.stdout.write(
        f"{options.jobs} jobs, {options.page} a page: {ratio:.1f} times as fast (goal: {GOAL:.0f}), "
        f"{proven:.1f} with the proof that no key stands twice\n"
    )
    whole = all(run.jobs == options.jobs for runs in found.values() for run in runs)
    return 0 if whole and ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
