"""What a job needs and may cost: one flat filter, the same fields for one need and for a frame of them."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from hfplanner.errors import UsageError, quoted
from hfplanner.units import MAX_BYTES, MAX_DURATION_SECS, MAX_MICRO_USD

__all__ = ["MOST_CONFIDENCE", "NEED_LIMITS", "Needs", "Objective"]

Objective = Literal["cost", "time"]

# The largest value of each number; the smallest is 1.
NEED_LIMITS = {
    "vram_bytes": MAX_BYTES,
    "gpus": 10_000,
    "vcpu": 1_000_000,
    "ram_bytes": MAX_BYTES,
    "disk_bytes": MAX_BYTES,
    "duration_secs": MAX_DURATION_SECS,
    "max_time_secs": MAX_DURATION_SECS,
    "deadline_secs": MAX_DURATION_SECS,
    "max_cost_micro_usd": MAX_MICRO_USD,
    "max_price_micro_usd_per_hour": MAX_MICRO_USD,
    "top": 10_000,
}


# Nobody has measured often enough to say what happens once in a thousand runs.
MOST_CONFIDENCE = 0.999


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """One request. ``None`` means: does not matter.

    Args:
        vram_bytes: compared with the LISTED memory; of one GPU, or of all of a flavor's GPUs where ``shard``.
        shard: the model may be spread over the GPUs of one flavor; needs ``vram_bytes``, or an estimate of memory.
        gpus: at least this many accelerators.
        accelerators: models as the listing spells them, any of which will do; empty for any or none.
        vcpu: at least this many virtual processors.
        ram_bytes: at least this much main memory.
        disk_bytes: at least this much ephemeral storage.
        duration_secs: how long the job runs, the same on every flavor.
        max_time_secs: at most this long; needs ``duration_secs``, or durations estimated per flavor.
        deadline_secs: done so long from now, the wait in the queue counted; needs the same.
        done_secs: how long from now until the job is done, as :func:`~hfplanner.recommend.candidate.wanted_on` fills
            it in for a flavor; nobody asks for it.
        max_cost_micro_usd: at most this much for the job; needs the same.
        max_price_micro_usd_per_hour: at most this price per hour.
        objective: ``"cost"`` (cheapest first) or ``"time"`` (fastest first; needs the same).
        confidence: how surely limits are kept and memory fits: by the upper end of the interval that holds this share
            of all cases, so 0.9 is the ``high`` of an estimate. ``None``: the likely value of time and cost, and 0.9
            for memory.
        top: keep this many options.

    Raises:
        UsageError: a number that is zero, negative or absurd, an objective there is not, or needs that contradict
            each other.

    >>> Needs(vram_bytes=40 * 10**9).vram_bytes
    40000000000
    """

    vram_bytes: int | None = None
    shard: bool = False
    gpus: int | None = None
    accelerators: tuple[str, ...] = ()
    vcpu: int | None = None
    ram_bytes: int | None = None
    disk_bytes: int | None = None
    duration_secs: int | None = None
    max_time_secs: int | None = None
    deadline_secs: int | None = None
    done_secs: int | None = None
    max_cost_micro_usd: int | None = None
    max_price_micro_usd_per_hour: int | None = None
    objective: Objective = "cost"
    confidence: float | None = None
    top: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        for name, limit in NEED_LIMITS.items():
            value = getattr(self, name)
            if value is not None and (type(value) is not int or not 1 <= value <= limit):
                shown = value if isinstance(value, int | float) else quoted(str(value))
                raise UsageError(f"{name} is {shown}: it must be a whole number between 1 and {limit}.")
        if type(self.accelerators) is not tuple:
            raise UsageError("accelerators must be a tuple of names.", hint="For example ('A100', 'H200').")
        if self.objective not in get_args(Objective):
            raise UsageError(
                f"{self.objective!r} is not an objective.", hint=f"Accepted: {', '.join(get_args(Objective))}."
            )
        if self.confidence is not None and not 0 <= self.confidence <= MOST_CONFIDENCE:
            raise UsageError(
                f"The confidence is {self.confidence}, not a number from 0 to {MOST_CONFIDENCE}.",
                hint="For example 0.9: what is estimated as high is within the limits.",
            )

    def refuse_what_cannot_be_judged(self, *, knows_memory: bool = False, knows_time: bool = False) -> None:
        """Refuse a limit on what nothing is known about.

        Args:
            knows_memory: whether an estimate says what the job needs.
            knows_time: whether an estimate says how long it runs.

        Raises:
            UsageError: ``shard`` without a need of memory, or a limit on time or cost without a duration.
        """
        if self.shard and self.vram_bytes is None and not knows_memory:
            raise UsageError(
                "--shard says where the memory may lie, but no memory is asked for.", hint="Add --vram or --model."
            )
        asked = {
            "--max-time": self.max_time_secs is not None,
            "--deadline": self.deadline_secs is not None,
            "--max-cost": self.max_cost_micro_usd is not None,
            "--objective time": self.objective == "time",
        }
        unknown = self.duration_secs is None and not knows_time
        for option in [option for option, given in asked.items() if given and unknown]:
            raise UsageError(
                f"{option} cannot be judged without knowing how long the job runs.",
                hint="Add --duration, for example --duration 3h or --duration 2h20m@a10g-small.",
            )

    @property
    def asks_for_gpu(self) -> bool:
        """Whether only flavors with an accelerator can do."""
        return self.vram_bytes is not None or self.gpus is not None or bool(self.accelerators)

    def to_json(self) -> dict[str, Any]:
        """Return every field, as the interface spells it."""
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "done_secs"}
        return values | {"accelerators": list(self.accelerators)}
