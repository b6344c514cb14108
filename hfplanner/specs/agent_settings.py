"""Where each agent keeps its hooks, and the entry that has ours called before a shell command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfplanner.errors import UsageError, quoted

__all__ = ["HookEntry", "hook_entry", "with_entry"]

_TIMEOUT_SECS = 30


@dataclass(frozen=True, slots=True)
class HookEntry:
    """An entry of a settings file.

    Args:
        path: of the file, in a project.
        event: under ``hooks``.
        entry: one item of the event's list.
        more: other keys that the file must have.
    """

    path: Path
    event: str
    entry: Mapping[str, Any]
    more: Mapping[str, Any]


def hook_entry(agent: str, program: str = "hfplanner") -> HookEntry:
    """Return the entry of an agent.

    Args:
        agent: a name of :data:`~hfplanner.specs.agent_hook.AGENTS`.
        program: how this program is called.

    >>> entry = hook_entry("cursor")
    >>> entry.path.as_posix(), entry.event, entry.entry["command"]
    ('.cursor/hooks.json', 'beforeShellExecution', 'hfplanner hook --agent cursor')
    """
    command = f"{program} hook --agent {agent}"
    nested = {"hooks": [{"type": "command", "command": command}]}
    entries = {
        "claude-code": HookEntry(Path(".claude/settings.json"), "PreToolUse", {"matcher": "Bash", **nested}, {}),
        "codex": HookEntry(Path(".codex/hooks.json"), "PreToolUse", {"matcher": "^Bash$", **nested}, {}),
        "copilot": HookEntry(
            Path(".github/hooks/hfplanner.json"),
            "preToolUse",
            {"type": "command", "bash": command, "powershell": command, "timeoutSec": _TIMEOUT_SECS},
            {"version": 1},
        ),
        "cursor": HookEntry(Path(".cursor/hooks.json"), "beforeShellExecution", {"command": command}, {"version": 1}),
        "gemini": HookEntry(
            Path(".gemini/settings.json"), "BeforeTool", {"matcher": "run_shell_command", **nested}, {}
        ),
    }
    return entries[agent]


def with_entry(text: str | None, entry: HookEntry) -> str | None:
    """Return a settings file with the entry in it, everything else as it was; ``None`` where it has it already.

    Args:
        text: of the file; ``None`` where there is none.
        entry: to be added.

    Raises:
        UsageError: the file is no JSON of that shape, so nothing is changed.
    """
    try:
        document = json.loads(text) if text and text.strip() else {}
    except ValueError as error:
        raise UsageError(
            f"{quoted(str(entry.path))} is no JSON, so nothing was changed.", hint="Add the entry by hand."
        ) from error
    hooks = document.get("hooks", {}) if isinstance(document, dict) else None
    events = hooks.get(entry.event, []) if isinstance(hooks, dict) else None
    if not isinstance(hooks, dict) or not isinstance(events, list):
        raise UsageError(
            f"{quoted(str(entry.path))} has hooks of another shape, so nothing was changed.",
            hint="Add the entry by hand.",
        )
    if entry.entry in events:
        return None
    whole = {**entry.more, **document, "hooks": {**hooks, entry.event: [*events, dict(entry.entry)]}}
    return json.dumps(whole, indent=2) + "\n"
