"""Who calls this program: a person, or an agent in one of its sessions.

An agent says so (``HFPLANNER_AGENT=name``), or is detected as ``hf`` detects one (``utils/_detect_agent.py`` of
huggingface_hub 2.4.0): by the variables that it sets for the commands it runs. The list of those is the Hub's, which
``hf`` keeps in ``HF_HOME/.agent_harnesses.json`` and asks for once a day. It is read here and never asked for: a
decision waits for no network. Where ``hf`` has kept none, the variables that the agents document count.

This is a fence for tools that say what they are, and no wall: whoever can unset a variable is taken for a person.
"""

import getpass
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hfplanner.sanitize import sanitize

__all__ = ["AGENT_VARIABLE", "PERSON", "SESSION_VARIABLE", "Caller", "find_caller", "hook_caller", "session_of_the_day"]

AGENT_VARIABLE = "HFPLANNER_AGENT"
SESSION_VARIABLE = "HFPLANNER_SESSION"
UNKNOWN_AGENT = "unknown"
"""The name of an agent that says only that it is one, as ``hf`` calls it."""

_LONGEST = 100
_MOST_BYTES = 2**20
# A variable that any agent may name itself in.
_STANDARD = ("AI_AGENT", "AGENT")
# What the agents' own documentation has them set, where `hf` keeps no list: the variable, and its value or any ("*").
_DOCUMENTED: Mapping[str, Mapping[str, str]] = {
    "claude-code": {"CLAUDECODE": "*"},
    "codex": {"CODEX_THREAD_ID": "*", "CODEX_SANDBOX": "*"},
    "cursor": {"CURSOR_AGENT": "*"},
    "gemini": {"GEMINI_CLI": "*"},
    "copilot": {"COPILOT_CLI": "*"},
}
# Where an agent tells its session to the commands it runs.
_SESSIONS = (SESSION_VARIABLE, "CLAUDE_CODE_SESSION_ID", "CODEX_THREAD_ID", "AGENT_THREAD_ID")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Args:
        agent: the agent's name, in small letters; empty for a person.
        session: of the agent; empty for a person.
    """

    agent: str = ""
    session: str = ""

    @property
    def is_agent(self) -> bool:
        """Whether it is an agent."""
        return bool(self.agent)


PERSON = Caller()
"""Nobody says that it is an agent."""


def find_caller(variables: Mapping[str, str], now: datetime) -> Caller:
    """Return who calls, as the environment tells.

    A session is what :data:`SESSION_VARIABLE` names, or what the agent's own variable does. An agent that names none
    has one session a day, UTC, for each user and machine.

    Args:
        variables: of the environment.
        now: the time, UTC.

    >>> from datetime import UTC
    >>> now = datetime(2026, 9, 9, tzinfo=UTC)
    >>> find_caller({"HFPLANNER_AGENT": "Trainer", "HFPLANNER_SESSION": "s1"}, now)
    Caller(agent='trainer', session='s1')
    >>> find_caller({"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "7f"}, now)
    Caller(agent='claude-code', session='7f')
    >>> find_caller({}, now).is_agent
    False
    """
    agent = _plain(variables.get(AGENT_VARIABLE)) or _detected(variables)
    if not agent:
        return PERSON
    said = next((text for name in _SESSIONS if (text := _plain(variables.get(name)))), "")
    return Caller(agent.casefold(), said or session_of_the_day(now))


def hook_caller(variables: Mapping[str, str], agent: str, session: str, now: datetime) -> Caller:
    """Return who asks by a hook: an agent that is named in the environment, or the one whose question it is.

    Args:
        variables: of the environment.
        agent: whose question it is; empty for nobody's.
        session: as the question tells it.
        now: the time, UTC.
    """
    named = _plain(variables.get(AGENT_VARIABLE)) or _plain(agent)
    if not named:
        return PERSON
    said = _plain(variables.get(SESSION_VARIABLE)) or _plain(session)
    return Caller(named.casefold(), said or session_of_the_day(now))


def session_of_the_day(now: datetime) -> str:
    """Return the session of an agent that names none: this user's on this machine, of a day, UTC."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A process whose user has no name, as in many containers.
        user = "nobody"
    return f"{_plain(user)}@{_plain(platform.node())} {now:%Y-%m-%d}"


def _plain(text: str | None) -> str:
    return sanitize(text or "").strip()[:_LONGEST]


def _detected(variables: Mapping[str, str]) -> str:
    """Return the agent that set variables, empty for none: the first of the list whose own are there, or is named."""
    kept = _kept_list(variables)
    harnesses: Mapping[str, Any] = _DOCUMENTED if kept is None else kept.get("harnesses") or {}
    standard = _STANDARD if kept is None else kept.get("standardEnvVars") or ()
    named = [text for name in standard if isinstance(name, str) and (text := _plain(variables.get(name)))]
    for name, own in _own_variables(harnesses):
        if any(_matches(variables.get(variable), pattern) for variable, pattern in own.items()) or name in named:
            return name
    lower = {name.casefold() for name in harnesses}
    return next((text.casefold() if text.casefold() in lower else UNKNOWN_AGENT for text in named), "")


def _own_variables(harnesses: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, info in harnesses.items():
        own = info if harnesses is _DOCUMENTED else isinstance(info, Mapping) and info.get("envVars")
        yield name, own if isinstance(own, Mapping) else {}


def _matches(value: str | None, pattern: object) -> bool:
    return bool(value) and pattern in {"*", value}


def _kept_list(variables: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Return the Hub's list of agents as ``hf`` keeps it; ``None`` where there is none that can be read."""
    cache = variables.get("XDG_CACHE_HOME") or f"{variables.get('HOME') or '~'}/.cache"
    home = variables.get("HF_HOME") or f"{cache}/huggingface"
    try:
        path = Path(home).expanduser() / ".agent_harnesses.json"
        with path.open("rb") as file:
            kept = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RuntimeError, RecursionError):
        return None
    return kept if isinstance(kept, Mapping) and isinstance(kept.get("harnesses"), Mapping) else None
