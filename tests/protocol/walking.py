"""A walk over all states that a transition system can reach, breadth first: a counter-example is a shortest one."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

__all__ = ["Exploration", "Step", "Violation", "walk"]

W = TypeVar("W", bound=Hashable)
Step = tuple[str, W]
"""What is done, in words, and the world after it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that is broken, and the steps that lead there."""

    promise: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a walk over all states found: how many there are, and the first violation of each promise."""

    states: int
    violations: dict[str, Violation] = field(default_factory=dict)


def walk(
    start: W, moves: Callable[[W], Iterable[Step[W]]], broken: Callable[[W], Iterable[str]], *, stops: bool = False
) -> Exploration:
    """Walk over every state that can be reached.

    Args:
        start: where it begins.
        moves: what can be done in a world, and what that leads to.
        broken: the promises that a world breaks.
        stops: at the first world that breaks one.
    """
    came_from: dict[W, tuple[W, str] | None] = {start: None}
    queue = deque([start])
    violations: dict[str, Violation] = {}
    while queue:
        world = queue.popleft()
        for promise in broken(world):
            violations.setdefault(promise, Violation(promise, _steps(world, came_from)))
        if stops and violations:
            break
        for name, following in moves(world):
            if following not in came_from:
                came_from[following] = (world, name)
                queue.append(following)
    return Exploration(len(came_from), violations)


def _steps(world: W, came_from: dict[W, tuple[W, str] | None]) -> tuple[str, ...]:
    steps: list[str] = []
    while (before := came_from[world]) is not None:
        world, name = before
        steps.append(name)
    return tuple(reversed(steps))
