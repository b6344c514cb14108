"""``hfplanner report``."""

from pathlib import Path

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import REPORT, Argument, find_arguments
from hfplanner.plan.workspace import Workspace


def report(
    *,
    by: list[str] | None,
    since: str | None,
    until: str | None,
    month: str | None,
    namespace: str | None,
    timezone: str,
    output: str | None,
    focus: str | None,
    offline: bool,
) -> Answer:
    """Say what the jobs of the local history cost, by what, and what of it was wasted.

    A cost is exact, or lies between two bounds; what has no known price is counted apart, never as zero. Exit code 6
    means that the history is not complete.
    """
    from hfplanner.cli.show.report import report_answer  # noqa: PLC0415 - polars, not for a help text
    from hfplanner.plan.reporting import AskedReport, report_history  # noqa: PLC0415 - as above

    asked = AskedReport(
        by=tuple(by or ("flavor",)), since=since, until=until, month=month, namespace=namespace, timezone=timezone
    )
    with Workspace.from_environ(offline=offline) as workspace:
        spec = asked.spec(workspace.now())
        found = report_history(spec, workspace, get_listing(workspace))
    written: list[Path] = []
    if output is not None:
        written += found.write(Path(output))
    if focus is not None:
        found.write_focus(Path(focus))
        written.append(Path(focus))
    return report_answer(found.report, written)


COMMAND = Command(
    call=report,
    options=(
        *REPORT,
        *find_arguments("offline"),
        Argument(
            name="output",
            group="Output",
            metavar="DIR",
            help="Write the report as a page, with its pictures, and the data as Parquet and CSV.",
        ),
        Argument(
            name="focus", group="Output", metavar="FILE", help="Write the jobs in FinOps FOCUS columns: a CSV file."
        ),
    ),
    names="the keys of the groups, a group a line",
    documents=("csv", "markdown", "html"),
    documents_help="csv has the groups; markdown and html are the whole report in one document.",
    examples=[
        "hfplanner report",
        "hfplanner report --by owner --by flavor --since 2026-09",
        "hfplanner report --by label:team --since 30d --json",
        "hfplanner report --month last",
        "hfplanner report --by month --timezone Europe/Berlin",
        "hfplanner report --output report && open report/report.html",
        "hfplanner report --format html > report.html",
        "hfplanner report --focus focus.csv",
    ],
)
