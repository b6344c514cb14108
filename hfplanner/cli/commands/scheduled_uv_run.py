"""``hfplanner scheduled uv run``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hfplanner.cli.command import Command
from hfplanner.cli.commands.scheduled_run import schedule_request, taken_when
from hfplanner.cli.commands.uv_run import SCRIPT, SCRIPT_OPTIONS, asked_script
from hfplanner.cli.options.schedule import SCHEDULE, SCHEDULED_JOB_OPTIONS, SCHEDULING
from hfplanner.cli.options.submission import BOOKS, How, taken_workspace
from hfplanner.errors import JobSpecError

if TYPE_CHECKING:
    from collections.abc import Sequence


def scheduled_uv_run(
    *,
    schedule: str,
    script: str,
    args: "Sequence[str]",
    shown: str,
    **given: Any,  # noqa: ANN401 - the options of a job, of a schedule and of its submission
) -> int:
    """Run a Python script on a schedule with uv, through the same gate as `scheduled run`.

    Takes the options of `hf jobs scheduled uv run`, before SCHEDULE. The script's header is read as by `uv run`, save
    that a schedule joins no network group. A local script is uploaded once, as it is now: every run takes that copy.
    """
    how = How.taken(given, shown)
    when = taken_when(schedule, given)
    with (
        taken_workspace(given) as workspace,
        TemporaryDirectory(prefix="hfplanner-") as temporary,
    ):
        workspace.policy()
        asked = asked_script(given, script, args, workspace, Path(temporary), values=not how.dry_run)
        how.refuse_what_cannot_be()
        if asked.request.job.network_group is not None:
            raise JobSpecError(
                "A schedule joins no network group.", hint="Take network_group out of the script's [tool.hf-jobs]."
            )
        return schedule_request(asked, when, workspace, how)


COMMAND = Command(
    call=scheduled_uv_run,
    acts=True,
    positionals=(SCHEDULE, *SCRIPT),
    options=(
        *SCRIPT_OPTIONS,
        *SCHEDULED_JOB_OPTIONS,
        *SCHEDULING,
        *BOOKS,
    ),
    stops_at_positional=True,
    names="the schedule's id; with --dry-run the name of the flavor",
    examples=[
        "hfplanner scheduled uv run --flavor l4x1 --timeout 1h @daily evaluate.py --quick",
        "hfplanner scheduled uv run --dry-run --with trl '0 3 * * 1' train.py",
    ],
)
