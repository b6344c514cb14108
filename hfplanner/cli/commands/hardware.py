"""``hfplanner hardware``."""

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


def hardware(
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """List the flavors that can be rented, with their prices.

    A flavor without a usable price is listed as unpriced, with the reason; it is never free. With --refresh, exit code
    6 says that the Hub did not answer and an older listing is shown.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    now = now_utc()
    listing = get_listing(offline=offline, refresh=refresh, now=now)
    rows = [describe_flavor(flavor, listing) for flavor in listing.flavors]
    match shown:
        case OutputFormat.JSON:
            print_json(rows)
        case OutputFormat.QUIET:
            print_lines(flavor.name for flavor in listing.flavors)
        case OutputFormat.AGENT:
            print_tsv(_AGENT_COLUMNS, ([row[column] for column in _AGENT_COLUMNS] for row in rows))
        case _:
            from hfplanner.cli.show.hardware import show_hardware  # noqa: PLC0415 - rich, for people only

            show_hardware(listing, now)
    if refresh and not listing.live:
        note("Error: The listing was not refreshed.")
        return HubListingIncomplete.exit_code
    return 0
