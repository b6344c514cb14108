"""``hfplanner measured list``."""

from hfplanner.cli.command import Command
from hfplanner.cli.show.answer import Answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.workspace import Workspace


def list_measured(*, model: str | None) -> Answer:
    """Show what runs took, as far as it is kept: what was typed, what jobs say in their labels, what logs said."""
    from hfplanner.cli.show.measured import measured_answer  # noqa: PLC0415 - not for a help text
    from hfplanner.plan.measuring import list_peaks  # noqa: PLC0415 - as above

    with Workspace.from_environ() as workspace:
        return measured_answer(list_peaks(workspace, model), "Measured")


COMMAND = Command(
    call=list_measured,
    options=find_arguments("model"),
    names="the ids, one a line",
    examples=["hfplanner measured list", "hfplanner measured list --model Qwen/Qwen3-8B --json"],
)
