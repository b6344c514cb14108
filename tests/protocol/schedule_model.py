"""The protocol of schedules as a transition system: made by one POST, counted in every period from then on.

A schedule costs 1 in each period in which it exists, and the budget has room for so many. Whoever makes one looks
first (at the books, and at the schedules that the Hub lists), then reserves, marks and posts. The network loses
requests and answers, the Hub lists late, people delete, senders die, and the period turns at any moment. What a
schedule holds is let go once the Hub lists it: from then on whoever looks counts it there, until the end of the period
that is.

:data:`STRICT_SCHEDULES` is what ``hfplanner.submit.schedules`` does, and each other one of :data:`UNSAFE_SCHEDULES`
makes one mistake.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.protocol.walking import Exploration, Step, Violation, walk

__all__ = ["STRICT_SCHEDULES", "UNSAFE_SCHEDULES", "ScheduleProtocol", "explore_schedules", "first_violation"]

_HOLDING = frozenset({"RESERVED", "SENDING", "UNKNOWN", "LAUNCHED"})
_PERIODS = 2
# More requests of one submission than this prove nothing new.
_MOST_POSTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleProtocol:
    """What is done with schedules.

    Args:
        holds: whether money is held before it is sent, or only what the Hub lists counts.
        lets_go: when its hold ends: once it is ``"listed"`` and whoever looked before that has decided, ``"at once"``
            when it is listed, or once it is ``"made"``.
        looks_again: whether who reserves sees what was let go since it looked.
        carries: whether one that is held in an earlier period, and not listed, counts in the next.
        counts_twice: whether one that is held and listed counts in both.
        turns: whether what was decided in one period may be reserved in the next.
        retry: whether a request is sent again after a time-out.
        releases: whether an unknown one that is not listed is let go.
        keys: when a key is free for another: once certainly ``"nothing"`` came of it, or while it is ``"unknown"``.
    """

    holds: bool = True
    lets_go: str = "listed"
    looks_again: bool = True
    carries: bool = True
    counts_twice: bool = False
    turns: bool = False
    retry: bool = False
    releases: bool = False
    keys: str = "nothing"


STRICT_SCHEDULES = ScheduleProtocol()
"""Held from before it is sent until the Hub lists it, and counted once in every period."""

UNSAFE_SCHEDULES = {
    "count only what the Hub lists": ScheduleProtocol(holds=False),
    "let go of a schedule once it is made": ScheduleProtocol(lets_go="made"),
    "let go of a schedule as soon as it is listed": ScheduleProtocol(lets_go="at once"),
    "do not see what was let go since the look": ScheduleProtocol(looks_again=False),
    "a hold ends with its period": ScheduleProtocol(carries=False),
    "count what is held and listed twice": ScheduleProtocol(counts_twice=True),
    "decide in one period and reserve in the next": ScheduleProtocol(turns=True),
    "send the request for a schedule again": ScheduleProtocol(retry=True),
    "let go of a schedule that is not listed": ScheduleProtocol(releases=True),
    "a key is free while its schedule is unknown": ScheduleProtocol(keys="unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One submission of a schedule.

    Args:
        at: the step of the sender: start, looked, reserved, marked, waiting, done.
        state: in the ledger; NONE before it is written.
        period: in which its hold counts.
        others: what it counted beside the ledger when it looked: which schedules, as the Hub lists them or as they
            are carried over from an earlier period.
        beside: those it left out because the ledger held them.
        requests: on their way to the Hub.
        answers: on their way back.
        exists: at the Hub.
        made: how many were.
        is_listed: whether a listing shows it.
        posts: requests sent so far.
    """

    at: str = "start"
    state: str = "NONE"
    period: int = 0
    others: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    requests: int = 0
    answers: tuple[str, ...] = ()
    exists: int = 0
    made: int = 0
    is_listed: bool = False
    posts: int = 0


