"""How fast jobs are imported: ``python -m tests.benchmarks.import_jobs``.

200,000 jobs, once as an API listing; each measurement is a process of its own, the two programs take turns, and the
medians of both are shown. One builds ``huggingface_hub``'s JobInfo objects from the bytes in memory, the other imports
the same bytes from a file into an empty history: reads, checks, merges and writes Parquet.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

JOBS = 200_000
RUNS = 3

_THEIRS = """
import json, sys, time
from huggingface_hub import JobInfo
raw = open(sys.argv[1], "rb").read()
wall, cpu = time.perf_counter(), time.process_time()
jobs = [JobInfo(**job) for job in json.loads(raw)]
print(time.perf_counter() - wall, time.process_time() - cpu, len(jobs))
"""
_OURS = """
import io, sys, time
from datetime import UTC, datetime
from pathlib import Path
import polars
from hfplanner.history.files import import_jobs
from hfplanner.history.store import HistoryStore
store = HistoryStore(Path(sys.argv[2]))
wall, cpu = time.perf_counter(), time.process_time()
done = import_jobs([sys.argv[1]], store, stdin=io.BytesIO(), now=datetime.now(UTC))
print(time.perf_counter() - wall, time.process_time() - cpu, done.added.new)
"""
_PEOPLE = ("ada", "grace", "linus", "barbara", "edsger")
_FLAVORS = ("cpu-basic", "t4-small", "a10g-small", "l4x1", "l40sx1", "a100-large", "h200")


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def make_jobs(count: int) -> Iterator[dict[str, Any]]:
    """Return jobs as the API describes them, always the same ones, oldest first: about 1 KB each."""
    chance = random.Random(7)  # noqa: S311 - test data
    created = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(count):
        created += timedelta(seconds=chance.expovariate(1 / 60))
        waited, ran = chance.randint(2, 90), chance.randint(5, 9000)
        person = chance.choice(_PEOPLE)
        user = {"id": f"5e9ecfc04957053f6064{_PEOPLE.index(person):04x}", "name": person, "type": "user"}
        picture = f"https://cdn-avatars.huggingface.co/v1/production/uploads/{user['id']}/picture.jpeg"
        stage = chance.choices(("COMPLETED", "ERROR", "CANCELED"), (80, 14, 6))[0]
        sweep = chance.randint(0, 400)
        yield {
            "id": f"{int(created.timestamp()):08x}{number:016x}",
            "createdAt": _moment(created),
            "startedAt": _moment(created + timedelta(seconds=waited)),
            "finishedAt": _moment(created + timedelta(seconds=waited + ran)),
            "durations": {"schedulingSecs": waited, "runningSecs": ran, "totalSecs": waited + ran},
            "dockerImage": "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel",
            "timeout": chance.choice((1800, 7200, 86400)),
            "environment": {"WANDB_PROJECT": "sweeps", "LEARNING_RATE": f"{chance.random():.6f}"},
            "command": ["python", "train.py", "--config", f"configs/sweep-{sweep}.yaml", "--seed", str(number)],
            "arguments": [],
            "arch": "amd64",
            "flavor": chance.choice(_FLAVORS),
            "createdBy": {"id": user["id"], "name": person},
            "type": "job",
            "owner": {"id": "6e9ecfc04957053f60640000", "name": "acme", "type": "org", "avatarUrl": picture},
            "initiator": {**user, "avatarUrl": picture},
            "labels": {"name": f"sweep-{sweep}", "team": chance.choice(("nlp", "vision"))},
            "secrets": ["HF_TOKEN"],
            "status": {
                "stage": stage,
                "message": "Job failed with exit code: 1. Reason: Error" if stage == "ERROR" else None,
            },
        }


def _measure(code: str, *args: str) -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
    wall, cpu, count = done.stdout.split()
    if int(count) != JOBS:
        raise SystemExit(f"{count} jobs instead of {JOBS}")
    return float(wall), float(cpu)


def main() -> None:
    """Measure both programs in turns and print their medians and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.json"
        file.write_text(json.dumps(list(make_jobs(JOBS))[::-1], separators=(",", ":")), encoding="utf-8")
        print(f"{JOBS:,} jobs, {file.stat().st_size / 1e6:.0f} MB of JSON, {RUNS} runs each")  # noqa: T201
        theirs, ours = [], []
        for run in range(RUNS):
            theirs.append(_measure(_THEIRS, str(file)))
            ours.append(_measure(_OURS, str(file), f"{folder}/history-{run}"))
    for name, times in (("huggingface_hub JobInfo", theirs), ("hfplanner import", ours)):
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        low, high = min(times)[0], max(times)[0]
        print(f"{name:24} {wall:7.2f} s ({low:.2f} to {high:.2f}), {cpu:.2f} s of CPU")  # noqa: T201
    pairs = [their[0] / our[0] for their, our in zip(theirs, ours, strict=True)]
    print(f"{statistics.median(pairs):.1f} times as fast (at least 10 is asked for)")  # noqa: T201


if __name__ == "__main__":
    main()
