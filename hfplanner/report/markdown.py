"""A report as Markdown, for a pull request, a wiki or a chat."""

from hfplanner.report.result import Report
from hfplanner.report.tables import TextTable, basis_table, forecast_sentence, groups_table, headline, waste_table
from hfplanner.report.words import caveats, period_text
from hfplanner.sanitize import escape_markdown

__all__ = ["to_markdown"]


def to_markdown(report: Report) -> str:
    """Return the report as one document."""
    waste = report.waste.findings
    parts = [
        f"# {escape_markdown(headline(report))}",
        escape_markdown(f"Jobs {period_text(report)}."),
        "\n".join(f"- {escape_markdown(sentence)}" for sentence in caveats(report)),
        _table(groups_table(report)),
        _table(waste_table(waste)) if waste else "",
        _table(basis_table(report)) if report.bases else "",
        f"## Forecast\n\n{escape_markdown(forecast_sentence(report.forecast))}" if report.forecast.is_asked else "",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: TextTable) -> str:
    titles = [escape_markdown(column.title) for column in table.columns]
    marks = ["---:" if column.right else "---" for column in table.columns]
    rows = [[escape_markdown(cell) for cell in row] for row in table.rows]
    lines = [f"| {' | '.join(cells)} |" for cells in (titles, marks, *rows)]
    return "\n".join([f"## {escape_markdown(table.caption)}", "", *lines])
