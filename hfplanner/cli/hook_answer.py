"""What a coding agent is told of the command it is about to run: read, priced, answered in the agent's own JSON.

Exit code 2 with a sentence blocks a command in every agent, and no answer leaves it to the agent's own rules: so
whatever goes wrong here, also while the answer is written, ends with 2.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.cli.hook_silence import silence
from hfplanner.errors import PolicyError
from hfplanner.specs.agent_hook import AGENTS, HookAnswer, names_gate, read_question

if TYPE_CHECKING:
    from hfplanner.plan.agent_gate import GateAnswer

__all__ = ["Asked", "answer_question", "decide"]

_BLOCKED = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: the shell text, where it would run, and who would run it.

    Args:
        command: the shell text.
        folder: where it would run.
        agent: whose question it is; empty for a person who tries it.
        session: of the agent, as it tells it.
    """

    command: str
    folder: Path
    agent: str = ""
    session: str = ""


def answer_question(raw: str | None, agent: str | None, policy: str | None, ledger: str | None) -> int:
    """Answer an agent's question on stdout and return the exit code.

    Args:
        raw: what stood on standard input; ``None`` where that is too long.
        agent: whose JSON it is; ``None`` is told by its shape.
        policy: the file that counts; ``None`` is the one that is found.
        ledger: the books; ``None`` is the user's own.
    """
    if raw is None:
        return _tell(HookAnswer(_BLOCKED, err="The question is too long to be read to its end."))
    try:
        question = read_question(raw, agent)
    except (ValueError, RecursionError):
        # What is no question is nobody's paid job, unless it names one.
        answer = HookAnswer(_BLOCKED, err="The question is no JSON, and names a paid job.")
        return _tell(answer if names_gate(raw) else HookAnswer(0, silence(agent, raw)))
    nothing = HookAnswer(0, silence(question.agent, raw))
    if question.command is None or not names_gate(question.command):
        return _tell(nothing)
    try:
        asked = Asked(question.command, question.folder or Path.cwd(), question.agent, question.session)
        decided = decide(asked, policy, ledger)
    except Exception as error:  # noqa: BLE001 - whatever is wrong here must not let a paid job through
        return _tell(HookAnswer(_BLOCKED, err=f"What it costs cannot be decided ({type(error).__name__}: {error})."))
    return _tell(nothing if decided is None else AGENTS[question.agent](decided.permission, decided.reason))


def decide(asked: Asked, policy: str | None, ledger: str | None) -> "GateAnswer | None":
    """Return whether a command may run; ``None`` where it starts no paid job."""
    from hfplanner.budget.caller import hook_caller  # noqa: PLC0415 - most commands name no paid job
    from hfplanner.plan.agent_gate import GateAnswer, judge_line  # noqa: PLC0415 - as above
    from hfplanner.plan.workspace import Workspace, now_utc  # noqa: PLC0415 - as above

    caller = hook_caller(os.environ, asked.agent, asked.session, now_utc())
    with Workspace.from_environ(offline=True, policy=policy, ledger=ledger, caller=caller) as workspace:
        try:
            asks = workspace.policy().needs_namespace
        except PolicyError as error:
            return GateAnswer("deny", f"What it costs cannot be decided: {error.message}")
        if not asks:
            return judge_line(asked.command, asked.folder, workspace)
    # Who pays is the one thing that only the Hub tells, and only some policies depend on it.
    with Workspace.from_environ(policy=policy, ledger=ledger, caller=caller) as workspace:
        return judge_line(asked.command, asked.folder, workspace)


def _tell(answer: HookAnswer) -> int:
    """Write an answer; one that cannot be written blocks, for none at all would leave it to the agent's own rules."""
    try:
        if answer.out:
            sys.stdout.write(answer.out + "\n")
            sys.stdout.flush()
        if answer.err:
            sys.stderr.write(answer.err + "\n")
    except (OSError, ValueError, AttributeError):
        from hfplanner.cli.show.output import discard  # noqa: PLC0415 - where nobody can read it

        if sys.stdout is not None:
            discard(sys.stdout)
        return _BLOCKED
    return answer.code
