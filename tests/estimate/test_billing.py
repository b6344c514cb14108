"""The billing rule as it can be set."""

import pytest

from hfplanner.errors import UsageError
from hfplanner.estimate.billing import BillingPolicy


def test_the_default_is_the_published_rule() -> None:
    """Started minutes from start to finish, 30 minutes without a timeout, a cent an hour for ports."""
    rule = BillingPolicy()
    assert (rule.unit_secs, rule.seconds, rule.default_timeout_secs) == (60, "timestamps", 1800)
    assert rule.port_micro_usd_per_hour == 10_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_secs": 0},
        {"unit_secs": 7},
        {"unit_secs": 3600},
        {"default_timeout_secs": -1},
        {"port_micro_usd_per_hour": -1},
        {"vanished_after_secs": -1},
    ],
)
def test_a_rule_that_would_make_every_cost_wrong_is_refused(wrong: dict[str, int]) -> None:
    """No unit that is not a part of a minute, nothing negative."""
    with pytest.raises(UsageError):
        BillingPolicy(**wrong)  # type: ignore[arg-type] # each is a number
