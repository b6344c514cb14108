"""Follows every storage of a run on fake tensors from its birth to its death."""

import weakref
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

if TYPE_CHECKING:
    from hfplanner.estimate.memory.trace.allocator import Program

__all__ = ["Recorder"]

_ROUND = 512
_LANES = 128
_HEAD_ROUND = 32
_aten = torch.ops.aten


class Recorder(TorchDispatchMode):
    """Adds up the storages that are alive, in blocks of 512 bytes as the caching allocator rounds them.

    Attributes:
        now: bytes alive.
        peak: most bytes alive since the program began.
        peak_phase: the phase in which that was.
        peaks: most bytes alive in each phase.
        programs: births and deaths, a list for each stretch of the run.
        weights: shapes of the weights, whose gradients are added up in place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.peak = 0
        self.peak_phase = ""
        self.peaks: dict[str, int] = {}
        self.programs: list[Program] = [[]]
        self._phase = ""
        self._count = 0
        self._alive: dict[int, tuple[Any, int, int]] = {}
        self.weights: set[Any] = set()

    def start_program(self) -> None:
        """Begin another stretch of the run: a step."""
        self.programs.append([])
        self.peak = self.now

    def enter(self, phase: str) -> None:
        """Say what runs from here on: forward, backward, step."""
        self._phase = phase

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation and follow what it returns."""
        result = func(*args, **(kwargs or {}))
        if func is _aten._scaled_dot_product_flash_attention_backward.default:
            self.pass_through(_flash_backward_bytes(args[1], args[2]))
        if func is _aten.add.Tensor and self._is_accumulation(args):
            self._adopt(args[0].untyped_storage(), result.untyped_storage())
        self._follow(result)
        return result

    def _is_accumulation(self, args: Any) -> bool:
        """Whether autograd adds up two gradients of one weight: in place on a GPU, on fakes into a new tensor."""
        if torch.is_grad_enabled() or not isinstance(args[1], torch.Tensor):
            return False
        return args[0].shape == args[1].shape and args[0].shape in self.weights

    def _adopt(self, old: Any, new: Any) -> None:
        """Let a new storage stand for an old one, which ends without giving anything back."""
        known = self._alive.pop(old._cdata, None)
        if known is not None:
            _, number, size = known
            key = new._cdata
            self._alive[key] = (weakref.ref(new, self._at_death(key, number, size)), number, size)

    def pass_through(self, sizes: Iterable[int]) -> None:
        """Count storages that a kernel makes for itself and lets go before it returns."""
        numbers = [self._birth(size) for size in sizes]
        for number, size in numbers:
            self._death(number, size)

    def _follow(self, result: Any) -> None:
        if isinstance(result, torch.Tensor):
            self._see(result.untyped_storage())
        elif isinstance(result, tuple | list):
            for part in result:
                self._follow(part)

    def _see(self, storage: Any) -> None:
        key = storage._cdata
        if key in self._alive or not storage.nbytes():
            return
        number, size = self._birth(storage.nbytes())
        self._alive[key] = (weakref.ref(storage, self._at_death(key, number, size)), number, size)

    def _at_death(self, key: int, number: int, size: int) -> Callable[[Any], None]:
        def end(_: Any) -> None:
            self._alive.pop(key, None)
            self._death(number, size)

        return end

    def _birth(self, size: int) -> tuple[int, int]:
        self._count += 1
        rounded = -(-size // _ROUND) * _ROUND
        self.programs[-1].append((self._count, rounded))
        self.now += rounded
        if self.now > self.peak:
            self.peak, self.peak_phase = self.now, self._phase
        if self.now > self.peaks.get(self._phase, 0):
            self.peaks[self._phase] = self.now
        return self._count, rounded

    def _death(self, number: int, size: int) -> None:
        self.programs[-1].append((number, -1))
        self.now -= size


def _flash_backward_bytes(query: Any, key: Any) -> list[int]:
    """Return what flash attention's backward pass makes for itself.

    The query's gradient is added up in fp32, padded to 128 positions and 32 widths, beside one fp32 per row; gradients
    of shared keys and values are made for every query head and then summed (aten/native/transformers/cuda/flash_attn).
    """
    batch, heads, length, width = query.shape
    rows = -(-length // _LANES) * _LANES
    sizes = [batch * heads * rows * -(-width // _HEAD_ROUND) * _HEAD_ROUND * 4, batch * heads * rows * 4]
    if key.shape[1] != heads:
        sizes += [batch * key.shape[2] * heads * width * 2] * 2
    return sizes
