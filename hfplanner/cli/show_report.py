"""A report for people."""

from hfplanner.cli.tables import Column, age_line, console, plain, print_table
from hfplanner.report.result import Report
from hfplanner.report.tables import TextTable, evidence_text, forecast_sentence, groups_table, headline, waste_table
from hfplanner.report.words import caveats, period_text

__all__ = ["show_report"]

_LONGEST_LINE = 2000


def show_report(report: Report) -> None:
    """Print what was spent, the groups, the waste with its evidence, the forecast, and what the amounts do not hold."""
    out = console()
    out.print(plain(headline(report), "bold green" if report.complete else "bold yellow"))
    out.print(plain(f"Jobs {period_text(report)}."))
    for sentence in caveats(report):
        out.print(plain(sentence, "yellow", limit=_LONGEST_LINE))
    if report.total.jobs:
        out.print()
        print_table(out, _columns(groups_table(report)))
    if report.waste.findings:
        out.print()
        print_table(out, _columns(waste_table(report.waste.findings), without="Evidence"))
        for finding in report.waste.findings:
            out.print(plain(f"{finding.title}: {evidence_text(finding)}.", "dim", limit=_LONGEST_LINE))
    out.print()
    out.print(plain(forecast_sentence(report.forecast), limit=_LONGEST_LINE))
    out.print(plain(age_line(report.listing, report.now), "dim"))


def _columns(table: TextTable, without: str = "") -> list[Column]:
    return [
        Column(column.title.upper(), column.cells, column.keep, column.right)
        for column in table.columns
        if column.title != without
    ]
