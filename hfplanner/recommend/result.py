"""The answer to one request, frozen; renderers read it and compute nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.listing import Listing
from hfplanner.estimate.cost import worst_case_micro_usd
from hfplanner.estimate.span import Estimate
from hfplanner.recommend.certainty import Certainty, certainty_of
from hfplanner.recommend.estimates import NO_ESTIMATES, Estimates, FlavorMemory
from hfplanner.recommend.needs import Needs
from hfplanner.units import format_about_duration, format_duration, format_usd, format_usd_per_hour

if TYPE_CHECKING:
    from hfplanner.recommend.timeout_choice import CheckpointAdvice, TimeoutChoice
    from hfplanner.recommend.toggles import Effect

__all__ = ["NearestMiss", "Option", "Placement", "Reason", "Recommendation", "Rejection", "RequestInput", "summary"]

Placement = Literal["single", "sharded", "cpu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One flavor that meets the needs.

    Args:
        rank: from 1, the recommendation.
        flavor: what it is and costs.
        placement: where the model lies: on one GPU, spread over the flavor's GPUs, or no GPU at all.
        duration_secs: how long the job runs, ``None`` while not known.
        cost_micro_usd: what it costs then, ``None`` while not known.
        pareto: whether no other option is both cheaper and faster; ``None`` while time is not known.
        break_even: how many times as fast as the recommendation it must be to cost no more per job.
        dominated_by: options at least as good in everything known and better in something, cheapest first.
        standing: how it compares with the recommendation, in a sentence.
        notes: what else to know, a sentence each.
        memory: what its model needs there, ``None`` where none was named.
        micro_usd_per_million_tokens: what a million tokens cost, where their number and the time are known.
        timeout_secs: the timeout that is suggested [s], ``None`` while time is not known.
        timeout_bound: what bound it, a sentence; ``None`` where it is what one run in a hundred exceeds.
        wait_secs: how long it waits in the queue, ``None`` where the history does not tell, or was not asked.
    """

    rank: int
    flavor: Flavor
    placement: Placement
    duration_secs: Estimate | None
    cost_micro_usd: Estimate | None
    pareto: bool | None
    break_even: Fraction
    dominated_by: tuple[str, ...]
    standing: str
    notes: tuple[str, ...]
    memory: FlavorMemory | None = None
    timeout_secs: int | None = None
    micro_usd_per_million_tokens: Estimate | None = None
    timeout_bound: str | None = None
    wait_secs: Estimate | None = None

    @property
    def worst_case_micro_usd(self) -> int | None:
        """What the job costs at most with that timeout, ``None`` while time is not known."""
        secs = self.timeout_secs
        return None if secs is None else worst_case_micro_usd(self.flavor.price, secs)

    def to_json(self) -> dict[str, Any]:
        """Return the option as the interface spells it."""
        flavor, per_million = self.flavor, self.micro_usd_per_million_tokens
        return {
            "rank": self.rank,
            "flavor": flavor.name,
            "accelerator": flavor.accelerator,
            "gpus": flavor.gpus,
            "vram_total_bytes": flavor.vram_total_bytes,
            "vram_per_gpu_bytes": flavor.vram_per_gpu_bytes,
            "vcpu": flavor.vcpu,
            "ram_bytes": flavor.ram_bytes,
            "disk_bytes": flavor.disk_bytes,
            "placement": self.placement,
            "price_micro_usd_per_minute": flavor.price_micro_usd_per_minute,
            "usd_per_hour": flavor.usd_per_hour,
            "duration_secs": self.duration_secs.to_json() if self.duration_secs else None,
            "cost_micro_usd": self.cost_micro_usd.to_json() if self.cost_micro_usd else None,
            "pareto": self.pareto,
            "break_even_speedup": round(float(self.break_even), 4),
            "dominated_by": list(self.dominated_by),
            "notes": [self.standing, *self.notes],
            "memory": self.memory.to_json() if self.memory else None,
            "suggested_timeout_secs": self.timeout_secs,
            "suggested_timeout_bound": self.timeout_bound,
            "worst_case_micro_usd": self.worst_case_micro_usd,
            "micro_usd_per_million_tokens": per_million.to_json() if per_million else None,
            "queue_wait_secs": self.wait_secs.to_json() if self.wait_secs else None,
        }


