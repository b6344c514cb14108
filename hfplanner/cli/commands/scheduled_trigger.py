"""``hfplanner scheduled trigger``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.commands.run import run_request
from hfplanner.cli.named_schedule import named_schedule
from hfplanner.cli.options.schedule import NO_TRUNCATE, SCHEDULE_ID
from hfplanner.cli.options.submission import SENT_ALONE, How
from hfplanner.plan.arguments import find_arguments


def scheduled_trigger(
    *,
    schedule: str,
    shown: str,
    **given: Any,  # noqa: ANN401 - how it is sent, where the Hub is, and the books
) -> int:
    """Run a schedule's job once now, through the same gate as `run`; when it runs next stays as it is.

    The Hub starts it with the specification and the secrets it keeps. While a run goes on that may not overlap, it
    refuses: nothing is held then. Exit code 3: a budget refuses it; 5: it was sent, and nobody knows whether it exists.
    """
    how = How.taken(given, shown)
    how.refuse_what_cannot_be()
    from hfplanner.plan.schedule_change import know_trigger  # noqa: PLC0415 - not for a help text

    with named_schedule(schedule, given) as named:
        return run_request(know_trigger(named.found(), named.owner, named.workspace), named.workspace, how)


COMMAND = Command(
    call=scheduled_trigger,
    acts=True,
    positionals=(SCHEDULE_ID,),
    options=(*find_arguments("namespace"), *SENT_ALONE, *find_arguments("policy", "ledger", "token"), NO_TRUNCATE),
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner scheduled trigger 687fb701029421ae5549d999",
        "hfplanner scheduled trigger --yes --key nightly-again acme/687fb701029421ae5549d999",
    ],
)
