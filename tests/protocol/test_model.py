"""The protocol keeps its promises in every state it can reach, and each known mistake breaks one."""

import pytest

from tests.protocol.model import STRICT, UNSAFE, UNSAFE_FALLBACKS, UNSAFE_PLANS, Protocol, explore
from tests.protocol.schedule_model import (
    STRICT_SCHEDULES,
    UNSAFE_SCHEDULES,
    ScheduleProtocol,
    explore_schedules,
    first_violation,
)


@pytest.mark.parametrize(("submissions", "limit", "states"), [(2, 1, 400), (2, 2, 2_000), (3, 2, 30_000)])
def test_the_strict_protocol_breaks_no_promise_in_any_state(submissions: int, limit: int, states: int) -> None:
    """No interleaving of submissions, a lossy network, a failing Hub and dying senders breaks a promise."""
    found = explore(STRICT, submissions=submissions, limit=limit)

    assert found.violations == {}
    assert found.states > states


@pytest.mark.parametrize("protocol", UNSAFE.values(), ids=UNSAFE.keys())
def test_each_known_mistake_has_a_counter_example(protocol: Protocol) -> None:
    """The walk finds where a protocol with one mistake overspends, sends twice or loses a job, and how it got there."""
    found = explore(protocol)

    assert found.violations
    for violation in found.violations.values():
        assert 3 <= len(violation.steps) <= 16, violation


@pytest.mark.parametrize(("submissions", "limit", "states"), [(2, 2, 2_000), (3, 3, 30_000), (2, 1, 1)])
def test_a_plan_is_in_the_books_whole_before_anything_of_it_is_sent(submissions: int, limit: int, states: int) -> None:
    """Whoever dies when, and whatever the network does; where the whole does not fit, nothing is reserved at all."""
    found = explore(STRICT, submissions=submissions, limit=limit, is_plan=True)

    assert found.violations == {}
    assert found.states > states


@pytest.mark.parametrize("protocol", UNSAFE_PLANS.values(), ids=UNSAFE_PLANS.keys())
def test_each_known_mistake_with_a_plan_has_a_counter_example(protocol: Protocol) -> None:
    """The first of two jobs is sent, and for the second nothing is left."""
    found = explore(protocol, limit=1, is_plan=True)

    assert list(found.violations) == ["nothing of a plan is sent before all of it is in the books"]


@pytest.mark.parametrize(
    ("costs", "limit", "states"), [((1, 1), 1, 400), ((1, 1, 1), 1, 1_500), ((1, 2), 2, 400), ((1, 2), 1, 100)]
)
def test_never_two_flavors_at_once(costs: tuple[int, ...], limit: int, states: int) -> None:
    """Whoever dies when, whoever cancels, whichever cancel is lost or comes late, and however dear the next is.

    One job is alive, one hold is in the books, each is sent once; only a job that was given up and never started is
    replaced, and none is cancelled for one that may not be sent.
    """
    found = explore(STRICT, costs=costs, limit=limit)

    assert found.violations == {}
    assert found.states > states


@pytest.mark.parametrize("protocol", UNSAFE_FALLBACKS.values(), ids=UNSAFE_FALLBACKS.keys())
def test_each_known_mistake_with_a_fallback_has_a_counter_example(protocol: Protocol) -> None:
    """Two are alive, more is held than there is, one is replaced that should not be, or is lost for one too dear."""
    found = explore(protocol, costs=(1, 1)).violations | explore(protocol, costs=(1, 2)).violations

    assert found
    for violation in found.values():
        assert 3 <= len(violation.steps) <= 16, violation


def test_a_counter_example_is_the_shortest_way_to_the_mistake() -> None:
    """Releasing on an empty listing loses a job in six steps: the request was still on its way."""
    found = explore(UNSAFE["release when the listing is empty"])
    lost = found.violations["I4: a job that exists is launched in the ledger or its money is held"]

    assert [step.removeprefix("A ") for step in lost.steps] == [
        "reserves",
        "marks",
        "posts",
        "times out",
        "is not found and let go",
        "is created",
    ]


@pytest.mark.parametrize(
    ("schedules", "limit", "one_key", "states"),
    [(2, 1, False, 4_000), (2, 2, False, 6_000), (2, 2, True, 2_000), (2, 1, True, 2_000)],
)
def test_a_schedule_that_exists_is_held_or_counted_once_in_every_period(
    schedules: int, limit: int, states: int, *, one_key: bool
) -> None:
    """Whoever dies when, whatever is lost or listed late, and whenever the period turns: never past the budget.

    There are never two of one key, and each was sent once.
    """
    found = explore_schedules(STRICT_SCHEDULES, schedules=schedules, limit=limit, one_key=one_key)

    assert found.violations == {}
    assert found.states > states


@pytest.mark.parametrize("protocol", UNSAFE_SCHEDULES.values(), ids=UNSAFE_SCHEDULES.keys())
def test_each_known_mistake_with_a_schedule_has_a_counter_example(protocol: ScheduleProtocol) -> None:
    """Two run where there is money for one, nobody counts one that runs, it counts twice, or one key makes two."""
    found = first_violation(protocol) or first_violation(protocol, limit=2, one_key=True)

    assert found
    for violation in found.values():
        assert 3 <= len(violation.steps) <= 16, violation
