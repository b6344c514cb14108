"""``hfplanner hardware``."""

from typing import Any

from hfplanner.cli.command import Command, pack
from hfplanner.cli.listing import get_listing
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.hardware import hardware_answer
from hfplanner.plan.arguments import NEEDS, AskedMachine, find_arguments
from hfplanner.plan.selecting import SORT, select_flavors
from hfplanner.plan.workspace import Workspace


def hardware(
    *,
    max_price: int | None,
    sort: str | None,
    refresh: bool,
    offline: bool,
    **given: Any,  # noqa: ANN401 - the needs of a machine
) -> Answer:
    """List the flavors that can be rented, or those that do for a machine, with their prices.

    A flavor without a usable price is listed as unpriced, with the reason; it is never free. With --refresh, exit code
    6 says that the Hub did not answer and an older listing is shown.
    """
    with Workspace.from_environ(offline=offline) as workspace:
        listing = get_listing(workspace, refresh=refresh)
        machine = pack(AskedMachine, given)
        found = select_flavors(listing, machine, max_price_micro_usd_per_hour=max_price, sort=sort)
        return hardware_answer(found, workspace.now(), was_asked=refresh)


COMMAND = Command(
    call=hardware,
    options=(*NEEDS, *find_arguments("max_price", "refresh", "offline"), SORT),
    names="the names of the flavors, one a line",
    examples=[
        "hfplanner hardware",
        "hfplanner hardware --vram 40GB --sort price",
        "hfplanner hardware --refresh",
        "hfplanner hardware --offline --json",
        "hfplanner hardware -q",
    ],
)