def summary(best: Option) -> str:
    """Return an option as one line: how long, how much, and between what bounds nine of ten runs stay.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.recommend.choose import recommend
    >>> summary(recommend(Needs(vram_bytes=40 * 10**9), shipped_listing()).options[0])
    'l40sx1: $1.80 an hour'
    """
    name, secs, cost = best.flavor.name, best.duration_secs, best.cost_micro_usd
    if secs is None or cost is None:
        return f"{name}: {format_usd_per_hour(best.flavor.price)} an hour"
    if secs.low == secs.high:
        return f"{name}: {format_duration(secs.likely)}, {format_usd(cost.likely)}"
    low, likely, high = (format_about_duration(part) for part in (secs.low, secs.likely, secs.high))
    bounds = f"9 of 10 runs: {low} to {high}, {format_usd(cost.low)} to {format_usd(cost.high)}"
    return f"{name}: about {likely}, {format_usd(cost.likely)} ({bounds})"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a flavor does not do.

    Args:
        code: machine-readable.
        offer: what the flavor has, in words.
        limit: what is asked for, in words; empty where the offer says it all.
        need: the number or name asked for in the unit of the code, ``None`` where there is none.
        have: what the flavor has of it, ``None`` where there is none or it is not known.
        probability: that it is enough, where that is estimated.

    >>> Reason("vram", "24 GB on one GPU", "40 GB of VRAM needed", 40 * 10**9, 24 * 10**9).message
    '24 GB on one GPU, 40 GB of VRAM needed'
    """

    code: str
    offer: str
    limit: str = ""
    need: int | str | None = None
    have: int | str | None = None
    probability: float | None = None

    @property
    def message(self) -> str:
        """The reason as one sentence."""
        return f"{self.offer}, {self.limit}" if self.limit else self.offer

    def to_json(self) -> dict[str, Any]:
        """Return the reason as the interface spells it."""
        said = {"code": self.code, "message": self.message, "need": self.need, "have": self.have}
        return said if self.probability is None else said | {"probability": self.probability}


@dataclass(frozen=True, slots=True)
class Rejection:
    """A flavor that does not do, with every reason."""

    name: str
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the rejection as the interface spells it."""
        return {"flavor": self.name, "reasons": [reason.to_json() for reason in self.reasons]}


@dataclass(frozen=True, slots=True)
class NearestMiss:
    """The rejected flavor that is nearest to fitting, and what would make it fit.

    Args:
        flavor: the flavor.
        changed: the needs under which it fits.
        options: the same as options of the command line, for example ``("--shard",)``.
        estimates: those under which it fits.
    """

    flavor: Flavor
    changed: Needs
    options: tuple[str, ...]
    estimates: Estimates = NO_ESTIMATES

    @property
    def message(self) -> str:
        """One sentence: the flavor, what would have to be asked, and its price."""
        flavor = self.flavor
        how = f"if the model is sharded over {flavor.gpus} GPUs:" if "--shard" in self.options else "with"
        return f"{flavor.name} fits {how} {' '.join(self.options)} ({format_usd_per_hour(flavor.price)} an hour)"

    def to_json(self) -> dict[str, Any]:
        """Return the nearest miss as the interface spells it."""
        return {
            "flavor": self.flavor.name,
            "options": list(self.options),
            "message": self.message,
            "price_micro_usd_per_minute": self.flavor.price_micro_usd_per_minute,
            "usd_per_hour": self.flavor.usd_per_hour,
        }


