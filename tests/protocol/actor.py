"""A process that does one thing with the money, to be killed at any system call.

``python -m tests.protocol.actor`` imports everything once, then forks a child for each line of JSON on its standard
input: an action, the folder of ledger and locks, the Hub, a token, the time. The child says its process id once it has
all modules, and waits for a byte in the pipe ``go`` in its folder, so that a tracer can attach; when it has ended, its
exit code (or minus its signal) is said. What a child did is in the ledger and at the Hub, not in what it prints.
"""

import ctypes
import importlib
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.api.auth import Token
from hfplanner.api.client import JobsClient
from hfplanner.api.limits import Limits
from hfplanner.api.models import JobInfo, ScheduledJobInfo
from hfplanner.api.retry import RetryPolicy
from hfplanner.budget.ledger.changes import Settlement
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.budget.ledger.records import State, Submission
from hfplanner.errors import HfplannerError
from hfplanner.plan.uploads import HubUploader, Uploads
from hfplanner.submit.machine import this_machine
from hfplanner.submit.reconciliation import reconcile
from hfplanner.submit.send import Submitter, as_it_stands, submit, submit_instead, wanted_of
from hfplanner.submit.settlement import settlement
from hfplanner.submit.waiting import cancel_waiting
from tests.submit.submitter import CAP, charging, order, scheduled

__all__ = ["PLANNED", "SCRIPT"]

PLANNED = 3
"""The jobs of a plan."""
SCRIPT = "train.py"
"""What a job needs of this machine."""
# Imported before the tracer comes: the money does not depend on how Python finds a module.
_LAZY = ("encodings.idna", "filelock", "huggingface_hub.hf_api", "hf_xet")
_ENDED: dict[str, Any] = {
    "id": "a",
    "createdAt": "2026-09-01T00:00:00Z",
    "flavor": "cpu-basic",
    "status": {"stage": "COMPLETED"},
    "durations": {"running": 30},
}
# How long the end of a cancelled job is waited for, and how often it is looked for.
_PROOF_SECS, _LOOK_SECS = 1.0, 0.1
# From linux/prctl.h: any process may trace this one, also where only parents usually may.
_PR_SET_PTRACER = 0x59616D61


def act(action: str, folder: Path, url: str, token: str, now: datetime) -> int:
    """Do one action at a submitter whose ledger and locks are in a folder."""
    # A request that was kept from leaving is waited for in vain.
    limits = Limits(connect_secs=1.0, read_secs=0.5, total_secs=1.0)
    try:
        with (
            JobsClient(url, token=Token(token), limits=limits, retry=RetryPolicy(attempts=1)) as hub,
            open_ledger(folder / "ledger.sqlite3") as ledger,
        ):
            submitter = Submitter(ledger=ledger, hub=hub, machine=this_machine(folder), clock=lambda: now)
            if action == "submit":
                submit(order("once"), submitter)
            elif action == "plan":
                ledger.reserve_all([wanted_of(order(f"job {number}"), submitter) for number in range(PLANNED)])
            elif action == "upload":
                bring_script(folder, url, token)
                submit(order("once"), submitter)
            elif action == "schedule":
                submit(scheduled("once"), submitter)
            elif action in {"fallback", "too late"}:
                _send_elsewhere(submitter)
            else:
                reconcile(submitter, charging())
    except HfplannerError as error:
        return error.exit_code
    return 0


def bring_script(folder: Path, url: str, token: str) -> None:
    """Bring a script into the bucket, as a job that needs it does before it is sent."""
    Uploads(files={SCRIPT: folder / SCRIPT}).send("alice", HubUploader(url, token))


def _send_elsewhere(submitter: Submitter) -> None:
    """Give up the job that waits, cancel it, and once it has ended without having run send another in its place."""
    waits = submitter.ledger.by_key("once")
    if waits is None:
        raise ValueError("nothing was sent")
    sent = as_it_stands(waits, submitter)
    submitter.ledger.give_up(waits.sid, "It waited.", submitter.clock())
    ended = cancel_waiting(
        submitter.hub, sent, lambda: datetime.now(UTC), lambda _: time.sleep(_LOOK_SECS), within_secs=_PROOF_SECS
    )
    if ended.has_waited:
        cost = Settlement(cost_micro_usd=0, evidence="it never started", at=submitter.clock())
        submit_instead(order("once/2"), waits, cost, submitter)


def _child(asked: dict[str, Any]) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, -1, 0, 0, 0)
    folder = Path(asked["folder"])
    if asked["action"] == "settle":
        _cost_a_job()
    go = os.open(folder / "go", os.O_RDONLY)
    _say(os.getpid())
    os.read(go, 1)
    now = datetime.fromtimestamp(asked["now"], UTC)
    return act(asked["action"], folder, asked["url"], asked["token"], now)


def _cost_a_job() -> None:
    """Count in frames once, which imports them and starts their threads; those would not survive the fork."""
    terms, at = order().terms, datetime.now(UTC)
    submission = Submission(
        sid="a",
        key=None,
        spec_hash="",
        terms=terms,
        created_at=at,
        expires_at=at,
        notes={},
        state=State.LAUNCHED,
        cap_micro_usd=CAP,
        posted_micro_usd=None,
        presumed=False,
        job_id="a",
        sender=None,
        reason="",
        changed_at=at,
        budgets=(),
        counts_at=at,
    )
    settlement(JobInfo.model_validate(_ENDED), submission, at)


def main() -> None:
    """Fork a child for each line, one after the other."""
    for name in _LAZY:
        importlib.import_module(name)
    # pydantic builds a model when it is first used.
    JobInfo.model_validate({"id": "a", "status": {"stage": "RUNNING"}, "labels": {}})
    ScheduledJobInfo.model_validate({"id": "a", "jobSpec": {"labels": {}}})
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = _child(json.loads(line))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
