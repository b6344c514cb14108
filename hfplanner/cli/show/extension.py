"""What was done to the extension of ``hf``, in every format."""

from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.output import print_lines
from hfplanner.extension import Extension

__all__ = ["extension_answer"]


def extension_answer(extension: Extension, sentence: str) -> Answer:
    """Return what was done, in a sentence with ``{executable}`` or ``{manifest}`` in it."""
    document = extension.to_dict()
    return Answer(
        document=lambda: document,
        names=lambda: [str(extension.manifest)],
        columns=tuple(document),
        rows=lambda: [document],
        people=lambda: print_lines([sentence.format_map(document)]),
    )
