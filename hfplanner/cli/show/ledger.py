"""The books, in every format."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfplanner.budget.ledger.records import Entry, Submission
from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import print_block, print_lines
from hfplanner.cli.show.tables import Column, print_table, print_text, screen
from hfplanner.errors import HubListingIncomplete, SubmissionUnknown
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.budget.ledger.records import Problem
    from hfplanner.submit.reconciliation import Reconciled
    from hfplanner.submit.recovery import Rebuilt

__all__ = [
    "rebuilt_answer",
    "reconciled_answer",
    "resolved_answer",
    "submission_answer",
    "submissions_answer",
    "verified_answer",
]

_STEPS = {
    "expired": "reserved and never sent, let go",
    "interrupted": "interrupted while being sent, still held",
    "found": "found on the Hub",
    "adopted": "adopted: jobs that nothing was held for",
    "settled": "settled at what they cost",
    "presumed": "never found, taken as spent",
    "corrected": "corrected to what the bill says",
    "unknown": "still unknown, still held",
}


def submissions_answer(submissions: Sequence[Submission], ledger_id: str) -> Answer:
    """Return submissions of a ledger, in the order given."""
    return Answer(
        document=lambda: {"ledger_id": ledger_id, "submissions": [one.to_json() for one in submissions]},
        names=lambda: [one.sid for one in submissions],
        columns=(
            "submission_id",
            "state",
            "job_id",
            "flavor",
            "worst_case_micro_usd",
            "posted_micro_usd",
            "created_at",
        ),
        rows=lambda: [one.to_json() for one in submissions],
        people=lambda: _show_submissions(submissions),
    )


def submission_answer(submission: Submission, entries: Sequence[Entry]) -> Answer:
    """Return a submission with every entry that was made for it."""
    return Answer(
        document=lambda: {**submission.to_json(), "entries": [entry.to_json() for entry in entries]},
        names=lambda: [submission.state],
        columns=("seq", "at", "kind", "budget", "held_micro_usd", "posted_micro_usd", "reason", "who"),
        rows=lambda: [entry.to_json() for entry in entries],
        people=lambda: _show_entries(submission, entries),
    )


def resolved_answer(done: Submission) -> Answer:
    """Return a submission about which somebody gave their word."""
    return Answer(
        document=done.to_json,
        names=lambda: [done.sid],
        columns=("submission_id", "state", "reason"),
        rows=lambda: [done.to_json()],
        people=lambda: print_lines([f"Submission {done.sid} is {done.state}: {done.reason}."]),
    )


def verified_answer(problems: "Sequence[Problem]", ledger_id: str, repaired: int | None = None) -> Answer:
    """Return what does not add up in a ledger, after so many counters were made anew; exit code 1 where it does not."""
    found = [{"code": problem.code, "message": problem.message} for problem in problems]
    mended = {} if repaired is None else {"repaired": repaired}
    count = "no problem" if not found else f"{len(found)} problem{'s' if len(found) > 1 else ''}"
    return Answer(
        document=lambda: {"ok": not found, "ledger_id": ledger_id, "problems": found} | mended,
        names=lambda: [problem["code"] for problem in found],
        columns=("code", "message"),
        rows=lambda: found,
        people=lambda: print_lines([*(problem["message"] for problem in found), f"Ledger {ledger_id}: {count}."]),
        remarks=() if repaired is None else (Remark("note", f"Counters made anew: {repaired:,}."),),
        code=1 if found else 0,
    )


def rebuilt_answer(done: "Rebuilt") -> Answer:
    """Return what was made again from the labels of jobs; exit code 6 where the Hub did not tell all."""
    sentence = f"{done.jobs:,} jobs carry the labels; {done.adopted:,} taken back, {done.settled:,} settled."
    return Answer(
        document=done.to_json,
        names=lambda: [str(done.adopted)],
        columns=("jobs", "adopted", "settled"),
        rows=lambda: [done.to_json()],
        people=lambda: print_lines([sentence]),
        remarks=tuple(Remark("warning", f"The books are not whole: {gap}.") for gap in done.gaps),
        code=HubListingIncomplete.exit_code if done.gaps else 0,
    )


def reconciled_answer(done: "Reconciled") -> Answer:
    """Return what reconciling did; exit code 6 where the Hub did not tell all, 5 where something stays unknown."""
    steps = {name: getattr(done, name) for name in _STEPS}
    lines = [f"{len(sids):>6,}  {_STEPS[name]}" for name, sids in steps.items() if sids]
    gaps = (f"The books may be behind: {gap}." for gap in done.gaps)
    unknown = SubmissionUnknown.exit_code if done.unknown else 0
    return Answer(
        document=done.to_json,
        names=lambda: done.unknown,
        columns=("step", "submission_id"),
        rows=lambda: [{"step": name, "submission_id": sid} for name, sids in steps.items() for sid in sids],
        people=lambda: print_block(lines) if lines else print_lines(["Nothing has changed."]),
        remarks=tuple(Remark("warning", text) for text in (*done.alerts, *gaps)),
        code=HubListingIncomplete.exit_code if done.gaps else unknown,
    )


def _show_submissions(submissions: Sequence[Submission]) -> None:
    """Print a table of submissions, or say that there is none."""
    out = screen()
    if not submissions:
        print_text(out, "No submission.")
        return
    columns = [
        Column("SUBMISSION", [one.sid for one in submissions], 9, right=False),
        Column("STATE", [one.state for one in submissions], 8, right=False),
        Column("JOB", [one.job_id or "-" for one in submissions], 7, right=False),
        Column("FLAVOR", [sanitize(one.terms.flavor) for one in submissions], 4, right=False),
        Column("AT MOST", [format_usd(one.cap_micro_usd) for one in submissions], 6),
        Column("SPENT", [_spent(one) for one in submissions], 5),
        Column("CREATED", [f"{one.created_at:%Y-%m-%d %H:%M}" for one in submissions], 3),
    ]
    print_table(out, columns)


def _show_entries(submission: Submission, entries: Sequence[Entry]) -> None:
    """Print a submission: its arithmetic, its state and why, and every entry that was made for it."""
    out = screen()
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
    out.write()
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
