"""What a person agreed to is what is sent: after the answer the plan is made again, on what is known then.

A question may stand open for hours. Meanwhile other runs spend, a history is imported, a price changes, a month ends.
So the decision that a reservation is made from is read after the answer, never before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from hfplanner.budget.decision import Decision, Verdict
from hfplanner.units import LIMIT_TOLERANCE_MICRO_USD, format_duration, format_usd

__all__ = ["Changes", "agreed", "changes_between"]


class _Plan(Protocol):
    """A plan, as far as an agreement depends on it."""

    @property
    def decision(self) -> Decision:
        """Whether it may run, and what it may cost."""


P = TypeVar("P", bound=_Plan)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between the plan that was shown and the one that holds now, a sentence each.

    Args:
        to_ask: what nobody agreed to: another flavor, less time, other attempts, a higher cap.
        to_tell: what costs nobody anything: a lower cap, more time, another period of a budget.
    """

    to_ask: tuple[str, ...] = ()
    to_tell: tuple[str, ...] = ()


def agreed(plan: Callable[[], P], ask: Callable[[P, tuple[str, ...]], bool], tell: Callable[[str], None]) -> P | None:
    """Return the plan that was agreed to, made after the answer; ``None`` where the answer is no.

    A plan that is not allowed is returned without a question, or, where it was allowed when it was shown, after it: the
    caller refuses it.

    Args:
        plan: makes the plan from what is known at this moment.
        ask: shows a plan, and what of it differs from the one that was agreed to before; whether the answer is yes.
        tell: says what changed meanwhile.
    """
    shown = plan()
    changed: tuple[str, ...] = ()
    while shown.decision.verdict is Verdict.ALLOWED:
        if not ask(shown, changed):
            return None
        now = plan()
        changes = changes_between(shown.decision, now.decision)
        for text in changes.to_tell:
            tell(text)
        if not changes.to_ask:
            return now
        shown, changed = now, changes.to_ask
    return shown


def changes_between(shown: Decision, now: Decision) -> Changes:
    """Return what has changed between two decisions about one job.

    >>> from dataclasses import replace
    >>> from hfplanner.budget.terms import JobTerms
    >>> terms = JobTerms(namespace="acme", owner="ada", flavor="l4x1", price=None, timeout_secs=3600)
    >>> before = Decision(verdict=Verdict.ALLOWED, terms=terms, worst_case_micro_usd=799980, lines=(), reasons=())
    >>> changes_between(before, replace(before, worst_case_micro_usd=899980)).to_ask
    ('The job may now cost $0.90, not $0.80.',)
    """
    before, after = shown.terms, now.terms
    to_ask: list[str] = []
    to_tell: list[str] = []
    if after.flavor != before.flavor:
        to_ask.append(f"The flavor is now {after.flavor}, not {before.flavor}.")
    was, secs = before.timeout_secs or 0, after.timeout_secs or 0
    if secs != was:
        sentence = f"The timeout is now {format_duration(secs)}, not {format_duration(was)}."
        (to_ask if secs < was else to_tell).append(sentence)
    if after.attempts != before.attempts:
        to_ask.append(f"The attempts are now {after.attempts}, not {before.attempts}.")
    cap, capped = now.worst_case_micro_usd, shown.worst_case_micro_usd
    if cap is not None and capped is not None and abs(cap - capped) > LIMIT_TOLERANCE_MICRO_USD:
        sentence = f"The job may now cost {format_usd(cap)}, not {format_usd(capped)}."
        (to_ask if cap > capped else to_tell).append(sentence)
    periods = {line.window.budget: line.window.start for line in shown.lines}
    for line in now.lines:
        start = periods.get(line.window.budget)
        if start is not None and start != line.window.start:
            to_tell.append(
                f"A new {line.period} of budget {line.window.budget} has begun: the job counts in that of"
                f" {line.window.start:%Y-%m-%d}."
            )
    return Changes(tuple(to_ask), tuple(to_tell))
