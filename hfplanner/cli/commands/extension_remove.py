"""``hfplanner extension remove``."""

from pathlib import Path

from hfplanner.cli.command import Command
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.extension import extension_answer
from hfplanner.extension import remove_extension


def remove() -> Answer:
    """Take `hf planner` away again; the program itself stays."""
    return extension_answer(remove_extension(Path.home()), "`hf planner` is gone: {manifest} was removed.")


COMMAND = Command(call=remove, names="the manifest's path", examples=["hfplanner extension remove"])
