"""The manual, by topic, as Markdown: read by ``hfplanner guide``, by people on the web, and by agents.

Every block of commands or Python in it is run by ``tests/test_guide.py`` and shows what the block says it shows.
"""

from collections.abc import Mapping
from importlib.resources import files

from hfplanner.errors import UsageError, did_you_mean

__all__ = ["TOPICS", "read_topic"]

TOPICS: Mapping[str, str] = {
    "choose": "Which flavor is the cheapest that does it, and why.",
    "memory": "How much memory a model needs, and where it fits.",
    "time": "How long a job takes on each flavor, and what that costs.",
    "budgets": "What may be spent, by whom, and whether a job may run.",
    "run": "Run a job, exactly once, and look after the books.",
    "reports": "What the jobs cost, and what of it was wasted.",
    "scripts": "JSON, exit codes and units, for scripts and agents.",
    "python": "The same from Python, a frame at a time.",
    "team": "Share a budget: one policy, one ledger, a gate for pull requests.",
    "files": "What is kept, where, and which variables are read.",
}
"""The topics in the order to read them in, each in one sentence."""


def read_topic(name: str) -> str:
    """Return the text of a topic.

    Raises:
        UsageError: there is no such topic.

    >>> read_topic("time").splitlines()[0]
    '# How long does it take?'
    """
    if name not in TOPICS:
        near = did_you_mean(name, TOPICS).strip()
        raise UsageError(
            f"The guide has no topic {name!r}.{f' {near}' if near else ''}", hint=f"Topics: {', '.join(TOPICS)}."
        )
    return files("hfplanner.guide").joinpath(f"{name}.md").read_text(encoding="utf-8")
