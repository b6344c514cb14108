"""The options of ``estimate duration`` and ``estimate cost``, and the durations both start from."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

import typer

from hfplanner.api.settings import read_hub_settings, read_token
from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.cli.needs import MeasuredDuration, parse_measured
from hfplanner.cli.options import reader, whole_number
from hfplanner.errors import HistoryError, UsageError, quoted
from hfplanner.estimate.duration.carry import Carried, carry_to_all
from hfplanner.estimate.duration.first_principles import Kind, Work, durations_from_work
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.plan import find_flavors, same_everywhere
from hfplanner.estimate.duration.workload import Bound, Phase, Precision, Workload
from hfplanner.estimate.span import exactly
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.load import ModelSource, load_model
from hfplanner.units import parse_duration

__all__ = [
    "AttemptsOption",
    "BoundOption",
    "DurationsOption",
    "FlavorOption",
    "LikeOption",
    "ModelSaid",
    "PhaseOption",
    "RunPrecisionOption",
    "Said",
    "ScalesOption",
    "TimeoutOption",
    "ToOption",
    "TokensOption",
    "TrainedTaskOption",
    "UtilizationOption",
    "durations_on",
    "measured_like",
]

TrainedTask = Literal["full", "lora", "qlora"]

_KINDS: Mapping[Phase | None, Kind] = {"train": "full", "prefill": "prefill", "decode": "decode", "inference": "decode"}
_MOST_ATTEMPTS = 100
_MOST_TOKENS = 10**15
_TOKEN_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


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


def parse_percent(text: str) -> float:
    """Read a share in percent.

    Raises:
        UsageError: it is not above 0 and at most 100.

    >>> parse_percent("60"), parse_percent("60%")
    (0.6, 0.6)
    """
    number = text.strip().removesuffix("%").strip()
    is_number = number.isascii() and number.replace(".", "", 1).isdigit() and len(number) <= len("100.00")
    share = float(number) / 100 if is_number else 0.0
    if not 0 < share <= 1:
        raise UsageError(f"{quoted(text)} is not a share from 0 to 100 percent.", hint="For example 60 or 60%.")
    return share


DurationsOption = Annotated[
    list[MeasuredDuration] | None,
    typer.Option(
        "--duration",
        parser=reader("--duration", parse_measured),
        metavar="TIME[@FLAVOR]",
        help="How long the job runs, as measured on a flavor: 2h20m@a10g-small. Repeat it for several flavors. Without "
        "@FLAVOR: the same on every flavor.",
    ),
]
LikeOption = Annotated[
    str | None, typer.Option(metavar="NAME_OR_ID", help="Instead of --duration: as long as such jobs of the history.")
]
PhaseOption = Annotated[Phase | None, typer.Option(help="What the job does.")]
RunPrecisionOption = Annotated[
    Precision | None, typer.Option("--precision", help="What it computes in; 16 bits unless said.")
]
BoundOption = Annotated[
    Bound, typer.Option(help="What its time goes to: arithmetic, memory bandwidth, loading data.", show_default=True)
]
ScalesOption = Annotated[
    bool, typer.Option("--scales-with-gpus", help="It computes on every GPU of a flavor; otherwise on one.")
]
UtilizationOption = Annotated[
    float | None,
    typer.Option(
        parser=reader("--utilization", parse_percent),
        metavar="PERCENT",
        help="The share of the time in which the GPU computed, where it was measured.",
    ),
]
ToOption = Annotated[list[str] | None, typer.Option(metavar="FLAVOR", help="Only on this flavor; may be repeated.")]
FlavorOption = Annotated[
    list[str] | None, typer.Option("--flavor", "--to", metavar="FLAVOR", help="Only on this flavor; may be repeated.")
]
TrainedTaskOption = Annotated[TrainedTask | None, typer.Option("--task", help="Which weights are trained.")]
TokensOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--tokens", parse_tokens),
        metavar="COUNT",
        help="Tokens the job reads, writes or is trained on: 300000, 1.5M, 2B. With a duration: for the cost of a "
        "million.",
    ),
]
TimeoutOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--timeout", parse_duration),
        metavar="TIME",
        help="Of one attempt, for the worst case; by default the one suggested for each flavor.",
    ),
]
AttemptsOption = Annotated[
    int | None,
    typer.Option(
        parser=reader("--attempts", whole_number(_MOST_ATTEMPTS)),
        metavar="N",
        help="How often the job may be tried, for the worst case; once by default.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSaid:
    """What was said about the work of a job that never ran.

    Args:
        model: of ``--model``.
        params: of ``--params``.
        task: which weights are trained; ``None`` where none are, or nothing was said.
        tokens: of ``--tokens``.
        seq_len: of ``--seq-len``.
        batch_size: of ``--batch-size``.
        offline: whether the Hub may not be asked for the model.
    """

    model: str | None = None
    params: int | None = None
    task: TrainedTask | None = None
    tokens: int | None = None
    seq_len: int = 2048
    batch_size: int = 1
    offline: bool = False

    @property
    def there(self) -> bool:
        """Whether a model was named."""
        return self.model is not None or self.params is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What was said about a job's duration.

    Args:
        durations: of ``--duration``.
        like: of ``--like``.
        workload: what the job does.
        utilization: of the GPUs during the measured runs, 0 to 1.
        model: of ``--model`` and its like, where nothing was measured.
    """

    durations: Sequence[MeasuredDuration]
    like: str | None
    workload: Workload
    utilization: float | None = None
    model: ModelSaid = field(default_factory=ModelSaid)


