"""``hfplanner budget check``."""

import os
from typing import Any

from hfplanner.api.settings import read_hub_settings
from hfplanner.budget.decision import Decision, Verdict
from hfplanner.budget.explain import headline, line_text, period_words, worst_case_words
from hfplanner.cli.account import open_client
from hfplanner.cli.budget_inputs import PolicyOption, open_books, the_policy
from hfplanner.cli.job_options import JobOptions, TokenOption
from hfplanner.cli.model_options import ModelOptions
from hfplanner.cli.needs import MachineOptions, MoneyOptions, TimeOptions
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.packs import unpacked
from hfplanner.cli.planning import AskedRun, Planned, account_for
from hfplanner.cli.show.output import (
    OutputFormat,
    note,
    print_block,
    print_error,
    print_json,
    print_lines,
    print_tsv,
    resolve_format,
    warn,
)
from hfplanner.errors import BudgetError, BudgetRefused, HfplannerError, HistoryError

SETTINGS = {"ignore_unknown_options": True}

EXAMPLES = [
    "hfplanner budget check --flavor l4x1 --timeout 2h",
    "hfplanner budget check --flavor a100-large --timeout 8h --attempts 2 -l team=nlp --namespace acme",
    "hfplanner budget check --flavor l4x1 --timeout 1h python:3.12 python train.py",
    "hfplanner budget check --flavor h200 --timeout 1d --json",
]

_AGENT_COLUMNS = (
    "name",
    "limit_micro_usd",
    "spent_micro_usd",
    "held_micro_usd",
    "this_job_micro_usd",
    "left_micro_usd",
)


@unpacked
def check(
    typed: JobOptions,
    machine: MachineOptions,
    model: ModelOptions,
    time: TimeOptions,
    money: MoneyOptions,
    token: TokenOption = None,
    policy: PolicyOption = None,
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say whether a job may run, with the arithmetic; takes the options of `run`. Nothing is sent or reserved.

    Without --flavor the recommended one is checked, without --timeout the one that the duration suggests, or 30
    minutes. --max-cost is a limit: `run` shortens a timeout for it that you did not give, a check shortens nothing.

    Exit code 0: it may. 3: a limit refuses it, or something that decides is not known.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    asked = AskedRun(typed, machine, model, time, money, sends=False, values=False, token=token, offline=offline)
    try:
        rules = the_policy(policy)
        listing = get_listing(offline=offline, refresh=refresh, now=now_utc())
        settings = read_hub_settings(os.environ)
        # Nobody is asked anything that no rule depends on.
        with open_client(settings, token, offline=offline or not rules.sources) as client, open_books() as books:
            planned = asked.plan(rules, listing, books, account_for(rules, client, typed.namespace), client)
    except (BudgetError, HistoryError) as error:
        # Without the policy, the books or the history nobody knows what is left.
        if shown is OutputFormat.JSON:
            print_json(_blocked(error))
        print_error(error, json=False)
        return BudgetError.exit_code
    _show(planned, shown)
    return planned.decision.exit_code


def _blocked(error: HfplannerError) -> dict[str, Any]:
    """Return the decision where none could be made: nothing is known, so the job may not run."""
    reason = {"code": error.code, "message": error.message, "hint": error.hint}
    verdict = Verdict.REFUSED if isinstance(error, BudgetRefused) else Verdict.BLOCKED
    return {"decision": verdict.value, "worst_case_micro_usd": None, "budgets": [], "reasons": [reason]}


def _show(planned: Planned, shown: OutputFormat) -> None:
    decision = planned.decision
    match shown:
        case OutputFormat.JSON:
            print_json(decision.to_json())
        case OutputFormat.QUIET:
            print_lines([decision.verdict.value])
        case OutputFormat.AGENT:
            rows = (line.to_json() for line in decision.lines)
            print_tsv(
                ("decision", *_AGENT_COLUMNS), ([decision.verdict, *map(row.get, _AGENT_COLUMNS)] for row in rows)
            )
        case _:
            _show_sums(decision)
    for text in planned.warnings:
        warn(text)
    if shown is not OutputFormat.HUMAN:
        for reason in decision.against:
            note(f"{reason.code}: {reason.message}")


def _show_sums(decision: Decision) -> None:
    """Print the decision, its reasons, and the sums, in plain text: rich takes longer to load than all this takes."""
    with_job = decision.worst_case_micro_usd is not None
    how = worst_case_words(decision)
    print_lines([headline(decision)])
    print_block(reason.message for reason in decision.against)
    print_lines([how] if how else [])
    for line in decision.lines:
        print_lines(["", f"Budget {line.window.budget} ({period_words(line)})"])
        print_block(line_text(line, with_job=with_job))
