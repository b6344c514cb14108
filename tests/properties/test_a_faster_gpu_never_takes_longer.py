"""A flavor that is faster in every respect, by the listing and the datasheets, never takes longer."""

from collections.abc import Mapping
from itertools import permutations

from hypothesis import given, settings

from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.machine import Machine, machine_of
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from tests.properties.durations import FLAVORS, PRECISIONS, WITH_GPU, faster_in_every_respect, measurements, workloads

PAIRS = {
    precision: [
        (one, other)
        for one in WITH_GPU
        for other in WITH_GPU
        if one != other and faster_in_every_respect(FLAVORS[one], FLAVORS[other], precision)
    ]
    for precision in PRECISIONS
}


def test_there_are_such_pairs() -> None:
    """An H200 against an L4, four GPUs against one, an A10G against a T4."""
    expected = {("h200", "l4x1"), ("a100x4", "a100-large"), ("l40sx1", "l4x1"), ("a10g-small", "t4-small")}
    assert expected <= set(PAIRS["fp16"])


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(measurements(most=1), workloads())
def test_carried_from_one_measurement(runs: list[MeasuredRun], workload: Workload) -> None:
    """The likely value, to the second, whatever was measured where."""
    _check(runs, workload)


@settings(deadline=None)  # a machine that does other things, too, is slow at times
@given(measurements(most=3), workloads())
def test_carried_from_several(runs: list[MeasuredRun], workload: Workload) -> None:
    """As long as the measurements do not contradict the law, by datasheets or by the rates that are sustained."""
    measured = {run.flavor: run.duration_secs.likely for run in runs}
    upside_down = [(one, other) for one, other in permutations(measured, 2) if measured[one] > measured[other]]
    machines = {name: machine_of(FLAVORS[name], workload) for name in measured}
    if not any(pair in PAIRS[workload.precision or "fp16"] or _faster(machines, *pair) for pair in upside_down):
        _check(runs, workload)


def _faster(machines: Mapping[str, Machine | str], one: str, other: str) -> bool:
    mine, its = machines[one], machines[other]
    return isinstance(mine, Machine) and isinstance(its, Machine) and mine.at_least(its)


def _check(runs: list[MeasuredRun], workload: Workload) -> None:
    found = carry_to_all(runs, [FLAVORS[name] for name in WITH_GPU], FLAVORS, workload).estimates
    slower = {
        (one, other) for one, other in PAIRS[workload.precision or "fp16"] if found[one].likely > found[other].likely
    }
    assert not slower
