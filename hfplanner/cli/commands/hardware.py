"""``hfplanner hardware``."""

from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.hardware import hardware_answer
from hfplanner.plan.arguments import find_arguments
from hfplanner.plan.workspace import Workspace


def hardware(*, refresh: bool, offline: bool) -> Answer:
    """List the flavors that can be rented, with their prices.

    A flavor without a usable price is listed as unpriced, with the reason; it is never free. With --refresh, exit code
    6 says that the Hub did not answer and an older listing is shown.
    """
    with Workspace.from_environ(offline=offline) as workspace:
        return hardware_answer(get_listing(workspace, refresh=refresh), workspace.now(), was_asked=refresh)


COMMAND = Command(
    call=hardware,
    options=find_arguments("refresh", "offline"),
    names="the names of the flavors, one a line",
    examples=[
        "hfplanner hardware",
        "hfplanner hardware --refresh",
        "hfplanner hardware --offline --json",
        "hfplanner hardware -q",
    ],
)
