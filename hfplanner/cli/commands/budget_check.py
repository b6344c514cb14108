"""``hfplanner budget check``."""

import os
from typing import TYPE_CHECKING, Any

from hfplanner.api.settings import read_hub_settings
from hfplanner.cli.account import open_client
from hfplanner.cli.budget_inputs import open_books, the_policy
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.options.image import IMAGE_AND_COMMAND
from hfplanner.cli.options.job import JOB_OPTIONS, asked_run
from hfplanner.cli.planning import account_for
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.check import blocked_answer, check_answer
from hfplanner.errors import BudgetError, HistoryError
from hfplanner.plan.arguments import find_arguments

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(
    *,
    image: str | None,
    command: "Sequence[str]",
    token: str | None,
    policy: str | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> Answer:
    """Say whether a job may run, with the arithmetic; takes the options of `run`. Nothing is sent or reserved.

    Without --flavor the recommended one is checked, without --timeout the one that the duration suggests, or 30
    minutes. --max-cost is a limit: `run` shortens a timeout for it that you did not give, a check shortens nothing.

    Exit code 0: it may. 3: a limit refuses it, or something that decides is not known.
    """
    options = {**given, "token": token, "offline": offline}
    asked = asked_run(options, image, command, sends=False, values=False)
    try:
        rules = the_policy(policy)
        listing = get_listing(offline=offline, refresh=refresh, now=now_utc())
        settings = read_hub_settings(os.environ)
        # Nobody is asked anything that no rule depends on.
        with open_client(settings, token, offline=offline or not rules.sources) as client, open_books() as books:
            planned = asked.plan(rules, listing, books, account_for(rules, client, asked.job.namespace), client)
    except (BudgetError, HistoryError) as error:
        # Without the policy, the books or the history nobody knows what is left.
        return blocked_answer(error)
    return check_answer(planned)


COMMAND = Command(
    call=check,
    positionals=IMAGE_AND_COMMAND,
    options=(*JOB_OPTIONS, *find_arguments("policy", "token", "refresh", "offline")),
    stops_at_positional=True,
    names="the decision: allowed, refused or blocked",
    examples=[
        "hfplanner budget check --flavor l4x1 --timeout 2h",
        "hfplanner budget check --flavor a100-large --timeout 8h --attempts 2 -l team=nlp --namespace acme",
        "hfplanner budget check --flavor l4x1 --timeout 1h python:3.12 python train.py",
        "hfplanner budget check --flavor h200 --timeout 1d --json",
    ],
)
