"""The submission protocol as a transition system, small enough to look at every state it can reach.

Submissions of cost 1 share a budget that is too small for all of them. The network delays, loses and answers late; the
Hub fails after it made a job; a job is listed late or never; each sender may die at any instant; their steps interleave
in every order. :func:`explore` walks breadth first, so a counter-example is a shortest one.

A protocol is a set of choices (:class:`Protocol`); the strict one is what ``hfplanner.submit`` does, and each other one
of :data:`UNSAFE` makes one mistake that is known from programs of this kind.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.protocol.walking import Exploration, Step, walk

__all__ = [
    "STRICT",
    "UNSAFE",
    "UNSAFE_FALLBACKS",
    "UNSAFE_PLANS",
    "Protocol",
    "Submission",
    "World",
    "explore",
]

# More requests of one submission than this prove nothing new.
_MOST_POSTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What a submitter does.

    Args:
        reserves: ``"atomically"`` in one conditional update, ``"in two steps"`` (look, then write), or ``"after"`` the
            answer, from what was looked at before.
        marks: whether only a submission that is still reserved can be marked as being sent.
        retry: after a time-out: ``"never"``, ``"blindly"``, or ``"when not listed"``.
        releases: what is taken for a proof that nothing runs, beside a rejection.
        expires: the states whose hold a passed deadline ends.
        plans: whether the jobs of a plan are reserved ``"together"``, in one transaction, or ``"one by one"``.
        replaces: when the next flavor takes the place of a job that waits: once that has ``"ended"``, once it was
            ``"cancelled"``, also where nobody knows whether it exists (``"unknown"``), or ``"beside"`` it.
        gives_up: when it is written that a job is given up: ``"before"`` it is cancelled, ``"after"`` that, or
            ``"never"``: then whatever was cancelled is replaced.
        takes_started: whether one that had started when the cancel came is replaced, too.
        rehearses: whether a job is only cancelled where the next may be sent.
    """

    reserves: str = "atomically"
    marks: bool = True
    retry: str = "never"
    releases: frozenset[str] = frozenset()
    expires: frozenset[str] = frozenset({"RESERVED"})
    plans: str = "together"
    replaces: str = "ended"
    gives_up: str = "before"
    takes_started: bool = False
    rehearses: bool = True


STRICT = Protocol()
"""The protocol of SUBMISSION: nothing is sent twice, and nothing but a proof ends a hold."""

UNSAFE = {
    "check, POST, record": Protocol(reserves="after"),
    "decide and reserve in two transactions": Protocol(reserves="in two steps"),
    "blind retry after a time-out": Protocol(retry="blindly"),
    "retry when the listing is empty": Protocol(retry="when not listed"),
    "release when the listing is empty": Protocol(releases=frozenset({"empty listing"})),
    "release on a time-out": Protocol(releases=frozenset({"time-out"})),
    "release on a server error": Protocol(releases=frozenset({"server error"})),
    "release when the sender died": Protocol(releases=frozenset({"death"})),
    "send after the reservation expired": Protocol(marks=False),
    "a deadline ends the hold of what is being sent": Protocol(expires=frozenset({"RESERVED", "SENDING"})),
    "a deadline ends the hold of what is unknown": Protocol(expires=frozenset({"RESERVED", "UNKNOWN"})),
}

UNSAFE_PLANS = {"reserve the jobs of a plan one by one": Protocol(plans="one by one")}
"""What only goes wrong where several jobs are one plan."""


