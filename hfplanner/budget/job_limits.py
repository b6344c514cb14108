"""What about one job alone keeps it from running: a limit of the policy, or something that is not known."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from hfplanner.budget.policy import JobLimits
from hfplanner.budget.reasons import DecisionReason, Effect
from hfplanner.budget.terms import JobTerms, UsedPrice
from hfplanner.errors import did_you_mean, quoted
from hfplanner.units import (
    MAX_DURATION_SECS,
    MAX_MICRO_USD,
    MINUTES_PER_HOUR,
    ceiling_micro_usd,
    format_age,
    format_duration,
    format_usd_apart,
    per_minute_limit,
)

__all__ = ["limit_reasons", "limit_remarks", "unknown_reasons", "worst_case"]

# A clock that is a little behind that of whoever saw the price.
_CLOCK_SKEW = timedelta(days=1)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def unknown_reasons(
    terms: JobTerms, limits: JobLimits, now: datetime, *, has_policy: bool, price_problem: DecisionReason | None = None
) -> Iterator[DecisionReason]:
    """Yield what is not known about a job's money; each blocks.

    Args:
        terms: the job.
        limits: how old a price may be.
        now: the time, UTC.
        has_policy: whether anything limits spending; where nothing does, an old price is only a warning.
        price_problem: why there is no price, where somebody knows.
    """
    price = terms.price
    if price is None or not _is_count(price.micro_usd_per_minute, MAX_MICRO_USD):
        sentence = f"The price of {quoted(terms.flavor)} is not known."
        yield price_problem or DecisionReason("price_unknown", sentence, Effect.BLOCK)
    elif limits.max_price_age is not None:
        yield from _stale(price, limits.max_price_age, now, Effect.BLOCK if has_policy else Effect.WARN)
    if not _is_count(terms.timeout_secs, MAX_DURATION_SECS):
        sentence = (
            "How long the job may run is not known" if terms.timeout_secs is None else "The timeout is no duration"
        )
        yield DecisionReason("timeout_unknown", f"{sentence}: give it an explicit --timeout.", Effect.BLOCK)
    if not _is_count(terms.attempts, MAX_MICRO_USD):
        yield DecisionReason(
            "attempts_unknown", "How often the job may be tried is not a whole number from 1.", Effect.BLOCK
        )


def _stale(price: UsedPrice, most: timedelta, now: datetime, effect: Effect) -> Iterator[DecisionReason]:
    age = now - price.checked
    if age < -_CLOCK_SKEW:
        yield DecisionReason("price_stale", f"The price is dated {price.checked:%Y-%m-%d}, in the future.", effect)
    elif age > most:
        allowed = format_age(int(most.total_seconds()))
        sentence = f"The price was seen {format_age(int(age.total_seconds()))} ago, and {allowed} is the most."
        yield DecisionReason("price_stale", f"{sentence} Ask the Hub for today's: hfplanner hardware --refresh", effect)


def worst_case(terms: JobTerms) -> int | None:
    """Return the most a job can cost [micro-USD]; ``None`` where that is not known, or more than can be counted.

    >>> worst_case(JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=None, timeout_secs=60)) is None
    True
    """
    counts = ((terms.timeout_secs, MAX_DURATION_SECS), (terms.attempts, MAX_MICRO_USD))
    if not all(_is_count(value, most) for value, most in counts):
        return None
    if terms.price is None or not _is_count(terms.price.micro_usd_per_minute, MAX_MICRO_USD):
        return None
    cap = terms.cap_micro_usd
    return None if cap is None or cap > MAX_MICRO_USD else cap


def limit_reasons(terms: JobTerms, limits: JobLimits, worst_case_micro_usd: int | None) -> Iterator[DecisionReason]:
    """Yield each limit of single jobs that a job exceeds; what is not known exceeds none, but is a reason itself."""
    most = limits.max_job_micro_usd
    if most is not None and worst_case_micro_usd is not None and worst_case_micro_usd > ceiling_micro_usd(most):
        cost, allowed = format_usd_apart(worst_case_micro_usd, most)
        sentence = f"The job may cost {cost}; one job may cost {allowed}."
        yield DecisionReason("over_max_job", sentence, Effect.REFUSE)
    yield from _price_reasons(terms, limits)
    if limits.max_timeout_secs is not None and (terms.timeout_secs or 0) > limits.max_timeout_secs:
        shown = format_duration(terms.timeout_secs or 0)
        sentence = f"The timeout is {shown}; {format_duration(limits.max_timeout_secs)} is the most."
        yield DecisionReason("over_max_timeout", sentence, Effect.REFUSE)
    if limits.max_attempts is not None and terms.attempts > limits.max_attempts:
        sentence = f"The job may be tried {terms.attempts} times; {limits.max_attempts} is the most."
        yield DecisionReason("over_max_attempts", sentence, Effect.REFUSE)
    yield from _flavor_reasons(terms.flavor, limits)


def _price_reasons(terms: JobTerms, limits: JobLimits) -> Iterator[DecisionReason]:
    most = limits.max_price_micro_usd_per_hour
    if most is None or terms.price is None or terms.price.micro_usd_per_minute <= per_minute_limit(most):
        return
    shown, allowed = format_usd_apart(terms.price.micro_usd_per_minute * MINUTES_PER_HOUR, most)
    yield DecisionReason(
        "over_max_price", f"{terms.flavor} is {shown} an hour; {allowed} an hour is the most.", Effect.REFUSE
    )


def _flavor_reasons(flavor: str, limits: JobLimits) -> Iterator[DecisionReason]:
    allowed = limits.allow_flavors
    if allowed is not None and not _is_among(flavor, allowed):
        near = did_you_mean(flavor, allowed)
        sentence = (
            f"{quoted(flavor)} is not among the flavors the policy allows: {', '.join(sorted(allowed)) or 'none'}."
        )
        yield DecisionReason("flavor_not_allowed", f"{sentence} {near}".strip(), Effect.REFUSE)
    elif _is_among(flavor, limits.deny_flavors):
        yield DecisionReason("flavor_not_allowed", f"The policy denies the flavor {quoted(flavor)}.", Effect.REFUSE)


def _is_among(flavor: str, names: Collection[str]) -> bool:
    """Return whether a flavor is one of those named; case does not count: no two of the Hub's differ by case alone."""
    return flavor.casefold() in {name.casefold() for name in names}


def limit_remarks(terms: JobTerms, limits: JobLimits) -> Iterator[DecisionReason]:
    """Yield the flavors that the limits name and nobody knows: such a line forbids, or allows, nothing."""
    named = limits.deny_flavors | (limits.allow_flavors or frozenset())
    if not named:
        return
    from hfplanner.catalog.prices import price_book  # noqa: PLC0415 - only where flavors are named

    known = {*price_book().points, terms.flavor}
    for name in sorted(named):
        if not _is_among(name, known):
            sentence = f"The policy names the flavor {quoted(name)}, which is none that this version knows."
            near = did_you_mean(name.casefold(), known)
            yield DecisionReason("policy_flavor_unknown", f"{sentence} {near}".strip(), Effect.WARN)
