"""``hfplanner budget show``."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.check import budget_lines
from hfplanner.budget.decision import BudgetLine
from hfplanner.budget.outside import Outside
from hfplanner.budget.policy import Policy, applied_budgets
from hfplanner.cli.account import find_account, open_client
from hfplanner.cli.budget_inputs import ask_schedules, look_outside, open_books, the_policy
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.budget import budgets_answer
from hfplanner.cli.show.output import warn
from hfplanner.errors import HubError
from hfplanner.plan.arguments import find_arguments

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient


def show(*, namespace: str | None, token: str | None, policy: str | None, offline: bool) -> Answer:
    """Show the limits, what is spent and held in the present period, and what is left."""
    now, rules = now_utc(), the_policy(policy)
    applied = applied_budgets(rules, None, now)
    listing = get_listing(offline=offline, refresh=False, now=now)
    settings = read_hub_settings(os.environ)
    with open_client(settings, token, offline=offline or not applied) as client, open_books() as books:
        payer = _payer(client, namespace)
        outside = look_outside(applied, books, listing, ask_schedules(client, payer), now)
        lines = budget_lines(applied, books, outside)
    return budgets_answer(rules, lines, list(dict.fromkeys(_warnings(rules, lines, outside))), now)


def _payer(client: "JobsClient | None", namespace: str | None) -> str:
    """Return whose schedules to ask for; the limits are shown also where the Hub gives no usable answer."""
    try:
        return find_account(client, namespace, needs_owner=False).namespace
    except HubError as error:
        warn(f"Whose schedules to ask for is not known: {error.message}")
        return ""


def _warnings(policy: Policy, lines: Sequence[BudgetLine], outside: Outside) -> list[str]:
    if not policy.sources:
        return ["There is no policy: nothing limits spending."]
    unknown = [f"{sentence} (budget {line.window.budget})." for line in lines for sentence in line.outside.unknown]
    not_asked = (
        [] if outside.asked_schedules or not lines else ["Runs of schedules are not counted: the Hub was not asked."]
    )
    gaps = [f"The history may lack jobs that count: {gap}." for gap in outside.gaps]
    return [*unknown, *gaps, *not_asked]


COMMAND = Command(
    call=show,
    options=find_arguments("namespace", "policy", "token", "offline"),
    names="the names of the budgets, one a line",
    examples=[
        "hfplanner budget show",
        "hfplanner budget show --offline --json",
        "hfplanner budget show --policy team.toml",
    ],
)