UNSAFE_FALLBACKS = {
    "take a cancel that was sent for an end": Protocol(replaces="cancelled"),
    "try another flavor where the first is unknown": Protocol(replaces="unknown"),
    "reserve the next before the one before is settled": Protocol(replaces="beside"),
    "take any cancelled job for one that was given up": Protocol(gives_up="never"),
    "cancel, and write then that it is given up": Protocol(gives_up="after"),
    "take a job that had started for one that waited": Protocol(takes_started=True),
    "cancel a job for one that is too dear": Protocol(rehearses=False),
}
"""What only goes wrong where a job that waits is cancelled and sent elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One submission: where its sender stands, what the ledger says, what is on the wire, and what the Hub has.

    Args:
        at: the step of the sender: start, looked, reserved, marked, waiting, done.
        state: in the ledger; NONE before it is written.
        requests: on their way to the Hub.
        answers: on their way back: created, rejected, error.
        jobs: that exist.
        is_listed: whether a listing shows one of them.
        posts: requests sent so far.
        cancels: requests to cancel it that are on their way.
        is_cancelled: whether one was ever sent.
        has_ended: whether its job has ended.
        is_given_up: whether the ledger says that it may be replaced.
        has_started: whether its job has run.
        cost: what it may cost.
    """

    at: str = "start"
    state: str = "NONE"
    requests: int = 0
    answers: tuple[str, ...] = ()
    jobs: int = 0
    is_listed: bool = False
    posts: int = 0
    cancels: int = 0
    is_cancelled: bool = False
    has_ended: bool = False
    is_given_up: bool = False
    has_started: bool = False
    cost: int = 1


@dataclass(frozen=True, slots=True)
class World:
    """All submissions, the budget, and what the ledger's counter says is taken of it.

    They may be one plan, or a chain: each takes the place of the one before, on another flavor.
    """

    submissions: tuple[Submission, ...]
    limit: int
    taken: int = 0
    is_plan: bool = False
    is_chain: bool = False

    def changed(self, index: int, *, taken: int = 0, **fields: object) -> "World":
        """Return the world after one submission has changed."""
        changed = replace(self.submissions[index], **fields)  # type: ignore[arg-type]
        submissions = (*self.submissions[:index], changed, *self.submissions[index + 1 :])
        return replace(self, submissions=submissions, taken=self.taken + taken)


def explore(
    protocol: Protocol, *, submissions: int = 2, limit: int = 1, is_plan: bool = False, costs: tuple[int, ...] = ()
) -> Exploration:
    """Walk over every state a protocol can reach; with costs, of a chain of as many flavors."""
    made = tuple(Submission(cost=cost) for cost in costs) or (Submission(),) * submissions
    start = World(made, limit, is_plan=is_plan, is_chain=bool(costs))
    return walk(start, lambda world: _moves(world, protocol), _broken)


def _broken(world: World) -> Iterator[str]:
    """Yield the promises a world breaks."""
    submissions = world.submissions
    if sum(one.jobs * one.cost for one in submissions if not one.has_ended) > world.limit:
        yield "I1: jobs never cost more than the limit"
    if any(one.posts > 1 or one.jobs > 1 for one in submissions):
        yield "I3: at most one POST for each submission"
    if any(one.jobs and one.state not in {"SENDING", "UNKNOWN", "LAUNCHED", "SETTLED"} for one in submissions):
        yield "I4: a job that exists is launched in the ledger or its money is held"
    if world.taken > world.limit:
        yield "I1: the ledger never holds more than the limit"
    if world.is_plan and any(one.posts for one in submissions) and any(one.state == "NONE" for one in submissions):
        yield "nothing of a plan is sent before all of it is in the books"
    if world.is_chain:
        yield from _broken_chain(world)


def _broken_chain(world: World) -> Iterator[str]:
    """Yield the promises that a chain of flavors breaks."""
    submissions = world.submissions
    if sum(bool(one.jobs) and not one.has_ended for one in submissions) > 1:
        yield "never two flavors at once"
    for one, following in pairwise(submissions):
        if following.state != "NONE" and not one.is_given_up:
            yield "only what was given up is replaced"
        if following.posts and one.has_started:
            yield "what has started is not sent again"
        if one.is_cancelled and not one.is_given_up:
            yield "what is cancelled is given up in the books"
        if one.is_cancelled and following.cost > world.limit:
            yield "a job that waits is not cancelled for one that may not be sent"


def _moves(world: World, protocol: Protocol) -> Iterator[Step[World]]:
    if world.is_plan and protocol.plans == "together":
        yield from _plan(world)
    if world.is_chain:
        yield from _chain(world, protocol)
    for index, one in enumerate(world.submissions):
        name = "ABC"[index]
        for act in (_sender, _reconciler, _hub, _network):
            for what, following in act(world, index, one, protocol):
                yield f"{name} {what}", following


