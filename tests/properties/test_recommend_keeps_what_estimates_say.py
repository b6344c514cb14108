"""Law: with estimates of memory and time an option keeps every limit, the order follows the estimates, none is lost."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.estimate.cost import job_cost, job_cost_micro_usd, worst_case_micro_usd
from hfplanner.estimate.span import exactly
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.confidence import one_sided, seconds_at
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Option
from tests.strategies import estimated_questions

Question = tuple[Needs, Listing, Estimates]


def fits(needs: Needs, flavor: Flavor, estimates: Estimates) -> bool:
    """Whether a flavor keeps what estimates and limits of time and money say, written from the contract's words."""
    if estimates.memory is not None:
        there = estimates.memory.by_flavor[flavor.name]
        if there.probability < one_sided(0.9 if needs.confidence is None else needs.confidence):
            return False
        pairs = ((there.ram_bytes, flavor.ram_bytes), (there.disk_bytes, flavor.disk_bytes))
        if any(have is not None and have < need.likely for need, have in pairs):
            return False
    span = exactly(needs.duration_secs, "") if needs.duration_secs else None
    if estimates.durations is not None:
        span = estimates.durations.by_flavor.get(flavor.name)
    limits = (needs.max_time_secs, needs.max_cost_micro_usd)
    if span is None:
        return limits == (None, None)
    secs = seconds_at(span, needs.confidence)
    values = (secs, job_cost_micro_usd(flavor.price, secs))
    return all(limit is None or value <= limit for limit, value in zip(limits, values, strict=True))


@settings(deadline=None)
@given(estimated_questions())
def test_what_is_recommended_is_what_fits_without_estimates_and_keeps_them(question: Question) -> None:
    """Estimates take options away, each for its reason, and add none; no flavor is lost."""
    needs, listing, estimates = question
    answer = recommend(needs, listing, estimates)
    free = replace(needs, top=None, duration_secs=None, max_time_secs=None, max_cost_micro_usd=None, objective="cost")
    free = replace(free, gpus=needs.gpus or (1 if estimates.memory else None))
    free = replace(free, shard=needs.shard and needs.vram_bytes is not None)
    rest = [option.flavor for option in recommend(free, listing).options]
    expected = {flavor.name for flavor in rest if fits(needs, flavor, estimates)}
    below = {no.name for no in answer.rejected if no.reasons[0].code == "not_in_top"}
    assert {option.flavor.name for option in answer.options} | below == expected
    listed = {flavor.name for flavor in listing.flavors} | {p.name for p in listing.problems if p.name is not None}
    assert sorted([o.flavor.name for o in answer.options] + [no.name for no in answer.rejected]) == sorted(listed)


def place(option: Option, needs: Needs) -> tuple[object, ...]:
    """Return where an option belongs: by cost or time, each before the other, and what is not known last."""
    flavor = option.flavor
    ties = (flavor.price, -flavor.vram_per_gpu_bytes, flavor.gpus, flavor.name)
    if option.duration_secs is None or option.cost_micro_usd is None:
        return (1, 0, 0, *ties)
    values = (option.cost_micro_usd.likely, option.duration_secs.likely)
    return (0, *(values if needs.objective == "cost" else reversed(values)), *ties)


@settings(deadline=None)
@given(estimated_questions())
def test_options_stand_in_the_order_of_their_likely_values(question: Question) -> None:
    """With the cost of their own duration, and the worst case of their own timeout; the first is on the front."""
    needs, listing, estimates = question
    options = recommend(needs, listing, estimates).options
    assert sorted(options, key=lambda option: place(option, needs)) == list(options)
    for option in options:
        if option.duration_secs is None:
            assert (option.cost_micro_usd, option.pareto, option.timeout_secs) == (None, None, None)
            continue
        assert option.cost_micro_usd == job_cost(option.flavor.price, option.duration_secs)
        assert option.timeout_secs >= option.duration_secs.likely
        assert option.worst_case_micro_usd == worst_case_micro_usd(option.flavor.price, option.timeout_secs)
    assert not options or options[0].pareto in {True, None}


@settings(deadline=None)
@given(estimated_questions(), st.sampled_from([0.0, 0.5, 0.9]), st.sampled_from([0.0, 0.05, 0.09]))
def test_more_confidence_never_admits_more(question: Question, confidence: float, more: float) -> None:
    """What fits surely fits less surely too."""
    needs, listing, estimates = question
    asked = replace(needs, top=None, confidence=confidence)
    less = {option.flavor.name for option in recommend(asked, listing, estimates).options}
    surer = recommend(replace(asked, confidence=confidence + more), listing, estimates).options
    assert {option.flavor.name for option in surer} <= less


@settings(deadline=None)
@given(estimated_questions())
def test_under_the_changed_request_the_nearest_miss_is_the_recommendation(question: Question) -> None:
    """Also where the change is one of how the model is run."""
    needs, listing, estimates = question
    answer = recommend(needs, listing, estimates)
    miss = answer.nearest_miss
    if miss is None:
        return
    assert miss.flavor.name in {rejection.name for rejection in answer.rejected}
    changed = recommend(replace(miss.changed, top=None), listing, miss.estimates)
    assert changed.options[0].flavor == miss.flavor
    assert miss.options
    assert all(option in miss.message for option in miss.options)


@settings(deadline=None)
@given(estimated_questions(), st.randoms(use_true_random=False))
def test_the_order_of_the_listing_changes_nothing(question: Question, shuffle: object) -> None:
    """Options, rejections and the nearest miss stay as they are."""
    needs, listing, estimates = question
    flavors = list(listing.flavors)
    shuffle.shuffle(flavors)  # type: ignore[attr-defined] - a Random
    one, other = (
        recommend(needs, listing, estimates),
        recommend(needs, replace(listing, flavors=tuple(flavors)), estimates),
    )
    assert (one.options, one.rejected, one.nearest_miss) == (other.options, other.rejected, other.nearest_miss)
