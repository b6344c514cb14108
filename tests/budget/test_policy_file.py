import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.budget.period import Period
from hfplanner.budget.policy import UnknownSpending
from hfplanner.budget.policy_file import MAX_LINE_CHARACTERS, MAX_POLICY_BYTES, parse_policy, read_policy
from hfplanner.budget.scope import Scope
from hfplanner.errors import PolicyError

FULL = b"""
[[budget]]
name = "team-nlp"
limit_usd = "500.00"
period = "week"
timezone = "Europe/Berlin"
scope = { namespace = "acme", owner = ["ada", "grace"], labels = { team = "nlp", stage = ["dev", "prod"] } }

[[budget]]
name = "all"
limit_usd = "$2000"

[limits]
max_job_usd = "50.00"
max_price_usd_per_hour = "10.00"
max_timeout = "24h"
max_attempts = 3
max_price_age = "30d"
allow_flavors = ["l4x1", "h200"]
deny_flavors = ["h200"]
unknown_spending = "warn"

[[waiver]]
budget = "team-nlp"
reason = "the paper's deadline"
author = "grace"
expires = 2026-12-01
scope = { labels = { stage = "prod" } }
"""
BUDGET = '[[budget]]\nname = "team"\nlimit_usd = "5"\n'
WAIVER = f'{BUDGET}[[waiver]]\nbudget = "team"\nreason = "r"\nauthor = "a"\n'


def test_every_key_is_read() -> None:
    """Budgets with their scopes, limits, and waivers; a date begins where the budget's zone begins it."""
    policy = parse_policy(FULL)
    team, everything = policy.budgets
    assert (team.limit_micro_usd, team.period, team.zone.key) == (500_000_000, Period.WEEK, "Europe/Berlin")
    assert team.scope.namespaces == {"acme"}
    assert team.scope.owners == {"ada", "grace"}
    assert team.scope.labels == {"team": {"nlp"}, "stage": {"dev", "prod"}}
    assert (everything.limit_micro_usd, everything.period, everything.zone.key) == (2_000_000_000, Period.MONTH, "UTC")
    assert everything.scope == Scope()
    limits = policy.limits
    assert (limits.max_job_micro_usd, limits.max_price_micro_usd_per_hour) == (50_000_000, 10_000_000)
    assert (limits.max_timeout_secs, limits.max_attempts, limits.max_price_age) == (86400, 3, timedelta(days=30))
    assert (limits.allow_flavors, limits.deny_flavors) == ({"l4x1", "h200"}, {"h200"})
    assert limits.unknown_spending is UnknownSpending.WARN
    (waiver,) = policy.waivers
    assert (waiver.budget, waiver.waiver.author, waiver.scope.labels) == ("team-nlp", "grace", {"stage": {"prod"}})
    assert waiver.waiver.expires == datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires", "utc"),
    [
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2026-12-01T18:00:00Z", datetime(2026, 12, 1, 18, tzinfo=UTC)),
        ("2026-12-01T18:00:00+02:00", datetime(2026, 12, 1, 16, tzinfo=UTC)),
        ("2026-12-01T18:00:00", datetime(2026, 12, 1, 18, tzinfo=UTC)),
    ],
)
def test_a_waiver_expires_at_a_moment(expires: str, utc: datetime) -> None:
    """With an offset that moment, without one a time in the zone of the budget, and a date its first moment."""
    assert parse_policy(f"{WAIVER}expires = {expires}".encode()).waivers[0].waiver.expires == utc