def _plan(world: World) -> Iterator[Step[World]]:
    """Reserve all submissions at once, while nothing of them is there."""
    count = len(world.submissions)
    if all(one.at == "start" for one in world.submissions) and world.taken + count <= world.limit:
        reserved = replace(Submission(), at="reserved", state="RESERVED")
        yield "the plan is reserved", replace(world, submissions=(reserved,) * count, taken=world.taken + count)


def _chain(world: World, protocol: Protocol) -> Iterator[Step[World]]:
    """Cancel a job that waits, and let the next take its place: whoever has the key may, also after a crash.

    The job may start at any moment, and anybody may cancel it.
    """
    for index, one in enumerate(world.submissions):
        name = "ABC"[index]
        following = world.submissions[index + 1] if index + 1 < len(world.submissions) else None
        yield from ((f"{name} {what}", after) for what, after in _cancels(world, index, following, protocol))
        if one.jobs and not one.has_ended and not one.has_started:
            yield f"{name} starts", world.changed(index, has_started=True)
        if following is not None and following.state == "NONE":
            for how, settled, taken in _replacements(world, one, following, protocol):
                before = world.changed(index, state=settled)
                yield f"{name} {how}", before.changed(index + 1, at="reserved", state="RESERVED", taken=taken)


def _cancels(world: World, index: int, following: Submission | None, protocol: Protocol) -> Iterator[Step[World]]:
    """Yield what leads to the end of a job that waits; who cancels saw it waiting, which it may not do any more."""
    one = world.submissions[index]
    may_be_sent = following is None or world.taken - one.cost + following.cost <= world.limit
    waits = one.state == "LAUNCHED" and (may_be_sent or not protocol.rehearses)
    first = protocol.gives_up == "before"
    if waits and not one.is_given_up and (first or (protocol.gives_up == "after" and one.is_cancelled)):
        yield "is given up", world.changed(index, is_given_up=True)
    if waits and not one.cancels and not one.has_ended and (one.is_given_up or not first):
        yield "is to be cancelled", world.changed(index, cancels=1, is_cancelled=True)
    if one.cancels:
        yield "loses its cancel", world.changed(index, cancels=0)
        if one.jobs and not one.has_ended:
            yield "has ended", world.changed(index, cancels=0, has_ended=True)
    if one.jobs and not one.has_ended:
        yield "is cancelled by somebody else", world.changed(index, has_ended=True)


def _replacements(
    world: World, one: Submission, following: Submission, protocol: Protocol
) -> Iterator[tuple[str, str, int]]:
    """Yield how the next takes its place: in words, what becomes of the one before, and what more is taken."""
    known = one.is_given_up or protocol.gives_up == "never" or (protocol.gives_up == "after" and one.is_cancelled)
    waited = known and (not one.has_started or protocol.takes_started)
    more = following.cost - one.cost
    fits = world.taken + more <= world.limit
    if one.state == "LAUNCHED" and one.has_ended and waited and fits:
        beside = protocol.replaces == "beside"
        yield "is replaced", ("LAUNCHED" if beside else "SETTLED"), (following.cost if beside else more)
    if one.state == "SETTLED" and one.has_ended and waited and world.taken + following.cost <= world.limit:
        yield "was settled, and is replaced", "SETTLED", following.cost
    if one.state == "LAUNCHED" and one.is_cancelled and protocol.replaces == "cancelled":
        yield "was cancelled, and is replaced", "SETTLED", more
    if one.state == "UNKNOWN" and protocol.replaces == "unknown":
        yield "is unknown, and is replaced", "VOID", more


def _sender(world: World, index: int, one: Submission, protocol: Protocol) -> Iterator[Step[World]]:
    def to(**fields: object) -> World:
        return world.changed(index, **fields)  # type: ignore[arg-type]

    reserves_after = protocol.reserves == "after"
    if one.at != "done":
        yield "dies", to(at="done")
    alone = not world.is_plan or protocol.plans == "one by one"
    first = not world.is_chain or index == 0
    if one.at == "start" and alone and first and world.taken + one.cost <= world.limit:
        if protocol.reserves == "atomically":
            yield "reserves", to(at="reserved", state="RESERVED", taken=one.cost)
        else:
            yield "looks", to(at="looked")
    if one.at == "looked" and not reserves_after:
        yield "writes its reservation", to(at="reserved", state="RESERVED", taken=one.cost)
    if one.at == "reserved" and (one.state == "RESERVED" or not protocol.marks):
        yield "marks", to(at="marked", state="SENDING")
    if one.at == "marked" or (one.at == "looked" and reserves_after):
        yield "posts", to(at="waiting", requests=1, posts=1)
    if one.at == "waiting":
        yield from _answers(one, protocol, to)
        yield from _time_outs(one, protocol, to)


