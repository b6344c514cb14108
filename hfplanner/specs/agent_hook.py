"""What coding agents ask before they run a shell command, and how each of them wants to be answered.

Each agent has its own documented JSON: Claude Code and Codex (PreToolUse), Cursor (beforeShellExecution), Copilot
(preToolUse), Gemini (BeforeTool). A command that names no paid job is answered with nothing, which leaves the decision
to the agent's own rules. Exit code 2 with a sentence on stderr blocks in all of them.
"""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from hfplanner.errors import JobSpecError
from hfplanner.specs.command_line import ShellCommand, job_of_command, names_paid_jobs
from hfplanner.specs.documents import read_spec_text
from hfplanner.specs.found import FoundJob, FoundSpecs, NotChecked
from hfplanner.specs.shell import simple_commands

__all__ = ["AGENTS", "ASK_NOBODY", "AgentQuestion", "HookAnswer", "jobs_of_line", "names_gate", "read_question"]

Permission = Literal["allow", "ask", "deny"]
SOURCE = "the command"
_SHELLS = frozenset({"bash", "sh", "zsh", "dash"})
_DEEPEST = 3
_APPROVES = ("approve",)
_PROGRAMS = frozenset({"hf", "huggingface-cli", "hfplanner", "hf-planner"})
_OWN = frozenset({"hfplanner", "hf-planner"})
_FILES_OF_JOBS = (".toml", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class AgentQuestion:
    """A command that an agent is about to run.

    Args:
        agent: a name of :data:`AGENTS`.
        command: the shell text; ``None`` where it is about something else.
        folder: where it would run; ``None`` where the agent does not say.
        session: of the agent; empty where it does not say.
    """

    agent: str
    command: str | None
    folder: Path | None = None
    session: str = ""


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What an agent is told.

    Args:
        code: the exit code.
        out: what stands on stdout, JSON.
        err: what stands on stderr.
    """

    code: int
    out: str = ""
    err: str = ""


def names_gate(text: str) -> bool:
    r"""Whether a text names a paid job, or the approval of one, however it is quoted or continued.

    >>> names_gate('"hf"  jobs \\\n run img id'), names_gate("hfplanner approve a1b2"), names_gate("git status")
    (True, True, False)
    """
    plain = text.replace("\\\n", " ").translate({ord('"'): None, ord("'"): None, ord("\\"): None})
    return names_paid_jobs(plain) or any(f"{own} approve" in " ".join(plain.split()) for own in _OWN)


def read_question(raw: str, agent: str | None) -> AgentQuestion:
    r"""Return what an agent asks.

    Args:
        raw: what stood on standard input.
        agent: whose JSON it is; ``None`` is told by its shape.

    Raises:
        ValueError: it is no JSON object.

    >>> read_question('{"tool_name": "Bash", "tool_input": {"command": "hf jobs ps"}}', None)
    AgentQuestion(agent='claude-code', command='hf jobs ps', folder=None, session='')
    >>> read_question('{"turn_id": "t1", "tool_name": "Bash", "tool_input": {"command": "ls"}}', None).agent
    'codex'
    >>> read_question('{"toolName": "bash", "toolArgs": "{\\"command\\": \\"ls\\"}"}', None).agent
    'copilot'
    """
    document = json.loads(raw)
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as what is no JSON at all
    named = agent or _agent_of(document)
    folder = document.get("cwd")
    where = Path(folder) if isinstance(folder, str) and folder else None
    sessions = (document.get(key) for key in ("session_id", "conversation_id", "sessionId"))
    session = next((text for text in sessions if isinstance(text, str) and text), "")
    return AgentQuestion(named, _command_of(document), where, session)


def _agent_of(document: Mapping[str, Any]) -> str:
    if "toolName" in document:
        return "copilot"
    if document.get("hook_event_name") == "BeforeTool" or document.get("tool_name") == "run_shell_command":
        return "gemini"
    if "tool_name" in document:
        # Codex asks as Claude Code does, and tells its turn; it runs what it is asked about with "ask".
        return "codex" if "turn_id" in document else "claude-code"
    return "cursor" if "command" in document else "claude-code"


def _command_of(document: Mapping[str, Any]) -> str | None:
    given = document.get("tool_input", document.get("toolArgs", document))
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return str(given)
    command: object = given.get("command") if isinstance(given, Mapping) else given
    if isinstance(command, list):
        return shlex.join(str(word) for word in command)
    return command if isinstance(command, str) else None


def jobs_of_line(text: str, folder: Path) -> FoundSpecs:
    """Return the paid jobs that a shell text starts, and what of it cannot be priced.

    Args:
        text: as the shell would read it.
        folder: where scripts are looked for, whose headers may name a flavor.

    >>> found = jobs_of_line("cd x && bash -c 'hf jobs run --flavor l4x1 img id' && ls", Path())
    >>> [(job.flavor, job.command) for job in found.jobs], found.not_checked
    ([('l4x1', ('id',))], ())
    >>> jobs_of_line('eval "$X hf jobs run"', Path()).not_checked[0].reason
    'it names jobs in a way that is not read'
    """
    found = FoundSpecs()
    for one in _found(text, folder, 0):
        jobs = (one,) if isinstance(one, FoundJob) else ()
        unread = (one,) if isinstance(one, NotChecked) else ()
        found += FoundSpecs(jobs, unread)
    return found


def _found(text: str, folder: Path, depth: int) -> Iterator[FoundJob | NotChecked]:
    for command in simple_commands(text):
        if not names_gate(command.text):
            continue
        if command.words is None or depth > _DEEPEST:
            yield NotChecked(SOURCE, command.line, command.text[:120], "it cannot be parted into words")
            continue
        words = (command.words[0].rpartition("/")[2], *command.words[1:])
        inner = _inner(words)
        if inner is not None:
            yield from _found(inner, folder, depth + 1)
            continue
        if not names_gate(" ".join(words)):
            continue
        shell = ShellCommand(words=words, source=SOURCE, line=None, title=" ".join(words[:3]))
        yield from _started_by(shell, folder, in_loop=command.in_loop)


def _started_by(shell: ShellCommand, folder: Path, *, in_loop: bool) -> Iterator[FoundJob | NotChecked]:
    """Give what one command starts."""
    words = tuple(shell.words)
    if words[0] in _OWN and words[1:2] == _APPROVES:
        yield shell.not_checked("an approval is a person's, and not an agent's")
        return
    group = _file_of_group(words)
    answer = None if group is not None else job_of_command(shell)
    if in_loop and (group is not None or answer is not None):
        yield shell.not_checked("it stands in a loop, so nobody can say how often it runs")
        return
    if group is not None:
        yield from _jobs_of_group(shell, folder / group)
    elif isinstance(answer, FoundJob) and answer.kind == "script":
        yield _with_header(answer, shell, folder)
    elif answer is not None:
        yield answer


def _file_of_group(words: tuple[str, ...]) -> str | None:
    """Return the file of jobs that ``group run`` is called with; ``None`` for any other command."""
    rest = words[1:] if words[0] in _OWN else words[2:] if words[:2] == ("hf", "planner") else ()
    if rest[:2] != ("group", "run") or {"--dry-run", "--help", "-h"} & set(rest):
        return None
    return next((word for word in rest[2:] if word.endswith(_FILES_OF_JOBS)), "")


def _jobs_of_group(shell: ShellCommand, path: Path) -> Iterator[FoundJob | NotChecked]:
    """Give the jobs of a file that are in a network group: any of its groups may be run."""
    from hfplanner.specs.discover import read_spec  # noqa: PLC0415 - for lines that run groups

    try:
        jobs = [job for job in read_spec(str(path), read_spec_text(path)).jobs if job.group]
    except JobSpecError as error:
        yield shell.not_checked(error.message)
        return
    yield from (replace(job, is_ours=True) for job in jobs)
    if not jobs:
        yield shell.not_checked("its file has no job in a network group")


def _inner(words: tuple[str, ...]) -> str | None:
    """Return the text that a shell is given to run."""
    if words[0] not in _SHELLS:
        return None
    for place, word in enumerate(words[1:-1], start=1):
        if word.startswith("-") and word.endswith("c") and not word.startswith("--"):
            return words[place + 1]
    return None


def _with_header(job: FoundJob, shell: ShellCommand, folder: Path) -> FoundJob | NotChecked:
    """Return a script's job with what its header says where nothing was typed."""
    from hfplanner.specs.script import with_header  # noqa: PLC0415 - for lines that run scripts

    script = job.command[0]
    if script.startswith(("https://", "http://")):
        return shell.not_checked("its script is on the web, and may name a flavor of its own")
    path = folder / script
    try:
        return with_header(job, read_spec_text(path, script) if path.is_file() else None)
    except JobSpecError as error:
        return shell.not_checked(error.message)


def _claude(permission: Permission, reason: str) -> HookAnswer:
    decided = {"permissionDecision": permission, "permissionDecisionReason": reason}
    return HookAnswer(0, json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", **decided}}))


def _codex(permission: Permission, reason: str) -> HookAnswer:
    # It knows no question: what a person has to decide is blocked, and the reason says how to go on.
    return HookAnswer(0) if permission == "allow" else HookAnswer(2, err=reason)


def _cursor(permission: Permission, reason: str) -> HookAnswer:
    return HookAnswer(0, json.dumps({"permission": permission, "user_message": reason, "agent_message": reason}))


def _copilot(permission: Permission, reason: str) -> HookAnswer:
    return HookAnswer(0, json.dumps({"permissionDecision": permission, "permissionDecisionReason": reason}))


def _gemini(permission: Permission, reason: str) -> HookAnswer:
    # As Codex.
    decision = "allow" if permission == "allow" else "deny"
    return HookAnswer(0, json.dumps({"decision": decision, "reason": reason}))


AGENTS: Mapping[str, Callable[[Permission, str], HookAnswer]] = {
    "claude-code": _claude,
    "codex": _codex,
    "copilot": _copilot,
    "cursor": _cursor,
    "gemini": _gemini,
}
"""How each agent is told what it may do, by its name."""

ASK_NOBODY = frozenset({"codex", "gemini"})
"""The agents that know no question: they are denied what a person has to decide."""
