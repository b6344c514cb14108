"""``hfplanner report``."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hfplanner.cli.options import (
    JsonOption,
    OfflineOption,
    QuietOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.show.output import note, print_document, print_json, print_lines, print_tsv, resolve_format, warn
from hfplanner.history.bills import read_bills
from hfplanner.history.store import HistoryStore, default_history_folder
from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.csv_format import to_csv
from hfplanner.report.flat import flat_header, flat_rows
from hfplanner.report.focus import write_focus
from hfplanner.report.html import to_html
from hfplanner.report.markdown import to_markdown
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec, parse_moment
from hfplanner.report.write import write_report
from hfplanner.zones import parse_zone

EXAMPLES = [
    "hfplanner report",
    "hfplanner report --by owner --by flavor --since 2026-09",
    "hfplanner report --by label:team --since 30d --json",
    "hfplanner report --by month --timezone Europe/Berlin",
    "hfplanner report --output report && open report/report.html",
    "hfplanner report --format html > report.html",
    "hfplanner report --focus focus.csv",
]


class ReportFormat(StrEnum):
    """How a report is shown: as every other answer is, or as a document."""

    AUTO = "auto"
    HUMAN = "human"
    AGENT = "agent"
    JSON = "json"
    QUIET = "quiet"
    CSV = "csv"
    MARKDOWN = "markdown"
    HTML = "html"


ReportFormatOption = Annotated[
    ReportFormat,
    typer.Option(
        "--format",
        help="Output format; auto is agent under an AI agent, else human. csv has the groups, markdown and html are "
        "the whole report in one document.",
    ),
]

ByOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY",
        help="Group by flavor, owner, initiator, stage, day, week, month, name or label:KEY; repeatable.  "
        "[default: flavor]",
    ),
]
SinceOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="From here on: 2026-09, 2026-09-15, 2026-09-15T12:00, or 7d ago.")
]
UntilOption = Annotated[str | None, typer.Option(metavar="TIME", help="Up to here, not included.")]
NamespaceOption = Annotated[str | None, typer.Option(metavar="NAME", help="Only jobs of this user or organization.")]
ZoneOption = Annotated[str, typer.Option(metavar="ZONE", help="In which days and months begin: Europe/Berlin.")]
OutputOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write the report as a page, with its pictures, and the data as Parquet and CSV."),
]
FocusOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the jobs in FinOps FOCUS columns: a CSV file.")
]


def report(
    by: ByOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    namespace: NamespaceOption = None,
    timezone: ZoneOption = "UTC",
    output: OutputOption = None,
    focus: FocusOption = None,
    offline: OfflineOption = False,
    output_format: ReportFormatOption = ReportFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say what the jobs of the local history cost, by what, and what of it was wasted.

    A cost is exact, or lies between two bounds; what has no known price is counted apart, never as zero. Exit code 6
    means that the history is not complete.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    now, zone = now_utc(), parse_zone(timezone)
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
        written += write_report(found, costed_jobs(jobs, inputs), output)
    if focus is not None:
        write_focus(costed_jobs(jobs, inputs), spec, focus)
        written.append(focus)
    _show(found, shown)
    for path in written:
        note(f"Wrote {path}.")
    for gap in found.gaps:
        warn(f"The report is incomplete: {gap}.")
    return found.exit_code


def _show(found: Report, shown: ReportFormat) -> None:
    match shown:
        case ReportFormat.JSON:
            print_json(found.to_json())
        case ReportFormat.QUIET:
            print_lines(", ".join(value or "-" for value in group.values) for group in found.groups)
        case ReportFormat.AGENT:
            print_tsv(flat_header(found), flat_rows(found))
        case ReportFormat.CSV:
            print_document(to_csv(found))
        case ReportFormat.MARKDOWN:
            print_document(to_markdown(found))
        case ReportFormat.HTML:
            print_document(to_html(found))
        case _:
            from hfplanner.cli.show.report import show_report  # noqa: PLC0415 - rich, for people only

            show_report(found)