@pytest.mark.parametrize(
    ("text", "sentence", "hint"),
    [
        ("limit = 5", "'limit' is no key of the file.", "Did you mean limits?"),
        (f"{BUDGET}scop = {{}}", "'scop' is no key of budget 1.", "Did you mean scope?"),
        (f'{BUDGET}scope = {{ namespac = "x" }}', "'namespac' is no key of the scope of budget 1.", "namespace"),
        ('[[budget]]\nname = "a"', "budget 1 lacks limit_usd.", None),
        ('[[budget]]\nname = "a"\nlimit_usd = 500.0', "limit_usd of budget 1 is the number 500.0: money is", None),
        ('[[budget]]\nname = "a"\nlimit_usd = 500', "limit_usd of budget 1 is the number 500: money is", None),
        ('[[budget]]\nname = "a"\nlimit_usd = true', "limit_usd of budget 1 is no string: money is", None),
        ('[[budget]]\nname = "a"\nlimit_usd = "0"', "it is zero", None),
        ('[[budget]]\nname = "a"\nlimit_usd = "nan"', "it is not a number of US dollars", None),
        ('[[budget]]\nname = "a"\nlimit_usd = "-5"', "it is negative", None),
        ('[[budget]]\nname = "a"\nlimit_usd = "5 EUR"', "it is not a number of US dollars", None),
        ('[[budget]]\nname = "a"\nlimit_usd = "99999999999999999"', "it is more than can be spent", None),
        ('[[budget]]\nname = ""\nlimit_usd = "5"', "name of budget 1 is empty.", None),
        ('[[budget]]\nname = "a\\u001b[31m"\nlimit_usd = "5"', "name of budget 1 holds control characters", None),
        (f'{BUDGET}period = "year"', "period of budget 1: it should be 'day', 'week', 'month' or 'total'.", None),
        (f'{BUDGET}timezone = "Mars"', "'Mars' is not a time zone.", None),
        (f'{BUDGET}timezone = "../../etc/passwd"', "is not a time zone.", None),
        *(
            (f'{BUDGET}timezone = "{zone}"', f"'{zone}' is not the same on every machine", None)
            for zone in ("localtime", "posixrules", "Factory", "right/UTC", "right/Europe/Berlin")
        ),
        *(
            (f"{WAIVER}expires = {moment}", "expires at", "2026-12-31")
            for moment in ("9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00")
        ),
        (f"{BUDGET}scope = {{ labels = {{ team = [] }} }}", "labels of the scope of budget 1", None),
        (BUDGET + BUDGET, "two budgets are called 'team'.", None),
        ("[limits]\nmax_timeout = 5", "max_timeout of limits is no string: a duration is one", None),
        ('[limits]\nmax_timeout = "0"', "it is zero", None),
        ("[limits]\nmax_attempts = true", "max_attempts of limits: it should be a valid integer.", None),
        ('[limits]\nunknown_spending = "ignore"', "it should be 'block' or 'warn'", None),
        (f"{WAIVER}", "waiver 1 lacks expires.", None),
        (f'{WAIVER}expires = "2026-12-01"', "expires of waiver 1 is no date: write it without quotes", None),
        (f"{WAIVER}expires = 18:00:00", "expires of waiver 1 is no date", None),
        (f'{BUDGET}[[waiver]]\nbudget = "tea"\nreason = "r"\nauthor = "a"\nexpires = 2026-12-01', "'tea'", "Did you"),
        ("budget = 5", "budget of the file: it should be a valid list.", None),
        ("x = [", "is no TOML", None),
        ("a = 1\na = 2", "is no TOML", None),
        ("day = 2026-99-99", "is no TOML", None),
    ],
)
def test_what_cannot_be_meant_is_named(text: str, sentence: str, hint: str | None) -> None:
    """An error names the table, the key and what was expected; an unknown key, what could have been meant."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode())
    assert sentence in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text", ['token = "hf_secret"', '[limits]\nledger = "x"', 'HF_ENDPOINT = "https://evil.example"']
)
def test_a_policy_never_sets_endpoint_token_or_ledger(text: str) -> None:
    """Such a key is refused with a sentence of its own, which does not repeat the value."""
    with pytest.raises(PolicyError, match="which a policy never may") as caught:
        parse_policy(text.encode())
    assert "hf_secret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"#" * (MAX_POLICY_BYTES + 1), f"is longer than {MAX_POLICY_BYTES} bytes"),
        (
            b"\n#" + b"x" * MAX_LINE_CHARACTERS,
            f"Line 2 of hfplanner.toml is longer than {MAX_LINE_CHARACTERS} characters",
        ),
        (b"a." * 400 + b"a = 1", "has a key of too many parts"),
        (b"x = { " + b"a." * 400 + b"a = 1 }", "has a key of too many parts"),
        (b"x = " + b"[\n" * 30_000, "nests too deeply"),
        (b"name = '\xff'", "is not UTF-8"),
    ],
)
def test_what_would_hurt_is_not_parsed(raw: bytes, sentence: str) -> None:
    """Sizes and shapes that cost a parser minutes or gigabytes are refused before it sees them."""
    with pytest.raises(PolicyError, match=sentence):
        parse_policy(raw)


def test_dots_in_a_text_are_no_key() -> None:
    """A reason may have as many dots as it likes."""
    reason = "." * 100
    text = f'{BUDGET}[[waiver]]\nbudget = "team"\nreason = "{reason}"\nauthor = "a"\nexpires = 2026-12-01 # {reason}'
    assert parse_policy(text.encode()).waivers[0].waiver.reason == reason


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some editors begin UTF-8 files with one."""
    assert parse_policy(b"\xef\xbb\xbf" + BUDGET.encode()).budgets[0].name == "team"


def test_an_empty_file_limits_nothing() -> None:
    """It is a policy all the same."""
    assert parse_policy(b"").sources == ("hfplanner.toml",)


@pytest.mark.parametrize("name", ["fifo", "/dev/zero", "/dev/tty", "/dev/null"])
def test_what_is_no_regular_file_is_no_policy(name: str, tmp_path: Path) -> None:
    """Nothing is waited for, and nothing without end is read."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(PolicyError, match=r"is no regular file|cannot be read"):
        read_policy(tmp_path / name)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda _: None], ids=["a folder", "missing"])
def test_a_file_that_cannot_be_read_is_an_error(make: object, tmp_path: Path) -> None:
    """So nothing is allowed because of it."""
    path = tmp_path / "hfplanner.toml"
    make(path)
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(path)