def durations_on(flavors: Sequence[Flavor], listing: Listing, said: Said) -> Carried:
    """Return the job's duration on each of the flavors, or why it is not known.

    Raises:
        UsageError: nothing was said, or what was said contradicts itself.
    """
    ways = (bool(said.durations), said.like is not None, said.model.there)
    if sum(ways) != 1:
        which = "more than one is" if any(ways) else "none is"
        raise UsageError(
            f"A duration comes from --duration, from --like, or from --model and --tokens; {which} there.",
            hint="For example --duration 2h20m@a10g-small.",
        )
    if said.model.there:
        return durations_from_work(_work(said.model, said.workload), flavors, said.workload)
    if said.like is not None:
        runs = measured_like(said.like)
    else:
        anywhere = [duration.seconds for duration in said.durations if duration.flavor is None]
        if anywhere and len(said.durations) > 1:
            raise UsageError(
                "Of several durations each names the flavor it was measured on.",
                hint="For example --duration 2h20m@a10g-small --duration 50m@a100-large.",
            )
        if anywhere:
            return same_everywhere(exactly(anywhere[0], "as given, the same on every flavor"), flavors)
        runs = [_run(duration, said) for duration in said.durations]
    known = listing.by_name()
    find_flavors([run.flavor for run in runs], known, "--duration")
    return carry_to_all(runs, flavors, known, said.workload)


def _work(said: ModelSaid, workload: Workload) -> Work:
    kind: Kind | None = said.task or _KINDS.get(workload.phase)
    if said.tokens is None or kind is None or (said.model and said.params):
        raise UsageError(
            "Without a measurement a duration needs one of --model and --params, --tokens, and --phase or --task.",
            hint="For example --model Qwen/Qwen3-8B --task lora --tokens 20M.",
        )
    if said.params is not None:
        shape = shape_by_hand(ByHand(params=said.params))
    else:
        settings = read_hub_settings(os.environ)
        offline = said.offline or settings.offline
        source = ModelSource(endpoint=settings.endpoint, token=read_token(os.environ), offline=offline)
        shape = load_model(str(said.model), source)
    return Work(shape=shape, kind=kind, tokens=said.tokens, seq_len=said.seq_len, batch_size=said.batch_size)


def _run(duration: MeasuredDuration, said: Said) -> MeasuredRun:
    return MeasuredRun(
        flavor=duration.flavor or "",
        duration_secs=exactly(duration.seconds, "measured, as given"),
        gpu_utilization=said.utilization,
    )


def measured_like(like: str) -> list[MeasuredRun]:
    """Return how long jobs like one ran, per flavor, from the local history.

    Raises:
        HistoryError: durations are not read from the history yet.
    """
    raise HistoryError(
        f"--like {quoted(like)}: durations are not read from the history yet.",
        hint="Give one with --duration TIME@FLAVOR.",
    )
