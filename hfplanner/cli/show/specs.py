"""What the jobs in files cost, in every format; one of them is a comment for a pull request."""

from collections.abc import Iterator, Sequence
from typing import Any

from hfplanner.budget.decision import Verdict
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.tables import Column, Screen, print_table, print_text, screen
from hfplanner.errors import BudgetRefused, HfplannerError
from hfplanner.plan.spec_check import DAYS_OF_A_MONTH, CheckedSpec, SpecCheck
from hfplanner.plan.spec_compare import SpecComparison
from hfplanner.plan.spec_paths import CheckedFiles
from hfplanner.sanitize import escape_markdown, sanitize
from hfplanner.units import format_duration, format_usd

__all__ = ["MARKER", "specs_answer", "undecided_markdown"]

MARKER = "<!-- hfplanner check -->"
"""The first line of the comment, by which the one to update is found."""

_COLUMNS = (
    "source", "line", "name", "decision", "flavor", "timeout_secs", "attempts", "schedule", "runs",
    "worst_case_micro_usd", "likely_micro_usd",
)  # fmt: skip
_SIGN = {Verdict.ALLOWED: "allowed", Verdict.REFUSED: "**refused**", Verdict.BLOCKED: "**blocked**"}


def specs_answer(files: CheckedFiles) -> Answer:
    """Return the check of files; exit code 3 where a job may not run, or the whole became dearer than allowed."""
    check, comparison, too_dear = files.check, files.comparison, files.too_dear
    return Answer(
        document=files.to_dict,
        names=lambda: [check.verdict.value],
        columns=_COLUMNS,
        rows=lambda: [_row(job) for job in check.jobs],
        people=lambda: _show(check, comparison, too_dear),
        documents={"markdown": lambda: _markdown(check, comparison, too_dear)},
        code=files.exit_code,
    )


def _row(job: CheckedSpec) -> dict[str, Any]:
    row = job.to_json()
    row["likely_micro_usd"] = row["likely_micro_usd"] and row["likely_micro_usd"]["likely"]
    return row


def _totals(check: SpecCheck) -> str:
    """Return what all jobs cost at most, as a clause."""
    once = [job for job in check.jobs if job.found.schedule is None]
    parts = []
    if once or len(once) == len(check.jobs):
        parts.append(f"{_at_most(check.once_micro_usd)} once")
    if len(once) < len(check.jobs):
        parts.append(f"{_at_most(check.monthly_micro_usd)} in {DAYS_OF_A_MONTH} days of schedules")
    return ", ".join(parts)


def _at_most(micro_usd: int | None) -> str:
    return "an unknown amount" if micro_usd is None else f"at most {format_usd(micro_usd)}"


def _money(micro_usd: int | None) -> str:
    return "an unknown amount" if micro_usd is None else format_usd(micro_usd)


def _headline(check: SpecCheck) -> str:
    count = len(check.jobs)
    files = len({job.found.source for job in check.jobs})
    jobs = f"{count} job{'' if count == 1 else 's'} in {files} file{'' if files == 1 else 's'}"
    return f"{jobs}: {_totals(check)}" if count else "No job that can be priced"


def _show(check: SpecCheck, comparison: SpecComparison | None, too_dear: str | None) -> None:
    out = screen()
    print_text(out, f"{check.verdict.value.capitalize()}. {_headline(check)}.", "bold")
    if check.jobs:
        out.write()
        print_table(out, _columns(check.jobs))
    for title, lines in (
        ("Why not", _reasons(check)),
        ("To know", _warnings(check)),
        ("Not checked, and not free", _not_checked(check)),
        (_against(comparison), _changes(comparison, too_dear)),
    ):
        _print_list(out, title, list(lines))


def _columns(jobs: Sequence[CheckedSpec]) -> list[Column]:
    columns = [
        Column("JOB", [sanitize(job.found.title, limit=30) for job in jobs], keep=9, right=False),
        Column("WHERE", [sanitize(job.found.where) for job in jobs], keep=2, right=False),
        Column("FLAVOR", [sanitize(job.flavor or "-") for job in jobs], keep=7, right=False),
        Column("TIMEOUT", [_timeout(job) for job in jobs], keep=6),
    ]
    if any(job.runs != 1 for job in jobs):
        columns.append(Column("RUNS", [str(job.runs) for job in jobs], keep=4))
    if any(job.likely_micro_usd is not None for job in jobs):
        likely = [job.likely_micro_usd for job in jobs]
        columns.append(Column("LIKELY", [format_usd(cost.likely) if cost else "-" for cost in likely], keep=5))
    costs = [job.worst_case_micro_usd for job in jobs]
    columns.append(Column("AT MOST", ["unknown" if cost is None else format_usd(cost) for cost in costs], keep=10))
    columns.append(Column("VERDICT", [job.verdict.value for job in jobs], keep=8, right=False))
    return columns


def _timeout(job: CheckedSpec) -> str:
    if job.timeout_secs is None:
        return "-"
    tries = f"{job.attempts} x " if job.attempts > 1 else ""
    return f"{tries}{format_duration(job.timeout_secs)}"


def _reasons(check: SpecCheck) -> Iterator[str]:
    """Say why jobs may not run, a reason once however many jobs it is about."""
    said: dict[str, list[str]] = {}
    for job in check.jobs:
        for reason in job.reasons:
            said.setdefault(reason, []).append(f"{job.found.title} ({job.found.where})")
    for reason, jobs in said.items():
        yield f"{'All jobs' if 1 < len(jobs) == len(check.jobs) else ', '.join(jobs)}: {reason}"


