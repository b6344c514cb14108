"""Where each agent keeps its hooks, and the entry that has ours called before a shell command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hfplanner.errors import UsageError, quoted

__all__ = ["HookEntry", "hook_entry", "with_entry", "without_entry"]

_TIMEOUT_SECS = 30


@dataclass(frozen=True, slots=True)
class HookEntry:
    """An entry of a settings file.

    Args:
        path: of the file, in a project.
        event: under ``hooks``.
        entry: one item of the event's list.
        more: other keys that the file must have.
        command: by which the entry is known.
    """

    path: Path
    event: str
    entry: Mapping[str, Any]
    more: Mapping[str, Any]
    command: str = ""


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
        # Not failClosed: that blocks every command about which a hook says nothing, and not failures alone.
        "cursor": HookEntry(Path(".cursor/hooks.json"), "beforeShellExecution", {"command": command}, {"version": 1}),
        "gemini": HookEntry(
            Path(".gemini/settings.json"), "BeforeTool", {"matcher": "run_shell_command", **nested}, {}
        ),
    }
    return replace(entries[agent], command=f"hook --agent {agent}")


def with_entry(text: str | None, entry: HookEntry) -> str | None:
    """Return a settings file with the entry in it, everything else as it was; ``None`` where it has it already.

    Args:
        text: of the file; ``None`` where there is none.
        entry: to be added.

    Raises:
        UsageError: the file is no JSON of that shape, so nothing is changed.
    """
    document, hooks, events = _read(text, entry)
    if entry.entry in events:
        return None
    # One of an earlier version makes room.
    others = [one for one in events if not _is_ours(one, entry)]
    whole = {**entry.more, **document, "hooks": {**hooks, entry.event: [*others, dict(entry.entry)]}}
    return json.dumps(whole, indent=2) + "\n"


def without_entry(text: str | None, entry: HookEntry) -> str | None:
    """Return a settings file without the entry, everything else as it was; ``None`` where it does not have it.

    Args:
        text: of the file; ``None`` where there is none. Where nothing but ours was in it, what is left is empty.
        entry: to be taken out, also as an earlier version wrote it.

    Raises:
        UsageError: the file is no JSON of that shape, so nothing is changed.

    >>> entry = hook_entry("cursor")
    >>> without_entry(with_entry(None, entry), entry), without_entry("{}", entry)
    ('', None)
    """
    document, hooks, events = _read(text, entry)
    others = [one for one in events if not _is_ours(one, entry)]
    if len(others) == len(events):
        return None
    left = {key: value for key, value in hooks.items() if key != entry.event} | (
        {entry.event: others} if others else {}
    )
    whole = {key: value for key, value in document.items() if key != "hooks"} | ({"hooks": left} if left else {})
    return "" if whole in ({}, dict(entry.more)) else json.dumps(whole, indent=2) + "\n"


def _is_ours(one: object, entry: HookEntry) -> bool:
    return entry.command in json.dumps(one)


def _read(text: str | None, entry: HookEntry) -> tuple[dict[str, Any], dict[str, Any], list[Any]]:
    """Return a settings file, its hooks, and those of the event.

    Raises:
        UsageError: it is no JSON of that shape.
    """
    try:
        document = json.loads(text) if text and text.strip() else {}
    except ValueError as error:
        raise UsageError(
            f"{quoted(str(entry.path))} is no JSON, so nothing was changed.", hint="Change it by hand."
        ) from error
    hooks = document.get("hooks", {}) if isinstance(document, dict) else None
    events = hooks.get(entry.event, []) if isinstance(hooks, dict) else None
    if not isinstance(document, dict) or not isinstance(hooks, dict) or not isinstance(events, list):
        raise UsageError(
            f"{quoted(str(entry.path))} has hooks of another shape, so nothing was changed.",
            hint="Change it by hand.",
        )
    return document, hooks, events
