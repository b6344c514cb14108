"""Durations carried to flavors never tried: what narrows them, what does not change them, and what is not known."""

import math
from dataclasses import replace

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.carry import carry_over, carry_to_all
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
from hfplanner.estimate.duration.with_model import blend_with_work
from hfplanner.estimate.duration.work import Work
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.models.known import find_known

FLAVORS = dict(shipped_listing().by_name())
# The same GPU as an l40sx1, with a fourth of its processors.
FLAVORS["few"] = replace(FLAVORS["l40sx1"], name="few", vcpu=2)
TRAIN = Workload(phase="train", precision="bf16")


def run(flavor: str, secs: int, used: float | None = None) -> MeasuredRun:
    """Return a run of a job on a flavor."""
    return MeasuredRun(flavor=flavor, duration_secs=exactly(secs, "measured"), gpu_utilization=used)


def carried(runs: list[MeasuredRun], to: str, workload: Workload = TRAIN) -> Estimate:
    """Return what must be known."""
    found = carry_over(runs, FLAVORS[to], FLAVORS, workload)
    assert found is not None
    return found


def width(span: Estimate) -> float:
    """Return how wide an interval is, relative to its likely value."""
    return (span.high - span.low) / span.likely


@pytest.mark.parametrize(("one", "more"), [("l4x1", "l4x4"), ("a100-large", "a100x8"), ("h200", "h200x2")])
def test_more_gpus_do_not_help_a_script_that_uses_one(one: str, more: str) -> None:
    """Three hours on one are three hours on four."""
    assert carried([run(one, 10800)], more).likely == 10800
    assert carried([run(more, 10800)], one).likely == 10800


@pytest.mark.parametrize(("name", "low", "high"), [("a100x8", 6.0, 8.0), ("h200x8", 7.0, 8.0), ("l40sx4", 3.0, 4.0)])
def test_a_job_that_scales_is_faster_by_less_than_the_number_of_gpus(name: str, low: float, high: float) -> None:
    """By what data-parallel training keeps over the accelerators' connection."""
    one = {"a100x8": "a100-large", "h200x8": "h200", "l40sx4": "l40sx1"}[name]
    scaling = replace(TRAIN, scales_with_gpus=True)
    assert low < 36000 / carried([run(one, 36000)], name, scaling).likely < high


def test_a_second_measurement_moves_the_estimate_and_narrows_it() -> None:
    """A job that gains much from an A10G to an A100 gains more from an H200, and less is left open."""
    one = carried([run("a10g-small", 10000)], "h200")
    strong = carried([run("a10g-small", 10000), run("a100-large", 2400)], "h200")
    weak = carried([run("a10g-small", 10000), run("a100-large", 5000)], "h200")
    assert strong.likely < one.likely < weak.likely
    assert max(width(strong), width(weak)) < width(one)


def test_the_bound_says_which_rate_counts() -> None:
    """An A100 has 1.1 times the compute of an L40S and twice its bandwidth; loading data hardly follows either."""
    speedups = {
        bound: 36000 / carried([run("l40sx1", 36000)], "a100-large", replace(TRAIN, bound=bound)).likely
        for bound in ("compute", "memory")
    }
    assert speedups["compute"] < 1.25
    assert speedups["memory"] > 1.5
    loading = Workload(bound="input")
    assert 36000 / carried([run("t4-medium", 36000)], "l4x1", loading).likely < 1.2
    assert 36000 / carried([run("t4-small", 36000)], "t4-medium", loading).likely > 1.4


def test_a_gpu_that_was_idle_half_of_the_time_helps_less() -> None:
    """The idle half does not get shorter with a faster GPU."""
    busy, idle = (carried([run("t4-small", 36000, used)], "h200").likely for used in (1.0, 0.5))
    assert busy < idle


def test_an_uncertain_measurement_gives_a_wider_estimate() -> None:
    """Whatever is not known of the first flavor is not known of the second."""
    span = Estimate(8000, 10000, 13000, ("three earlier runs",))
    unsure = carried([MeasuredRun(flavor="a10g-small", duration_secs=span)], "a100-large")
    sure = carried([run("a10g-small", 10000)], "a100-large")
    assert unsure.low < sure.low
    assert unsure.high > sure.high
    assert "three earlier runs" in unsure.basis


def test_a_precision_the_card_lacks_runs_in_a_wider_one() -> None:
    """A T4 has no bf16: it takes much longer than with fp16."""
    half, bf16 = (
        carried([run("a100-large", 3600)], "t4-small", Workload(precision=p)).likely for p in ("fp16", "bf16")
    )
    assert bf16 > 1.5 * half
    said = carried([run("a100-large", 3600)], "t4-small", Workload(precision="bf16")).basis
    assert any("T4 has no bf16: it is computed in fp32" in sentence for sentence in said)
    assert not any(
        "has no" in one for one in carried([run("a100-large", 3600)], "l4x1", Workload(precision="bf16")).basis
    )


def test_what_is_not_known_is_no_number() -> None:
    """From a GPU to a CPU and back, and to an accelerator of which nothing is known, with the reason."""
    unheard = replace(FLAVORS["l4x1"], name="x1", accelerator="X1")
    flavors = [FLAVORS["cpu-xl"], unheard, FLAVORS["l4x4"]]
    found = carry_to_all([run("l4x1", 3600)], flavors, FLAVORS, TRAIN)
    assert list(found.estimates) == ["l4x4"]
    assert found.unknown == {
        "cpu-xl": "nothing says how long work measured on a GPU takes on a CPU",
        "x1": "nothing is known about the speed of X1",
    }
    from_cpu = carry_to_all([run("cpu-upgrade", 3600)], FLAVORS.values(), FLAVORS, TRAIN)
    assert set(from_cpu.estimates) == {"cpu-basic", "cpu-upgrade", "cpu-xl", "cpu-performance"}


