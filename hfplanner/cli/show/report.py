"""A report for people."""

from hfplanner.cli.show.tables import Column, age_line, console, print_table, print_text
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

__all__ = ["show_report"]


def show_report(report: Report) -> None:
    """Print what was spent, the groups, the waste with its evidence, the forecast, and what the amounts do not hold."""
    out = console()
    print_text(out, headline(report), "bold green" if report.complete else "bold yellow")
    print_text(out, f"Jobs {period_text(report)}.")
    for sentence in caveats(report):
        print_text(out, sentence, "yellow")
    if report.total.jobs:
        out.print()
        print_table(out, _columns(groups_table(report)))
    if report.waste.findings:
        out.print()
        print_table(out, _columns(waste_table(report.waste.findings), without="Evidence"))
        for finding in report.waste.findings:
            print_text(out, f"{finding.title}: {evidence_text(finding)}.", "dim")
    if report.reconciliation and report.reconciliation.comparisons:
        out.print()
        print_table(out, _columns(reconciliation_table(report.reconciliation)))
    out.print()
    print_text(out, forecast_sentence(report.forecast))
    print_text(out, age_line(report.listing, report.now), "dim")


def _columns(table: TextTable, without: str = "") -> list[Column]:
    return [
        Column(column.title.upper(), column.cells, column.keep, column.right)
        for column in table.columns
        if column.title != without
    ]
