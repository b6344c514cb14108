"""What a sync read, in every format."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import print_lines
from hfplanner.units import format_count, format_usd

if TYPE_CHECKING:
    from hfplanner.history.bill_sync import BillSync
    from hfplanner.history.sync_result import LogsRead, NamespaceSync, Sync

__all__ = ["synced_answer"]


def synced_answer(done: "Sync") -> Answer:
    """Return what was read of each namespace, with what is not as it should be as remarks."""
    return Answer(
        document=done.to_json,
        names=lambda: [str(sum(one.tally.new + one.tally.updated for one in done.namespaces))],
        columns=("namespace", "complete", "read", "new", "updated", "unchanged", "vanished", "reason"),
        rows=lambda: [one.to_json() for one in done.namespaces],
        people=lambda: print_lines(_sentences(done)),
        remarks=tuple(_remarks(done)),
        code=done.exit_code,
    )


def _sentences(done: "Sync") -> Iterator[str]:
    for one in done.namespaces:
        if one.state:
            counts = ", ".join(f"{getattr(one.tally, name):,} {name}" for name in ("new", "updated", "unchanged"))
            known = f"; {format_count(one.schedules, 'schedule')}" if one.schedules else ""
            yield f"{one.namespace}: read {format_count(one.tally.read, 'job')}: {counts}{known}."
    if done.bill is not None and done.bill.period is not None:
        yield _bill_sentence(done.bill)
    if done.logs is not None:
        yield _logs_sentence(done.logs)


def _logs_sentence(logs: "LogsRead") -> str:
    read = format_count(logs.read, "log")
    peaks = f", {format_count(logs.peaks, 'peak')} of memory" if logs.peaks else ""
    return f"Of runs that timed out {read} read: {format_count(logs.measured, 'measurement')}{peaks}."


def _bill_sentence(bill: "BillSync") -> str:
    period = bill.period
    if period is None:
        return ""
    jobs = format_count(bill.jobs, "job")
    return f"Bill of {period.account} since {period.start:%Y-%m-%d}: {format_usd(bill.billed_micro_usd)} for {jobs}."


def _remarks(done: "Sync") -> Iterator[Remark]:
    for one in done.namespaces:
        yield from _remarks_about(one)
    if done.bill is not None and done.bill.reason:
        yield Remark("warning" if done.bill.failed else "note", done.bill.reason)
    if done.logs is not None and done.logs.problem:
        yield Remark("warning", done.logs.problem)


def _remarks_about(one: "NamespaceSync") -> Iterator[Remark]:
    """Yield what is not as it should be."""
    if one.tally.vanished:
        yield Remark(
            "warning",
            f"{one.namespace}: {format_count(one.tally.vanished, 'job')} had not ended when last seen, and the Hub "
            "knows nothing of them any more; the history keeps what was seen.",
        )
    if one.schedules_problem:
        yield Remark("warning", one.schedules_problem)
    if one.complete:
        return
    yield Remark("warning", f"{one.namespace} is incomplete: {one.reason}.")
    if one.error and one.error.hint:
        yield Remark("hint", one.error.hint)
    elif one.state is not None and not one.state.bad:
        yield Remark("hint", "Run `hfplanner sync` again: it goes on where this one ended.")
