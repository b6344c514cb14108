"""``hfplanner budget show``."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.check import budget_lines
from hfplanner.budget.decision import BudgetLine
from hfplanner.budget.outside import Outside
from hfplanner.budget.policy import Limits, Policy, applied_budgets
from hfplanner.cli.account import find_account, open_client
from hfplanner.cli.budget_inputs import PolicyOption, ask_schedules, look_outside, open_books, the_policy
from hfplanner.cli.job_options import JobNamespaceOption, TokenOption
from hfplanner.cli.options import FormatOption, JsonOption, OfflineOption, QuietOption, get_listing, now_utc
from hfplanner.cli.show.output import OutputFormat, note, print_json, print_lines, print_tsv, resolve_format, warn
from hfplanner.errors import HubError

if TYPE_CHECKING:
    from hfplanner.api.client import JobsClient

EXAMPLES = [
    "hfplanner budget show",
    "hfplanner budget show --offline --json",
    "hfplanner budget show --policy team.toml",
]

_AGENT_COLUMNS = (
    "name",
    "period",
    "start",
    "end",
    "scope",
    "limit_micro_usd",
    "spent_micro_usd",
    "held_micro_usd",
    "left_micro_usd",
)


def show(
    namespace: JobNamespaceOption = None,
    token: TokenOption = None,
    policy: PolicyOption = None,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Show the limits, what is spent and held in the present period, and what is left."""
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    now, rules = now_utc(), the_policy(policy)
    applied = applied_budgets(rules, None, now)
    listing = get_listing(offline=offline, refresh=False, now=now)
    settings = read_hub_settings(os.environ)
    with open_client(settings, token, offline=offline or not applied) as client, open_books() as books:
        payer = _payer(client, namespace)
        outside = look_outside(applied, books, listing, ask_schedules(client, payer), now)
        lines = budget_lines(applied, books, outside)
    _show(rules, lines, shown, now)
    for text in dict.fromkeys(_warnings(rules, lines, outside)):
        warn(text)
    return 0


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


def _show(policy: Policy, lines: Sequence[BudgetLine], shown: OutputFormat, now: datetime) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(_document(policy, lines))
        case OutputFormat.QUIET:
            print_lines(line.window.budget for line in lines)
        case OutputFormat.AGENT:
            print_tsv(_AGENT_COLUMNS, ([line.to_json()[column] for column in _AGENT_COLUMNS] for line in lines))
        case _:
            from hfplanner.cli.show.budget import show_budgets  # noqa: PLC0415 - rich, for people only

            show_budgets(policy, lines, now)
    if shown is not OutputFormat.JSON and policy.sources:
        note(f"Policy: {', '.join(policy.sources)}.")


def _document(policy: Policy, lines: Sequence[BudgetLine]) -> dict[str, Any]:
    """Return the limits and what is left of them as the interface spells it."""
    return {
        "policy": list(policy.sources),
        "budgets": [line.to_json() for line in lines],
        "limits": _limits(policy.limits),
        "waivers": [
            {
                "budget": rule.budget,
                "reason": rule.waiver.reason,
                "author": rule.waiver.author,
                "expires": f"{rule.waiver.expires:%Y-%m-%dT%H:%M:%SZ}",
                "scope": rule.scope.words(),
            }
            for rule in policy.waivers
        ],
    }


def _limits(limits: Limits) -> dict[str, Any]:
    age = limits.max_price_age
    return {
        "max_job_micro_usd": limits.max_job_micro_usd,
        "max_price_micro_usd_per_hour": limits.max_price_micro_usd_per_hour,
        "max_timeout_secs": limits.max_timeout_secs,
        "max_attempts": limits.max_attempts,
        "max_price_age_secs": None if age is None else int(age.total_seconds()),
        "allow_flavors": None if limits.allow_flavors is None else sorted(limits.allow_flavors),
        "deny_flavors": sorted(limits.deny_flavors),
        "unknown_spending": limits.unknown_spending,
    }
