"""A slice of the sweep: killed or failed at the system calls that touch files and the Hub, the money stays right."""

import os
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.hub.control import Hub
from tests.protocol.crash import Actor, Point, acting, can_trace, chosen, faults_at, plan, strike

# How many positions of each system call are struck; settling costs a job, which takes longest.
POSITIONS = {
    "submit": 4,
    "reconcile": 3,
    "settle": 2,
    "plan": 3,
    "fallback": 3,
    "too late": 2,
    "schedule": 2,
    "find schedule": 2,
    "let go": 2,
    "upload": 2,
}
FILES = ("fcntl", "fdatasync", "ftruncate", "mkdir", "openat", "pread64", "pwrite64", "read")
NETWORK = ("connect", "poll", "recvfrom", "sendto", "socket")
CASES = [
    *(("submit", call) for call in (*FILES, *NETWORK, "flock", "unlink")),
    *((action, call) for action in ("reconcile", "settle") for call in (*FILES, *NETWORK)),
    *(("plan", call) for call in FILES),
    *((action, call) for action in ("fallback", "schedule") for call in (*FILES, *NETWORK)),
    *(("upload", call) for call in ("connect", "sendto", "recvfrom", "openat", "pwrite64")),
    *(
        (action, call)
        for action in ("too late", "find schedule", "let go")
        for call in ("fdatasync", "pwrite64", *NETWORK)
    ),
]


@pytest.fixture(scope="module")
def actor() -> Iterator[Actor]:
    """Start the process that forks one for each action; where nothing can be traced, CI fails and a laptop skips."""
    if not can_trace():
        assert not os.environ.get("CI"), "strace is needed, and the right to trace"
        pytest.skip("strace is not here, or may not trace")
    with acting() as started:
        yield started


@pytest.fixture(scope="module")
def planned(hub_process: Hub, actor: Actor) -> Callable[[str], list[Point]]:
    """Return what gives the system calls of an action that are struck; traced once."""

    @cache
    def planned(action: str) -> list[Point]:
        return chosen(plan(action, hub_process, actor), POSITIONS[action])

    return planned


@pytest.mark.parametrize(("action", "call"), CASES, ids=["-".join(case) for case in CASES])
def test_killed_or_failed_at_a_system_call_nothing_is_lost_or_sent_twice(
    hub: Hub, actor: Actor, planned: Callable[[str], list[Point]], action: str, call: str
) -> None:
    """After each strike the books verify, one reconciling brings them up to the Hub in time, and a second adds nothing.

    At most one request for a job was made; where a job exists it is in the books, and its money is held or posted.
    """
    points = [point for point in planned(action) if point.call == call]
    struck = [strike(action, point, fault, hub, actor) for point in points for fault in faults_at(point)]

    assert struck
    assert [one for one in struck if one.problems] == []


def test_a_slice_has_the_first_the_last_and_some_between() -> None:
    """Seven reads, three positions: 1, 4 and 7. A call that touches nothing is left out."""
    points = [Point("read", number) for number in range(1, 8)] + [Point("getpid", 1), Point("connect", 1)]

    assert chosen(points, 3) == [Point("read", 1), Point("read", 4), Point("read", 7), Point("connect", 1)]