def test_the_same_unknown_accelerator_takes_as_long() -> None:
    """What is not known about its speed does not matter."""
    one = replace(FLAVORS["l4x1"], name="x1", accelerator="X1")
    four = replace(FLAVORS["l4x4"], name="x4", accelerator="X1")
    known = {"x1": one, "x4": four}
    found = carry_over([run("x1", 3600)], four, known, TRAIN)
    assert found is not None
    assert found.likely == 3600
    scaling = carry_to_all([run("x1", 3600)], [four], known, replace(TRAIN, scales_with_gpus=True))
    assert scaling.unknown == {"x4": "nothing is known about work on several X1"}


def test_on_cpus_the_vcpu_decide_between_one_thread_and_all() -> None:
    """Four times the vCPU: as long at most, a quarter at least."""
    found = carried([run("cpu-basic", 8000)], "cpu-upgrade")
    assert found.low <= 2000
    assert 2000 < found.likely < 8000 <= found.high


def test_nothing_measured_is_a_mistake_of_the_caller() -> None:
    """Not a duration of zero."""
    with pytest.raises(ValueError, match="no measured run"):
        carry_to_all([], FLAVORS.values(), FLAVORS, TRAIN)
    with pytest.raises(KeyError, match="l4x2"):
        carry_to_all([run("l4x2", 60)], FLAVORS.values(), FLAVORS, TRAIN)


def test_the_spread_of_a_measured_span_counts_once() -> None:
    """A factor of 3 either way on an L4 is a factor of 3.5 or so on an A100, and not of 9."""
    span = Estimate(1200, 3600, 10800, ("three earlier runs",))
    found = carried([MeasuredRun(flavor="l4x1", duration_secs=span)], "a100-large")
    exact = carried([run("l4x1", 3600)], "a100-large")
    assert found.likely == exact.likely
    assert found.high / found.likely == pytest.approx(
        math.exp(math.hypot(math.log(exact.high / exact.likely), math.log(3))), rel=0.02
    )
    assert found.likely / found.low == pytest.approx(
        math.exp(math.hypot(math.log(exact.likely / exact.low), math.log(3))), rel=0.02
    )
    assert suggested_timeout_secs(found) <= suggested_timeout_secs(span)


def test_two_spans_are_surer_than_either_and_less_sure_than_two_exact_measurements() -> None:
    """Whatever is not known of the measurements is not known of the target, once."""
    spans = [
        MeasuredRun(flavor=name, duration_secs=Estimate(secs // 2, secs, 2 * secs, ("some",)))
        for name, secs in (("l4x1", 3600), ("a10g-small", 2700))
    ]
    two = carried(spans, "a100-large")
    assert width(carried([run("l4x1", 3600), run("a10g-small", 2700)], "a100-large")) < width(two)
    assert width(two) < width(carried(spans[:1], "a100-large"))


def test_a_model_that_is_known_says_more_of_the_change() -> None:
    """Eager decoding waits for Python: an H200 helps it less than the law of decoding says; the bounds hold both."""
    qwen = find_known("Qwen/Qwen3-8B")
    assert qwen is not None
    measured, decode = [run("a100-large", 3600)], Workload(phase="decode")
    work = Work(shape=qwen, kind="decode", tokens=110_000, batch_size=1)
    law = carry_to_all(measured, FLAVORS.values(), FLAVORS, decode)
    both = blend_with_work(law, measured, FLAVORS, work, decode)
    mine, its = both.estimates["h200"], law.estimates["h200"]
    assert its.likely < mine.likely
    assert mine.low <= its.likely <= mine.high
    assert width(mine) >= 0.9 * width(its)
    assert "blended with the operations of its model" in mine.basis
    assert both.estimates["a100-large"] == law.estimates["a100-large"]


def test_a_job_slower_than_its_kernels_is_told_by_the_law_alone() -> None:
    """Ten times as long as its operations need: most of it is something else."""
    qwen = find_known("Qwen/Qwen3-8B")
    assert qwen is not None
    measured, train = [run("a100-large", 36000)], Workload(phase="train")
    work = Work(shape=qwen, kind="lora", tokens=1_000_000, batch_size=4)
    law = carry_to_all(measured, FLAVORS.values(), FLAVORS, train)
    both = blend_with_work(law, measured, FLAVORS, work, train)
    assert both.estimates["h200"].likely == law.estimates["h200"].likely
    assert "times as long as its kernels need" in both.estimates["h200"].basis[-1]


def test_two_measurements_that_disagree_are_less_sure_than_two_that_agree() -> None:
    """An A100 four times as slow as an A10G makes expect: its software is to blame, or the job waits for its host."""
    agree = carried([run("a10g-small", 10000), run("a100-large", 3600)], "h200")
    disagree = carried([run("a10g-small", 10000), run("a100-large", 14400)], "h200")
    assert width(disagree) > width(agree)


def test_what_waits_for_its_host_may_gain_from_its_processors() -> None:
    """As long on an A100 as on a T4: on a flavor with more processors it may be faster, which its GPU does not tell."""
    jobs = {"waits": 10_000, "computes": 2_000}
    found = {
        name: [carried([run("t4-small", 10_000), run("a100-large", secs)], to) for to in ("l40sx1", "few")]
        for name, secs in jobs.items()
    }
    more, fewer = found["waits"]
    assert more.low / more.likely < fewer.low / fewer.likely
    assert fewer.high / fewer.likely > more.high / more.likely
    ratio = {name: (one.likely / one.low) / (other.likely / other.low) for name, (one, other) in found.items()}
    assert ratio["waits"] > ratio["computes"]
