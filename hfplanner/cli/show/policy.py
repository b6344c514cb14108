"""A policy, for programs and for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.output import print_lines
from hfplanner.plan.policy_shown import policy_document
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.budget.agent_rules import AgentRule
    from hfplanner.budget.policy import Policy

__all__ = ["policy_answer"]


def policy_answer(policy: "Policy") -> Answer:
    """Return the policy that holds."""
    document = policy_document(policy)
    return Answer(
        document=lambda: document,
        names=lambda: [budget.name for budget in policy.budgets],
        columns=("name", "limit_micro_usd", "period", "timezone", "source"),
        rows=lambda: document["budgets"],
        people=lambda: print_lines(map(sanitize, _lines(policy))),
    )


def _lines(policy: "Policy") -> Iterator[str]:
    if not policy.sources:
        yield "There is no policy: nothing limits spending."
        return
    yield f"The policy of {', '.join(policy.sources)}."
    for budget in policy.budgets:
        per = "in all" if budget.period.value == "total" else f"a {budget.period.value} ({budget.zone})"
        yield f"Budget {budget.name}: {format_usd(budget.limit_micro_usd)} {per}, for {budget.scope.words()}."
    for name, value in policy_document(policy)["limits"].items():
        if value not in (None, []):
            yield f"Limit {name.removesuffix('_secs').replace('micro_usd', 'usd')}: {_value(name, value)}."
    for waived in policy.waivers:
        until = f"{waived.waiver.expires:%Y-%m-%d %H:%M} UTC"
        yield f"Waiver of {waived.waiver.author} for budget {waived.budget} until {until}."
    for rule in policy.agents:
        yield f"Agent {rule.name}: {', '.join(_of_agent(rule))}."


def _value(name: str, value: object) -> str:
    if isinstance(value, int) and "micro_usd" in name:
        return format_usd(value)
    if isinstance(value, int) and name.endswith("_secs"):
        return format_duration(value)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _of_agent(rule: "AgentRule") -> Iterator[str]:
    session, day, above = rule.max_session_micro_usd, rule.max_day_micro_usd, rule.approve_above_micro_usd
    if session is not None:
        yield f"{format_usd(session)} a session"
    if day is not None:
        yield f"{format_usd(day)} a day"
    if above is not None:
        yield f"a person approves what may cost more than {format_usd(above)}"
    if session is day is above is None:
        yield "no limit of its own"