def _warnings(check: SpecCheck) -> Iterator[str]:
    said: dict[str, list[str]] = {}
    for job in check.jobs:
        for warning in job.warnings:
            said.setdefault(warning, []).append(job.found.title)
    for warning, titles in said.items():
        yield warning if len(titles) == len(check.jobs) else f"{', '.join(titles)}: {warning}"


def _not_checked(check: SpecCheck) -> Iterator[str]:
    for one in check.not_checked:
        place = one.source if one.line is None else f"{one.source}:{one.line}"
        yield f"{place}: {one.reason}: {one.text}" if one.text else f"{place}: {one.reason}"


def _against(comparison: SpecComparison | None) -> str:
    return "" if comparison is None else f"Against {comparison.base}"


def _changes(comparison: SpecComparison | None, too_dear: str | None) -> Iterator[str]:
    if comparison is None:
        return
    more = comparison.more_micro_usd
    before, after = _money(comparison.before_micro_usd), _money(comparison.after_micro_usd)
    yield f"In all {_signed(more)}: {before} before, {after} now."
    for change in comparison.changes:
        if change.kind != "same":
            yield f"{change.key}: {change.kind}, {_signed(change.more_micro_usd)}"
    if too_dear:
        yield too_dear


def _signed(micro_usd: int | None) -> str:
    if micro_usd is None:
        return "by an unknown amount"
    return f"{'+' if micro_usd >= 0 else ''}{format_usd(micro_usd)}"


def _print_list(out: Screen, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    out.write()
    print_text(out, title, "bold")
    for line in lines:
        print_text(out, line, indent="  ")


def _markdown(check: SpecCheck, comparison: SpecComparison | None, too_dear: str | None) -> str:
    """Return one comment: the total first, then every job, what is refused and why, and what was not checked."""
    parts = [MARKER, f"### {escape_markdown(_headline(check))}", _markdown_verdict(check, comparison, too_dear)]
    if check.jobs:
        parts.append(_markdown_table(check, comparison))
    parts += [
        _markdown_list("Why not", _reasons(check)),
        _markdown_list("Not checked, and not free", _not_checked(check)),
    ]
    if comparison is not None:
        gone = [change for change in comparison.changes if change.kind == "gone"]
        parts.append(_markdown_list("Gone", (f"{one.key}: {_signed(one.more_micro_usd)}" for one in gone)))
    parts.append(_markdown_list("To know", _warnings(check), folded=True))
    return "\n\n".join(part for part in parts if part) + "\n"


def undecided_markdown(error: HfplannerError) -> str:
    """Return the comment where nothing could be decided, as with a policy that cannot be read: it must not be merged.

    >>> from hfplanner.errors import PolicyError
    >>> print(undecided_markdown(PolicyError("hfplanner.toml: 'limits' is no table.")).splitlines()[4])
    **Blocked.** hfplanner.toml: 'limits' is no table.
    """
    verdict = "Refused" if isinstance(error, BudgetRefused) else "Blocked"
    said = " ".join(escape_markdown(sanitize(text, limit=1000)) for text in (error.message, error.hint) if text)
    return "\n\n".join([MARKER, "### The jobs could not be checked", f"**{verdict}.** {said}"]) + "\n"


def _markdown_verdict(check: SpecCheck, comparison: SpecComparison | None, too_dear: str | None) -> str:
    """Say whether it may be merged, and what changed."""
    verdict = (
        "Dearer than allowed" if too_dear and check.verdict is Verdict.ALLOWED else check.verdict.value.capitalize()
    )
    if comparison is None:
        return f"**{verdict}.**"
    change = f"{verdict}: {_signed(comparison.more_micro_usd)} against {comparison.base}."
    return f"**{escape_markdown(change)}**" + (f" {escape_markdown(too_dear)}" if too_dear else "")


def _markdown_table(check: SpecCheck, comparison: SpecComparison | None) -> str:
    changes = {} if comparison is None else {change.key: change for change in comparison.changes}
    titles = ["Job", "Where", "Flavor", "Timeout", "Runs", "At most", *(["Change"] if changes else []), "Verdict"]
    marks = ["---", "---", "---", "---:", "---:", "---:", *(["---:"] if changes else []), "---"]
    lines = [f"| {' | '.join(cells)} |" for cells in (titles, marks)]
    for job in check.jobs:
        cost = job.worst_case_micro_usd
        runs = f"{job.runs} in {DAYS_OF_A_MONTH} days" if job.found.schedule else str(job.runs)
        cells = [job.found.title, job.found.where, job.flavor or "-", _timeout(job), runs]
        cells.append("unknown" if cost is None else format_usd(cost))
        if changes:
            change = changes.get(job.found.key)
            cells.append("" if change is None or change.kind == "same" else _told(change.kind, change.more_micro_usd))
        escaped = [escape_markdown(sanitize(cell)) for cell in cells]
        lines.append(f"| {' | '.join([*escaped, _SIGN[job.verdict]])} |")
    return "\n".join(lines)


def _told(kind: str, more: int | None) -> str:
    return f"new {_signed(more)}" if kind == "new" else _signed(more)


def _markdown_list(title: str, lines: Iterator[str], *, folded: bool = False) -> str:
    items = "\n".join(f"- {escape_markdown(sanitize(line, limit=1000))}" for line in lines)
    if not items:
        return ""
    if folded:
        return f"<details><summary>{title}</summary>\n\n{items}\n\n</details>"
    return f"**{title}**\n\n{items}"
