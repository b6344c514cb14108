"""A report as Markdown, for a pull request, a wiki or a chat."""

import re

from hfplanner.report.result import Report
from hfplanner.report.tables import TextTable, basis_table, forecast_sentence, groups_table, headline, waste_table
from hfplanner.report.words import caveats, period_text

__all__ = ["to_markdown"]

# Everything that CommonMark or GitHub's tables, mentions and references could read as more than text.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&@$]|:(?=\S))")


def _escape(text: str) -> str:
    r"""Return text that stays text.

    >>> print(_escape("a|b <img src=x> [c](d) @all"))
    a\|b \<img src=x\> \[c\](d) \@all
    """
    return _SPECIAL.sub(r"\\\1", text)


def to_markdown(report: Report) -> str:
    """Return the report as one document."""
    waste = report.waste.findings
    parts = [
        f"# {_escape(headline(report))}",
        _escape(f"Jobs {period_text(report)}."),
        "\n".join(f"- {_escape(sentence)}" for sentence in caveats(report)),
        _table(groups_table(report)),
        _table(waste_table(waste)) if waste else "",
        _table(basis_table(report)) if report.bases else "",
        f"## Forecast\n\n{_escape(forecast_sentence(report.forecast))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(table: TextTable) -> str:
    titles = [_escape(column.title) for column in table.columns]
    marks = ["---:" if column.right else "---" for column in table.columns]
    rows = [[_escape(cell) for cell in row] for row in table.rows]
    lines = [f"| {' | '.join(cells)} |" for cells in (titles, marks, *rows)]
    return "\n".join([f"## {_escape(table.caption)}", "", *lines])
