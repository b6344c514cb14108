"""``hfplanner hardware``."""

<<<<<<< HEAD
import os

from hfplanner.catalog.describe import describe_flavor
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.show.output import OutputFormat, note, print_json, print_lines, print_tsv, resolve_format
from hfplanner.errors import HubListingIncomplete

EXAMPLES = [
    "hfplanner hardware",
    "hfplanner hardware --refresh",
    "hfplanner hardware --offline --json",
    "hfplanner hardware -q",
]

_AGENT_COLUMNS = (
    "name",
    "accelerator",
    "gpus",
    "vram_total_bytes",
    "vram_per_gpu_bytes",
    "vcpu",
    "ram_bytes",
    "disk_bytes",
    "price_micro_usd_per_minute",
    "usd_per_hour",
    "unpriced_reason",
)
=======
from hfplanner.cli.command import Command
from hfplanner.cli.listing import get_listing, now_utc
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.hardware import hardware_answer
from hfplanner.plan.arguments import find_arguments
>>>>>>> main


def hardware(*, refresh: bool, offline: bool) -> Answer:
    """List the flavors that can be rented, with their prices.

    A flavor without a usable price is listed as unpriced, with the reason; it is never free. With --refresh, exit code
    6 says that the Hub did not answer and an older listing is shown.
    """
    now = now_utc()
    return hardware_answer(get_listing(offline=offline, refresh=refresh, now=now), now)

<<<<<<< HEAD
            show_hardware(listing, now)
    if refresh and not listing.live:
        note("Error: The listing was not refreshed.")
        return HubListingIncomplete.exit_code
    return 0
=======

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
>>>>>>> main
