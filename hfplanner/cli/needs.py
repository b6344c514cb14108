"""The options that say what a job needs, how long it runs, and what it may cost."""

import re
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import typer

from hfplanner.cli.options import reader, whole_number
from hfplanner.errors import UsageError, quoted
from hfplanner.estimate.duration.workload import Bound, Phase
from hfplanner.recommend.needs import MOST_CONFIDENCE, NEED_LIMITS
from hfplanner.units import parse_duration, parse_money, parse_size

__all__ = ["MachineOptions", "MeasuredDuration", "MoneyOptions", "TimeOptions"]

_SHARE = re.compile(r"([0-9]{1,2})\s*%|(0?\.[0-9]{1,9}|0)")

_MOST_TOKENS = 10**15
_TOKEN_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


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


def parse_confidence(text: str) -> float:
    """Read a confidence, a share of all cases.

    Raises:
        UsageError: it is no share, or nearer to 1 than anybody can know.

    >>> parse_confidence("0.9"), parse_confidence("95%"), parse_confidence("0")
    (0.9, 0.95, 0.0)
    """
    match = _SHARE.fullmatch(text.strip())
    share = -1.0 if match is None else int(match[1]) / 100 if match[1] else float(match[2])
    if not 0 <= share <= MOST_CONFIDENCE:
        hint = f"A number from 0 to {MOST_CONFIDENCE}, for example 0.9 or 90%."
        raise UsageError(f"{quoted(text)} is not a confidence.", hint=hint)
    return share


def parse_tokens(text: str) -> int:
    """Read a number of tokens.

    Raises:
        UsageError: it is not one.

    >>> parse_tokens("2B"), parse_tokens("1.5M"), parse_tokens("300000")
    (2000000000, 1500000, 300000)
    """
    stripped = text.strip().lower()
    unit = stripped[-1:] if stripped[-1:].isalpha() else ""
    number = stripped.removesuffix(unit)
    is_number = number.isascii() and number.replace(".", "", 1).isdigit() and len(number) <= len(str(_MOST_TOKENS))
    count = round(float(number) * _TOKEN_FACTORS.get(unit, 0)) if is_number else 0
    if not 1 <= count <= _MOST_TOKENS:
        raise UsageError(f"{quoted(text)} is not a number of tokens.", hint="Accepted: 300000, 1.5M, 2B.")
    return count


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
ShardOption = Annotated[
    bool, typer.Option("--shard", help="That memory, or the model, may be spread over the GPUs of one flavor.")
]
GpusOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--gpus", whole_number(NEED_LIMITS["gpus"])),
        metavar="N",
        help="At least this many GPUs; a model runs on so many.",
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
    list[MeasuredDuration] | None,
    typer.Option(
        parser=reader("--duration", parse_measured),
        metavar="TIME[@FLAVOR]",
        help="How long the job runs: 90m, the same on every flavor; or 2h20m@a10g-small, measured there and carried "
        "over to the others. Repeat it with each flavor that was measured.",
    ),
]
LikeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME_OR_ID",
        help="Instead of --duration: as long as the jobs of the history with this name, id, image or Space ran.",
    ),
]
TokensOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--tokens", parse_tokens),
        metavar="COUNT",
        help="Tokens the job reads, writes or is trained on: 300000, 1.5M, 2B. With a duration: for the cost of a "
        "million.",
    ),
]
PhaseOption = Annotated[Phase | None, typer.Option(help="What the job does.")]
BoundOption = Annotated[
    Bound, typer.Option(help="What its time goes to: arithmetic, memory bandwidth, loading data.", show_default=True)
]
ScalesOption = Annotated[
    bool, typer.Option("--scales-with-gpus", help="It computes on every GPU of a flavor; otherwise on one.")
]
ConfidenceOption = Annotated[
    float | None,
    typer.Option(
        parser=reader("--confidence", parse_confidence),
        metavar="SHARE",
        help="How surely limits are kept and memory fits: 0.9 is the high end of an estimate. By default likely time "
        "and cost, and memory at 0.9.",
    ),
]
MaxTimeOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--max-time", parse_duration),
        metavar="TIME",
        help="At most this long; needs --duration or --like.",
    ),
]
MaxCostOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--max-cost", parse_money),
        metavar="USD",
        help="At most this much for the job: likely, where flavors are compared by a known duration; at worst, where "
        "one is run or checked.",
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What the machine must have, as typed."""

    vram: VramOption = None
    shard: ShardOption = False
    gpus: GpusOption = None
    accelerator: AcceleratorOption = None
    cpu: CpuOption = None
    ram: RamOption = None
    disk: DiskOption = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOptions:
    """How long the job runs, as far as somebody knows, as typed."""

    duration: DurationOption = None
    like: LikeOption = None
    phase: PhaseOption = None
    bound: BoundOption = "auto"
    scales_with_gpus: ScalesOption = False
    tokens: TokensOption = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyOptions:
    """The limits on time and money, as typed."""

    max_time: MaxTimeOption = None
    max_cost: MaxCostOption = None
    max_price: MaxPriceOption = None
    confidence: ConfidenceOption = None
