"""The memory a job took, read from the lines it prints.

Four kinds of line are understood:

- ``hfplanner: peak=19.3GB``, which any script can print: all that was in use of one GPU;
- what ``torch.cuda.max_memory_reserved`` or ``max_memory_allocated`` returned, printed with its name:
  ``max_memory_reserved: 19327352832``;
- ``nvidia-smi``'s column of memory: ``18406MiB / 23028MiB``;
- torch's error ``CUDA out of memory``: the job needs more than the card had.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.result import Metric
from hfplanner.units import MiB, parse_size

__all__ = ["PeakMark", "PeakReader", "read_peak"]

_LINE = re.compile(r"hfplanner:\s*peak\s*=\s*([0-9.]+\s*[a-zA-Z]*)", re.IGNORECASE)
_TORCH = re.compile(
    r"max_memory_(?P<metric>reserved|allocated)\b[^0-9\n]{0,20}?(?P<size>[0-9][0-9_,]*(?:\.[0-9]+)?)\s*"
    r"(?P<unit>[KMGT]i?B\b)?",
)
_SMI = re.compile(r"(?P<used>\d+)\s*MiB\s*/\s*\d+\s*MiB")
_OUT_OF_MEMORY = re.compile(r"CUDA out of memory|torch\.(?:cuda\.)?OutOfMemoryError|CUDA error: out of memory")
# Less than this no GPU program takes: a number of another thing, or gigabytes without a unit.
_LEAST = MiB


@dataclass(frozen=True, slots=True)
class PeakMark:
    """What a log says of memory.

    Args:
        peak_bytes: the most; ``None`` where the job ran out of memory.
        metric: which instrument said so.
    """

    peak_bytes: int | None
    metric: Metric


class PeakReader:
    """Reads the lines of a log one by one, as they come.

    >>> reader = PeakReader()
    >>> for line in ["step 10", "max_memory_reserved: 19327352832", "step 20", "max_memory_reserved: 19864223744"]:
    ...     reader.see(line)
    >>> reader.mark
    PeakMark(peak_bytes=19864223744, metric='reserved')
    """

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._ran_out = False

    def see(self, line: str) -> None:
        """Take in the next line."""
        if _OUT_OF_MEMORY.search(line):
            self._ran_out = True
            return
        for kind, size in _sizes(line):
            if size >= _LEAST:
                self._found[kind] = max(self._found.get(kind, 0), size)

    @property
    def mark(self) -> PeakMark | None:
        """What the lines said so far; ``None`` where they said nothing."""
        if self._ran_out:
            return PeakMark(None, "total")
        return next((PeakMark(self._found[kind], _KINDS[kind]) for kind in _KINDS if kind in self._found), None)

    @property
    def said_by_the_job(self) -> PeakMark | None:
        """The same without ``nvidia-smi``, which shows a moment and not the most that was taken."""
        mark = self.mark
        return None if mark is not None and mark.peak_bytes is not None and set(self._found) == {"smi"} else mark


def read_peak(lines: Iterable[str]) -> PeakMark | None:
    """Return what a log says of the memory the job took; ``None`` where it says nothing.

    What a script says by itself counts before torch's numbers, what is reserved before what is allocated, and those
    before ``nvidia-smi``. A job that ran out of memory needed more than any number in its log.

    >>> read_peak(["step 10", "max_memory_reserved: 19327352832", "hfplanner: peak=19.9GB"])
    PeakMark(peak_bytes=19900000000, metric='total')
    >>> read_peak(["torch.cuda.max_memory_reserved() = 18.5 GiB"])
    PeakMark(peak_bytes=19864223744, metric='reserved')
    >>> read_peak(["| N/A   54C    P0    69W / 70W | 12034MiB / 15360MiB |    100%   Default |"]).peak_bytes // MiB
    12034
    >>> read_peak(["torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"])
    PeakMark(peak_bytes=None, metric='total')
    """
    reader = PeakReader()
    for line in lines:
        reader.see(line)
    return reader.mark


_KINDS: "dict[str, Metric]" = {"line": "total", "reserved": "reserved", "allocated": "allocated", "smi": "total"}


def _sizes(line: str) -> Iterable[tuple[str, int]]:
    """Yield each size that a line says, with its kind."""
    if said := _LINE.search(line):
        with suppress(UsageError):
            yield "line", parse_size(said[1])
    for torch in _TORCH.finditer(line):
        number = torch["size"].replace("_", "").replace(",", "")
        with suppress(UsageError, ValueError):
            # Without a unit it is the number that the function returned: bytes.
            yield torch["metric"], parse_size(f"{number}{torch['unit']}") if torch["unit"] else int(float(number))
    for shown in _SMI.finditer(line):
        yield "smi", int(shown["used"]) * MiB
