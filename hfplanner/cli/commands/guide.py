"""``hfplanner guide``."""

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.guide import topic_answer, topics_answer


def guide(*, topic: str | None) -> Answer:
    """Show the manual: all topics, or one of them.

    In a terminal it is laid out; through a pipe it is Markdown.
    """
    return topics_answer() if topic is None else topic_answer(topic)


COMMAND = Command(
    call=guide,
    positionals=(Positional(name="topic", metavar="[TOPIC]", help="One of the topics.", is_required=False),),
    names="the names of the topics, or the text of one",
    examples=["hfplanner guide", "hfplanner guide budgets", "hfplanner guide choose | less"],
)
