"""Durations of jobs that never ran: from tokens, the model's operations and the fraction of its speed a GPU achieves.

Training and reading prompts are arithmetic: operations over the rate that a GPU sustains. Generating reads all weights
for every step and the cached keys and values of every sequence: bytes over bandwidth, or the arithmetic where that is
more. The fractions are quantiles of published training and generation runs (``data/achieved_fraction.csv``), and wide:
a measured minute is worth more than all of this.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from hfplanner.catalog.flavor import Flavor
from hfplanner.catalog.shipped import read_data_rows
from hfplanner.estimate.duration.carry import Carried
from hfplanner.estimate.duration.change import SIGMAS
from hfplanner.estimate.duration.rates import Rates, compute_rate, rates_of
from hfplanner.estimate.duration.scaling import speedup_of
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape

__all__ = ["Work", "active_parameters", "durations_from_work", "forward_operations_per_token"]

Kind = Literal["full", "lora", "qlora", "prefill", "decode"]

# Of a forward pass: the backward pass of full training costs two more, that of adapters one, as the gradients of frozen
# weights are not computed (Kaplan et al. 2020, section 2.1: 6 N operations a token).
_PASSES = {"full": 3, "lora": 2, "qlora": 2, "prefill": 1, "decode": 1}
_CACHE_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job is to do.

    Args:
        shape: of its model.
        kind: training of all weights or of adapters, reading prompts, generating.
        tokens: trained on, read or generated.
        seq_len: tokens of one sequence, prompt and answer together.
        batch_size: sequences generated side by side.
        weight_bytes: of one parameter while generating [bytes].

    Raises:
        ValueError: a number that is not above 0.
    """

    shape: ModelShape
    kind: Kind
    tokens: int
    seq_len: int = 2048
    batch_size: int = 1
    weight_bytes: float = 2.0

    def __post_init__(self) -> None:
        """Refuse work that cannot be."""
        if min(self.tokens, self.seq_len, self.batch_size, self.weight_bytes) <= 0:
            raise ValueError(f"not above 0: {self.tokens}, {self.seq_len}, {self.batch_size}, {self.weight_bytes}")


@dataclass(frozen=True, slots=True)
class _Fraction:
    low: float
    likely: float
    high: float
    source: str

    @property
    def told(self) -> str:
        """The fraction as a sentence."""
        return f"GPUs achieve {self.likely:.0%} ({self.low:.0%} to {self.high:.0%}) {self.source}"


@cache
def _fractions() -> dict[str, _Fraction]:
    return {
        row["kind"]: _Fraction(float(row["low"]), float(row["likely"]), float(row["high"]), row["source"])
        for row in read_data_rows("achieved_fraction.csv")
    }


def active_parameters(shape: ModelShape) -> int:
    """Return the parameters one token is multiplied with: no embedding, and of all experts those it visits.

    >>> from hfplanner.models.by_hand import ByHand, shape_by_hand
    >>> shape = shape_by_hand(ByHand(params=8 * 10**9))
    >>> 7 * 10**9 < active_parameters(shape) <= 8 * 10**9
    True
    """
    parts = shape.parameters
    head = parts.head or (parts.embedding if shape.vocab else 0)
    idle = 0
    if shape.experts:
        matrices = 3 if shape.gated else 2
        unvisited = shape.experts.count - shape.experts.per_token
        layers = shape.layers - shape.experts.dense_layers
        idle = unvisited * matrices * shape.hidden * shape.experts.ffn * layers
    return max(parts.linear - idle, 1) + head


def forward_operations_per_token(shape: ModelShape, seq_len: int) -> float:
    """Return the operations of one token's forward pass: 2 per parameter, and attention over half the sequence.

    >>> from hfplanner.models.by_hand import ByHand, shape_by_hand
    >>> shape = shape_by_hand(ByHand(params=8 * 10**9))
    >>> forward_operations_per_token(shape, 8192) > forward_operations_per_token(shape, 1024) > 2 * 7 * 10**9
    True
    """
    attending = max(shape.layers - shape.linear_layers, 0)
    return 2.0 * active_parameters(shape) + 2.0 * attending * shape.query_width * seq_len


def durations_from_work(work: Work, flavors: Iterable[Flavor], workload: Workload) -> Carried:
    """Return how long work takes on each flavor, in wide bounds, and why nothing can be said about the others.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.models.by_hand import ByHand, shape_by_hand
    >>> work = Work(shape=shape_by_hand(ByHand(params=8 * 10**9)), kind="lora", tokens=10**7)
    >>> found = durations_from_work(work, shipped_listing().flavors, Workload(phase="train"))
    >>> found.estimates["h200"].likely < found.estimates["a100-large"].likely, "cpu-basic" in found.unknown
    (True, True)
    """
    estimates: dict[str, Estimate] = {}
    unknown: dict[str, str] = {}
    for flavor in flavors:
        rates = rates_of(flavor.accelerator)
        worth = speedup_of(rates.model, flavor.gpus if workload.scales_with_gpus else 1) if rates else None
        if rates is None or worth is None:
            unknown[flavor.name] = (
                f"nothing is known about the speed of {flavor.accelerator}"
                if flavor.gpus
                else "nothing is known about models on a CPU"
            )
            continue
        secs, fraction = _at_full_speed(work, rates, workload) / math.exp(worth.log), _fractions()[work.kind]
        reach = math.exp(SIGMAS * worth.sigma)
        estimates[flavor.name] = Estimate(
            max(math.floor(secs / fraction.high / reach), 1),
            max(round(secs / fraction.likely), 1),
            max(math.ceil(secs / fraction.low * reach), 1),
            ("from first principles: nothing was measured", fraction.told),
        )
    return Carried(estimates, unknown)


def _at_full_speed(work: Work, rates: Rates, workload: Workload) -> float:
    """Return the seconds on one GPU that works all the time at the rates it sustains."""
    operations = _PASSES[work.kind] * forward_operations_per_token(work.shape, work.seq_len)
    arithmetic = operations / compute_rate(rates, workload.precision or "half")
    if work.kind != "decode":
        return work.tokens * arithmetic
    cached = 2 * (work.shape.layers - work.shape.linear_layers) * work.shape.kv_width * _CACHE_BYTES
    weights = active_parameters(work.shape) * work.weight_bytes / work.batch_size
    reading = (weights + cached * work.seq_len) / rates.bytes_per_sec
    return work.tokens * max(arithmetic, reading)