@dataclass(frozen=True, slots=True)
class World:
    """All submissions, how many schedules each period has money for, the period, and whether they have one key."""

    schedules: tuple[Schedule, ...]
    limit: int
    period: int = 0
    one_key: bool = False

    def changed(self, index: int, **fields: object) -> "World":
        """Return the world after one submission has changed."""
        changed = replace(self.schedules[index], **fields)  # type: ignore[arg-type]
        return replace(self, schedules=(*self.schedules[:index], changed, *self.schedules[index + 1 :]))

    def held(self) -> tuple[int, ...]:
        """Return those that the ledger holds money for in this period."""
        return tuple(
            number for number, one in enumerate(self.schedules) if one.state in _HOLDING and one.period == self.period
        )


def explore_schedules(
    protocol: ScheduleProtocol, *, schedules: int = 2, limit: int = 1, one_key: bool = False
) -> Exploration:
    """Walk over every state that a protocol can reach."""
    start = World((Schedule(),) * schedules, limit, one_key=one_key)
    return walk(start, lambda world: _moves(world, protocol), lambda world: _broken(world, protocol))


def first_violation(protocol: ScheduleProtocol, *, limit: int = 1, one_key: bool = False) -> dict[str, Violation]:
    """Return the promises that are broken in the fewest steps; nothing where none is."""
    start = World((Schedule(),) * 2, limit, one_key=one_key)
    return walk(
        start, lambda world: _moves(world, protocol), lambda world: _broken(world, protocol), stops=True
    ).violations


def _counted(world: World, protocol: ScheduleProtocol) -> tuple[int, ...]:
    """Return what somebody who looks now counts beside the ledger."""
    held = world.held()
    found = [
        number
        for number, one in enumerate(world.schedules)
        if (one.exists and one.is_listed and (protocol.counts_twice or number not in held))
        or (protocol.carries and not one.is_listed and one.state in _HOLDING and number not in held)
    ]
    return tuple(found)


def _broken(world: World, protocol: ScheduleProtocol) -> Iterator[str]:
    """Yield the promises that a world breaks."""
    all_, held = world.schedules, world.held()
    if sum(one.exists for one in all_) > world.limit:
        yield "I1: the runs of a period never cost more than the limit"
    if any(one.posts > 1 or one.made > 1 for one in all_):
        yield "I3: at most one POST for each schedule"
    if world.one_key and sum(one.exists for one in all_) > 1:
        yield "I3: at most one schedule for each key"
    for number, one in enumerate(all_):
        counts = (number in held) + _counted(world, protocol).count(number)
        if one.exists and not counts:
            yield "I4: a schedule that exists is held, or counted by whoever looks"
        if one.exists and counts > 1:
            yield "a schedule is counted once in each period"


def _moves(world: World, protocol: ScheduleProtocol) -> Iterator[Step[World]]:
    if world.period + 1 < _PERIODS:
        yield "the period turns", _turned(world, protocol)
    for index, one in enumerate(world.schedules):
        name = "ABC"[index]
        for act in (_sender, _reconciler, _outside):
            for what, following in act(world, index, one, protocol):
                yield f"{name} {what}", following


def _turned(world: World, protocol: ScheduleProtocol) -> World:
    """Return the world in the next period: whoever has looked and not reserved looks again."""
    turned = replace(world, period=world.period + 1)
    if not protocol.turns:
        for index, one in enumerate(world.schedules):
            if one.at == "looked":
                turned = turned.changed(index, at="start", others=(), beside=())
    return turned


def _sender(world: World, index: int, one: Schedule, protocol: ScheduleProtocol) -> Iterator[Step[World]]:
    def to(**fields: object) -> World:
        return world.changed(index, **fields)

    if one.at != "done":
        yield "dies", to(at="done", others=(), beside=())
    if one.at == "start" and _has_key(world, index, protocol):
        yield "looks", to(at="looked", others=_counted(world, protocol), beside=world.held())
    if one.at == "looked" and _has_key(world, index, protocol) and _fits(world, one, protocol):
        state = "RESERVED" if protocol.holds else "NONE"
        at = "reserved" if protocol.holds else "marked"
        yield "reserves", to(at=at, state=state, period=world.period, others=(), beside=())
    if one.at == "reserved" and one.state == "RESERVED":
        yield "marks", to(at="marked", state="SENDING")
    if one.at == "marked":
        yield "posts", to(at="waiting", requests=1, posts=1)
    if one.at == "waiting":
        yield from _answered(world, index, one, protocol)


