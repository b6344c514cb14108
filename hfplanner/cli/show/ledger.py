"""The books for people."""

from collections.abc import Sequence

from hfplanner.budget.ledger.records import Entry, Submission
from hfplanner.cli.show.tables import Column, console, print_table, print_text
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

__all__ = ["show_entries", "show_submissions"]


def show_submissions(submissions: Sequence[Submission]) -> None:
    """Print a table of submissions, or say that there is none."""
    out = console()
    if not submissions:
        print_text(out, "No submission.")
        return
    columns = [
        Column("SUBMISSION", [one.sid for one in submissions], 9, right=False),
        Column("STATE", [one.state for one in submissions], 8, right=False),
        Column("JOB", [one.job_id or "-" for one in submissions], 3, right=False),
        Column("FLAVOR", [sanitize(one.terms.flavor) for one in submissions], 5, right=False),
        Column("AT MOST", [format_usd(one.cap_micro_usd) for one in submissions], 7),
        Column("SPENT", [_spent(one) for one in submissions], 6),
        Column("CREATED", [f"{one.created_at:%Y-%m-%d %H:%M}" for one in submissions], 4),
    ]
    print_table(out, columns)


def show_entries(submission: Submission, entries: Sequence[Entry]) -> None:
    """Print a submission: its arithmetic, its state and why, and every entry that was made for it."""
    out = console()
    terms = submission.terms
    print_text(out, f"Submission {submission.sid} is {submission.state}.", "bold")
    if submission.reason:
        print_text(out, f"{submission.reason}.")
    if submission.job_id:
        print_text(out, f"Job {terms.namespace}/{submission.job_id} on {terms.flavor}.")
    if terms.price is not None and terms.timeout_secs is not None:
        print_text(
            out,
            f"At most {format_usd(submission.cap_micro_usd)}: {terms.attempts} x {format_duration(terms.timeout_secs)}"
            f" at {terms.price.micro_usd_per_minute} micro-USD a minute ({terms.price.source},"
            f" {terms.price.checked:%Y-%m-%d}){', ports exposed' if terms.has_ports else ''}.",
        )
    if not entries:
        print_text(out, "It falls under no budget.")
        return
    out.print()
    columns = [
        Column("WHEN", [f"{entry.at:%Y-%m-%d %H:%M:%S}" for entry in entries], 5, right=False),
        Column("KIND", [entry.kind for entry in entries], 9, right=False),
        Column("BUDGET", [sanitize(entry.budget) or "-" for entry in entries], 8, right=False),
        Column("HELD", [_signed(entry.held_micro_usd) for entry in entries], 7),
        Column("SPENT", [_signed(entry.posted_micro_usd) for entry in entries], 6),
        Column("WHY", [sanitize(entry.reason) for entry in entries], 1, right=False),
    ]
    print_table(out, columns)


def _spent(submission: Submission) -> str:
    if submission.posted_micro_usd is None:
        return "-"
    return f"{format_usd(submission.posted_micro_usd)}{' presumed' if submission.presumed else ''}"


def _signed(micro_usd: int) -> str:
    return "-" if not micro_usd else f"{'+' if micro_usd > 0 else '-'}{format_usd(abs(micro_usd))}"
