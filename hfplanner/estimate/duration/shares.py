"""Where the time of a kind of work goes: shares of compute, memory and input, learnt from published measurements."""

import math
from dataclasses import dataclass, replace
from functools import cache

from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.workload import Workload

__all__ = ["Host", "Shares", "doublings_of", "host_of", "levels_of", "shares_of"]

# Published tables go from one sample to 128; in the middle of their doublings is what is said where none is told.
_MIDDLE, _MOST = 8, 128
_MOST_CALIBRATED = 2


@dataclass(frozen=True, slots=True)
class Host:
    """How a job's duration follows the machine where it waits for its host, and how often one does.

    Args:
        weight: how many of such jobs do, before they are measured twice.
        compute: the exponent of the GPU's compute then.
        memory: of its bandwidth.
        sigma: one standard deviation of both.
        gpu: the share of the time in which the GPU works.
        source: what it was learnt from.
    """

    weight: float
    compute: float
    memory: float
    sigma: float
    gpu: float
    source: str

    def shares(self, usual: "Shares") -> "Shares":
        """Return the shares of such a job; what no rate explains is as for the others."""
        return replace(
            usual,
            compute=self.compute,
            memory=self.memory,
            compute_sigma=self.sigma,
            memory_sigma=self.sigma,
            correlation=0.0,
            gpu=self.gpu,
            host=None,
        )


@dataclass(frozen=True, slots=True)
class Shares:
    """How a duration follows the rates of a machine: as compute^-c x bandwidth^-m x clock^-f x vCPU^-i.

    The share f of kernels too small to fill a GPU is what remains of the GPU's share: f = gpu - c - m.

    Args:
        compute: the likely exponent c.
        memory: the likely exponent m.
        input: the likely exponent i.
        compute_sigma: one standard deviation of c between workloads.
        memory_sigma: the same of m.
        input_sigma: the same of i.
        correlation: of the two; what is not bound by compute is bound by memory.
        spread: standard deviation of the logarithm of a duration that no rate explains, per accelerator.
        source: what they were learnt from.
        gpu: the share of the time in which the GPU works.
        compute_per_doubling: what c gains, and the small kernels lose, when the batch is twice as large.
        host: the other kind of job; ``None`` where it is known that this is none.
        phase: of the work; ``"any"`` is not known.
        software: standard deviation of what the software of one accelerator adds to that spread for all runs of a job:
            two measurements that disagree may differ by it, and not by what the job is bound by.
    """

    compute: float
    memory: float
    input: float
    compute_sigma: float
    memory_sigma: float
    input_sigma: float
    correlation: float
    spread: float
    source: str
    gpu: float = 1.0
    compute_per_doubling: float = 0.0
    host: Host | None = None
    phase: str = "any"
    software: float = 0.0

    def compared(self) -> "Shares":
        """Return the shares of a job that was measured on several accelerators, whose software differs, too.

        >>> one = shares_of(Workload(phase="inference"))
        >>> one.compared().spread > one.spread
        True
        """
        return replace(self, spread=math.hypot(self.spread, self.software), software=0.0)

    def level(self, measured: int) -> float:
        """Return the share of cases that lie below the lower bound, and above the upper one.

        It is calibrated by kind of question on published workloads of sources left out (split conformal prediction:
        Vovk, Gammerman and Shafer 2005, chapter 4), between 2 and 6 of 100.

        Args:
            measured: on how many accelerators the job was measured.
        """
        return self._calibrated(measured).level

    def held(self, measured: int) -> str:
        """Return how often such bounds held, as a sentence.

        >>> shares_of(Workload(phase="train")).held(1)[:36]
        'bounds of this kind held the truth f'
        """
        known = self._calibrated(measured)
        return f"bounds of this kind held the truth for {100 * known.held:.0f} of 100 of {known.source}"

    def _calibrated(self, measured: int) -> "_Level":
        levels, many = levels_of(), min(measured, _MOST_CALIBRATED)
        return levels.get((self.phase, many)) or levels["any", many]

    def with_batch(self, size: int | None) -> "Shares":
        """Return the shares of a job of a known batch size; the same where it is not known.

        >>> shares = shares_of(Workload(phase="inference"))
        >>> shares.with_batch(1).compute < shares.compute < shares.with_batch(64).compute
        True
        """
        if size is None:
            return self
        most = max(self.gpu - self.memory, self.compute)
        moved = self.compute + self.compute_per_doubling * doublings_of(size)
        return replace(self, compute=min(max(moved, 0.0), most))

    def with_utilization(self, share: float) -> "Shares":
        """Return the shares of a job whose GPUs computed only that share of the time; the rest is input, or waiting.

        >>> half = shares_of(Workload()).with_utilization(0.5)
        >>> half.compute / shares_of(Workload()).compute, half.input
        (0.5, 0.25)
        """
        idle = 1 - min(max(share, 0.0), 1.0)
        busy = 1 - idle
        return replace(
            self,
            compute=self.compute * busy,
            memory=self.memory * busy,
            compute_sigma=self.compute_sigma * busy,
            memory_sigma=self.memory_sigma * busy,
            input=max(self.input * busy, idle / 2),
            input_sigma=max(self.input_sigma * busy, idle / 4),
            gpu=self.gpu * busy,
            host=None,
        )


