"""How sure a recommendation is of its order, and what it says to measure first."""

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.durations import durations_from
from hfplanner.recommend.estimates import Durations, Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation

_LISTING = shipped_listing()


def measured(**runs: int) -> Durations:
    """Return durations carried from runs, by the flavor's name with underscores [s]."""
    given = [MeasuredRun(flavor=name.replace("_", "-"), duration_secs=exactly(secs, "")) for name, secs in runs.items()]
    return durations_from(given, _LISTING, Workload(phase="train"))


def answer(durations: Durations, **needs: int) -> Recommendation:
    """Recommend one GPU for a job of these durations."""
    return recommend(Needs(vram_bytes=16 * 10**9, **needs), _LISTING, Estimates(durations=durations))


def test_the_shares_of_all_options_are_the_whole_and_follow_the_intervals() -> None:
    """Something is the cheapest in every case; the likely cheapest is so most often here."""
    found = answer(measured(a10g_small=8 * 3600))
    sure = found.certainty()
    assert sum(sure.cheapest.values()) == pytest.approx(1)
    assert set(sure.cheapest) == {option.flavor.name for option in found.options}
    assert max(sure.cheapest, key=lambda name: sure.cheapest[name]) == found.options[0].flavor.name
    assert sure.indistinguishable[0] == found.options[0].flavor.name
    assert len(sure.indistinguishable) > 1


def test_a_measurement_of_what_is_close_tells_them_apart() -> None:
    """With runs on the two that were close, the recommendation is sure, and nothing is left to measure."""
    sure = answer(measured(h200=3600, rtx_pro_6000=9000, a10g_small=8 * 3600)).certainty()
    assert "rtx-pro-6000" not in sure.indistinguishable
    assert sure.cheapest["h200"] > answer(measured(a10g_small=8 * 3600)).certainty().cheapest["h200"]


def test_a_limit_is_kept_with_a_probability() -> None:
    """A run that was measured keeps a limit above it surely, and one below it never."""
    durations = measured(a10g_small=8 * 3600)
    within = answer(durations, max_time_secs=9 * 3600, max_cost_micro_usd=9_000_000).certainty().within
    assert within["a10g-small"]["max_time"] > 0.9
    assert within["h200"]["max_time"] > 0.95
    assert 0 < within["h200"]["max_cost"] < 1


def test_ten_minutes_are_worth_it_for_a_long_job_and_not_for_a_short_one() -> None:
    """What may be saved grows with the job; the ten minutes do not."""
    long, short = answer(measured(a10g_small=48 * 3600)), answer(measured(a10g_small=900))
    worth = long.certainty().measure
    assert worth is not None
    assert worth.saving_micro_usd > worth.cost_micro_usd
    assert short.certainty().measure is None
    asked = worth.to_json()
    assert set(asked) == {"flavor", "minutes", "cost_micro_usd", "expected_saving_micro_usd", "runs"}


def test_what_is_known_exactly_or_not_at_all_has_no_probability() -> None:
    """Without a duration, or with one that is the same everywhere, nothing is drawn."""
    for needs in (Needs(vram_bytes=40 * 10**9), Needs(vram_bytes=40 * 10**9, duration_secs=3600)):
        assert recommend(needs, _LISTING).certainty().cheapest == {}


def test_the_same_question_has_the_same_answer() -> None:
    """The draws do not change from call to call, and the top that is asked for changes none of them."""
    durations = measured(a10g_small=8 * 3600)
    whole, top = answer(durations), answer(durations, top=1)
    assert whole.certainty() == whole.certainty()
    assert top.certainty().cheapest == whole.certainty().cheapest
