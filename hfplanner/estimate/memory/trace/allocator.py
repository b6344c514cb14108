"""A simulation of PyTorch's caching allocator: what a sequence of sizes makes it reserve.

The rules are those of ``c10/cuda/CUDACachingAllocator.cpp`` (PyTorch 2.x) for one stream: sizes are rounded to 512
bytes; up to 1 MiB come from segments of 2 MiB, up to 10 MiB from segments of 20 MiB, larger ones from segments of their
own size rounded to 2 MiB; the smallest free block that is large enough is taken and cut; neighbours that are free grow
together; a segment that is wholly free goes back to the driver only when a request would not fit otherwise. With
``expandable_segments`` there is one segment per pool that grows page by page at its end.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass

from hfplanner.units import MiB

__all__ = ["Allocator", "OutOfMemory", "Program", "replay"]

_ROUND = 512
_SMALL = MiB
_SMALL_SEGMENT = 2 * MiB
_LARGE_SEGMENT = 20 * MiB
_MIN_LARGE = 10 * MiB
_ROUND_LARGE = 2 * MiB
_PAGES = {True: 2 * MiB, False: 20 * MiB}


class OutOfMemory(Exception):
    """A request does not fit the card, even after everything that is free was given back."""


@dataclass(slots=True, eq=False)
class _Block:
    """A piece of a segment, beside its neighbours."""

    size: int
    address: int
    small: bool
    used: bool = False
    before: "_Block | None" = None
    after: "_Block | None" = None


class Allocator:
    """Memory of one card.

    Args:
        capacity: bytes that can be reserved; ``None`` is without end.
        expandable: whether segments grow (``PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True``).

    >>> allocator = Allocator()
    >>> block = allocator.take(3 * MiB)
    >>> allocator.allocated // MiB, allocator.reserved // MiB
    (3, 20)
    >>> allocator.give(block)
    >>> allocator.allocated, allocator.reserved // MiB
    (0, 20)
    """

    def __init__(self, capacity: int | None = None, *, expandable: bool = False) -> None:
        self.capacity = capacity
        self.expandable = expandable
        self.allocated = 0
        self.reserved = 0
        self.most_allocated = 0
        self.most_reserved = 0
        # Free blocks by (size, address): the smallest that is large enough is found by bisection.
        self._free: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
        self._at: dict[int, _Block] = {}
        self._last: dict[bool, _Block | None] = {True: None, False: None}
        self._next_address = 0

    def take(self, size: int) -> int:
        """Return the address of a new block.

        Raises:
            OutOfMemory: the card has not that much left.
        """
        size = max(-(-size // _ROUND) * _ROUND, _ROUND)
        small = size <= _SMALL
        block = self._find(size, small=small) or self._new(size, small=small)
        self._cut(block, size)
        block.used = True
        self.allocated += block.size
        self.most_allocated = max(self.most_allocated, self.allocated)
        return block.address

    def give(self, address: int) -> None:
        """Give a block back; it grows together with free neighbours."""
        block = self._at[address]
        block.used = False
        self.allocated -= block.size
        if block.before and not block.before.used:
            block = self._join(block.before, block)
        if block.after and not block.after.used:
            block = self._join(block, block.after)
        insort(self._free[block.small], (block.size, block.address))

    def empty_cache(self) -> None:
        """Give segments that are wholly free back to the driver."""
        for small, free in self._free.items():
            kept = []
            for size, address in free:
                block = self._at[address]
                if block.before or block.after:
                    kept.append((size, address))
                else:
                    self.reserved -= size
                    del self._at[address]
                    if self._last[small] is block:
                        self._last[small] = None
            free[:] = kept

    def _find(self, size: int, *, small: bool) -> _Block | None:
        free = self._free[small]
        index = bisect_left(free, (size, -1))
        if index == len(free):
            return None
        _, address = free.pop(index)
        return self._at[address]

    def _new(self, size: int, *, small: bool) -> _Block:
        if self.expandable:
            return self._grow(size, small=small)
        segment = _SMALL_SEGMENT if small else _LARGE_SEGMENT
        if not small and size >= _MIN_LARGE:
            segment = -(-size // _ROUND_LARGE) * _ROUND_LARGE
        self._reserve(segment)
        return self._place(segment, small=small)

    def _grow(self, size: int, *, small: bool) -> _Block:
        last, page = self._last[small], _PAGES[small]
        have = last.size if last and not last.used else 0
        more = -(-(size - have) // page) * page
        self._reserve(more)
        if last and have:
            self._free[small].remove((last.size, last.address))
            last.size += more
            return last
        block = self._place(more, small=small)
        if last:
            last.after, block.before = block, last
        self._last[small] = block
        return block

    def _reserve(self, size: int) -> None:
        if self.capacity is not None and self.reserved + size > self.capacity:
            self.empty_cache()
            if self.reserved + size > self.capacity:
                raise OutOfMemory
        self.reserved += size
        self.most_reserved = max(self.most_reserved, self.reserved)

    def _place(self, size: int, *, small: bool) -> _Block:
        # Room for a segment to grow without meeting the next one.
        block = _Block(size, self._next_address, small)
        self._next_address += 2**50 if self.expandable else size
        self._at[block.address] = block
        return block

    def _cut(self, block: _Block, size: int) -> None:
        rest = block.size - size
        if rest < _ROUND if block.small else rest <= _SMALL:
            return
        piece = _Block(rest, block.address + size, block.small, before=block, after=block.after)
        if block.after:
            block.after.before = piece
        block.after, block.size = piece, size
        self._at[piece.address] = piece
        insort(self._free[block.small], (piece.size, piece.address))
        if self._last[block.small] is block:
            self._last[block.small] = piece

    def _join(self, first: _Block, second: _Block) -> _Block:
        for block in (first, second):
            if not block.used and (block.size, block.address) in self._entry(block):
                free = self._free[block.small]
                free.pop(bisect_left(free, (block.size, block.address)))
        first.size += second.size
        first.after = second.after
        if second.after:
            second.after.before = first
        del self._at[second.address]
        if self._last[first.small] is second:
            self._last[first.small] = first
        return first

    def _entry(self, block: _Block) -> tuple[tuple[int, int], ...]:
        free = self._free[block.small]
        index = bisect_left(free, (block.size, block.address))
        return (free[index],) if index < len(free) else ()


# What a stretch of a run does: (number of the storage, its bytes) at birth, (number, -1) at death.
Program = list[tuple[int, int]]


def replay(programs: Iterable[Program], allocator: Allocator, *, empty_every: int = 0) -> list[tuple[int, int]]:
    """Run programs one after another and return, for each, the most allocated and the most reserved so far.

    A storage that is born in one program may die in a later one. A death of what was never born is passed over.

    Raises:
        OutOfMemory: the allocator's capacity is not enough.

    >>> replay([[(1, 30 * MiB)], [(2, 50 * MiB), (1, -1)], [(3, 60 * MiB)]], Allocator())[-1][1] // MiB
    140
    """
    held: dict[int, int] = {}
    seen: list[tuple[int, int]] = []
    for step, program in enumerate(programs, 1):
        allocator.most_allocated = allocator.allocated
        for storage, size in program:
            if size >= 0:
                held[storage] = allocator.take(size)
            elif storage in held:
                allocator.give(held.pop(storage))
        seen.append((allocator.most_allocated, allocator.most_reserved))
        if empty_every and step % empty_every == 0:
            allocator.empty_cache()
    return seen
