"""Durations carried over from flavors where a job ran to flavors where it never did.

The model is that of a roofline in logarithms. A duration is work divided by the rates of the machine, each rate to the
power of the share of the time it decides::

    duration = work / (compute^c x bandwidth^m x clock^f x vCPU^i),   all shares >= 0,   c + m + f + i <= 1

Compute and bandwidth are the rates an accelerator SUSTAINS, not those of its datasheet; its clock decides over kernels
too small to fill it (``data/sustained_rates.csv``). The shares are distributions learnt from published measurements of
one workload on several accelerators (``data/carry_shares.csv``, written by ``python -m tests.benchmarks.fit_carry``).
What no rate explains is a spread per accelerator. A second measured flavor narrows the shares (:mod:`.fit`), and so do
a known bound and the utilization. The bounds are meant to hold 90 of 100 cases; the basis says how many they held.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.duration.change import SIGMAS, Change, apply_change, pooled
from hfplanner.estimate.duration.fit import Belief, Point, believe, carried
from hfplanner.estimate.duration.machine import Machine, machine_of
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.rates import missing_precision, rates_of
from hfplanner.estimate.duration.shares import Shares, shares_of
from hfplanner.estimate.duration.timeout import SuggestedTimeout
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate
from hfplanner.units import format_duration

__all__ = ["Carried", "carry_over", "carry_to_all"]

# On a CPU flavor the work of a script is between one thread and all of them.
_CPU_EXPONENTS = (0.0, 0.7, 1.0)
# How much of what waits for its host may follow the number of its processors; no published row tells it apart.
_THREADED = 0.5


@dataclass(frozen=True, slots=True)
class Carried:
    """A duration on every flavor, or why there is none.

    Args:
        estimates: seconds by the flavor's name.
        unknown: a sentence by the name of each other flavor.
        timeouts: by the flavor's name, the suggested timeout [s], where that was asked.
        timeout_bounds: by the flavor's name, what bound that timeout, a sentence; absent where nothing did.
    """

    estimates: Mapping[str, Estimate]
    unknown: Mapping[str, str]
    timeouts: Mapping[str, int] = field(default_factory=dict)
    timeout_bounds: Mapping[str, str] = field(default_factory=dict)

    def with_timeouts(self, suggested: Mapping[str, SuggestedTimeout]) -> "Carried":
        """Return the same with these timeouts by flavor in place of those it has."""
        bounds = {name: bound for name, bound in self.timeout_bounds.items() if name not in suggested}
        return replace(
            self,
            timeouts={**self.timeouts, **{name: one.secs for name, one in suggested.items()}},
            timeout_bounds={**bounds, **{name: one.bound for name, one in suggested.items() if one.bound}},
        )


@dataclass(frozen=True, slots=True)
class _Run:
    """A measured run with what its machine is."""

    run: MeasuredRun
    flavor: Flavor


def carry_to_all(
    measured: Sequence[MeasuredRun], to: Iterable[Flavor], known: Mapping[str, Flavor], workload: Workload
) -> Carried:
    """Return a job's duration on each flavor of ``to``, with the reason where nothing can be said.

    Args:
        measured: what is known, at least one run.
        to: the flavors asked for.
        known: the listing, which says what the measured flavors are.
        workload: what the job does.

    Raises:
        ValueError: nothing was measured.
        KeyError: a run was measured on a flavor that ``known`` lacks.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> flavors = shipped_listing().by_name()
    >>> run = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "one run"))
    >>> carried = carry_to_all([run], flavors.values(), flavors, Workload(phase="train"))
    >>> carried.estimates["a10g-small"].likely, carried.estimates["h200"].likely < 4200
    (8400, True)
    >>> carried.unknown["cpu-basic"]
    'nothing says how long work measured on a GPU takes on a CPU'
    """
    if not measured:
        raise ValueError("no measured run")
    job = _job([_Run(run, known[run.flavor]) for run in measured], workload)
    estimates: dict[str, Estimate] = {}
    unknown: dict[str, str] = {}
    for flavor in to:
        answer = _carry(job, flavor)
        if isinstance(answer, Estimate):
            estimates[flavor.name] = answer
        else:
            unknown[flavor.name] = answer
    return Carried(estimates, unknown)


def carry_over(
    measured: Sequence[MeasuredRun], to: Flavor, known: Mapping[str, Flavor], workload: Workload
) -> Estimate | None:
    """Return a job's duration in seconds on one flavor; ``None`` where nothing can be said, which is never a number.

    :func:`carry_to_all` says why there is none.

    Raises:
        ValueError: nothing was measured.
        KeyError: a run was measured on a flavor that ``known`` lacks.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.estimate.span import exactly
    >>> flavors = shipped_listing().by_name()
    >>> run = MeasuredRun(flavor="l4x1", duration_secs=exactly(3600, "one run"))
    >>> carry_over([run], flavors["l4x4"], flavors, Workload()).likely
    3600
    >>> carry_over([run], flavors["cpu-xl"], flavors, Workload()) is None
    True
    """
    return carry_to_all(measured, [to], known, workload).estimates.get(to.name)


@dataclass(frozen=True, slots=True)
class _Job:
    """What the measurements say about a job, whatever flavor is asked about.

    Args:
        runs: all of them.
        workload: what the job does.
        shares: where the time on a GPU goes, before the measurements.
        machines: the runs on accelerators of known speed, slowest first, so that their order changes nothing.
        believed: what those say together; ``None`` where there are none.
    """

    runs: Sequence[_Run]
    workload: Workload
    shares: Shares
    machines: Sequence[tuple[_Run, Machine]]
    believed: Belief | None


def _job(runs: Sequence[_Run], workload: Workload) -> _Job:
    shares = _shares(runs, workload)
    pairs = [(item, machine_of(item.flavor, workload)) for item in runs if item.flavor.gpus]
    machines = [(item, machine) for item, machine in pairs if isinstance(machine, Machine)]
    machines.sort(key=lambda pair: (pair[1].compute, pair[1].memory, pair[0].flavor.name, _likely(pair[0])))
    points = [_point(item, machine, *machines[0], shares) for item, machine in machines]
    return _Job(runs, workload, shares, machines, believe(points, shares) if points else None)


def _carry(job: _Job, to: Flavor) -> Estimate | str:
    same = [item.run.duration_secs for item in job.runs if item.flavor.name == to.name]
    if same:
        return pooled(same)
    alike = [item for item in job.runs if bool(item.flavor.gpus) == bool(to.gpus)]
    if not alike:
        here, there = ("GPU", "CPU") if job.runs[0].flavor.gpus else ("CPU", "GPU")
        return f"nothing says how long work measured on a {here} takes on a {there}"
    if not to.gpus:
        return _on_cpus(alike, to)
    target = machine_of(to, job.workload)
    near = [item for item in alike if _model(item.flavor) == _model(to)]
    if near:
        answer = _on_same(job, near, to)
    elif isinstance(target, str):
        return target
    else:
        answer = _on_other(job, to, target)
    if isinstance(answer, str) or isinstance(target, str):
        return answer
    return _held(answer, job, to, target)


def _likely(item: _Run) -> int:
    return item.run.duration_secs.likely


def _model(flavor: Flavor) -> str:
    return accelerator_key(flavor.accelerator or "")


def _told(item: _Run) -> str:
    return f"{format_duration(item.run.duration_secs.likely)} on {item.flavor.name}"


def _on_cpus(runs: Sequence[_Run], to: Flavor) -> Estimate | str:
    """Carry over between CPU flavors, by their vCPU."""
    estimates = []
    for item in runs:
        if not (item.flavor.vcpu and to.vcpu):
            return f"the listing does not say how many vCPU {to.name} or {item.flavor.name} has"
        change = Change.of_power(math.log(to.vcpu / item.flavor.vcpu), *_CPU_EXPONENTS)
        basis = f"carried over from {_told(item)} by vCPU: between one thread and all of them"
        estimates.append(apply_change(item.run.duration_secs, change, basis))
    return pooled(estimates)


def _on_same(job: _Job, runs: Sequence[_Run], to: Flavor) -> Estimate | str:
    """Carry over to another flavor with the same accelerator: only the number of GPUs and of vCPU differ."""
    estimates = []
    for item in runs:
        change = _from_vcpu(item.flavor, to, job.shares)
        if job.workload.scales_with_gpus and item.flavor.gpus != to.gpus:
            here, there = machine_of(item.flavor, job.workload), machine_of(to, job.workload)
            if isinstance(here, str) or isinstance(there, str):
                return f"nothing is known about work on several {to.accelerator}"
            change += _from_gpus(here, there, job.shares)
        basis = f"carried over from {_told(item)}: the same accelerator"
        estimates.append(apply_change(item.run.duration_secs, change, basis))
    return pooled(estimates)


def _on_other(job: _Job, to: Flavor, target: Machine) -> Estimate | str:
    """Carry over to another accelerator."""
    if job.believed is None:
        return f"nothing is known about the speed of {job.runs[0].flavor.accelerator}"
    # The first measurement stands for the job: what was measured elsewhere moves its duration and the shares.
    first, origin = job.machines[0]
    log = carried(job.believed, Point(target.compute, target.memory, target.clock))
    start = job.believed.origin.duration
    change = Change(log.low - start, log.likely - start, log.high - start)
    change += _from_vcpu(first.flavor, to, job.shares, job.believed.waits) + _from_gpus(origin, target, job.shares)
    told = " and ".join(_told(item) for item, _ in job.machines)
    held = job.shares.held(len(job.machines))
    basis: tuple[str, ...] = (
        f"carried over from {told} by the rates their accelerators sustain",
        job.shares.source,
        held,
    )
    rates = rates_of(to.accelerator)
    lacks = missing_precision(rates, job.workload.precision) if rates else None
    basis = (*basis, lacks) if lacks else basis
    return apply_change(_measured(job, first.run.duration_secs, job.believed), change, *basis)


def _measured(job: _Job, first: Estimate, believed: Belief) -> Estimate:
    """Return the first duration as far as all measurements tell it."""
    sentences = tuple(dict.fromkeys(one for item, _ in job.machines for one in item.run.duration_secs.basis))
    if len(job.machines) == 1:
        return Estimate(first.low, first.likely, first.high, sentences)
    reach = math.exp(SIGMAS * math.sqrt(believed.doubt))
    low, high = math.floor(first.likely / reach), math.ceil(round(first.likely * reach, 6))
    return Estimate(low, first.likely, high, sentences)


def _shares(runs: Sequence[_Run], workload: Workload) -> Shares:
    """Return the shares of the workload; where GPUs were seen idle, only the rest of the time follows their speed."""
    shares = shares_of(workload)
    seen = [item.run.gpu_utilization for item in runs if item.run.gpu_utilization is not None]
    return shares.with_utilization(sum(seen) / len(seen)) if seen else shares


def _point(item: _Run, machine: Machine, first: _Run, origin: Machine, shares: Shares) -> Point:
    """Return a measurement as it would be with the GPU count and the vCPU of the first."""
    change = _from_vcpu(item.flavor, first.flavor, shares) + _from_gpus(machine, origin, shares)
    span = item.run.duration_secs
    width = math.log(max(span.high, 1) / max(span.low, 1)) / (2 * SIGMAS)
    return Point(
        machine.compute, machine.memory, machine.clock, math.log(max(span.likely, 1)) + change.likely, width**2
    )


def _from_vcpu(here: Flavor, there: Flavor, shares: Shares, waits: float = 0.0) -> Change:
    """Return the change that comes from the part of the time spent loading data on the CPU.

    Args:
        here: where the job was measured.
        there: where it is asked about.
        shares: where its time goes.
        waits: the share of the time that it is believed to wait for its host: one thread, or all of them.
    """
    if not (here.vcpu and there.vcpu):
        return Change.none()
    reach = SIGMAS * shares.input_sigma
    low, high = max(shares.input - reach, 0.0), min(shares.input + math.hypot(reach, _THREADED * waits), 1.0)
    return Change.of_power(math.log(there.vcpu / here.vcpu), low, shares.input, high)


def _from_gpus(here: Machine, there: Machine, shares: Shares) -> Change:
    """Return the change that comes from another number of GPUs, of which the input does not profit."""
    if here.gpus == there.gpus:
        return Change.none()
    likely = (1 - shares.input) * (here.gpus.log - there.gpus.log)
    reach = SIGMAS * math.hypot(here.gpus.sigma, there.gpus.sigma)
    return Change(likely - reach, likely, likely + reach)


def _held(estimate: Estimate, job: _Job, to: Flavor, target: Machine) -> Estimate:
    """Hold the likely value to what was measured: not above a machine slower in every respect, not below a faster one.

    A measurement on a slower accelerator counts as if it had the GPUs and the vCPU of the target.
    """
    likely = estimate.likely
    others = [(item, machine) for item, machine in job.machines if _model(item.flavor) != _model(to)]
    moved = [_moved(item, machine, to, target, job.shares) for item, machine in others]
    slower = [secs for secs, (_, machine) in zip(moved, others, strict=True) if target.accelerator_at_least(machine)]
    faster = [secs for secs, (_, machine) in zip(moved, others, strict=True) if machine.accelerator_at_least(target)]
    likely = _clamped(likely, faster, slower)
    # What was measured itself counts more than what was moved.
    slower = [_likely(item) for item, machine in job.machines if target.at_least(machine)]
    faster = [_likely(item) for item, machine in job.machines if machine.at_least(target)]
    likely = max(_clamped(likely, faster, slower), 1)
    return Estimate(min(estimate.low, likely), likely, max(estimate.high, likely), estimate.basis)


def _moved(item: _Run, machine: Machine, to: Flavor, target: Machine, shares: Shares) -> int:
    """Return how long a run would take on its accelerator with the GPU count and the vCPU of another flavor."""
    change = _from_vcpu(item.flavor, to, shares) + _from_gpus(machine, target, shares)
    return round(_likely(item) * math.exp(change.likely))


def _clamped(value: int, least: Sequence[int], most: Sequence[int]) -> int:
    """Return a value held between bounds; where they cross, the upper one counts."""
    above = min(most, default=max(value, *least, 1))
    return max(min(value, above), min(max(least, default=0), above))
