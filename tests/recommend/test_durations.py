"""Durations that differ from flavor to flavor: what they cost, how limits are kept, what comes first."""

import json
import shutil
from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import NoSuchJobs, UsageError
from hfplanner.estimate.cost import job_cost, worst_case_micro_usd
from hfplanner.estimate.duration.carry import carry_over
from hfplanner.estimate.duration.first_principles import Work
from hfplanner.estimate.duration.like import LikeHistory
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.timeout import suggested_timeout_secs
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.models.known import find_known
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.durations import durations_from, durations_like, durations_planned
from hfplanner.recommend.estimates import Durations, Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.result import Recommendation
from hfplanner.recommend.words import describe_needs
from tests.program import REPOSITORY, Program

PER_MILLION = "micro_usd_per_million_tokens"
TRAINING = Workload(phase="train")
WORK = Work(shape=find_known("Qwen/Qwen3-8B"), kind="lora", tokens=20_000_000)
RUN = MeasuredRun(flavor="a10g-small", duration_secs=exactly(8400, "measured on a10g-small"))
MEASURED = durations_from([RUN], shipped_listing(), TRAINING)


def told(**spans: tuple[int, int, int]) -> Durations:
    """Return durations of three flavors as somebody might know them; nothing is known of the rest."""
    names = {"l4x1": "l4x1", "a100": "a100-large", "h200": "h200"}
    by_flavor = {names[key]: Estimate(*span, ("told",)) for key, span in spans.items()}
    unknown = dict.fromkeys(set(shipped_listing().by_name()) - set(by_flavor), "nobody tried")
    timeouts = {name: suggested_timeout_secs(span) for name, span in by_flavor.items()}
    run = MeasuredRun(flavor="l4x1", duration_secs=exactly(7200, "told"))
    return Durations(measured=(run,), workload=TRAINING, by_flavor=by_flavor, unknown=unknown, timeouts=timeouts)


SPANS = told(l4x1=(7000, 7200, 9000), a100=(1500, 1800, 3600), h200=(700, 900, 1200))


def ask(durations: Durations, **values: Any) -> Recommendation:  # noqa: ANN401 - the fields of the needs
    """Return what the shipped listing answers to a need of a GPU."""
    return recommend(Needs(gpus=1, **values), shipped_listing(), Estimates(durations=durations))


def names(answer: Recommendation) -> list[str]:
    """Return the options whose duration is known, best first."""
    return [option.flavor.name for option in answer.options if option.duration_secs]


def test_the_cheapest_job_is_not_the_cheapest_hour() -> None:
    """l4x1: 120 minutes at $0.80 an hour; an A100 30 at $2.50; an H200 15 at $5.00."""
    options = ask(SPANS).options
    costs = [(option.flavor.name, option.cost_micro_usd.likely) for option in options[:3]]
    assert costs == [("h200", 15 * 83333), ("a100-large", 30 * 41667), ("l4x1", 120 * 13333)]
    assert [option.pareto for option in options[:3]] == [True, False, False]
    assert options[0].standing == "the cheapest of 22 flavors that fit"
    assert options[2].standing == "likely 0.12x as fast as h200, for $0.35 more: cheaper per job only if done in 1h33m"


def test_the_fastest_comes_first_within_the_money() -> None:
    """And says what a slower one saves."""
    answer = ask(told(l4x1=(7200, 7200, 7200), a100=(2400, 2400, 2400), h200=(2000, 2000, 2000)), objective="time")
    assert names(answer) == ["h200", "a100-large", "l4x1"]
    assert answer.options[0].standing == "the fastest of 22 flavors that fit"
    assert answer.options[1].standing == "likely 0.83x as fast as h200, for $1.17 less"
    cheaper = ask(SPANS, objective="time", max_cost_micro_usd=1_244_999)
    assert names(cheaper) == ["h200"]
    assert names(ask(SPANS, objective="time", max_cost_micro_usd=1_244_994)) == []


@pytest.mark.parametrize(
    ("values", "fitting"),
    [
        ({"max_time_secs": 1800}, ["h200", "a100-large"]),
        ({"max_time_secs": 1800, "confidence": 0.9}, ["h200"]),
        ({"max_time_secs": 3600, "confidence": 0.9}, ["h200", "a100-large"]),
        ({"max_time_secs": 3599, "confidence": 0.9}, ["h200"]),
        ({"max_time_secs": 2400, "confidence": 0.5}, ["h200", "a100-large"]),
        ({"max_cost_micro_usd": 30 * 41667}, ["h200", "a100-large"]),
        ({"max_cost_micro_usd": 30 * 41667, "confidence": 0.9}, []),
        ({"max_cost_micro_usd": 20 * 83333, "confidence": 0.9}, ["h200"]),
    ],
)
def test_limits_are_kept_by_the_likely_value_or_with_confidence(values: dict[str, Any], fitting: list[str]) -> None:
    """0.9 is the high end; what lies between follows the logarithm."""
    assert names(ask(SPANS, **values)) == fitting


