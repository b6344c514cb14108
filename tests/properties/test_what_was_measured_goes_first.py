"""What runs were measured to need goes before any formula, and stays in order whatever was measured."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hfplanner.estimate.memory.fits import Place, fit_into
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.measured import MeasuredPeak, MeasuredPeaks
from hfplanner.estimate.span import Estimate
from hfplanner.units import GB, MiB
from tests.properties.jobs import known

SHAPE = known("Qwen/Qwen3-8B")
BASE = MemoryJob(task="lora", seq_len=512)
BATCHES = st.integers(1, 64)
# Also what no formula would say: measurements are believed.
SIZES = st.integers(2 * GB, 120 * GB)
RUNS = st.lists(st.tuples(BATCHES, SIZES), min_size=1, max_size=8)
FAILURES = st.lists(st.tuples(BATCHES, SIZES), max_size=2)


def evidence(runs: list[tuple[int, int]], failures: list[tuple[int, int]] | None = None) -> MeasuredPeaks:
    """Return runs of a batch size with their peaks, and some that ran out of so much memory."""
    ran = [
        MeasuredPeak(job=replace(BASE, batch_size=batch), flavor="h200", peak_bytes=size, usable_bytes=150 * GB)
        for batch, size in runs
    ]
    failed = [
        MeasuredPeak(job=replace(BASE, batch_size=batch), flavor=f"card-{size}", peak_bytes=None, usable_bytes=size)
        for batch, size in failures or []
    ]
    return MeasuredPeaks((*ran, *failed))


def need(peaks: MeasuredPeaks, batch: int, **changes: object) -> Estimate:
    """Return what a batch needs."""
    return peaks.estimate(SHAPE, replace(BASE, batch_size=batch, **changes)).per_gpu_bytes  # type: ignore[arg-type] # a test's


@given(RUNS)
def test_every_run_lies_within_the_interval_of_its_own_settings(runs: list[tuple[int, int]]) -> None:
    """The spread between runs is never narrower than the runs."""
    peaks = evidence(runs)
    for batch, size in runs:
        span = need(peaks, batch)
        assert span.low <= size + 1
        assert size - 1 <= span.high


@given(BATCHES, SIZES)
def test_one_run_is_the_likely_need_of_its_own_settings(batch: int, size: int) -> None:
    """Whatever the formulas say."""
    assert abs(need(evidence([(batch, size)]), batch).likely - size) <= 1


@given(RUNS, FAILURES, BATCHES, BATCHES)
def test_more_never_needs_less(
    runs: list[tuple[int, int]], failures: list[tuple[int, int]], one: int, other: int
) -> None:
    """Neither at least, likely nor at most, also where the runs themselves are out of order."""
    peaks = evidence(runs, failures)
    small, large = need(peaks, min(one, other)), need(peaks, max(one, other))
    assert small.low <= large.low + 1
    assert small.likely <= large.likely + 1
    assert small.high <= large.high + 1


@given(RUNS, FAILURES, BATCHES)
def test_parts_add_up(runs: list[tuple[int, int]], failures: list[tuple[int, int]], batch: int) -> None:
    """To the likely need, and none is less than nothing."""
    answer = evidence(runs, failures).estimate(SHAPE, replace(BASE, batch_size=batch))
    assert sum(answer.parts.values()) == answer.per_gpu_bytes.likely
    assert min(answer.parts.values()) > 0


@given(BATCHES, st.permutations(range(6)))
def test_the_order_of_runs_does_not_matter(batch: int, order: list[int]) -> None:
    """Runs are a set."""
    runs = [(2, 10 * GB), (4, 14 * GB), (4, 13 * GB), (8, 12 * GB), (16, 40 * GB), (32, 41 * GB)]
    assert need(evidence([runs[place] for place in order]), batch) == need(evidence(runs), batch)


@given(RUNS, st.integers(1, 8), BATCHES, SIZES)
def test_out_of_memory_is_never_again_called_a_fit(
    runs: list[tuple[int, int]], more: int, batch: int, room: int
) -> None:
    """Not on that card nor on one with less, for the same or larger settings, whatever else was measured."""
    peaks = evidence(runs, [(batch, room)])
    for job in (replace(BASE, batch_size=batch * more), replace(BASE, batch_size=batch, seq_len=512 * more)):
        estimate = peaks.estimate(SHAPE, job)
        for place in (Place(f"card-{room}", 1, room), Place("smaller", 1, room - MiB)):
            assert fit_into(estimate, place).verdict == "no"


@given(RUNS, BATCHES)
def test_a_larger_card_never_fits_worse(runs: list[tuple[int, int]], batch: int) -> None:
    """With the same runs, where none of them was."""
    estimate = evidence(runs).estimate(SHAPE, replace(BASE, batch_size=batch))
    chances = [fit_into(estimate, Place("other", 1, room * GB)).probability for room in range(1, 160, 8)]
    assert chances == sorted(chances)


@given(BATCHES, st.integers(10 * GB, 100 * GB), st.integers(0, 3))
def test_further_settings_are_never_surer(batch: int, size: int, doublings: int) -> None:
    """The interval widens with the distance, as a share of the need."""
    peaks = evidence([(batch, size)])
    near, far = need(peaks, batch << doublings), need(peaks, batch << (doublings + 1))
    assert far.high / far.likely >= near.high / near.likely - 1e-6
