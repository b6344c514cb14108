"""A decision as lines of text: sums that a reader can add up."""

from collections.abc import Callable, Iterator, Sequence
from zoneinfo import ZoneInfo

from hfplanner.budget.decision import BudgetLine, Decision, Verdict
from hfplanner.budget.terms import UsedPrice
from hfplanner.units import (
    LIMIT_TOLERANCE_MICRO_USD,
    SECONDS_PER_MINUTE,
    format_duration,
    format_usd,
    format_usd_per_hour,
    started_minutes,
    usd_format_of_sums,
)

__all__ = ["headline", "line_rows", "line_text", "period_words", "worst_case_words"]

_VERDICTS = {Verdict.ALLOWED: "Allowed", Verdict.REFUSED: "Refused", Verdict.BLOCKED: "Blocked"}


def headline(decision: Decision) -> str:
    """Return the decision as a sentence."""
    cost = decision.worst_case_micro_usd
    most = "what the job may cost is not known" if cost is None else f"the job may cost {format_usd(cost)} at most"
    return f"{_VERDICTS[decision.verdict]}: {most}."


def worst_case_words(decision: Decision) -> str | None:
    """Return how the worst case comes about; ``None`` where it is not known."""
    terms, cost = decision.terms, decision.worst_case_micro_usd
    if cost is None or terms.price is None or terms.timeout_secs is None:
        return None
    minutes = started_minutes(terms.timeout_secs)
    price = terms.price
    rent = price.micro_usd_per_minute * minutes * terms.attempts
    paid = format_duration(minutes * SECONDS_PER_MINUTE)
    attempts = f"{terms.attempts} attempts of " if terms.attempts != 1 else ""
    show = usd_format_of_sums((cost, [rent, cost - rent]))
    ports = f" + {show(cost - rent)} for exposed ports" if terms.has_ports else ""
    hourly = f"{format_usd_per_hour(price.micro_usd_per_minute)} an hour"
    return f"{terms.flavor}: {attempts}{paid} at {hourly}{ports} = {show(cost)} ({_price_words(price)})"


def _price_words(price: UsedPrice) -> str:
    """Return where a price is from and of which day."""
    words = {"live": "asked", "kept": "kept since", "shipped": "shipped, of"}.get(price.source, "of")
    return f"{words} {price.checked:%Y-%m-%d}"


def period_words(line: BudgetLine) -> str:
    """Return a budget's period and scope."""
    window = line.window
    if window.scope.sessions:
        return f"as long as it lasts; {line.scope}"
    if window.end is None:
        return f"for ever; {line.scope}"
    zone = ZoneInfo(line.zone)
    start, end = (f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in (window.start, window.end))
    return f"{line.period} from {start} to {end} {line.zone}; {line.scope}"


def line_text(line: BudgetLine, *, with_job: bool, job: str = "this job") -> list[str]:
    """Return the sum of one budget as lines, the decimal points one under the other.

    Amounts are shown in cents where they add up so, exactly otherwise. What is over the limit by no more than the
    tolerance leaves $0.00.
    """
    rows = list(line_rows(line, with_job=with_job, job=job))
    (_, limit, _), *less, (name, left, _) = rows
    if -LIMIT_TOLERANCE_MICRO_USD <= left <= 0:
        rows[-1] = (name, 0, ())
    parts = [(amount, [part for part, _ in parts]) for _, amount, parts in rows if len(parts) > 1]
    show = usd_format_of_sums((limit, [*(amount for _, amount, _ in less), rows[-1][1]]), *parts)
    return _aligned([(name, show(amount), _note(parts, show)) for name, amount, parts in rows])


_Parts = Sequence[tuple[int, str]]


def line_rows(line: BudgetLine, *, with_job: bool, job: str = "this job") -> Iterator[tuple[str, int, _Parts]]:
    """Yield the sum of one budget: what, how much [micro-USD], of what it consists; the last row is what is left."""
    off_ledger = line.off_ledger
    yield "limit", line.limit_micro_usd, ()
    yield (
        "- spent",
        line.spent_micro_usd,
        _parts(
            (line.balance.posted_micro_usd, "settled in the ledger"),
            (off_ledger.spent_micro_usd, f"by {_count(off_ledger.spent_jobs, 'job')} outside the ledger"),
        ),
    )
    yield (
        "- held",
        line.held_micro_usd,
        _parts(
            (line.balance.held_micro_usd, "by open submissions"),
            (
                off_ledger.held_micro_usd,
                f"by {_count(off_ledger.held_jobs, 'running job')} not reserved in this budget",
            ),
            (off_ledger.scheduled_micro_usd, f"for {_count(off_ledger.scheduled_runs, 'run')} of schedules"),
        ),
    )
    if with_job:
        yield f"- {job}", line.this_job_micro_usd, [(line.this_job_micro_usd, "at its worst case")]
    yield "= left", line.left_micro_usd, ()


def _parts(*parts: tuple[int, str]) -> _Parts:
    return [part for part in parts if part[0]]


def _note(parts: _Parts, show: Callable[[int], str]) -> str:
    """Return what an amount consists of; where that is one thing, the amount is not repeated."""
    if len(parts) == 1:
        return parts[0][1]
    return ", ".join(f"{show(amount)} {words}" for amount, words in parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _aligned(rows: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return rows of a name, an amount and a note with their decimal points one under the other.

    >>> _aligned([("limit", "$15.00", ""), ("= left", "$4.24048", "")])
    ['limit   $15.00', '= left   $4.24048']
    """
    amounts = [amount.partition(".") for _, amount, _ in rows]
    names = max(len(name) for name, _, _ in rows)
    whole = max(len(dollars) for dollars, _, _ in amounts)
    cents = max(len(digits) for _, _, digits in amounts)
    return [
        f"{name:<{names}}  {dollars:>{whole}}.{digits:<{cents}}  {note}".rstrip()
        for (name, _, note), (dollars, _, digits) in zip(rows, amounts, strict=True)
    ]