def _answers(one: Submission, protocol: Protocol, to: Callable[..., World]) -> Iterator[Step[World]]:
    open_ = one.state in {"SENDING", "UNKNOWN"}
    unwritten = protocol.reserves == "after"
    for answer in sorted(set(one.answers)):
        left = list(one.answers)
        left.remove(answer)
        rest = tuple(left)
        if answer == "created" and (open_ or unwritten):
            yield "is told it was created", to(at="done", state="LAUNCHED", answers=rest, taken=one.cost * unwritten)
        elif answer == "rejected" and open_:
            yield "is told it was rejected", to(at="done", state="VOID", answers=rest, taken=-one.cost)
        elif answer == "error" and open_:
            if "server error" in protocol.releases:
                yield "takes an error for a rejection", to(at="done", state="VOID", answers=rest, taken=-one.cost)
            else:
                yield "is told of an error", to(at="done", state="UNKNOWN", answers=rest)
        else:
            yield "is told too late", to(at="done", answers=rest)


def _time_outs(one: Submission, protocol: Protocol, to: Callable[..., World]) -> Iterator[Step[World]]:
    if protocol.retry == "blindly" and one.posts < _MOST_POSTS:
        yield "posts again", to(requests=one.requests + 1, posts=one.posts + 1)
    if protocol.retry == "when not listed" and one.posts < _MOST_POSTS and not one.is_listed:
        yield "lists nothing and posts again", to(requests=one.requests + 1, posts=one.posts + 1)
    if one.state == "SENDING":
        if "time-out" in protocol.releases:
            yield "takes a time-out for a rejection", to(at="done", state="VOID", taken=-one.cost)
        else:
            yield "times out", to(at="done", state="UNKNOWN")


def _reconciler(world: World, index: int, one: Submission, protocol: Protocol) -> Iterator[Step[World]]:
    def to(**fields: object) -> World:
        return world.changed(index, **fields)  # type: ignore[arg-type]

    if one.state in protocol.expires:
        yield f"expires while {one.state}", to(state="VOID", taken=-one.cost)
    if one.state == "SENDING" and one.at == "done":
        if "death" in protocol.releases:
            yield "is dead, which is taken for not sent", to(state="VOID", taken=-one.cost)
        else:
            yield "is dead", to(state="UNKNOWN")
    if one.state == "UNKNOWN" and one.is_listed:
        yield "is found", to(state="LAUNCHED")
    if one.state == "UNKNOWN" and not one.is_listed and "empty listing" in protocol.releases:
        yield "is not found and let go", to(state="VOID", taken=-one.cost)
    if one.state == "LAUNCHED" and world.is_chain and one.has_ended:
        yield "is settled at nothing", to(state="SETTLED", taken=-one.cost)
    if one.state == "LAUNCHED" and not world.is_chain:
        yield "is settled", to(state="SETTLED")


def _hub(world: World, index: int, one: Submission, _: Protocol) -> Iterator[Step[World]]:
    if one.requests:
        came = {"requests": one.requests - 1}
        created = {**came, "jobs": one.jobs + 1}
        yield "is created", world.changed(index, **created, answers=_with(one, "created"))
        yield "is created, and the Hub says error", world.changed(index, **created, answers=_with(one, "error"))
        yield "is rejected", world.changed(index, **came, answers=_with(one, "rejected"))
        yield "fails at the Hub", world.changed(index, **came, answers=_with(one, "error"))
    if one.jobs and not one.is_listed:
        yield "is listed", world.changed(index, is_listed=True)


def _with(one: Submission, answer: str) -> tuple[str, ...]:
    return tuple(sorted((*one.answers, answer)))


def _network(world: World, index: int, one: Submission, _: Protocol) -> Iterator[Step[World]]:
    if one.requests:
        yield "is lost on its way", world.changed(index, requests=one.requests - 1)
    if one.answers:
        yield "loses its answer", world.changed(index, answers=one.answers[1:])