def test_an_unknown_duration_keeps_no_limit() -> None:
    """It is a reason with what is not known, and a note where no limit is set; never an option on the front."""
    limited = {no.name: no.reasons for no in ask(SPANS, max_time_secs=86400, max_cost_micro_usd=10**9).rejected}
    assert [(r.code, r.need, r.have) for r in limited["t4-small"]] == [
        ("max_cost", 10**9, None),
        ("max_time", 86400, None),
    ]
    assert limited["t4-small"][1].message == "its duration is not known: nobody tried, at most 1d allowed"
    free = ask(SPANS)
    assert [option.duration_secs is None for option in free.options] == [False] * 3 + [True] * 19
    last = free.options[3]
    assert (last.flavor.name, last.cost_micro_usd, last.pareto, last.timeout_secs) == ("t4-small", None, None, None)
    assert "its duration is not known: nobody tried" in last.notes
    assert last.worst_case_micro_usd is None


def test_a_timeout_is_suggested_with_what_it_may_cost() -> None:
    """As the functions of the estimate say, to the micro-USD."""
    best = ask(SPANS).options[0]
    assert best.timeout_secs == suggested_timeout_secs(best.duration_secs) >= best.duration_secs.high
    assert best.worst_case_micro_usd == worst_case_micro_usd(best.flavor.price, best.timeout_secs)
    document = best.to_json()
    assert document["suggested_timeout_secs"] == best.timeout_secs
    assert document["worst_case_micro_usd"] == best.worst_case_micro_usd
    alike = recommend(Needs(gpus=1, duration_secs=3600), shipped_listing()).options
    assert {option.timeout_secs for option in alike} == {suggested_timeout_secs(exactly(3600, ""))}


def test_a_measured_duration_is_carried_over_and_agrees_with_the_estimate() -> None:
    """On every flavor the same seconds and micro-USD as the functions say; where it was measured, as it was."""
    flavors = shipped_listing().by_name()
    answer = ask(MEASURED)
    assert len(answer.options) == 22
    for option in answer.options:
        expected = carry_over([RUN], option.flavor, flavors, TRAINING)
        assert option.duration_secs == expected
        assert option.cost_micro_usd == (None if expected is None else job_cost(option.flavor.price, expected))
    measured = next(option for option in answer.options if option.flavor.name == "a10g-small")
    assert measured.duration_secs.likely == measured.duration_secs.high == 8400
    assert describe_needs(answer.needs, answer.estimates) == "a GPU, a run of 2h20m on a10g-small"


def test_a_flavor_that_is_gone_may_have_been_measured() -> None:
    """An H100 could be rented once; a misspelled name could not."""
    gone = MeasuredRun(flavor="h100", duration_secs=exactly(3600, "one run"))
    assert durations_from([gone], shipped_listing(), TRAINING).measured == (gone,)
    wrong = MeasuredRun(flavor="a10g-smal", duration_secs=exactly(3600, "one run"))
    with pytest.raises(UsageError, match="'a10g-smal'") as caught:
        durations_from([wrong], shipped_listing(), TRAINING)
    assert caught.value.hint.startswith("Did you mean a10g-small")


def test_a_history_of_which_nothing_ended_says_so() -> None:
    """Runs that were cut off are no duration to carry over."""
    nothing = LikeHistory(like="sft", matched_by="name", name="sft", jobs=3, excluded={}, flavors=())
    with pytest.raises(NoSuchJobs, match="None of the 3 jobs like 'sft' ran to its end"):
        durations_like(nothing, shipped_listing(), TRAINING)


def test_what_was_asked_stands_in_the_request() -> None:
    """Measured runs, the workload, and the first run in the fields of one."""
    request = ask(MEASURED, confidence=0.9).to_json(shipped_listing().checked)["request"]
    assert (request["duration_secs"], request["duration_flavor"], request["like"]) == (8400, "a10g-small", None)
    assert request["measured"][0]["duration_secs"]["likely"] == 8400
    workload = {"phase": "train", "precision": None, "batch_size": None, "bound": "auto", "scales_with_gpus": False}
    assert request["workload"] == workload
    assert request["confidence"] == 0.9


