"""How long the jobs like one ran: which they are, what each of them says, and what they say together."""

from datetime import timedelta
from typing import Any

import pytest

from hfplanner.errors import NoSuchJobs
from hfplanner.estimate.duration.flavor_history import FlavorHistory
from hfplanner.estimate.duration.like import runs_like
from hfplanner.estimate.span import Estimate
from tests.estimate.like_jobs import START, history, job

HASHED = "sft-py-0a1b2c3d"


def only(*jobs: dict[str, Any], like: str = "train", wanted: dict[str, float] | None = None) -> FlavorHistory:
    """Return the history of the one flavor that these jobs ran on."""
    (flavor,) = runs_like(history(*jobs), like, wanted=wanted).flavors
    return flavor


def estimate(*jobs: dict[str, Any], like: str = "train", wanted: dict[str, float] | None = None) -> Estimate:
    """Return what is expected of one more run of these jobs, which are on one flavor."""
    found = only(*jobs, like=like, wanted=wanted).duration_secs
    assert found is not None
    return found


def width(found: Estimate) -> float:
    """Return how far the ends of an interval are apart, as a factor."""
    return found.high / found.low


def test_a_name_is_all_its_runs_and_no_others() -> None:
    """Two runs of train, one of another name."""
    found = runs_like(history(job(1, 60), job(2, 62), job(3, 900, name="eval")), "train")
    assert (found.matched_by, found.jobs, found.flavors[0].completed) == ("name", 2, 2)


def test_the_id_of_a_job_stands_for_its_name_in_its_namespace() -> None:
    """The same name in another namespace is somebody else's program."""
    jobs = [job(1, 60, namespace="acme"), job(2, 62, namespace="acme"), job(3, 900, namespace="ada")]
    found = runs_like(history(*jobs), jobs[0]["id"])
    assert (found.matched_by, found.name, found.jobs) == ("id", "train", 2)


def test_the_id_of_a_job_without_a_name_stands_for_that_job_alone() -> None:
    """Other jobs without a name are not like it."""
    found = runs_like(history(job(1, 60, name=None), job(2, 900, name=None)), f"{1:024x}")
    assert (found.name, found.jobs) == (None, 1)


@pytest.mark.parametrize(
    ("like", "matched_by"),
    [("python:3.12", "image"), ("acme/trainer", "space"), ("hf.co/spaces/acme/trainer", "space")],
)
def test_an_image_or_a_space_is_all_that_ran_in_it(like: str, matched_by: str) -> None:
    """A Space is known by its id, and by the image that stands for it."""
    jobs = [job(1, 60, image="python:3.12"), job(2, 62, space="acme/trainer")]
    found = runs_like(history(*jobs), like)
    assert (found.matched_by, found.jobs) == (matched_by, 1)


def test_nothing_like_it_is_an_error_that_names_what_is_spelled_nearly_so() -> None:
    """Exit code 1, and the name that was probably meant."""
    with pytest.raises(NoSuchJobs, match="'trian'") as refused:
        runs_like(history(job(1, 60), job(2, 60, name="eval")), "trian")
    assert (refused.value.exit_code, refused.value.code) == (1, "no_such_jobs")
    assert str(refused.value.hint).startswith("Did you mean train? ")


def test_an_empty_history_has_nothing_like_anything() -> None:
    """The hint says where jobs come from."""
    with pytest.raises(NoSuchJobs) as refused:
        runs_like(history(), "train")
    assert "hfplanner import" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"stage": "error", "reason": "timeout"}, "timeout"),
        ({"stage": "error", "reason": "out_of_memory"}, "out_of_memory"),
        ({"stage": "error"}, "error"),
        ({"stage": "cancelled", "reason": "no_credits"}, "no_credits"),
        ({"stage": "cancelled"}, "cancelled"),
        ({"stage": "running"}, "running"),
    ],
)
def test_a_run_that_did_not_complete_took_at_least_so_long(said: dict[str, Any], reason: str) -> None:
    """Whatever stopped it, and also while it still runs."""
    found = only(job(1, 600), job(2, 900, **said))
    assert (found.completed, dict(found.cut_off), found.longest_secs) == (1, {reason: 1}, 900)
    assert (found.quantiles[-1].secs, found.quantiles[-1].at_least) == (None, 900)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"stage": "scheduling"}, "not_started"),
        ({"stage": "cancelled", "running_secs": None}, "no_running_time"),
        ({"stage": "unknown"}, "unknown_stage"),
        ({"failure_count": 1}, "attempted_again"),
        ({"stage": "error", "failure_count": 2}, "attempted_again"),
    ],
)
def test_a_job_that_says_nothing_of_one_run_is_counted_with_its_reason(said: dict[str, Any], reason: str) -> None:
    """It changes no number, and does not vanish."""
    found = only(job(1, 600), job(2, 900) | said)
    assert (found.runs, dict(found.excluded), found.longest_secs) == (1, {reason: 1}, 600)


