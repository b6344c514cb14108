"""Killing and failing the money's processes at their system calls: ``python -m tests.protocol.crash``.

A run under ``strace`` shows which system calls an action makes. Then, for each of them, a fresh submitter, the same
action, and one fault at that call: the process is killed, the call fails with EIO once, or it fails with ENOSPC from
there on. Afterwards the books must verify, another process must bring them up to the Hub within two seconds, and the
Hub must have had at most one request for a job, whose money is held or posted. How the struck process ends is not
judged: Python itself may fail.
"""

import argparse
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from hfplanner.budget.ledger.records import State
from hfplanner.errors import SubmissionUnknown
from hfplanner.submit.machine import this_machine
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import Submitter, submit
from tests.hub.control import Fate, Hub, running_hub
from tests.protocol.actor import PLANNED, SCRIPT
from tests.submit.submitter import (
    CAP,
    HELD,
    at_submitter,
    balance,
    charging,
    order,
    posts,
    posts_of_schedules,
    scheduled,
)

__all__ = [
    "ACTIONS",
    "FAULTS",
    "RECOVERY_SECS",
    "REPORT",
    "Actor",
    "Point",
    "Struck",
    "acting",
    "can_trace",
    "chosen",
    "faults_at",
    "plan",
    "strike",
    "sweep",
]

ACTIONS = (
    "submit",
    "reconcile",
    "settle",
    "plan",
    "fallback",
    "too late",
    "schedule",
    "find schedule",
    "let go",
    "upload",
)
_OF_SCHEDULES = frozenset({"schedule", "find schedule", "let go"})
FAULTS = {
    "killed": ("signal=SIGKILL", "{}"),
    "EIO": ("error=EIO", "{}"),
    "ENOSPC from there on": ("error=ENOSPC", "{}+"),
}
RECOVERY_SECS = 2.0
"""What another process may take to bring the books up to the Hub [s]."""
# Calls that a full or broken disk, or a network, makes fail; the others are only places to die at.
_FAILING = frozenset(
    [
        "access",
        "close",
        "connect",
        "fchown",
        "fcntl",
        "fdatasync",
        "flock",
        "fsync",
        "ftruncate",
        "getsockopt",
        "ioctl",
        "lseek",
        "mkdir",
        "newfstatat",
        "open",
        "openat",
        "poll",
        "pread64",
        "pwrite64",
        "read",
        "recvfrom",
        "rename",
        "sendto",
        "setsockopt",
        "socket",
        "statx",
        "unlink",
        "write",
    ]
)
# The calls by which an action changes files and talks to the Hub: a slice of the sweep strikes each of them.
_TOUCHING = frozenset(
    [
        "connect",
        "fcntl",
        "fdatasync",
        "flock",
        "ftruncate",
        "mkdir",
        "openat",
        "poll",
        "pread64",
        "pwrite64",
        "read",
        "recvfrom",
        "sendto",
        "socket",
        "unlink",
    ]
)
_MINUTE = 167
# Each strike on an upload costs two more of them, of seconds each.
_SPARSER = {"upload": 4}
_BUCKET = "alice/jobs-artifacts"
_FLAVORS = ("the first", "the next")
_CALL = re.compile(r"(\w+)\(")
_REPOSITORY = Path(__file__).resolve().parents[2]
REPORT = _REPOSITORY / "reports" / "crash_sweep.md"
"""The last result of the whole sweep."""
_EXPIRED_SECS = 400
_ATTACH_SECS = 10
_STUCK_SECS = 10
_STRACE = shutil.which("strace")


@dataclass(frozen=True, slots=True)
class Point:
    """One system call of an action: its name, and the how-manieth of that name."""

    call: str
    number: int


def can_trace() -> bool:
    """Whether processes can be traced here."""
    if _STRACE is None:
        return False
    traced = subprocess.run([_STRACE, "-o", "/dev/null", sys.executable, "-V"], check=False, capture_output=True)
    return not traced.returncode


