"""What agents are told where there is nothing to say: their own rules hold.

Most take no output for that. Cursor takes what is no JSON from a hook that may forbid for a failure
(cursor.com/docs/hooks), and Gemini CLI reads standard output as JSON (geminicli.com/docs/hooks/reference): both get an
empty object.
"""

__all__ = ["WANTS_JSON", "silence"]

WANTS_JSON = {"cursor": "beforeShellExecution", "gemini": "BeforeTool"}
"""The agents that want an object, and the event that tells them where they are not named."""


def silence(agent: str | None, raw: str) -> str:
    """Return what stands on stdout where there is nothing to say.

    Args:
        agent: whose question it is; ``None`` is told by its event.
        raw: the question.

    >>> silence("cursor", ""), silence(None, '{"hook_event_name": "BeforeTool"}'), silence("codex", "")
    ('{}', '{}', '')
    """
    named = agent in WANTS_JSON if agent is not None else any(event in raw for event in WANTS_JSON.values())
    return "{}" if named else ""