@dataclass(frozen=True, slots=True)
class RequestInput:
    """One thing an answer rests on.

    Args:
        name: of the argument, or of what the model's config says.
        value: what was taken.
        origin: ``"typed"``, ``"preset"``, ``"config"`` or ``"assumed"``.
        source: where exactly; empty for what was typed.
    """

    name: str
    value: Any
    origin: Literal["typed", "preset", "config", "assumed"]
    source: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the input as the interface spells it."""
        return {"name": self.name, "value": self.value, "from": self.origin, "source": self.source or None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Every listed flavor, ranked or rejected.

    Args:
        needs: what was asked.
        listing: what could be rented, with its age.
        options: what fits, best first; ``options[0]`` is the recommendation.
        rejected: what does not, in the order of rank, then what has no price, then what could not be read.
        nearest_miss: where nothing fits, what nearly does; otherwise a cheaper flavor that nearly fits, if any.
        nearest_on_asked: where nothing fits, and the nearest miss is on another accelerator than was asked for, the
            nearest on that one.
        estimates: what was known of the job.
        fitting: every flavor that fits, best first, also below the top that was asked for.
        runs: how many runs the choice is made for.
        inputs: what the answer rests on, and where each of it came from; empty where nobody asked.
        checkpoint_secs: how often the job writes a checkpoint to go on from; ``None`` where it starts anew.
        nearest_answer: where nothing fits, the answer to what the nearest miss would have asked.
    """

    needs: Needs
    listing: Listing
    options: tuple[Option, ...]
    rejected: tuple[Rejection, ...]
    nearest_miss: NearestMiss | None
    nearest_on_asked: NearestMiss | None = None
    estimates: Estimates = NO_ESTIMATES
    fitting: Sequence[Flavor] = ()
    runs: int = 1
    inputs: tuple[RequestInput, ...] = ()
    checkpoint_secs: int | None = None
    nearest_answer: "Recommendation | None" = None

    def effects(self) -> "tuple[Effect, ...]":
        """Return what other ways to run the model cost or save on the recommended flavor; none without a model."""
        if not self.options:
            return ()
        from hfplanner.recommend.toggles import effects_on  # noqa: PLC0415 - it knows what an option is

        return effects_on(self.options[0], self.estimates)

    def timeout_of_least_cost(self, option: Option) -> "TimeoutChoice | None":
        """Return the timeout with the least expected cost there; ``None`` where the time is not known, or exactly."""
        duration = option.duration_secs
        if duration is None or duration.low == duration.high:
            return None
        from hfplanner.recommend.timeout_choice import timeout_of_least_cost  # noqa: PLC0415 - only with an interval

        return timeout_of_least_cost(duration, option.flavor.price, checkpoint_secs=self.checkpoint_secs)

    def checkpoint_advice(self, option: Option) -> "CheckpointAdvice | None":
        """Return how often the job should write a checkpoint there; ``None`` where it trains nothing, or is short."""
        if option.duration_secs is None or option.memory is None:
            return None
        from hfplanner.estimate.memory.host import CHECKPOINTS_KEPT  # noqa: PLC0415 - where a model is named
        from hfplanner.recommend.timeout_choice import checkpoint_advice  # noqa: PLC0415 - as above

        disk = option.memory.disk_bytes
        return checkpoint_advice(option.duration_secs, (disk.likely - disk.low) // CHECKPOINTS_KEPT)

    def certainty(self) -> Certainty:
        """Return how sure the order of the options is; it is drawn anew at each call, and the same each time."""
        return certainty_of(self.needs, self.fitting, self.estimates, runs=self.runs)

    def to_json(self, now: datetime) -> dict[str, Any]:
        """Return the answer as the interface spells it; ``now`` gives the listing its age."""
        sure = self.certainty()
        return {
            "request": self._request(),
            "catalog": self.listing.to_json(now),
            "summary": summary(self.options[0]) if self.options else None,
            **sure.to_json(),
            "options": [self._option(option, sure) for option in self.options],
            "rejected": [rejection.to_json() for rejection in self.rejected],
            "nearest_miss": self._nearest_miss(),
            "nearest_on_asked": self.nearest_on_asked and self.nearest_on_asked.to_json(),
            "toggles": [effect.to_json() for effect in self.effects()],
        }

    def _nearest_miss(self) -> dict[str, Any] | None:
        """Return what nearly fits; where nothing does, with the summary of the answer under its change."""
        if self.nearest_miss is None:
            return None
        under = self.nearest_answer
        return self.nearest_miss.to_json() | {"summary": None if under is None else summary(under.options[0])}

    def _option(self, option: Option, sure: Certainty) -> dict[str, Any]:
        least = self.timeout_of_least_cost(option)
        advice = self.checkpoint_advice(option)
        told = {
            "timeout_least_cost": None if least is None else least.to_json(),
            "suggested_checkpoint_secs": None if advice is None else advice.every_secs,
        }
        return option.to_json() | sure.of(option.flavor.name) | {"uncertain": list(sure.hangs_on(option))} | told

    def _request(self) -> dict[str, Any]:
        asked = self.needs.to_json() | self.estimates.to_json()
        inputs = [one.to_json() for one in self.inputs]
        return asked | {"runs": self.runs, "checkpoint_every_secs": self.checkpoint_secs, "inputs": inputs}