@dataclass(frozen=True, slots=True)
class Actor:
    """The process that forks one for each action."""

    commands: IO[str]
    answers: IO[str]

    def act(self, action: str, folder: Path, hub: Hub, *strace: str) -> int:
        """Do an action in a process that is traced, and return how it ended."""
        asked = {"action": action, "folder": str(folder), "url": hub.url, "token": hub.token, "now": hub.now()}
        os.mkfifo(folder / "go")
        # For reading too: neither end waits for the other, which may have been struck.
        go = os.open(folder / "go", os.O_RDWR)
        self.commands.write(f"{json.dumps(asked)}\n")
        self.commands.flush()
        pid = self.answers.readline().strip()
        # Its first thread alone, which does all that touches the ledger and the Hub; the others only count.
        with subprocess.Popen([str(_STRACE), "-p", pid, *strace], stderr=subprocess.PIPE, text=True) as tracer:
            if tracer.stderr is None or "attached" not in tracer.stderr.readline():
                raise RuntimeError("the process could not be traced")
            os.write(go, b"!")
            if not select.select([self.answers], [], [], _STUCK_SECS)[0]:
                # A library that waits for ever for what cannot come is killed, as its user would.
                os.kill(int(pid), signal.SIGKILL)
            code = int(self.answers.readline())
            tracer.communicate(timeout=_ATTACH_SECS)
        os.close(go)
        return code


@contextmanager
def acting() -> Iterator[Actor]:
    """Start the process that forks."""
    command = [sys.executable, "-m", "tests.protocol.actor"]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            command, cwd=_REPOSITORY, env=_environment(home), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the actor has no pipes")
        yield Actor(process.stdin, process.stdout)
        process.stdin.close()


def _environment(home: str) -> dict[str, str]:
    ours = {"PATH": "/usr/bin:/bin", "PYTHONHASHSEED": "0", "PYTHONPATH": str(_REPOSITORY), "POLARS_MAX_THREADS": "1"}
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    return {**ours, **quiet, "HOME": home, "HF_HOME": home}


def _prepare(action: str, folder: Path, hub: Hub) -> None:
    """Bring the Hub and the ledger to where an action begins."""
    hub.reset()
    hub.default_fate(Fate(running_secs=30 if action == "settle" else None))
    (folder / SCRIPT).write_text("print(1)\n", encoding="utf-8")
    if action in {"submit", "plan", "schedule", "upload"}:
        return
    with at_submitter(hub, folder) as submitter:
        if action == "settle":
            submit(order("once"), submitter)
            hub.advance(60)
        elif action == "fallback":
            hub.default_fate(Fate(scheduling_secs=None))
            submit(order("once"), submitter)
        elif action == "too late":
            hub.default_fate(Fate(scheduling_secs=None))
            _start_unseen(str(submit(order("once"), submitter).job_id), hub)
        elif action == "let go":
            submit(scheduled("once"), submitter)
            hub.advance(_EXPIRED_SECS)
        else:
            hub.fault(method="POST", drop=True)
            with suppress(SubmissionUnknown):
                submit(scheduled("once") if action == "find schedule" else order("once"), submitter)
            hub.clear_faults()


def _start_unseen(job_id: str, hub: Hub) -> None:
    """Let a job run that the next look shows waiting: it starts in the moment in which it is cancelled."""
    hub.set_fate(job_id, Fate(scheduling_secs=0, running_secs=None))
    hub.advance(1)
    waiting = {"status.stage": "SCHEDULING"}
    hub.fault(method="GET", path=f"/{job_id}$", put=waiting, remove=("startedAt",))


def plan(action: str, hub: Hub, actor: Actor) -> list[Point]:
    """Return the system calls that an undisturbed action makes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(action, folder, hub)
        trace = folder / "trace"
        if actor.act(action, folder, hub, "-o", str(trace)):
            raise RuntimeError(f"{action} fails without a fault")
        return list(_calls(trace.read_text(errors="replace").splitlines()))


def _calls(lines: Iterable[str]) -> Iterator[Point]:
    counts: Counter[str] = Counter()
    for name in (found[1] for line in lines if (found := _CALL.match(line))):
        counts[name] += 1
        yield Point(name, counts[name])


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault at one point led to: what is wrong, if anything, and how long the recovery took [s]."""

    point: Point
    fault: str
    problems: tuple[str, ...]
    recovery_secs: float


