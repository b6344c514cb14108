"""What the laws of carried durations draw: flavors of the shipped listing, workloads, and runs measured on them."""

from hypothesis import strategies as st

from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly

FLAVORS = shipped_listing().by_name()
WITH_GPU = sorted(name for name, flavor in FLAVORS.items() if flavor.gpus)
PRECISIONS = ["fp32", "tf32", "fp16", "bf16", "fp8"]


def workloads() -> st.SearchStrategy[Workload]:
    """Draw what is known of a job."""
    return st.builds(
        Workload,
        phase=st.sampled_from([None, "train", "prefill", "decode", "inference"]),
        precision=st.sampled_from([None, *PRECISIONS]),
        bound=st.sampled_from(["compute", "memory", "input", "auto"]),
        scales_with_gpus=st.booleans(),
    )


def runs(name: str) -> st.SearchStrategy[MeasuredRun]:
    """Draw a run on one flavor, with its utilization or without."""
    return st.builds(
        lambda secs, used: MeasuredRun(flavor=name, duration_secs=exactly(secs, "measured"), gpu_utilization=used),
        st.integers(1, 10**6),
        st.none() | st.floats(0.01, 1.0),
    )


def measurements(most: int = 3) -> st.SearchStrategy[list[MeasuredRun]]:
    """Draw runs on one to three flavors with GPUs."""
    names = st.lists(st.sampled_from(WITH_GPU), min_size=1, max_size=most, unique=True)
    return names.flatmap(lambda drawn: st.tuples(*(runs(name) for name in drawn)).map(list))


# What a precision runs as where the datasheet says that the hardware has none of it.
_WIDER = {"fp8": "bf16", "bf16": "fp32", "tf32": "fp32"}


def _speed(flavor: Flavor, precision: str) -> int | None:
    """Return the datasheet's operations per second in a precision; ``None`` where it does not say."""
    facts = facts_of(flavor.accelerator)
    speed = facts.ops_per_sec.get(precision) if facts else None
    return _speed(flavor, _WIDER[precision]) if speed == 0 else speed


def faster_in_every_respect(one: Flavor, other: Flavor, precision: str) -> bool:
    """Whether the listing and the datasheets say so: operations, bandwidth, GPUs and vCPU."""
    mine, its = facts_of(one.accelerator), facts_of(other.accelerator)
    speeds = _speed(one, precision), _speed(other, precision)
    if mine is None or its is None or None in speeds:
        return False
    bandwidths = (mine.bandwidth_bytes_per_sec, its.bandwidth_bytes_per_sec)
    pairs = (speeds, bandwidths, (one.gpus, other.gpus), (one.vcpu, other.vcpu))
    return all((a or 0) >= (b or 0) for a, b in pairs)
