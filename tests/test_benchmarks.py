"""The arithmetic of the benchmarks, on durations that are given: no test here measures a time."""

import os
import sys
from pathlib import Path

import pytest

from tests.benchmarks.needs import varied_needs
from tests.benchmarks.processes import child_environ, interleaved, run_process
from tests.benchmarks.ratio import NotMeasured, against_limit, against_peer
from tests.benchmarks.table import cells, print_table


def test_the_ratio_is_that_of_the_medians() -> None:
    """One slow round on either side changes nothing: 3 / 4, not the mean's 104 / 4."""
    found = against_peer("ours", [3.0, 300.0, 2.0, 9.0, 3.0], "peer", [4.0, 4.0, 4.0, 4.0, 400.0], goal=0.8)
    assert (found.ours, found.peer, found.ratio) == (3.0, 4.0, 0.75)


def test_the_median_of_an_even_number_of_rounds_lies_between_the_middle_two() -> None:
    """Rounds of 1, 2, 4 and 9 seconds have the median 3."""
    assert against_limit("ours", [9.0, 1.0, 4.0, 2.0], 3.0, unit="s").ours == 3.0


@pytest.mark.parametrize(("ours", "met", "shown"), [(1.5, True, "yes"), (1.50001, False, "NO"), (0.1, True, "yes")])
def test_a_goal_is_met_up_to_and_including_itself_before_rounding(ours: float, met: bool, shown: str) -> None:  # noqa: FBT001 - a case
    """1.50001 is printed as 1.500, and misses a goal of 1.5 all the same."""
    found = against_peer("ours", [ours], "peer", [1.0], goal=1.5)
    assert (found.met, cells(found)[-1]) == (met, shown)


def test_the_spread_is_of_the_ratios_within_a_round() -> None:
    """A machine at half speed in one round slows both sides, and is no spread of their ratio."""
    assert against_peer("ours", [1.0, 2.0, 1.0], "peer", [2.0, 4.0, 2.0], goal=1.0).spread == (0.5, 0.5)


def test_rounds_of_one_side_only_are_refused() -> None:
    """A ratio of three rounds to two would pair what was not measured together."""
    with pytest.raises(ValueError, match="shorter"):
        against_peer("ours", [1.0, 1.0, 1.0], "peer", [1.0, 1.0], goal=1.0)


def test_sides_take_turns_and_every_other_round_goes_backwards() -> None:
    """After a round that does not count: abc, cba, abc."""
    order: list[str] = []

    def figure(name: str) -> int:
        order.append(name)
        return len(order)

    found = interleaved({name: lambda name=name: figure(name) for name in "abc"}, rounds=3)
    assert "".join(order) == "abc" + "abc" + "cba" + "abc"
    assert found == {"a": [4, 9, 10], "b": [5, 8, 11], "c": [6, 7, 12]}


@pytest.mark.process
def test_a_process_that_fails_is_not_timed() -> None:
    """A command that ends at once with an error is no fast command."""
    with pytest.raises(RuntimeError, match="exit code 3: no such thing"):
        run_process([sys.executable, "-c", "import sys; sys.exit(sys.stderr.write('no such thing') and 3)"], os.environ)


def test_a_measured_process_sees_nothing_of_the_person_who_measures(tmp_path: Path) -> None:
    """Neither a switch that keeps bytecode from being written, nor a home with settings in it."""
    theirs = {"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "HF_ENDPOINT": "http://127.0.0.1", "HOME": "/home/me"}
    assert child_environ(theirs, tmp_path) == {
        "PATH": "/bin",
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_OFFLINE": "1",
    }


def test_what_is_not_measured_is_said_and_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """A peer that is not installed leaves a row with the way to install it."""
    missing = NotMeasured(name="ours", peer_name="peer", goal=0.1, reason="not measured: install '.[bench]'")
    print_table([missing], "this machine")
    assert missing.met is False
    assert "not measured: install '.[bench]'" in capsys.readouterr().out


def test_the_needs_are_varied_and_can_all_be_meant() -> None:
    """Some of every column are open and some are asked for; no budget without a duration, no shard without memory."""
    needs = varied_needs(2000)
    assert all(0 < needs[name].null_count() < needs.height for name in needs.columns if name != "shard")
    assert needs.filter(needs["shard"])["vram_bytes"].null_count() == 0
    budgets = needs.filter(needs["duration_secs"].is_null()).select("max_time_secs", "max_cost_micro_usd")
    assert set(budgets.null_count().row(0)) == {budgets.height}
