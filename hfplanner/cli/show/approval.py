"""What agents ask a person for, and a person's yes, in every format."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from hfplanner.api.written import WrittenJob, is_written_job, read_written_job
from hfplanner.budget.ledger.approval import Approval
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.output import keep_blanks, print_lines
from hfplanner.cli.show.tables import Column, print_table, print_text, screen
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

__all__ = ["approvals_answer", "approved_answer", "ask_approver", "show_request"]

_COLUMNS = ("code", "agent", "worst_case_micro_usd", "expires", "approved_by")


def approvals_answer(waiting: Sequence[Approval]) -> Answer:
    """Return what agents ask for."""
    return Answer(
        document=lambda: {"approvals": [one.to_json() for one in waiting]},
        names=lambda: [one.request.code for one in waiting],
        columns=_COLUMNS,
        rows=lambda: [one.to_json() for one in waiting],
        people=lambda: _show_list(waiting),
    )


def _show_list(waiting: Sequence[Approval]) -> None:
    out = screen()
    if not waiting:
        print_text(out, "No agent asks for anything.")
        return
    print_table(
        out,
        [
            Column("CODE", [one.request.code for one in waiting], keep=9, right=False),
            Column("AGENT", [sanitize(one.request.agent) for one in waiting], keep=8, right=False),
            Column("AT MOST", [format_usd(one.request.worst_case_micro_usd) for one in waiting], keep=7),
            Column("UNTIL", [f"{one.request.expires_at:%H:%M} UTC" for one in waiting], keep=6, right=False),
            Column("APPROVED BY", [sanitize(one.approved_by or "") for one in waiting], keep=3, right=False),
            Column("JOB", [sanitize(_job_words(one)) for one in waiting], keep=5, right=False),
        ],
    )


def _job(approval: Approval) -> Mapping[str, Any]:
    job = json.loads(approval.request.shown)
    return job if isinstance(job, Mapping) else {}


def _written(job: Mapping[str, Any]) -> WrittenJob | None:
    """Return the job as it was kept with the approval; ``None`` where it is none that is known."""
    if not is_written_job(job):
        return None
    # Kept are the names of variables, without their values.
    names = dict.fromkeys(job.get("environment") or (), "")
    return read_written_job({**job, "environment": names}, lambda *_: "the approval")


def _job_words(approval: Approval) -> str:
    written = _written(_job(approval))
    return "" if written is None else f"{written.flavor}: {written.image} {shlex.join(written.command)}".strip()


def show_request(approval: Approval, stream: TextIO) -> None:
    """Print who asks, what will be sent, and what it may cost."""
    asked = approval.request
    lines = [f"Agent {asked.agent} asks to start a job that may cost {format_usd(asked.worst_case_micro_usd)}."]
    rows = [(name, value) for name, value in _facts(_job(approval)) if value]
    width = max((len(name) for name, _ in rows), default=0)
    lines += [f"  {name:<{width}}  {value}" for name, value in rows]
    lines.append(f"The code {asked.code} holds until {asked.expires_at:%Y-%m-%d %H:%M} UTC, for this job, once.")
    stream.writelines(f"{keep_blanks(text)}\n" for text in lines)
    stream.flush()


def _facts(job: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    count, whole = job.get("jobs"), job.get("group") or job.get("sweep_key")
    yield "jobs", f"{count} of {whole}, approved together; the first of them:" if count else ""
    written = _written(job)
    if written is not None:
        yield from _facts_written(written)
    yield "namespace", str(job.get("namespace") or "")
    volumes = job.get("volumes") or ()
    yield "volumes", ", ".join(f"{one.get('source')} at {one.get('mountPath')}" for one in volumes)
    yield "ports", ", ".join(str(port) for port in (job.get("expose") or {}).get("ports") or ())
    yield "network", str((job.get("network") or {}).get("group") or "")


def _facts_written(job: WrittenJob) -> Iterator[tuple[str, str]]:
    yield "image", job.image
    yield "command", shlex.join(job.command)
    yield "flavor", job.flavor or ""
    yield "timeout", "" if job.timeout_secs is None else format_duration(job.timeout_secs)
    yield "attempts", "" if job.attempts in {None, 1} else str(job.attempts)
    yield "schedule", job.schedule or ""
    yield "labels", ", ".join(f"{key}={value}" for key, value in job.labels.items())
    yield "variables", ", ".join(job.env)
    yield "secrets", ", ".join(job.secrets)


def ask_approver(approval: Approval) -> bool:
    """Ask a person whether the agent may start it."""
    import click  # noqa: PLC0415 - only where somebody is asked

    return click.confirm(f"May {sanitize(approval.request.agent)} start it?", err=True)


def approved_answer(approval: Approval) -> Answer:
    """Return an approval that was given."""
    used = " It has been used." if approval.used_by else " The agent's same command goes through now, once."
    when = f"{approval.approved_at:%Y-%m-%d %H:%M} UTC" if approval.approved_at else ""
    sentence = f"Approved by {approval.approved_by} on {when}.{used}"
    return Answer(
        document=approval.to_json,
        names=lambda: [approval.request.code],
        columns=_COLUMNS,
        rows=lambda: [approval.to_json()],
        people=lambda: print_lines([sentence]),
    )
