"""The constants of carried durations: what the script writes, what the datasheets allow, and how accurate they are."""

import math

import pytest

from hfplanner.catalog.accelerators import accelerator_facts
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.rates import compute_rate, rates_of
from hfplanner.estimate.duration.shares import shares_of
from hfplanner.estimate.duration.workload import Workload
from tests.benchmarks.cross_gpu_rows import read_groups
from tests.benchmarks.duration_accuracy import summary
from tests.benchmarks.duration_guesses import guesses
from tests.benchmarks.fit_carry import Fitted, fit

MODELS = [facts.model for facts in accelerator_facts().values()]


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    """The fit of the committed rows."""
    return fit(read_groups())


def test_the_shipped_rates_are_those_the_script_learns(fitted: Fitted) -> None:
    """To four digits: no constant was written by hand."""
    for row in read_data_rows("sustained_rates.csv"):
        learnt = math.exp(fitted.rates[row["accelerator"], row["quantity"]])
        assert float(row["value"]) == pytest.approx(learnt, rel=2e-3)


@pytest.mark.parametrize("phase", ["train", "inference", "prefill", "decode", None])
def test_the_shipped_shares_are_those_the_script_learns(fitted: Fitted, phase: str | None) -> None:
    """To two digits; the share of the input is physics."""
    shipped, learnt = shares_of(Workload(phase=phase)), fitted.shares(phase or "any")
    for name in (
        "compute",
        "memory",
        "compute_sigma",
        "memory_sigma",
        "correlation",
        "spread",
        "compute_per_doubling",
        "software",
    ):
        assert getattr(shipped, name) == pytest.approx(getattr(learnt, name), abs=5e-3)


@pytest.mark.parametrize("model", MODELS)
def test_no_rate_is_above_its_datasheet(model: str) -> None:
    """What is sustained is at most what is sold, and a smaller number format is never slower."""
    rates, facts = rates_of(model), accelerator_facts()[model.lower().replace(" ", "")]
    assert rates is not None
    assert rates.bytes_per_sec <= (facts.bandwidth_bytes_per_sec or 0)
    for precision in ("fp32", "tf32", "fp16", "fp8"):
        listed = facts.ops_per_sec.get(precision)
        if listed:
            assert compute_rate(rates, precision) <= listed
    speeds = [compute_rate(rates, precision) for precision in ("fp32", "tf32", "fp16", "fp8")]
    assert speeds == sorted(speeds)


_OF_OPERATIONS = (
    "kernel_surface.csv", "kernel_cards.csv", "engine_overheads.csv", "gpu_links.csv", "startup.csv",
    "first_principles_spread.csv",
)  # fmt: skip


def test_every_constant_has_a_source_and_a_day() -> None:
    """A number without a source is no fact."""
    for name in ("sustained_rates.csv", "carry_shares.csv", "gpu_scaling.csv", *_OF_OPERATIONS):
        assert all(row["source"] and row["checked"] for row in read_data_rows(name))


def test_between_accelerators_of_the_hub_it_beats_the_rules_people_use(fitted: Fitted) -> None:
    """From one measurement the median error is less than by datasheet compute or bandwidth, from two less again."""
    found = [guess for guess in guesses(read_groups(), fitted) if guess.offered]
    one, two = (summary([guess for guess in found if len(guess.measured) == count]) for count in (1, 2))
    assert one[0] < 14 < min(one[-2:])
    assert two[0] < 7
    assert min(one[3], two[3]) > 88


def test_a_known_batch_size_makes_inference_of_unseen_sources_more_accurate() -> None:
    """Learnt from the other sources, of the two that go through the most batch sizes."""
    groups = read_groups()
    for source in ("NVIDIA/TensorRT", "NVIDIA/FasterTransformer"):
        others = fit([group for group in groups if group.source != source])
        unseen = [group for group in groups if group.source == source and group.batch]
        blind, told = (summary(list(guesses(unseen, others, batch_told=known))) for known in (False, True))
        assert told[0] < 0.99 * blind[0]


def test_a_batch_of_no_sample_is_refused() -> None:
    """Nothing is computed on zero samples."""
    with pytest.raises(ValueError, match="not a batch size: 0"):
        Workload(batch_size=0)


def test_by_the_book_both_rules_fail_in_training(fitted: Fitted) -> None:
    """Shares between the two rates halve the error of either alone."""
    found = [guess for guess in guesses(read_groups(), fitted) if guess.group.phase == "train"]
    assert 1.5 * summary(found)[0] < min(summary(found)[-2:])
