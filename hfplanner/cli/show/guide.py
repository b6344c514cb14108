"""The manual, in every format."""

import sys

from hfplanner.cli.show.answer import Answer, Remark
from hfplanner.cli.show.output import print_block, print_document
from hfplanner.guide import TOPICS, read_topic

__all__ = ["topic_answer", "topics_answer"]


def topics_answer() -> Answer:
    """Return the list of topics."""
    rows = [{"topic": name, "about": about} for name, about in TOPICS.items()]
    width = max(map(len, TOPICS))
    return Answer(
        document=lambda: {"topics": rows},
        names=lambda: TOPICS,
        columns=("topic", "about"),
        rows=lambda: rows,
        people=lambda: print_block(f"{name:<{width}}  {about}" for name, about in TOPICS.items()),
        remarks=[Remark("hint", "`hfplanner guide TOPIC` shows one.")],
    )


def topic_answer(name: str) -> Answer:
    """Return the text of a topic.

    Raises:
        UsageError: there is no such topic.
    """
    text = read_topic(name)
    return Answer(
        document=lambda: {"topic": name, "about": TOPICS[name], "text": text},
        names=text.splitlines,
        documents={"agent": lambda: text},
        people=lambda: _print_for_people(text),
    )


def _print_for_people(text: str) -> None:
    """Write Markdown as it stands where a program reads it, and laid out where a person does."""
    if not sys.stdout.isatty():
        print_document(text)
        return
    from rich.console import Console  # noqa: PLC0415 - only for a terminal
    from rich.markdown import Markdown  # noqa: PLC0415 - as above

    Console().print(Markdown(text))
