"""``hfplanner hook``."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.quick_hook import MOST_CHARACTERS
from hfplanner.cli.show.output import note
from hfplanner.errors import PolicyError, UsageError, did_you_mean, quoted
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.readers import read_flag
from hfplanner.specs.agent_hook import AGENTS, HookAnswer, names_gate, read_question

if TYPE_CHECKING:
    from hfplanner.plan.agent_gate import GateAnswer

_ACTIONS = ("install", "try")
_BLOCKED = 2
_SAMPLES = (
    "git status && pytest -q",
    "hf jobs ps -a",
    "hf jobs run --flavor cpu-basic --timeout 10m python:3.12 python -V",
    "hf jobs run --flavor h200x8 --timeout 24h python:3.12 python train.py",
    "for i in 1 2 3; do hf jobs run python:3.12 python $i.py; done",
    "hf jobs run --flavor $FLAVOR python:3.12 python train.py",
    "hf sandbox create --flavor a10g-small --idle-timeout 30m",
    "hfplanner run --flavor a100-large --timeout 4h python:3.12 python train.py",
    "hfplanner approve 1a2b3c4d",
)


def hook(
    *,
    action: str | None,
    agent: str | None,
    yes: bool,
    policy: str | None,
    ledger: str | None,
    shown: str,  # noqa: ARG001 - an agent's own JSON is the only format
) -> int:
    """Answer a coding agent that is about to run a shell command: may it, given what its jobs cost.

    Reads the agent's JSON on standard input and answers in the agent's own: a command that names no paid job gets no
    answer, so the agent's own rules hold. Jobs are priced under the policy, offline unless a budget depends on who
    pays: what a budget refuses is denied; what cannot be read or priced, and what no policy limits, is asked of a
    person, or denied where the agent knows no question (Codex, Gemini). The agent is held to its [[agent]] of the
    policy. A job that is hidden in a program or a variable
    is not seen: `sync` still counts it. `hook install --agent NAME` shows the entry for the agent's settings in this
    folder and, with --yes, writes it. `hook try` shows what is answered to a few commands.
    """
    if action is None:
        return _answer(agent, policy, ledger)
    if action not in _ACTIONS:
        hint = f"{did_you_mean(action, _ACTIONS)}Without an action it answers an agent."
        raise UsageError(f"{quoted(action)} is no action of hook.", hint=hint)
    if action == "install":
        return _install(agent, yes=yes)
    return _try(agent, policy, ledger)


def _answer(agent: str | None, policy: str | None, ledger: str | None) -> int:
    raw = sys.stdin.read(MOST_CHARACTERS)
    if len(raw) == MOST_CHARACTERS:
        return _tell(HookAnswer(_BLOCKED, err="The question is too long to be read to its end."))
    try:
        question = read_question(raw, agent)
    except (ValueError, RecursionError):
        # What is no question is nobody's paid job, unless it names one.
        answer = HookAnswer(_BLOCKED, err="The question is no JSON, and names a paid job.")
        return _tell(answer if names_gate(raw) else HookAnswer(0))
    if question.command is None or not names_gate(question.command):
        return 0
    try:
        asked = Asked(question.command, question.folder or Path.cwd(), question.agent, question.session)
        decided = _decide(asked, policy, ledger)
    except Exception as error:  # noqa: BLE001 - whatever is wrong here must not let a paid job through
        return _tell(HookAnswer(_BLOCKED, err=f"What it costs cannot be decided ({type(error).__name__}: {error})."))
    return 0 if decided is None else _tell(AGENTS[question.agent](decided.permission, decided.reason))


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


def _decide(asked: Asked, policy: str | None, ledger: str | None) -> "GateAnswer | None":
    from hfplanner.budget.caller import hook_caller  # noqa: PLC0415 - most commands name no paid job
    from hfplanner.plan.agent_gate import GateAnswer, judge_line  # noqa: PLC0415 - as above
    from hfplanner.plan.workspace import Workspace, now_utc  # noqa: PLC0415 - as above

    caller = hook_caller(os.environ, asked.agent, asked.session, now_utc())
    with Workspace.from_environ(offline=True, policy=policy, ledger=ledger) as workspace:
        try:
            asks = workspace.policy().needs_namespace
        except PolicyError as error:
            return GateAnswer("deny", f"What it costs cannot be decided: {error.message}")
    # Who pays is the one thing that only the Hub tells, and only some policies depend on it.
    with Workspace.from_environ(offline=not asks, policy=policy, ledger=ledger, caller=caller) as workspace:
        return judge_line(asked.command, asked.folder, workspace)


def _tell(answer: HookAnswer) -> int:
    if answer.out:
        sys.stdout.write(answer.out + "\n")
    if answer.err:
        sys.stderr.write(answer.err + "\n")
    return answer.code


def _install(agent: str | None, *, yes: bool) -> int:
    from hfplanner.specs.agent_settings import hook_entry, with_entry  # noqa: PLC0415 - as above

    if agent is None:
        raise UsageError("Which agent is it?", hint=f"Accepted: --agent {', --agent '.join(AGENTS)}.")
    entry = hook_entry(agent)
    text = entry.path.read_text(encoding="utf-8") if entry.path.is_file() else None
    wanted = with_entry(text, entry)
    if wanted is None:
        note(f"{entry.path} has the entry already.")
        return 0
    sys.stdout.write(wanted)
    if not yes:
        note(f"This would be {entry.path}; --yes writes it.")
        return 0
    from hfplanner.files import write_output  # noqa: PLC0415 - as above

    entry.path.parent.mkdir(parents=True, exist_ok=True)
    write_output(entry.path, wanted.encode())
    note(f"Written to {entry.path}.")
    return 0


def _try(agent: str | None, policy: str | None, ledger: str | None) -> int:
    for command in _SAMPLES:
        asked = Asked(command, Path.cwd(), agent or "")
        decided = _decide(asked, policy, ledger) if names_gate(command) else None
        said = "no answer: it starts no paid job" if decided is None else f"{decided.permission}: {decided.reason}"
        sys.stdout.write(f"{command}\n  {said}\n")
    return 0


COMMAND = Command(
    call=hook,
    acts=True,
    positionals=(
        Positional(
            name="action",
            metavar="[install|try]",
            is_required=False,
            help="Without one it answers an agent's question.",
        ),
    ),
    options=(
        Argument(
            name="agent",
            group="Options",
            metavar="NAME",
            choices=tuple(AGENTS),
            help=f"Whose question it is: {', '.join(AGENTS)}; told by its shape where it can be.",
        ),
        Argument(
            name="yes",
            short="-y",
            group="Options",
            read=read_flag,
            is_flag=True,
            default=False,
            help="Write what `install` shows.",
        ),
        *find_arguments("policy", "ledger"),
    ),
    names="as ever: the answer is the agent's own JSON",
    examples=[
        "hfplanner hook install --agent claude-code",
        "hfplanner hook try",
    ],
)