def test_the_history_answers_for_a_name(program: Program) -> None:
    """The runs of the README's jobs: where they ran, their own timeout; elsewhere, carried over."""
    shutil.copy(REPOSITORY / "tests" / "readme_jobs.json", program.home / "jobs.json")
    assert program.run("import", "jobs.json").code == 0
    args = ("recommend", "--vram", "24GB", "--like", "sft-llama", "--phase", "train", "--json")
    answer = json.loads(program.run(*args).out)
    assert answer["request"]["like"] == "sft-llama"
    assert [run["flavor"] for run in answer["request"]["measured"]] == ["a100-large"]
    by_name = {option["flavor"]: option for option in answer["options"]}
    span = answer["request"]["measured"][0]["duration_secs"]
    assert by_name["a100-large"]["duration_secs"] == span
    assert by_name["h200"]["duration_secs"]["likely"] < span["likely"]
    missing = program.run("recommend", "--vram", "24GB", "--like", "sft-lama")
    assert missing.code == 1
    assert "Did you mean sft-llama" in missing.err


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--duration", "3h", "--duration", "2h@l4x1"), "both are given"),
        (("--duration", "3h", "--duration", "2h"), "nothing says where they were measured"),
        (("--duration", "3h", "--bound", "memory"), "--bound says how a measured duration changes"),
        (("--duration", "3h", "--phase", "train"), "--phase says how"),
        (("--scales-with-gpus",), "--scales-with-gpus says how"),
        (("--precision", "bf16", "--duration", "3h"), "--precision says how"),
        (("--like", "x", "--duration", "3h"), "both say how long"),
        (("--duration", "2h@l4x9"), "which is not in the listing"),
    ],
)
def test_durations_that_cannot_be_meant_are_refused(args: tuple[str, ...], said: str, program: Program) -> None:
    """With exit code 2, one sentence and a hint."""
    done = program.run("recommend", "--vram", "24GB", *args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "\nHint: " in done.err


def test_several_measured_flavors_are_options_one_after_another(program: Program) -> None:
    """Each is answered as it was measured."""
    args = ("--vram", "24GB", "--duration", "2h20m@a10g-small", "--duration", "1h@a100-large", "--json")
    options = {o["flavor"]: o["duration_secs"] for o in json.loads(program.run("recommend", *args).out)["options"]}
    assert (options["a10g-small"]["likely"], options["a100-large"]["likely"]) == (8400, 3600)


@pytest.mark.parametrize(
    "said",
    [
        ("--duration", "2h20m@a10g-small", "--phase", "train"),
        ("--duration", "2h20m@a10g-small", "--duration", "1h@a100-large", "--bound", "compute", "--scales-with-gpus"),
        ("--duration", "3h"),
        ("--like", "sft-llama", "--phase", "train"),
        ("--like", "eval-nightly", "--tokens", "3M"),
    ],
    ids=" ".join,
)
def test_recommend_and_estimate_say_the_same_to_the_micro_usd(said: tuple[str, ...], program: Program) -> None:
    """Duration, cost, suggested timeout and worst case of every flavor: one number has one place."""
    shutil.copy(REPOSITORY / "tests" / "readme_jobs.json", program.home / "jobs.json")
    assert program.run("import", "jobs.json").code == 0
    keys = ("duration_secs", "cost_micro_usd", "suggested_timeout_secs", "worst_case_micro_usd", PER_MILLION)

    def rows(found: list[dict[str, Any]]) -> dict[str, list[Any]]:
        return {row["flavor"]: [row[key] for key in keys] for row in found if row["duration_secs"]}

    recommended = rows(json.loads(program.run("recommend", *said, "--json").out)["options"])
    assert len(recommended) > 20
    for command in ("duration", "cost"):
        assert rows(json.loads(program.run("estimate", command, *said, "--json").out)["estimates"]) == recommended


def test_what_never_ran_is_planned_from_its_tokens(program: Program) -> None:
    """A model and its tokens: wide, marked, the same as the estimate, with the cost of a million tokens."""
    said = ("--model", "Qwen/Qwen3-8B", "--task", "lora", "--tokens", "20M", "--json")
    answer = json.loads(program.run("recommend", *said).out)
    estimated = json.loads(program.run("estimate", "cost", *said).out)["estimates"]
    by_name = {row["flavor"]: row for row in estimated}
    assert (answer["request"]["tokens"], answer["request"]["measured"]) == (20_000_000, [])
    assert answer["options"]
    for option in answer["options"]:
        row = by_name[option["flavor"]]
        assert option["duration_secs"] == row["duration_secs"]
        assert (option["cost_micro_usd"], option[PER_MILLION]) == (row["cost_micro_usd"], row[PER_MILLION])
        assert option["duration_secs"]["basis"][0] == "from first principles: nothing was measured"
    needs, estimates = Needs(), Estimates(durations=durations_planned(WORK, shipped_listing(), TRAINING))
    assert describe_needs(needs, estimates) == "20,000,000 tokens in all"


@pytest.mark.parametrize("args", [("--tokens", "20M"), ("--tokens", "20M", "--duration", "3h"), ("--tokens", "many")])
def test_tokens_of_nothing_are_refused(args: tuple[str, ...], program: Program) -> None:
    """They need a model, or a run that was measured."""
    done = program.run("recommend", "--vram", "24GB", *args)
    assert (done.code, done.out) == (2, "")
    assert "--tokens" in done.err