@cache
def _hosts() -> dict[str, Host]:
    return {
        row["phase"]: Host(
            weight=float(row["weight"]),
            compute=float(row["compute"]),
            memory=float(row["memory"]),
            sigma=float(row["sigma"]),
            gpu=float(row["gpu"]),
            source=row["source"],
        )
        for row in read_data_rows("carry_host.csv")
    }


def host_of(phase: str) -> Host:
    """Return how jobs of a phase that wait for their host follow the machine.

    >>> host_of("train").weight > host_of("prefill").weight
    True
    """
    hosts = _hosts()
    return hosts.get(phase, hosts["any"])


@dataclass(frozen=True, slots=True)
class _Level:
    level: float
    held: float
    source: str


@cache
def levels_of() -> dict[tuple[str, int], _Level]:
    """Return the levels of bounds by phase and number of measurements."""
    return {
        (row["phase"], int(row["measured"])): _Level(float(row["level"]), float(row["held"]), row["source"])
        for row in read_data_rows("carry_levels.csv")
    }


@cache
def _table() -> dict[tuple[str, str], Shares]:
    found, hosts = {}, _hosts()
    for row in read_data_rows("carry_shares.csv"):
        found[row["phase"], row["bound"]] = Shares(
            compute=float(row["compute"]),
            memory=float(row["memory"]),
            input=float(row["input"]),
            compute_sigma=float(row["compute_sigma"]),
            memory_sigma=float(row["memory_sigma"]),
            input_sigma=float(row["input_sigma"]),
            correlation=float(row["correlation"]),
            spread=float(row["spread"]),
            source=row["source"],
            gpu=1 - float(row["input"]),
            compute_per_doubling=float(row["compute_per_doubling"]),
            host=hosts.get(row["phase"], hosts["any"]) if row["bound"] == "auto" else None,
            phase=row["phase"],
            software=float(row["software"]),
        )
    return found


def doublings_of(size: int) -> float:
    """Return how many times larger than usual a batch is, in doublings; beyond what was measured as at its edge.

    >>> doublings_of(1), doublings_of(8), doublings_of(32), doublings_of(4096)
    (-3.0, 0.0, 2.0, 4.0)
    """
    return math.log2(min(size, _MOST) / _MIDDLE)


def shares_of(workload: Workload) -> Shares:
    """Return the shares of a workload's phase, bound and batch, those of any work where its phase is not known.

    >>> shares = shares_of(Workload())
    >>> 0 < shares.compute + shares.memory <= 1
    True
    """
    table = _table()
    phase = workload.phase or "any"
    keys = ((phase, workload.bound), ("any", workload.bound), (phase, "auto"), ("any", "auto"))
    return next(table[key] for key in keys if key in table).with_batch(workload.batch_size)
