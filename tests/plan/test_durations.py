"""How long a job runs has one answer: what is recommended and what is estimated say the same of each flavor."""

from pathlib import Path

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.estimate.duration.plan import Terms
from hfplanner.plan.asked import AskedDuration, AskedMachine, AskedModel, AskedTime, JobNeeds
from hfplanner.plan.estimating import know_duration, plan_durations
from hfplanner.plan.readers import parse_measured, parse_percent
from hfplanner.plan.recommending import recommend_for
from hfplanner.plan.workspace import Workspace

LISTING = shipped_listing()
MEASURED = (parse_measured("2h20m@a10g-small"), parse_measured("50m@a100-large"))
ASKED = {
    "the same everywhere": AskedDuration.of(duration=(parse_measured("3h"),)),
    "measured on one": AskedDuration.of(duration=MEASURED[:1], phase="train"),
    "measured on two": AskedDuration.of(duration=MEASURED, bound="compute"),
    "measured while it computed half of the time": AskedDuration.of(duration=MEASURED[:1], utilization=0.5),
    "from first principles": AskedDuration.of(model="Qwen/Qwen3-8B", task="lora", tokens=20_000_000, seq_len=512),
    "with everything recomputed": AskedDuration.of(
        model="Qwen/Qwen3-8B", task="lora", tokens=20_000_000, checkpointing="full", precision="bf16-mixed"
    ),
    "served": AskedDuration.of(model="Qwen/Qwen3-8B", phase="decode", tokens=10**7, engine="vllm"),
    "generated": AskedDuration.of(params=8 * 10**9, phase="decode", tokens=3_000_000, batch_size=4),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return an empty world, offline."""
    return Workspace(home=tmp_path, offline=True, working_folder=tmp_path)


@pytest.mark.parametrize("way", ASKED)
def test_a_recommendation_and_an_estimate_say_the_same(way: str, workspace: Workspace) -> None:
    """The same interval, the same timeout and the same cost of every flavor that is an option."""
    asked = ASKED[way]
    known = know_duration(asked, workspace)
    planned = {row.flavor.name: row for row in plan_durations(known, LISTING, LISTING.flavors, Terms()).flavors}
    options = recommend_for(asked.needs(), workspace, LISTING).options
    timed = [option for option in options if option.duration_secs is not None]
    assert timed
    for option in timed:
        row = planned[option.flavor.name]
        assert option.duration_secs == row.duration_secs
        assert option.cost_micro_usd == row.cost_micro_usd
        assert option.timeout_secs == row.suggested_timeout_secs


def test_a_flavor_that_is_asked_for_alone_has_the_answer_it_has_among_all(workspace: Workspace) -> None:
    """What is left out changes nothing."""
    known = know_duration(ASKED["measured on two"], workspace)
    every = {row.flavor.name: row for row in plan_durations(known, LISTING, LISTING.flavors, Terms()).flavors}
    one = [LISTING.by_name()["h200"]]
    assert plan_durations(known, LISTING, one, Terms()).flavors == (every["h200"],)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (AskedDuration.of(), "none is there"),
        (AskedDuration.of(model="Qwen/Qwen3-8B"), "--tokens"),
        (AskedDuration.of(model="Qwen/Qwen3-8B", tokens=10), "--phase inference"),
        (AskedDuration.of(duration=(parse_measured("3h"), MEASURED[0])), "both are given"),
        (AskedDuration.of(duration=(parse_measured("3h"), parse_measured("2h"))), "nothing says where"),
        (AskedDuration.of(duration=MEASURED, like="sft"), "both say how long"),
    ],
)
def test_what_does_not_say_how_long_is_refused(asked: AskedDuration, words: str, workspace: Workspace) -> None:
    """One set of sentences."""
    with pytest.raises(UsageError, match=words):
        know_duration(asked, workspace)


def test_a_measured_duration_wins_over_the_work(workspace: Workspace) -> None:
    """A model beside it says what the job does; how long it takes was measured."""
    with_model = AskedDuration.of(
        duration=MEASURED[:1], model="Qwen/Qwen3-8B", task="lora", checkpointing="full", tokens=20_000_000
    )
    plan = plan_durations(know_duration(with_model, workspace), LISTING, LISTING.flavors, Terms())
    there = {row.flavor.name: row.duration_secs.likely for row in plan.flavors}
    assert there["a10g-small"] == MEASURED[0].seconds


def test_needs_and_time_are_asked_at_once(workspace: Workspace) -> None:
    """A recommendation for a model, its time from first principles, its memory from its shape."""
    needs = JobNeeds(
        machine=AskedMachine(accelerator=("l40s", "h200")),
        model=AskedModel(model="Qwen/Qwen3-8B", task="lora", checkpointing="full"),
        time=AskedTime(tokens=20_000_000),
    )
    best = recommend_for(needs, workspace, LISTING).options[0]
    assert best.duration_secs is not None
    assert best.memory is not None
    assert best.flavor.accelerator in {"L40S", "H200"}


def test_flavors_that_a_model_does_not_fit_are_left_out_with_the_reason(workspace: Workspace) -> None:
    """Also where a duration was measured; where it was measured the job was seen to run."""
    asked = AskedDuration.of(
        model="Qwen/Qwen3-8B", task="lora", batch_size=64, duration=(parse_measured("2h@l4x1"),), phase="train"
    )
    plan = plan_durations(know_duration(asked, workspace), LISTING, LISTING.flavors, Terms())
    timed = {row.flavor.name for row in plan.flavors}
    assert {"l4x1", "h200"} <= timed
    assert not timed & {"t4-small", "a10g-small", "l40sx1"}
    assert "the model does not fit" in plan.unknown["t4-small"]


@pytest.mark.parametrize("secs", [1800, 1799])
def test_a_run_as_long_as_the_default_timeout_may_have_been_cut_off(secs: int, workspace: Workspace) -> None:
    """The basis says so, and what tells; of any other length nothing is said."""
    asked = AskedDuration.of(duration=(parse_measured(f"{secs}s@a10g-small"),))
    plan = plan_durations(know_duration(asked, workspace), LISTING, LISTING.flavors, Terms())
    basis = next(row.duration_secs.basis for row in plan.flavors if row.flavor.name == "h200")
    assert any("default timeout" in words and "--log" in words for words in basis) == (secs == 1800)


def test_how_busy_the_gpu_was_is_of_a_measured_duration(workspace: Workspace) -> None:
    """It changes what was measured; where nothing was it is refused, and a share of 1 is not taken for percent."""
    plain, idle = (
        know_duration(AskedDuration.of(duration=(parse_measured("2h@a10g-small"),), utilization=share), workspace)
        for share in (None, 0.2)
    )
    h200 = LISTING.by_name()["h200"]
    secs = [plan_durations(known, LISTING, [h200], Terms()).flavors[0].duration_secs for known in (plain, idle)]
    assert secs[0].likely < secs[1].likely
    with pytest.raises(UsageError, match="--utilization says how busy"):
        know_duration(AskedDuration.of(model="Qwen/Qwen3-8B", task="lora", tokens=10**6, utilization=0.2), workspace)
    with pytest.raises(UsageError, match="less than one percent"):
        parse_percent("0.35")
