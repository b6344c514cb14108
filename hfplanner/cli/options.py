"""Options that several commands share, and how their values are read."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from hfplanner.api.settings import read_hub_settings
from hfplanner.catalog.cache import ListingCache, default_cache_folder
from hfplanner.catalog.listing import Listing
from hfplanner.catalog.load import ListingRequest, load_listing
from hfplanner.cli.show.output import OutputFormat, warn
from hfplanner.errors import UsageError, quoted

__all__ = [
    "FormatOption",
    "JsonOption",
    "OfflineOption",
    "QuietOption",
    "RefreshOption",
    "get_listing",
    "now_utc",
    "reader",
    "whole_number",
]

S = TypeVar("S")
T = TypeVar("T")

FormatOption = Annotated[
    OutputFormat, typer.Option("--format", help="Output format; auto is agent under an AI agent, else human.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON output. Same as --format json.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Names only, one a line. Same as --format quiet.")]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Do not ask the Hub; use kept or shipped prices. HF_HUB_OFFLINE=1 does too.")
]
RefreshOption = Annotated[bool, typer.Option("--refresh", help="Ask the Hub now, even if a kept listing is fresh.")]


def reader(option: str, parse: Callable[[S], T]) -> Callable[[S], T]:
    """Return ``parse`` for the value of an option, whose name its errors then say.

    >>> from hfplanner.units import parse_size
    >>> reader("--vram", parse_size)("40XB")
    Traceback (most recent call last):
    hfplanner.errors.UsageError: --vram: '40XB' is not a size: 'XB' is not a unit of size.
    """

    def read(text: S) -> T:
        try:
            return parse(text)
        except UsageError as error:
            raise UsageError(f"{option}: {error.message}", hint=error.hint) from error

    return read


def whole_number(most: int) -> Callable[[str | int], int]:
    """Return how to read a whole number from 1 to ``most``; a default, which typer sends the same way, may be one.

    >>> whole_number(8)("4")
    4
    >>> whole_number(8)("9")
    Traceback (most recent call last):
    hfplanner.errors.UsageError: '9' is not a whole number from 1 to 8.
    """

    def parse(text: str | int) -> int:
        digits = str(text).strip()
        # The length is looked at first: CPython refuses to read a number of thousands of digits.
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= len(str(most))
        if not is_number or not 1 <= int(digits) <= most:
            raise UsageError(f"{quoted(digits)} is not a whole number from 1 to {most}.", hint="For example 4.")
        return int(digits)

    return parse


def get_listing(*, offline: bool, refresh: bool, now: datetime) -> Listing:
    """Load the listing the environment and the options ask for, and say on stderr what went wrong on the way."""
    settings = read_hub_settings(os.environ)
    cache = ListingCache(default_cache_folder(os.environ), settings.endpoint)
    listing = load_listing(ListingRequest(cache=cache, offline=offline or settings.offline, refresh=refresh), now=now)
    for text in listing.warnings:
        warn(text)
    for problem in listing.problems:
        name = f"{problem.name!r}" if problem.name else "without a name"
        warn(f"Row {problem.position + 1} of the listing ({name}) was not used: {problem.reason}")
    return listing


def now_utc() -> datetime:
    """Return the time, the one place of the command line that asks for it."""
    return datetime.now(UTC)
