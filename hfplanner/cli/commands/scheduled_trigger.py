"""``hfplanner scheduled trigger``."""

from hfplanner.cli.command import Command
from hfplanner.cli.commands.run import How, run_request
from hfplanner.cli.options.schedule import AGREEING, SCHEDULE_ID
from hfplanner.plan.arguments import SENDING, find_arguments
from hfplanner.plan.schedule_list import owner_of
from hfplanner.plan.workspace import Workspace


def scheduled_trigger(
    *,
    schedule: str,
    namespace: str | None,
    key: str | None,
    dry_run: bool,
    yes: bool,
    policy: str | None,
    ledger: str | None,
    token: str | None,
    shown: str,
) -> int:
    """Run a schedule's job once now, through the same gate as `run`; when it runs next stays as it is.

    The Hub starts it with the specification and the secrets it keeps. While a run goes on that may not overlap, it
    refuses: nothing is held then. Exit code 3: a budget refuses it; 5: it was sent, and nobody knows whether it exists.
    """
    how = How(key=key, dry_run=dry_run, yes=yes, follows=False, shown=shown)
    how.refuse_what_cannot_be()
    from hfplanner.plan.schedule_change import know_trigger  # noqa: PLC0415 - not for a help text

    with Workspace.from_environ(token=token, policy=policy, ledger=ledger) as workspace:
        workspace.policy()
        own_id, owner = owner_of(schedule, namespace, workspace)
        found = workspace.hub_to_ask().scheduled.get(owner, own_id)
        return run_request(know_trigger(found, owner, workspace), workspace, how)


COMMAND = Command(
    call=scheduled_trigger,
    acts=True,
    positionals=(SCHEDULE_ID,),
    options=(*find_arguments("namespace"), *SENDING, AGREEING, *find_arguments("policy", "ledger", "token")),
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner scheduled trigger 687fb701029421ae5549d999",
        "hfplanner scheduled trigger --yes --key nightly-again acme/687fb701029421ae5549d999",
    ],
)
