"""What a stretch of code of one's own needs, on fake tensors: no weight is read and no GPU is there."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hfplanner.estimate.memory.trace.allocator import Allocator, replay

if TYPE_CHECKING:
    from hfplanner.estimate.memory.trace.recorder import Recorder

__all__ = ["TracedMemory", "trace_memory"]


def _recorder() -> "Recorder":
    # help(hfplanner) looks at every name of it, also where torch is not installed.
    from hfplanner.estimate.memory.trace.recorder import Recorder  # noqa: PLC0415 - torch, an extra

    return Recorder()


@dataclass(slots=True)
class TracedMemory:
    """What the block needs; filled in while it runs.

    Attributes:
        recorder: the births and deaths of all storages.
    """

    recorder: "Recorder" = field(default_factory=_recorder)

    @property
    def allocated_bytes(self) -> int:
        """Most bytes alive at once: what ``torch.cuda.max_memory_allocated`` would show, cuBLAS' workspace aside."""
        return max(self.recorder.peaks.values(), default=0)

    def reserved_bytes(self, *, expandable_segments: bool = False) -> int:
        """Return what ``torch.cuda.max_memory_reserved`` would show, by a simulation of the caching allocator."""
        return replay(self.recorder.programs, Allocator(expandable=expandable_segments))[-1][1]


@contextlib.contextmanager
def trace_memory() -> Iterator[TracedMemory]:
    """Follow every tensor that a block makes, on fake tensors with the kernels of a GPU.

    Build model, batch and optimizer within the block, on the CPU; what is read out of a tensor (``.item()``) fails, as
    there is nothing in it. Needs the extra ``trace``.

    ::

        with hp.trace_memory() as peak:
            weight = torch.nn.Parameter(torch.empty(1024, 1024))
            (weight @ weight).sum().backward()
        peak.allocated_bytes // 2**20  # 16
    """
    from hfplanner.estimate.memory.trace.step import fakes  # noqa: PLC0415 - torch, an extra

    traced = TracedMemory()
    with fakes(traced.recorder):
        yield traced
