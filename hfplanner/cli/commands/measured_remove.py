"""``hfplanner measured remove``."""

from hfplanner.cli.command import Command
from hfplanner.cli.options.build import Positional
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.workspace import Workspace


def remove(*, ids: tuple[str, ...]) -> Answer:
    """Take out what is kept of some runs; estimates do without it from then on."""
    from hfplanner.cli.show.measured import measured_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.measuring import remove_peaks  # noqa: PLC0415 - as above

    with Workspace.from_environ() as workspace:
        return measured_answer(remove_peaks(workspace, ids), "Removed")


COMMAND = Command(
    call=remove,
    positionals=(Positional(name="ids", metavar="ID...", takes_rest=True, help="As `measured list` shows them."),),
    names="the ids, one a line",
    examples=["hfplanner measured remove 4f1d20aa"],
)