def test_an_error_of_the_first_attempt_tells_how_long_that_ran() -> None:
    """One failure of one attempt is no retry."""
    assert only(job(1, 600), job(2, 900, stage="error", failure_count=1)).runs == 2


def test_jobs_without_a_flavor_belong_to_none() -> None:
    """They are counted beside the flavors."""
    found = runs_like(history(job(1, 600), job(2, 900, flavor=None)), "train")
    assert (dict(found.excluded), found.jobs, len(found.flavors)) == ({"no_flavor": 1}, 2, 1)


def test_a_running_time_is_what_was_said_or_from_start_to_end() -> None:
    """A timeout whose running time is not known ran for its timeout; a running job until it was seen."""
    jobs = [
        job(1, None, finished_at=START + timedelta(hours=1, seconds=500)),
        job(2, None, stage="error", reason="timeout", timeout_secs=1800.0),
        job(3, None, stage="running", seen_at=START + timedelta(hours=3, seconds=2400)),
    ]
    assert [only(one).longest_secs for one in jobs] == [500, 1800, 2400]


def test_where_every_run_was_cut_off_the_estimate_is_no_less_than_what_was_seen() -> None:
    """Only "at least an hour": no quantile is told, the interval begins there, and the timeout is longer."""
    found = runs_like(history(job(1, 3600, stage="error", reason="timeout")), "train")
    assert found.flavors[0].duration_secs is not None
    assert found.flavors[0].duration_secs.low >= 3600
    assert found.flavors[0].timeout is not None
    assert found.flavors[0].timeout.secs > 3600
    assert found.flavors[0].quantiles[1].at_least == 3600
    assert [run.flavor for run in found.measured_runs()] == ["l4x1"]


def test_each_flavor_is_measured_for_itself_the_best_known_first() -> None:
    """Runs on two flavors are two measured runs; how busy the GPUs were is not known."""
    jobs = [job(1, 600), job(2, 610), job(3, 620), job(4, 300, flavor="a100-large")]
    jobs.append(job(5, 5, flavor="t4-small", stage="cancelled"))
    found = runs_like(history(*jobs), "train")
    assert [one.flavor for one in found.flavors] == ["l4x1", "a100-large", "t4-small"]
    measured = found.measured_runs()
    assert [(run.flavor, run.gpu_utilization) for run in measured] == [("l4x1", None), ("a100-large", None)]
    assert measured[1].duration_secs.likely == 300


def test_one_run_of_a_command_is_surer_than_one_of_a_name_and_that_than_one_in_an_image() -> None:
    """A default name is a hash of the command; a name that was chosen, and an image, may be run with anything."""
    hashed = estimate(job(1, 3600, name=HASHED), like=HASHED)
    named = estimate(job(1, 3600))
    in_image = estimate(job(1, 3600, image="python:3.12"), like="python:3.12")
    assert hashed.likely == named.likely == in_image.likely == 3600
    assert 1.3 < width(hashed) < 2 < width(named) < width(in_image)


def test_runs_that_repeat_well_narrow_the_interval() -> None:
    """Two, five, fifty runs of an hour, give or take a minute."""
    widths = [
        width(estimate(*[job(number, 3600 + 60 * (-1) ** number) for number in range(count)])) for count in (2, 6, 50)
    ]
    assert widths[0] > widths[1] > widths[2]
    assert widths[2] < 1.1


def test_many_runs_speak_for_themselves_whatever_their_shape() -> None:
    """Half take a minute, half an hour: nothing log-normal, and the interval is from one to the other."""
    found = estimate(*[job(number, 60 + number % 3 if number % 2 else 3600 + number % 5) for number in range(400)])
    assert 55 <= found.low <= 62
    assert 3600 <= found.high <= 3700


def test_how_runs_differ_on_one_flavor_is_learnt_from_another() -> None:
    """One run on an A100 is surer where twenty on an L4 repeat within a percent."""
    alone = runs_like(history(job(99, 1800, flavor="a100-large")), "train").flavors[0].duration_secs
    steady = [job(number, 3600 + 30 * (number % 2)) for number in range(20)]
    beside = runs_like(history(*steady, job(99, 1800, flavor="a100-large")), "train").flavors[1].duration_secs
    assert alone is not None
    assert beside is not None
    assert alone.likely == beside.likely == 1800
    assert width(beside) < 1.15
    assert width(alone) > 10


def test_runs_cut_off_late_make_the_next_one_longer() -> None:
    """Three of six were stopped by a timeout of two hours."""
    ended = [job(number, 3600 + 600 * number) for number in range(3)]
    cut = [job(number, 7200, stage="error", reason="timeout") for number in range(3, 6)]
    assert estimate(*ended, *cut).likely > estimate(*ended).likely
    assert estimate(*ended, *cut).high > 7200


