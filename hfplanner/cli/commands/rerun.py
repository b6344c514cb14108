"""``hfplanner rerun``."""

from typing import Any

from hfplanner.cli.command import Command
from hfplanner.cli.commands.run import run_request
from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.schedule import NO_TRUNCATE
from hfplanner.cli.options.submission import SUBMISSION, How, taken_workspace
from hfplanner.plan.arguments import FALLBACK, find_arguments
from hfplanner.plan.asked import AskedJob


def rerun(
    *,
    job: str,
    secrets: list[str] | None,
    secrets_file: str | None,
    namespace: str | None,
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a submission
) -> int:
    """Run a job again with the specification it had, through the same gate as `run`.

    Flavor, command, variables, volumes, ports, labels, timeout and attempts are those of the job, as the Hub tells them
    now. It does not tell the values of secrets: each has to be given again with --secrets. The job is sent as a new
    one, with labels of its own, so that it is counted once and found again whatever happens. --fallback names other
    flavors for a job whose own has no capacity, as with `run`.
    """
    how = How.taken(given, shown)
    how.refuse_what_cannot_be()
    from hfplanner.plan.rerun import know_rerun  # noqa: PLC0415 - not for a help text

    with taken_workspace(given) as workspace:
        workspace.policy()
        asked = AskedJob(secrets=secrets, secrets_file=secrets_file, namespace=namespace)
        return run_request(know_rerun(job, asked, workspace, values=not how.dry_run), workspace, how)


COMMAND = Command(
    call=rerun,
    acts=True,
    positionals=(
        Positional(
            name="job",
            metavar="JOB_ID",
            help="The job, also as NAMESPACE/JOB_ID, or one of the history: @latest, @latest-failed, @name=sft.",
        ),
    ),
    options=(
        *find_arguments("secrets", "secrets_file", "namespace"),
        *SUBMISSION,
        *FALLBACK,
        *find_arguments("policy", "ledger", "token"),
        NO_TRUNCATE,
    ),
    names="the job's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner rerun 687fb701029421ae5549d998",
        "hfplanner rerun --secrets HF_TOKEN --yes --detach acme/687fb701029421ae5549d998",
        "hfplanner rerun --dry-run @latest-failed",
        "hfplanner rerun --fallback l40sx1,a100-large --max-wait 20m --key k8 @latest",
    ],
)
