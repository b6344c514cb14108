"""``hfplanner extension install``."""

from pathlib import Path

from hfplanner.cli.command import Command
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.extension import extension_answer
from hfplanner.extension import install_extension
from hfplanner.plan.arguments import flag
from hfplanner.plan.workspace import now_utc


def install(*, force: bool) -> Answer:
    """Make `hf planner` run this program.

    Writes the manifest by which `hf` finds extensions: a script hf-planner on the path is not enough. Do it again after
    the program was moved.
    """
    return extension_answer(install_extension(Path.home(), now_utc(), force=force), "`hf planner` runs {executable}.")


COMMAND = Command(
    call=install,
    options=(
        flag(
            name="force",
            group="Options",
            help="Replace an extension 'planner' that comes from elsewhere.",
        ),
    ),
    names="the manifest's path",
    examples=["hfplanner extension install", "hfplanner extension install && hf planner recommend --vram 40GB"],
)
