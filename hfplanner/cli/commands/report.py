"""``hfplanner report``."""

import os
from pathlib import Path

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.zones import parse_zone


def report(
    *,
    by: list[str] | None,
    since: str | None,
    until: str | None,
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
    from hfplanner.history.bills import read_bills  # noqa: PLC0415 - as above
    from hfplanner.history.store import HistoryStore, default_history_folder  # noqa: PLC0415 - as above
    from hfplanner.report.build import ReportInputs, build_report, costed_jobs  # noqa: PLC0415 - as above
    from hfplanner.report.spec import ReportSpec, parse_moment  # noqa: PLC0415 - as above

    now = now_utc()
    zone = parse_zone(timezone)
    spec = ReportSpec(
        by=tuple(by or ("flavor",)),
        since=None if since is None else parse_moment(since, zone, now),
        until=None if until is None else parse_moment(until, zone, now),
        timezone=timezone,
        namespace=namespace,
    )
    store = HistoryStore(default_history_folder(os.environ))
    listing = get_listing(offline=offline, refresh=False, now=now)
    inputs = ReportInputs(listing=listing, now=now, pulls=store.pulls(), billed=read_bills(store))
    jobs = store.scan()
    found = build_report(jobs, spec, inputs)
    written: list[Path] = []
    if output is not None:
        from hfplanner.report.write import write_report  # noqa: PLC0415 - only where files are asked for

        written += write_report(found, costed_jobs(jobs, inputs), Path(output))
    if focus is not None:
        from hfplanner.report.focus import write_focus  # noqa: PLC0415 - as above

        write_focus(costed_jobs(jobs, inputs), spec, Path(focus))
        written.append(Path(focus))
    return report_answer(found, written)


COMMAND = Command(
    call=report,
    options=(
        Argument(
            name="by",
            group="Options",
            metavar="KEY",
            repeatable=True,
            shown_default="flavor",
            help="Group by flavor, owner, initiator, stage, day, week, month, name or label:KEY; repeatable.",
        ),
        Argument(
            name="since",
            group="Options",
            metavar="TIME",
            help="From here on: 2026-09, 2026-09-15, 2026-09-15T12:00, or 7d ago.",
        ),
        Argument(name="until", group="Options", metavar="TIME", help="Up to here, not included."),
        Argument(name="namespace", group="Options", metavar="NAME", help="Only jobs of this user or organization."),
        Argument(
            name="timezone",
            group="Options",
            metavar="ZONE",
            default="UTC",
            shown_default="UTC",
            help="In which days and months begin: Europe/Berlin.",
        ),
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
        "hfplanner report --by month --timezone Europe/Berlin",
        "hfplanner report --output report && open report/report.html",
        "hfplanner report --format html > report.html",
        "hfplanner report --focus focus.csv",
    ],
)
