"""A report, in every format."""

from collections.abc import Sequence
from pathlib import Path

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.tables import Column, age_line, print_table, print_text, screen
from hfplanner.report.csv_format import to_csv
from hfplanner.report.flat import flat_header, flat_rows
from hfplanner.report.result import Report
from hfplanner.report.tables import (
    TextTable,
    evidence_text,
    forecast_sentence,
    groups_table,
    headline,
    reconciliation_table,
    waste_table,
)
from hfplanner.report.words import caveats, period_text

__all__ = ["report_answer", "show_report"]


def report_answer(report: Report, written: Sequence[Path]) -> Answer:
    """Return a report, with the files it was written to as remarks."""
    header = flat_header(report)
    return Answer(
        document=report.to_json,
        names=lambda: [", ".join(value or "-" for value in group.values) for group in report.groups],
        columns=header,
        rows=lambda: [dict(zip(header, row, strict=True)) for row in flat_rows(report)],
        people=lambda: show_report(report),
        documents={"csv": lambda: to_csv(report), "markdown": lambda: _markdown(report), "html": lambda: _html(report)},
        remarks=(
            *(Remark("note", f"Wrote {path}.") for path in written),
            *(Remark("warning", f"The report is incomplete: {gap}.") for gap in report.gaps),
        ),
        code=report.exit_code,
    )


def _markdown(report: Report) -> str:
    from hfplanner.report.markdown import to_markdown  # noqa: PLC0415 - jinja2, for documents only

    return to_markdown(report)


def _html(report: Report) -> str:
    from hfplanner.report.html import to_html  # noqa: PLC0415 - jinja2 and matplotlib, for documents only

    return to_html(report)


def show_report(report: Report) -> None:
    """Print what was spent, the groups, the waste with its evidence, the forecast, and what the amounts do not hold."""
    out = screen()
    print_text(out, headline(report), "bold")
    print_text(out, f"Jobs {period_text(report)}.")
    for sentence in caveats(report):
        print_text(out, sentence, "yellow")
    if report.total.jobs:
        out.write()
        print_table(out, _columns(groups_table(report)))
    if report.waste.findings:
        out.write()
        print_table(out, _columns(waste_table(report.waste.findings), without="Evidence"))
        for finding in report.waste.findings:
            print_text(out, f"{finding.title}: {evidence_text(finding)}.", "dim")
    if report.reconciliation and report.reconciliation.comparisons:
        out.write()
        print_table(out, _columns(reconciliation_table(report.reconciliation)))
    out.write()
    if report.forecast.is_asked:
        print_text(out, forecast_sentence(report.forecast))
    print_text(out, age_line(report.listing, report.now), "dim")


def _columns(table: TextTable, without: str = "") -> list[Column]:
    return [
        Column(column.title.upper(), column.cells, column.keep, column.right)
        for column in table.columns
        if column.title != without
    ]