def strike(action: str, point: Point, fault: str, hub: Hub, actor: Actor) -> Struck:
    """Do an action with one fault at one system call, recover, and say what is wrong then."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(action, folder, hub)
        what, when = FAULTS[fault]
        inject = f"inject={point.call}:{what}:when={when.format(point.number)}"
        actor.act(action, folder, hub, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject)
        began = time.monotonic()
        problems = list(_brought_again(folder, hub, actor)) if action == "upload" else []
        began = time.monotonic() if action == "upload" else began
        problems += _after(action, folder, hub)
        secs = time.monotonic() - began
        if secs > RECOVERY_SECS:
            problems.append(f"the recovery took {secs:.1f} s")
        return Struck(point, fault, tuple(problems), secs)


def _after(action: str, folder: Path, hub: Hub) -> Iterator[str]:
    """Yield what is wrong after another process has reconciled."""
    if action == "plan":
        yield from _part_of_a_plan(folder, hub)
    hub.advance(_EXPIRED_SECS)
    with at_submitter(hub, folder, machine=this_machine(folder)) as submitter:
        if action in _OF_SCHEDULES:
            yield from _one_schedule(submitter, hub)
            return
        hub.clear_faults()
        jobs = _reconciled(submitter, hub)
        if action in {"fallback", "too late"}:
            yield from _two_flavors(submitter, hub, jobs)
            return
        if len(jobs) > 1 or posts(hub) > 1:
            yield f"{len(jobs)} jobs and {posts(hub)} requests for one submission"
        yield from (problem.message for problem in submitter.ledger.verify())
        held, posted = balance(submitter)
        if any(submitter.ledger.by_job(job["id"]) is None for job in jobs):
            yield "a job that is not in the books"
        expected = {(0, _MINUTE)} if action == "settle" else {(CAP, 0)} if jobs else {(0, 0), (CAP, 0)}
        if (held, posted) not in expected:
            yield f"held {held}, posted {posted}"
        if not jobs and held and not any(submitter.ledger.submissions({State.UNKNOWN})):
            yield "money held for nothing"
        entries = list(submitter.ledger.entries())
        if len(_reconciled(submitter, hub)) == len(jobs) and list(submitter.ledger.entries()) != entries:
            yield "reconciling twice is not reconciling once"


def _two_flavors(submitter: Submitter, hub: Hub, jobs: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong after a job was to be cancelled and another sent in its place."""
    alive = [job for job in jobs if job["status"]["stage"] in {"SCHEDULING", "RUNNING"}]
    first = submitter.ledger.by_job(jobs[0]["id"])
    if len(jobs) > 1 and ("startedAt" in jobs[0] or first is None or not first.is_given_up):
        yield "a job that had started, or was not given up, was replaced"
    if len(alive) > 1 or len(jobs) > len(_FLAVORS) or posts(hub) > len(_FLAVORS):
        yield f"{len(alive)} jobs alive of {len(jobs)}, {posts(hub)} requests for two submissions"
    yield from (problem.message for problem in submitter.ledger.verify())
    if any(submitter.ledger.by_job(job["id"]) is None for job in jobs):
        yield "a job that is not in the books"
    held, posted = balance(submitter)
    may_run = bool(alive) or any(submitter.ledger.submissions({State.UNKNOWN}))
    # One that was cancelled and settled by another process costs its cap at most: its record has no end.
    if held != CAP * may_run or posted not in {0, CAP}:
        yield f"held {held}, posted {posted}, {len(alive)} alive"


def _one_schedule(submitter: Submitter, hub: Hub) -> Iterator[str]:
    """Yield what is wrong after a schedule was to be made, found or let go: it is held, or listed and counted there."""
    ids = _reconciled_schedules(submitter)
    if len(ids) > 1 or posts_of_schedules(hub) > 1:
        yield f"{len(ids)} schedules and {posts_of_schedules(hub)} requests for one submission"
    yield from (problem.message for problem in submitter.ledger.verify())
    if any(submitter.ledger.by_job(own_id) is None for own_id in ids):
        yield "a schedule that is not in the books"
    held, posted = balance(submitter)
    may_run = any(submitter.ledger.submissions({State.UNKNOWN, State.LAUNCHED}))
    if (held, posted) != (HELD * may_run, 0):
        yield f"held {held}, posted {posted}"
    hub.advance(_EXPIRED_SECS)
    ids = _reconciled_schedules(submitter)
    states = {one.state for one in submitter.ledger.submissions()}
    if states - {State.SETTLED if ids else State.UNKNOWN, State.VOID}:
        yield f"{len(ids)} schedules, and what was submitted is {', '.join(sorted(states))}"


def _reconciled_schedules(submitter: Submitter) -> list[str]:
    """Reconcile, and return the schedules that were there to be seen: a request may still arrive."""
    ids = [one.id for one in submitter.hub.scheduled.list("alice")]
    reconcile(submitter, charging())
    while len(now := [one.id for one in submitter.hub.scheduled.list("alice")]) > len(ids):
        ids = now
        reconcile(submitter, charging())
    return ids


