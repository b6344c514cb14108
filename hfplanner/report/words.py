"""How amounts, shares and times of a report are told to people."""

from decimal import ROUND_CEILING, ROUND_FLOOR

from hfplanner.report.money import Money
from hfplanner.report.reconcile_result import Comparison
from hfplanner.report.result import Distribution, Figures, Report
from hfplanner.sanitize import sanitize
from hfplanner.units import (
    MINUTES_PER_HOUR,
    SECONDS_PER_MINUTE,
    format_count,
    format_duration,
    format_usd,
    format_usd_apart,
)

__all__ = [
    "caveats",
    "compared_text",
    "cost_text",
    "duration_text",
    "figures_cost_text",
    "hours_text",
    "least_text",
    "period_text",
    "share_text",
    "value_text",
]

_NONE = "(none)"
_EMPTY = "(empty)"
_LONGEST_NAME = 60


def least_text(cost: Money) -> str:
    """Show the least that a cost is: a bound is never rounded up to what may not have been spent.

    >>> least_text(Money(1_009_999, 1_009_999)), least_text(Money(1_009_999, None))
    ('$1.01', '$1.00')
    """
    return format_usd(cost.low) if cost.exact else format_usd(cost.low, ROUND_FLOOR)


def cost_text(cost: Money) -> str:
    """Show a cost, or its bounds rounded outwards.

    >>> pairs = (1_000_000, 1_000_000), (1_009_999, 2_000_001), (5_000_000, None)
    >>> [cost_text(Money(low, high)) for low, high in pairs]
    ['$1.00', '$1.00 to $2.01', 'at least $5.00']
    """
    low = least_text(cost)
    if cost.exact:
        return low
    return f"at least {low}" if cost.high is None else f"{low} to {format_usd(cost.high, ROUND_CEILING)}"


def compared_text(billed_micro_usd: int, computed: Money) -> tuple[str, str]:
    """Show what was billed and what was computed: in cents, or exactly where two that differ would look the same.

    >>> compared_text(399_990, Money(400_000, 400_000)), compared_text(399_990, Money(800_000, 800_000))
    (('$0.39999', '$0.40'), ('$0.40', '$0.80'))
    """
    if computed.exact:
        return format_usd_apart(billed_micro_usd, computed.low)
    return format_usd(billed_micro_usd), cost_text(computed)


def figures_cost_text(figures: Figures) -> str:
    """Show what jobs cost; ``unpriced`` where none that cost anything has a price."""
    return "unpriced" if figures.unpriced_jobs and not figures.cost.low else cost_text(figures.cost)


def share_text(share: float | None) -> str:
    """Show a part of one in percent.

    >>> share_text(0.12345), share_text(None)
    ('12.3%', '-')
    """
    return "-" if share is None else f"{share:.1%}"


def duration_text(stats: Distribution | None, name: str = "p50") -> str:
    """Show a quantile of a duration."""
    return "-" if stats is None else format_duration(int(getattr(stats, name)))


def hours_text(seconds: int) -> str:
    """Show GPU-hours.

    >>> hours_text(5400), hours_text(0)
    ('1.5', '0.0')
    """
    return f"{seconds / (SECONDS_PER_MINUTE * MINUTES_PER_HOUR):,.1f}"


def value_text(value: str | None) -> str:
    """Show the value of a group key, safe and short."""
    if value is None:
        return _NONE
    return sanitize(value, limit=_LONGEST_NAME) or _EMPTY


def period_text(report: Report) -> str:
    """Say which time the report is about, in its time zone."""
    zone = report.spec.zone
    since, until = report.spec.since, report.spec.until
    begin = f"from {since.astimezone(zone):%Y-%m-%d %H:%M}" if since else "from the first job"
    end = f"until {until.astimezone(zone):%Y-%m-%d %H:%M}" if until else "until the last"
    return f"{begin} {end} ({report.spec.timezone})"


def caveats(report: Report) -> tuple[str, ...]:
    """Say what the amounts do not hold, a sentence each; the first ones say what is missing altogether."""
    total = report.total
    found = [f"Incomplete: {sanitize(gap)}." for gap in report.gaps]
    if report.as_of and (report.spec.until is None or report.as_of < report.spec.until):
        found.append(f"As of {report.as_of.astimezone(report.spec.zone):%Y-%m-%d %H:%M}; what came later is not in it.")
    if total.unpriced_jobs:
        found.append(f"{format_count(total.unpriced_jobs, 'job')} without a known price are in no amount.")
    if total.bounded_jobs:
        found.append(f"The cost of {format_count(total.bounded_jobs, 'job')} lies between two bounds.")
    if total.unbounded_jobs:
        found.append(
            f"The cost of {format_count(total.unbounded_jobs, 'job')} has no upper bound: the end or the time of "
            "earlier attempts is not known, and neither is the timeout."
        )
    if report.bad_rows:
        kinds = ", ".join(f"{sanitize(code)}: {count:,}" for code, count in report.bad_rows.items())
        found.append(
            f"{format_count(sum(report.bad_rows.values()), 'record')} could not be right and is in no figure ({kinds})."
        )
    if report.bill_difference_micro_usd:
        sign = "more" if report.bill_difference_micro_usd > 0 else "less"
        amount = format_usd(abs(report.bill_difference_micro_usd))
        found.append(f"The bills say {amount} {sign} than the billing rule for the same jobs; the bills count.")
    if report.reconciliation:
        found += [_comparison_text(one) for one in report.reconciliation.flagged]
    return tuple(found)


def _comparison_text(one: Comparison) -> str:
    """Say a difference between bill and rule, its likely reason and the job to look at first."""
    seen = f" For example {sanitize('; '.join(one.evidence))}." if one.evidence else ""
    billed, computed = compared_text(one.billed_micro_usd, one.computed)
    amounts = f"billed {billed}, computed {computed}"
    jobs = f"{format_count(one.jobs, 'job')}, " if one.jobs else ""
    return f"{one.title}: {jobs}{amounts}; likely {one.likely}.{seen}"
