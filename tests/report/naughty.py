"""Jobs whose every remote text is hostile to a terminal, a spreadsheet, a browser, a path or a formula."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from hfplanner.frames.job_schema import JOBS_SCHEMA
from tests.report.generated import NOW

__all__ = ["NAUGHTY", "naughty_jobs"]

NAUGHTY = (
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\uff1d1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% include 'x' %}",
    "](javascript:alert(1)) | ![x](http://evil.example/x.png)",
    "../../../etc/passwd",
    "a\x00b",
    "$\\frac{1}{0}$ and $x$",
    "\u202eright to left\u202c",
    "zero\u200bwidth\ufeff",
    "\u5927\u304d\u306a\u30e2\u30c7\u30eb \U0001f525",
    "[bold red]markup[/bold red] :fire:",
    "x" * 5000,
    "",
    " ",
    "]]>&lt;&#60;",
)


def naughty_jobs(hostile: Sequence[str] = NAUGHTY) -> pl.DataFrame:
    """Return, for each text, a job that has it in every text column but the stage, which is ours."""
    texts = [name for name, kind in JOBS_SCHEMA.items() if kind == pl.String and name not in {"stage", "reason"}]
    rows = []
    for number, text in enumerate(hostile):
        started = NOW - timedelta(hours=number)
        for stage, reason in (("completed", "completed"), ("error", "timeout"), ("error", "error")):
            remote = dict.fromkeys(texts, text)
            times = {"created_at": started, "started_at": started, "finished_at": started + timedelta(minutes=5)}
            labels = [{"key": text, "value": text}, {"key": "team", "value": text}]
            rows.append({**remote, **times, "labels": labels, "stage": stage, "reason": reason})
        # One with a price, so that money is shown beside the names.
        rows.append({**rows[-3], "flavor": "l4x1", "running_secs": 300.0})
    return pl.DataFrame(rows, schema=JOBS_SCHEMA)
