from datetime import UTC, datetime, timedelta

import pytest

from hfplanner.api.models import ScheduledJobInfo
from hfplanner.budget.off_ledger_schedules import committed
from hfplanner.budget.period import Period
from hfplanner.budget.policy import applied_budgets
from hfplanner.budget.schedules import count_runs
from hfplanner.budget.scope import Scope
from hfplanner.catalog.listing import shipped_listing
from tests.budget.checks import budget, policy

START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 9, 29, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "start", "end", "runs"),
    [
        ("@hourly", START, START + timedelta(days=1), 24),
        ("@daily", START, START + timedelta(days=30), 30),
        ("@weekly", START, START + timedelta(days=30), 4),
        ("@monthly", START, START + timedelta(days=30), 1),
        ("@yearly", START, START + timedelta(days=30), 0),
        ("@annually", START, START + timedelta(days=366), 1),
        # At the start counts, at the end does not.
        ("0 0 * * *", START, START + timedelta(days=1), 1),
        ("0 0 * * *", START + timedelta(microseconds=1), START + timedelta(days=1), 0),
        ("0 0 * * *", START + timedelta(microseconds=1), START + timedelta(days=1, microseconds=1), 1),
        ("*/15 9-17 * * 1-5", START, START + timedelta(days=7), 5 * 9 * 4),
        ("*/15 * * * *", START + timedelta(minutes=1), START + timedelta(minutes=31), 2),
        # With seconds, and with a year.
        ("*/30 * * * * *", START, START + timedelta(minutes=5), 10),
        ("0 0 12 * * * 2026", START, START + timedelta(days=365), 122),
        ("0 0 12 * * * 2027-2028", START, START + timedelta(days=30), 0),
        # Day and weekday: either, as in Vixie's cron.
        ("0 0 13 * 5", START, START + timedelta(days=30), 5),
    ],
)
def test_runs_are_counted(schedule: str, start: datetime, end: datetime, runs: int) -> None:
    """From the start on, before the end."""
    assert count_runs(schedule, start, end) == runs


@pytest.mark.parametrize(
    "schedule", ["", "soon", "* * *", "61 * * * *", "* * * * * * * *", "0 0 0 1 1 * soon", "* " * 999]
)
def test_what_is_no_schedule_is_an_error(schedule: str) -> None:
    """Rather than one that never runs."""
    with pytest.raises(ValueError, match=r"."):
        count_runs(schedule, START, NOW)


def _schedule(**values: object) -> ScheduledJobInfo:
    spec = {"flavor": "l4x1", "timeout": 600, "labels": {"team": "nlp"}}
    given = {"id": "s1", "schedule": "@daily", "owner": {"name": "acme"}, "initiator": {"type": "user", "name": "ada"}}
    return ScheduledJobInfo.model_validate({**given, "jobSpec": spec, **values})


def test_runs_until_the_period_ends_are_committed_at_their_worst_case() -> None:
    """Of September 30 and no other day, two attempts of ten minutes at 13,333 micro-USD."""
    (applied,) = applied_budgets(policy(budget()), None, NOW)
    schedule = _schedule(jobSpec={"flavor": "l4x1", "timeout": 600, "retry": 1})
    found = committed(applied, [schedule], shipped_listing(), NOW)
    assert (found.scheduled_runs, found.scheduled_micro_usd, found.unknown) == (1, 2 * 10 * 13_333, ())


def test_a_timeout_that_was_not_sent_is_the_services() -> None:
    """30 minutes."""
    (applied,) = applied_budgets(policy(budget()), None, NOW)
    found = committed(applied, [_schedule(jobSpec={"flavor": "l4x1"})], shipped_listing(), NOW)
    assert found.scheduled_micro_usd == 30 * 13_333


@pytest.mark.parametrize(
    "spec",
    [
        {"timeout": 7200, "retry": 2},
        {"timeoutSeconds": 7200, "attempts": 3},
        {"timeout_seconds": 7200, "retry": 2.0},
        {"timeout": 60, "timeoutSeconds": 7200, "retry": 0, "attempts": 3},
    ],
)
def test_both_spellings_of_time_and_attempts_count(spec: dict[str, object]) -> None:
    """Two hours, three attempts, as an answer says it or as a body does; of both, the greater."""
    (applied,) = applied_budgets(policy(budget()), None, NOW)
    found = committed(applied, [_schedule(jobSpec={"flavor": "l4x1", **spec})], shipped_listing(), NOW)
    assert (found.scheduled_micro_usd, found.unknown) == (3 * 120 * 13_333, ())


@pytest.mark.parametrize(
    ("concurrency", "micro_usd"),
    [
        # Of 15 runs of a day at 41,667 micro-USD a minute.
        (True, 15 * 1440 * 41_667),
        (None, 15 * 1440 * 41_667),
        # The 15 hours that are left, and the last run to its end.
        (False, (15 + 24) * 60 * 41_667),
    ],
)
def test_runs_that_do_not_overlap_fill_the_period_at_most(*, concurrency: bool | None, micro_usd: int) -> None:
    """An hourly schedule of a100-large with a timeout of a day, 15 hours before the month ends."""
    now = datetime(2026, 9, 30, 9, tzinfo=UTC)
    (applied,) = applied_budgets(policy(budget()), None, now)
    spec = {"flavor": "a100-large", "timeout": 24 * 3600}
    schedule = _schedule(jobSpec=spec, schedule="@hourly", concurrency=concurrency)
    found = committed(applied, [schedule], shipped_listing(), now)
    assert (found.scheduled_runs, found.scheduled_micro_usd) == (15, micro_usd)


def test_a_paused_schedule_and_one_of_another_scope_commit_nothing() -> None:
    """Its labels are those of its job, its owner is who made it."""
    rules = policy(budget(scope=Scope(labels={"team": frozenset({"vision"})})), budget("all"))
    vision, everything = applied_budgets(rules, None, NOW)
    assert committed(vision, [_schedule()], shipped_listing(), NOW).scheduled_runs == 0
    assert committed(everything, [_schedule(suspend=True)], shipped_listing(), NOW).scheduled_runs == 0
    assert committed(everything, [_schedule()], shipped_listing(), NOW).scheduled_runs == 1


@pytest.mark.parametrize(
    ("values", "period", "words"),
    [
        ({"jobSpec": {"flavor": "nowhere"}}, Period.MONTH, "'nowhere' is no flavor"),
        ({"jobSpec": None}, Period.MONTH, "What a run of the schedule 's1' costs"),
        ({"jobSpec": {"flavor": "l4x1", "timeout": 0}}, Period.MONTH, "its timeout cannot be used"),
        ({"jobSpec": {"flavor": "l4x1", "timeoutSeconds": "8h"}}, Period.MONTH, "its timeout cannot be used"),
        ({"jobSpec": {"flavor": "l4x1", "retry": 1.5}}, Period.MONTH, "no whole number from 1"),
        ({"jobSpec": {"flavor": "l4x1", "attempts": 0}}, Period.MONTH, "no whole number from 1"),
        ({"schedule": "soon"}, Period.MONTH, "How often the schedule 's1' runs"),
        ({"schedule": None}, Period.MONTH, "the Hub does not say when"),
        ({}, Period.TOTAL, "it does not end"),
    ],
)
def test_a_schedule_without_a_bound_is_unknown(values: dict[str, object], period: Period, words: str) -> None:
    """Never free."""
    (applied,) = applied_budgets(policy(budget(period=period)), None, NOW)
    found = committed(applied, [_schedule(**values)], shipped_listing(), NOW)
    assert len(found.unknown) == 1
    assert words in found.unknown[0]
