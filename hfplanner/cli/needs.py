"""The options that say what a job needs and may cost."""

from typing import Annotated, NamedTuple

import typer

from hfplanner.cli.options import reader, whole_number
from hfplanner.errors import UsageError, quoted
from hfplanner.recommend.needs import NEED_LIMITS
from hfplanner.units import parse_duration, parse_money, parse_size

__all__ = [
    "AcceleratorOption",
    "CpuOption",
    "DiskOption",
    "DurationOption",
    "GpusOption",
    "MaxCostOption",
    "MaxPriceOption",
    "MaxTimeOption",
    "MeasuredDuration",
    "RamOption",
    "ShardOption",
    "VramOption",
]


class MeasuredDuration(NamedTuple):
    """How long a job runs, in seconds, and the flavor on which somebody measured it, if they say so."""

    seconds: int
    flavor: str | None


def parse_measured(text: str) -> MeasuredDuration:
    """Read a duration that may name the flavor it was measured on.

    Raises:
        UsageError: the duration cannot be read, or no flavor stands after the ``@``.

    >>> parse_measured("2h20m@a10g-small"), parse_measured("90s")
    (MeasuredDuration(seconds=8400, flavor='a10g-small'), MeasuredDuration(seconds=90, flavor=None))
    """
    duration, at, flavor = text.partition("@")
    name = flavor.strip().lower() if at else None
    if name == "":
        raise UsageError(f"{quoted(text)} names no flavor after the @.", hint="For example 3h@l4x1.")
    return MeasuredDuration(parse_duration(duration), name)


def shipped_accelerators() -> list[str]:
    """Return the accelerators that shell completion offers: those of the listing shipped with the package."""
    from hfplanner.catalog.listing import shipped_listing  # noqa: PLC0415 - only when the shell asks

    return sorted({flavor.accelerator for flavor in shipped_listing().flavors if flavor.accelerator})


VramOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--vram", parse_size), metavar="SIZE", help="Listed memory needed on one GPU: 40GB, 40GiB."
    ),
]
ShardOption = Annotated[bool, typer.Option("--shard", help="That memory may be spread over the GPUs of one flavor.")]
GpusOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--gpus", whole_number(NEED_LIMITS["gpus"])), metavar="N", help="At least this many GPUs."
    ),
]
AcceleratorOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        autocompletion=shipped_accelerators,
        help="Only this accelerator; repeat it to allow several: l4, a100.",
    ),
]
CpuOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--cpu", whole_number(NEED_LIMITS["vcpu"])), metavar="N", help="At least this many vCPU."
    ),
]
RamOption = Annotated[
    int | None,
    typer.Option(parser=reader("--ram", parse_size), metavar="SIZE", help="At least this much main memory."),
]
DiskOption = Annotated[
    int | None, typer.Option(parser=reader("--disk", parse_size), metavar="SIZE", help="At least this much disk.")
]
DurationOption = Annotated[
    MeasuredDuration | None,
    typer.Option(
        parser=reader("--duration", parse_measured),
        metavar="TIME[@FLAVOR]",
        help="How long the job runs: 90m, or 2h20m@a10g-small as measured there. Taken to be the same on every flavor.",
    ),
]
MaxTimeOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--max-time", parse_duration), metavar="TIME", help="At most this long; needs --duration."
    ),
]
MaxCostOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--max-cost", parse_money), metavar="USD", help="At most this much for the job; needs --duration."
    ),
]
MaxPriceOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--max-price", parse_money),
        metavar="USD",
        help="At most this price per hour, as the Hub shows it: in cents.",
    ),
]
