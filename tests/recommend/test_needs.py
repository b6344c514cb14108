"""What a request may ask for."""

from typing import Any

import pytest

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import UsageError
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.needs import NEED_LIMITS, Needs

NEEDS_A_DURATION = {"duration_secs", "max_time_secs", "max_cost_micro_usd"}


def needs_with(field: str, value: int) -> Needs:
    """Return needs with one field, and a duration where that is judged by it."""
    others: dict[str, Any] = {"duration_secs": 60} if field in NEEDS_A_DURATION else {}
    return Needs(**others | {field: value})


@pytest.mark.parametrize("field", NEED_LIMITS)
def test_a_number_is_at_least_one_and_at_most_its_limit(field: str) -> None:
    """Zero, negative and absurd are mistakes, exit code 2."""
    assert getattr(needs_with(field, 1), field) == 1
    assert getattr(needs_with(field, NEED_LIMITS[field]), field) == NEED_LIMITS[field]
    for value in (0, -1, NEED_LIMITS[field] + 1):
        with pytest.raises(UsageError, match=f"{field} is {value}: it must be a whole number between 1 and") as caught:
            needs_with(field, value)
        assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"confidence": 1.0}, "The confidence is 1.0, not a number from 0 to 0.999"),
        ({"confidence": -0.1}, "The confidence is -0.1"),
        ({"confidence": float("nan")}, "The confidence is nan"),
        ({"objective": "speed"}, "'speed' is not an objective"),
        ({"accelerators": "a100"}, "must be a tuple of names"),
    ],
)
def test_a_contradiction_is_refused_with_what_to_add(values: dict[str, Any], said: str) -> None:
    """The sentence names the option, the hint what is missing."""
    with pytest.raises(UsageError, match=said) as caught:
        Needs(**values)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"shard": True}, "no memory is asked for"),
        ({"max_time_secs": 60}, "--max-time cannot be judged without knowing how long the job runs"),
        ({"max_cost_micro_usd": 60}, "--max-cost cannot be judged"),
        ({"objective": "time"}, "--objective time cannot be judged"),
    ],
)
def test_a_limit_on_what_nothing_is_known_about_is_refused(values: dict[str, Any], said: str) -> None:
    """Unless an estimate knows it; the hint says what is missing."""
    needs = Needs(**values)
    with pytest.raises(UsageError, match=said) as caught:
        recommend(needs, shipped_listing())
    assert caught.value.hint
    needs.refuse_what_cannot_be_judged(knows_memory=True, knows_time=True)


@pytest.mark.parametrize(
    ("values", "asks"),
    [
        ({}, False),
        ({"vcpu": 2, "ram_bytes": 1}, False),
        ({"vram_bytes": 1}, True),
        ({"gpus": 1}, True),
        ({"accelerators": ("T4",)}, True),
    ],
)
def test_a_gpu_is_asked_for_by_memory_number_or_model(values: dict[str, Any], *, asks: bool) -> None:
    """Nothing else needs one."""
    assert Needs(**values).asks_for_gpu is asks


@pytest.mark.parametrize("value", [True, 1.0, 4e10, "40GB", float("nan"), b"1"])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    """A size comes in bytes: 40e9 is a float, and "40GB" is for the command line."""
    with pytest.raises(UsageError, match="it must be a whole number between"):
        Needs(vram_bytes=value)  # type: ignore[arg-type] - what is tested