def _brought_again(folder: Path, hub: Hub, actor: Actor) -> Iterator[str]:
    """Yield what is wrong once the same has been done again: a script is in the bucket once, and before its job."""
    before = hub.bucket_files(_BUCKET)
    if posts(hub) and not before:
        yield "a job was sent whose script is not there"
    (folder / "go").unlink()
    actor.act("upload", folder, hub, "-o", "/dev/null")
    after = hub.bucket_files(_BUCKET)
    if len(after) != 1 or set(after.values()) != {1}:
        yield f"the script was brought {sum(after.values())} times"


def _part_of_a_plan(folder: Path, hub: Hub) -> Iterator[str]:
    with at_submitter(hub, folder, machine=this_machine(folder)) as submitter:
        found = list(submitter.ledger.submissions())
        if len(found) not in {0, PLANNED}:
            yield f"{len(found)} of the {PLANNED} jobs of a plan are reserved"
        if balance(submitter) != (len(found) * CAP, 0):
            yield f"{balance(submitter)[0]} held for {len(found)} jobs"


def _reconciled(submitter: Submitter, hub: Hub) -> list[dict[str, Any]]:
    """Reconcile, and return the jobs that were there to be seen: a request whose sender died may still arrive."""
    jobs = hub.jobs()
    reconcile(submitter, charging())
    while len(now := hub.jobs()) > len(jobs):
        jobs = now
        reconcile(submitter, charging())
    return jobs


def faults_at(point: Point) -> tuple[str, ...]:
    """Return the faults that a system call can meet."""
    return tuple(FAULTS) if point.call in _FAILING else ("killed",)


def chosen(points: Iterable[Point], each: int) -> list[Point]:
    """Return the calls that touch the world, each name at so many positions: the first, the last, and some between."""
    by_call: dict[str, list[Point]] = {}
    for point in points:
        if point.call in _TOUCHING:
            by_call.setdefault(point.call, []).append(point)
    picked: list[Point] = []
    for found in by_call.values():
        last = len(found) - 1
        places = {round(last * step / max(1, each - 1)) for step in range(each)}
        picked += [found[place] for place in sorted(places)]
    return picked


def sweep(action: str, every: int, hub: Hub, actor: Actor) -> list[Struck]:
    """Strike every system call of an action, or every so-manieth, with every fault it can meet."""
    points = plan(action, hub, actor)[:: every * _SPARSER.get(action, 1)]
    return [strike(action, point, fault, hub, actor) for point in points for fault in faults_at(point)]


def _rows(action: str, struck: list[Struck]) -> Iterator[str]:
    for fault in FAULTS:
        ones = [one for one in struck if one.fault == fault]
        bad = sum(bool(one.problems) for one in ones)
        slowest = max(one.recovery_secs for one in ones)
        yield f"| {action} | {fault} | {len(ones)} | {bad} | {slowest:.2f} s |"


def _report(every: int) -> tuple[list[str], bool]:
    """Return the lines of the report, and whether anything is wrong."""
    which = "every system call" if every == 1 else f"one in {every} of the system calls"
    lines = [
        "# Crashes at every system call",
        "",
        f"Struck on {datetime.now(UTC):%Y-%m-%d}: {which} that the first thread of each action makes, once its modules",
        f"are imported; of an upload {_SPARSER['upload']} times fewer. `wrong` counts strikes after which the books",
        "did not verify, a job or schedule was lost or sent twice, two flavors were alive, a script was brought twice,",
        f"money was held or posted otherwise than the jobs cost, or the recovery took over {RECOVERY_SECS:g} s.",
        "Made by `python -m tests.protocol.crash --write`.",
        "",
        "| action | fault | struck | wrong | slowest recovery |",
        "|---|---|---|---|---|",
    ]
    wrong: list[str] = []
    with running_hub() as hub, acting() as actor:
        for action in ACTIONS:
            struck = sweep(action, every, hub, actor)
            lines += _rows(action, struck)
            sys.stderr.write("\n".join(_rows(action, struck)) + "\n")
            wrong += [
                f"- {action}, {one.point.call} {one.point.number}, {one.fault}: {'; '.join(one.problems)}"
                for one in struck
                if one.problems
            ]
    return [*lines, *([""] if wrong else []), *wrong], bool(wrong)


def main() -> int:
    """Strike the system calls of every action with every fault, and show or write the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.protocol.crash", description=main.__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(_REPOSITORY)}")
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="strike one call in N only; for an upload one in 4 N"
    )
    asked = parser.parse_args()
    lines, is_wrong = _report(asked.every)
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.write(text)
    if asked.write:
        REPORT.write_text(text, encoding="utf-8")
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
