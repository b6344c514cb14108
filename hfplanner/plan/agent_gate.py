"""May an agent run this command: what its jobs cost, judged under the policy, without asking the Hub."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.budget.agent_check import APPROVAL_REQUIRED
from hfplanner.budget.decision import Verdict
from hfplanner.errors import HfplannerError
from hfplanner.specs.agent_hook import Permission, jobs_of_line
from hfplanner.specs.found import FoundSpecs
from hfplanner.units import format_usd

if TYPE_CHECKING:
    from hfplanner.plan.spec_check import SpecCheck
    from hfplanner.plan.workspace import Workspace

__all__ = ["GateAnswer", "judge_line"]

# What a line would do to be taken for another agent, another session, or a person.
_ESCAPES = re.compile(
    r"HFPLANNER_(?:AGENT|SESSION|POLICY|LEDGER|HOME)\s*=|\b(?:unset|env\s+(?:-i|-u|--unset))\b|AI_AGENT\s*=|--policy\b"
)
_USE = "Run it as `hfplanner run`, which reserves its money."


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What is decided of a command.

    Args:
        permission: ``allow``, ``ask`` a person, or ``deny``.
        reason: a sentence or more.
    """

    permission: Permission
    reason: str


def judge_line(command: str, folder: Path, workspace: "Workspace") -> GateAnswer | None:
    """Return whether an agent may run a command; ``None`` where it starts no paid job.

    What a budget refuses is denied. What cannot be read or priced, and what no policy limits, is for a person to say.

    Args:
        command: the shell text.
        folder: where it would run.
        workspace: where prices, policy and books are; better offline, for a hook is waited for.
    """
    found = jobs_of_line(command, folder)
    if not found.jobs and not found.not_checked:
        return None
    approval = next((one for one in found.not_checked if "approval is a person" in one.reason), None)
    if approval is not None:
        return GateAnswer("deny", f"{approval.reason[0].upper()}{approval.reason[1:]}.")
    from hfplanner.plan.spec_check import check_specs  # noqa: PLC0415 - only where a paid job is named

    try:
        check = check_specs(found, workspace)
        used = _in_use(found)
        in_use = check_specs(used, workspace) if used.jobs else None
        limited = bool(workspace.policy().sources)
    except HfplannerError as error:
        return GateAnswer("deny", f"What it costs cannot be decided: {error.message}")
    answer = _answer(check, limited=limited)
    return answer if answer.permission != "allow" else _looked_at_twice(answer, command, in_use)


def _looked_at_twice(answer: GateAnswer, command: str, in_use: "SpecCheck | None") -> GateAnswer:
    """Return an answer that allows, or what speaks against it beside the budgets."""
    if _ESCAPES.search(command):
        return GateAnswer("ask", f"The line changes what tells who calls. {answer.reason}")
    if in_use is not None and in_use.verdict is not Verdict.ALLOWED:
        why = " ".join(reason for job in in_use.jobs for reason in job.reasons)
        return GateAnswer("ask", f"{answer.reason} In use it goes on for up to 24 h, which does not fit: {why}")
    return answer


def _in_use(found: FoundSpecs) -> FoundSpecs:
    """Return the sandboxes of a line as they cost at most: used until their longest time."""
    return FoundSpecs(
        tuple(replace(job, timeout_secs=job.longest_secs) for job in found.jobs if job.longest_secs is not None)
    )


def _waits_for_a_person(check: "SpecCheck") -> bool:
    """Whether nothing but a person's word is missing, which this program itself asks for when it is run."""
    return not check.not_checked and all(
        job.verdict is Verdict.ALLOWED or (job.found.is_ours and job.reason_codes == {APPROVAL_REQUIRED})
        for job in check.jobs
    )


def _answer(check: "SpecCheck", *, limited: bool) -> GateAnswer:
    cost = _cost(check)
    reasons = " ".join(reason for job in check.jobs for reason in job.reasons)
    if check.verdict is Verdict.BLOCKED and _waits_for_a_person(check):
        return GateAnswer("allow", f"{cost} {reasons} It is not sent before: `hfplanner run` gives the code.")
    if check.verdict is Verdict.REFUSED:
        return GateAnswer("deny", f"{cost} {reasons}".strip())
    if check.not_checked:
        unread = "; ".join(f"{one.text}: {one.reason}" for one in check.not_checked)
        return GateAnswer("ask", f"What it costs is not known: {unread}. {cost}".strip())
    if check.verdict is Verdict.BLOCKED:
        return GateAnswer("ask", f"{cost} {reasons}".strip())
    if not limited:
        return GateAnswer("ask", f"{cost} There is no policy: nothing limits it.")
    return GateAnswer("allow", f"{cost} It fits the budgets. {_USE}")


def _cost(check: "SpecCheck") -> str:
    once, monthly = check.once_micro_usd, check.monthly_micro_usd
    if once is None or monthly is None:
        return "What it costs is not known."
    parts = []
    if any(job.found.schedule is None for job in check.jobs):
        parts.append(f"{format_usd(once)} at worst")
    if any(job.found.schedule is not None for job in check.jobs):
        parts.append(f"{format_usd(monthly)} at worst in 30 days")
    return f"It costs {' and '.join(parts)}." if parts else ""