def _has_key(world: World, index: int, protocol: ScheduleProtocol) -> bool:
    """Whether the key is free; without one key every submission has its own."""
    free = {"NONE", "VOID"} | ({"UNKNOWN"} if protocol.keys == "unknown" else set())
    others = (other.state for number, other in enumerate(world.schedules) if number != index)
    return not world.one_key or all(state in free for state in others)


def _fits(world: World, one: Schedule, protocol: ScheduleProtocol) -> bool:
    """Whether a schedule more is within the limit: what is held now, and what was counted beside that before."""
    held = set(world.held())
    let_go = {number for number in one.beside if number not in held and world.schedules[number].state == "SETTLED"}
    counted = [*held, *(number for number in one.others)]
    return len(counted) + (len(let_go - set(one.others)) if protocol.looks_again else 0) + 1 <= world.limit


def _answered(world: World, index: int, one: Schedule, protocol: ScheduleProtocol) -> Iterator[Step[World]]:
    def to(**fields: object) -> World:
        return world.changed(index, **fields)

    open_ = one.state in {"SENDING", "UNKNOWN"} or not protocol.holds
    for answer in sorted(set(one.answers)):
        left = list(one.answers)
        left.remove(answer)
        state = one.state
        if open_:
            state = {"created": "LAUNCHED", "rejected": "VOID", "error": "UNKNOWN"}[answer]
        yield f"is told {answer}", to(at="done", state=state, answers=tuple(left))
    if one.state == "SENDING":
        yield "times out", to(at="done", state="UNKNOWN")
    if protocol.retry and one.posts < _MOST_POSTS:
        yield "posts again", to(requests=one.requests + 1, posts=one.posts + 1)


def _reconciler(world: World, index: int, one: Schedule, protocol: ScheduleProtocol) -> Iterator[Step[World]]:
    def to(**fields: object) -> World:
        return world.changed(index, **fields)

    if one.state == "RESERVED":
        yield "expires", to(state="VOID")
    if one.state == "SENDING" and one.at == "done":
        yield "is dead", to(state="UNKNOWN")
    if one.state == "UNKNOWN" and one.is_listed:
        yield "is found", to(state="LAUNCHED")
    if one.state == "UNKNOWN" and not one.is_listed and protocol.releases:
        yield "is not found and let go", to(state="VOID")
    if one.state == "LAUNCHED" and _may_let_go(world, index, protocol):
        yield "is let go", to(state="SETTLED")


def _may_let_go(world: World, index: int, protocol: ScheduleProtocol) -> bool:
    one = world.schedules[index]
    if not one.exists or protocol.lets_go == "made":
        return True
    # Five minutes: nobody decides any more on what was seen before it was in the books.
    nobody = all(
        other.at != "looked" or index in other.others or index in other.beside
        for number, other in enumerate(world.schedules)
        if number != index
    )
    return one.is_listed and (nobody or protocol.lets_go == "at once")


def _outside(world: World, index: int, one: Schedule, _: ScheduleProtocol) -> Iterator[Step[World]]:
    """Yield what the network, the Hub and people do."""
    if one.requests:
        came = {"requests": one.requests - 1}
        made = {**came, "exists": one.exists + 1, "made": one.made + 1}
        for answer, effect in (("created", made), ("error", made), ("rejected", came), ("error", came)):
            what = "is made" if effect is made else "is not made"
            answers = tuple(sorted((*one.answers, answer)))
            yield f"{what}, and the Hub says {answer}", world.changed(index, **effect, answers=answers)
        yield "is lost on its way", world.changed(index, **came)
    if one.answers:
        yield "loses its answer", world.changed(index, answers=one.answers[1:])
    if one.exists and not one.is_listed:
        yield "is listed", world.changed(index, is_listed=True)
    if one.exists and one.is_listed:
        yield "is deleted", world.changed(index, exists=0, is_listed=False)