def test_runs_that_get_slower_are_said_to() -> None:
    """Two percent longer each time, over twenty runs."""
    jobs = [job(number, 1000 * 1.02**number) for number in range(20)]
    found = only(*jobs)
    assert found.trend is not None
    assert found.trend.direction == "slower"
    assert found.trend.change_per_run == pytest.approx(0.02)
    assert found.duration_secs is not None
    assert any("slower by 2.0%" in why for why in found.duration_secs.basis)


def test_runs_without_order_have_no_trend() -> None:
    """Up and down by turns."""
    found = only(*[job(number, 1000 + 100 * (number % 2)) for number in range(20)])
    assert found.trend is not None
    assert found.trend.direction == "steady"


STEPS = (500, 1000, 1000, 2000, 4000, 800)


def by_steps(number: int, steps: int) -> dict[str, Any]:
    """Return a run that starts for five minutes and takes 1.2 s a step, give or take a percent."""
    return job(number, (300 + 1.2 * steps) * (1.01 if number % 2 else 0.99), labels={"steps": str(steps), "lr": "1e-4"})


def test_a_number_in_the_labels_that_the_duration_follows_predicts_another() -> None:
    """Ten thousand steps were never run: five minutes and 12,000 s."""
    jobs = [by_steps(number, steps) for number, steps in enumerate(STEPS)]
    found = only(*jobs, wanted={"steps": 10_000})
    assert found.parameter is not None
    assert found.parameter.secs_per_unit == pytest.approx(1.2, rel=0.05)
    assert found.duration_secs is not None
    assert found.duration_secs.likely == pytest.approx(12_300, rel=0.05)
    assert found.duration_secs.low <= 12_300 <= found.duration_secs.high
    assert "beyond the 500 to 4000 seen" in found.duration_secs.basis[-1]


def test_further_from_what_was_run_is_less_sure() -> None:
    """A hundred times the steps, the same line."""
    jobs = [by_steps(number, steps) for number, steps in enumerate(STEPS)]
    assert width(estimate(*jobs, wanted={"steps": 400_000})) > width(estimate(*jobs, wanted={"steps": 1500}))


def test_without_a_wanted_number_all_runs_count_and_the_line_is_told() -> None:
    """Nobody said how many steps come next."""
    found = only(*[by_steps(number, steps) for number, steps in enumerate(STEPS)])
    assert found.parameter is not None
    assert found.parameter.parameter == "steps"
    assert found.duration_secs is not None
    assert width(found.duration_secs) > 3


def test_a_wanted_number_that_no_run_tells_is_said_to_tell_nothing() -> None:
    """The runs have no such label, so all of them count."""
    found = estimate(job(1, 600), job(2, 610), job(3, 605), wanted={"epochs": 3})
    assert "do not tell how it follows epochs" in found.basis[-1]


def test_a_smaller_job_is_not_given_the_timeout_of_the_longest() -> None:
    """A hundred steps take seven minutes, though four thousand took an hour and a half."""
    found = only(*[by_steps(number, steps) for number, steps in enumerate(STEPS)], wanted={"steps": 100})
    assert found.timeout is not None
    assert 420 < found.timeout.secs < 1200


def test_a_history_in_json_says_seconds_in_its_keys() -> None:
    """Each quantile with its bounds, the timeout where scripts look for it, no inner sums."""
    found = runs_like(history(*[by_steps(number, steps) for number, steps in enumerate(STEPS)]), "train").to_json()
    assert list(found) == ["like", "matched_by", "name", "jobs", "excluded", "flavors"]
    (flavor,) = found["flavors"]
    assert set(flavor["quantiles"][0]) == {"share", "secs", "low_secs", "high_secs", "at_least_secs"}
    assert flavor["suggested_timeout_secs"] == flavor["timeout"]["secs"]
    assert set(flavor["parameter"]) == {
        "parameter", "runs", "start_secs", "secs_per_unit", "spread", "smallest", "largest",
    }  # fmt: skip


def test_runs_of_no_time_at_all_are_a_second() -> None:
    """A job may complete in the second it starts."""
    found = estimate(job(1, 0), job(2, 0), job(3, 0))
    assert 0 <= found.low <= found.likely == 1


def test_runs_that_take_another_time_since_some_day_are_what_the_next_one_is_like() -> None:
    """Seven runs of an hour, then five of two: the next one takes two, and it is said that seven do not count."""
    found = only(*[job(number, (3600 if number < 7 else 7200) + 20 * (number % 3)) for number in range(12)])
    assert found.duration_secs is not None
    assert 7000 < found.duration_secs.likely < 7400
    assert found.completed == 5
    assert "the 7 before took another time" in found.duration_secs.basis[0]


def test_one_odd_run_is_no_new_kind_of_run() -> None:
    """Eleven of an hour and a last one of two: all count."""
    found = only(*[job(number, (7200 if number == 11 else 3600) + 20 * (number % 3)) for number in range(12)])
    assert found.completed == 12
    assert found.duration_secs is not None
    assert found.duration_secs.likely < 4000
