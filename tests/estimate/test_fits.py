"""Where a job fits, how surely, and what would make it fit."""

from dataclasses import replace

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.memory.fits import Place, fit_into
from hfplanner.estimate.memory.fitting import fit_flavor
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.places import places_of
from hfplanner.estimate.memory.report import report_memory
from hfplanner.estimate.memory.result import estimate_memory
from hfplanner.units import MiB
from tests.properties.jobs import known

LLAMA = "meta-llama/Llama-3.1-8B"


def test_the_probability_follows_the_interval() -> None:
    """5 % at the low bound, 50 % at the likely value, 95 % at the high one."""
    estimate = estimate_memory(known(LLAMA), MemoryJob())
    span = estimate.per_gpu_bytes
    fits = [fit_into(estimate, Place("x", 1, usable)) for usable in (span.low, span.likely, span.high, span.low // 2)]
    assert [round(fit.probability, 2) for fit in fits] == [0.05, 0.5, 0.95, 0.0]
    assert [fit.verdict for fit in fits[1:]] == ["likely", "yes", "no"]


def test_what_is_not_known_never_fits() -> None:
    """No GPU, unknown memory, or fewer GPUs than the run has."""
    estimate = estimate_memory(known(LLAMA), MemoryJob(gpus=2))
    places = [Place("cpu", 0, None), Place("neuron", 4, None), Place("one", 1, 10**12)]
    fits = [fit_into(estimate, place) for place in places]
    assert [fit.verdict for fit in fits] == ["no"] * 3
    assert all(fit.note and fit.probability == 0 for fit in fits)


def test_vllm_may_use_its_share_only() -> None:
    """With nine tenths of the GPU a job that needs 95 % of it does not fit."""
    job = MemoryJob(engine="vllm", gpu_memory_utilization=0.9)
    estimate = estimate_memory(known(LLAMA), job)
    place = Place("x", 1, round(estimate.per_gpu_bytes.high / 0.95))
    assert fit_into(estimate, place).verdict in {"likely", "unlikely"}
    whole = estimate_memory(known(LLAMA), replace(job, gpu_memory_utilization=1.0))
    assert fit_into(whole, place).verdict == "yes"


def test_every_listed_flavor_is_answered_for() -> None:
    """One row per flavor, in the listing's order; only usable memory counts, not the listed."""
    listing = shipped_listing()
    report = report_memory(known(LLAMA), MemoryJob(), places_of(listing.flavors))
    assert [fit.flavor for fit in report.fits] == [flavor.name for flavor in listing.flavors]
    assert {fit.flavor: fit.usable_bytes for fit in report.fits}["t4-small"] == 15_633_680_957


def test_advice_is_what_surely_makes_it_fit() -> None:
    """Advice is for each flavor that does not surely hold the job, and is what ``--fit`` says of that flavor."""
    job = MemoryJob(task="qlora", batch_size=4)
    even = Place("even", 1, estimate_memory(known("Qwen/Qwen3-8B"), job).pressed_bytes.likely)
    places = (*places_of(shipped_listing().flavors), even)
    report = report_memory(known("Qwen/Qwen3-8B"), job, places)
    unsure = {fit.flavor for fit in report.fits if fit.verdict != "yes"}
    assert next(fit.verdict for fit in report.fits if fit.flavor == "even") == "likely"
    assert {advice.fit.flavor for advice in report.advice} >= {"t4-small", "even"}
    by_flavor = {place.flavor: place for place in places}
    for advice in report.advice:
        assert advice.fit.flavor in unsure
        assert advice.fit.verdict == "yes"
        assert advice.fitting == fit_flavor(report.estimate, by_flavor[advice.fit.flavor])
        assert advice.estimate.per_gpu_bytes.likely < report.estimate.per_gpu_bytes.likely


def test_a_job_that_fits_everywhere_gets_no_advice() -> None:
    """There is nothing to change."""
    report = report_memory(known("HuggingFaceTB/SmolLM2-135M"), MemoryJob(), [Place("l4x1", 1, 22 * 2**30)])
    assert report.advice == ()


def test_a_card_whose_context_is_smaller_holds_more() -> None:
    """A T4's context takes 150 MiB of the 450 that an estimate charges for any card."""
    estimate = estimate_memory(known("Qwen/Qwen3-0.6B"), MemoryJob())
    usable = estimate.pressed_bytes.likely - 200 * MiB
    small, any_card = (fit_into(estimate, Place("x", 1, usable, None, size)) for size in (150 * MiB, None))
    assert small.probability > 0.5 > any_card.probability
    [t4] = places_of([shipped_listing().by_name()["t4-small"]])
    assert t4.context_bytes == 150 * MiB


def test_what_is_shown_of_a_card_is_what_is_judged_there() -> None:
    """On a card whose context is known the parts hold that context, add up to the need, and the need is judged."""
    estimate = estimate_memory(known("Qwen/Qwen3-0.6B"), MemoryJob())
    [t4] = places_of([shipped_listing().by_name()["t4-small"]])
    there = estimate.on_card(t4.context_bytes)
    assert there.parts["cuda_context"] == 150 * MiB == fit_into(estimate, t4).cuda_context_bytes
    assert sum(there.parts.values()) == there.per_gpu_bytes.likely == estimate.per_gpu_bytes.likely - 300 * MiB
    assert fit_into(there, Place("x", 1, t4.usable_bytes)).probability == fit_into(estimate, t4).probability
