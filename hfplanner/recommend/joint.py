"""What a job takes and costs on several flavors at once: uncertain, but not independently so.

What is not known of a job is mostly the same wherever it runs. How differently two flavors can treat the same job is
what carrying a duration from one to the other says; from that follows how far they go together. With ``s(f)`` the
spread of the logarithm of the duration on ``f`` and ``s(f, g)`` that of the ratio between two flavors::

    correlation(f, g) = (s(f)^2 + s(g)^2 - s(f, g)^2) / (2 s(f) s(g))

Cases are drawn from the normal distribution with these correlations. Each duration is log-normal in its middle, by the
shorter side of its interval; what the other side reaches beyond is tail. The draws are the same every time.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.duration.carry import carry_to_all
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate, exactly
from hfplanner.recommend.spread import Z_OF_HIGH
from hfplanner.units import SECONDS_PER_MINUTE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["DRAWS", "JointDurations", "Ratios", "ratios_between"]

DRAWS = 4096
_SEED = 20_261_130
_MOST_CORRELATED = 0.9999
# How late the longer side of an interval leaves the shorter one: stated shares of generated jobs are nearest to what is
# seen then (reports/choice.md).
_TAIL = 6

Ratios = Callable[[str, str], float | None]
"""How differently two flavors can treat the same job: the standard deviation of the logarithm of the ratio of its
durations on both; ``None`` where nothing is known."""


def ratios_between(flavors: Sequence[Flavor], workload: Workload) -> Ratios:
    """Return how differently these flavors can treat the same job, by the law that carries durations over.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().flavors
    >>> ratio = ratios_between(flavors, Workload(phase="train"))
    >>> ratio("l4x1", "l4x4") < 0.1 < ratio("l4x1", "a100-large") < 1, ratio("l4x1", "cpu-basic")
    (True, None)
    """
    known = {flavor.name: flavor for flavor in flavors}
    rows: dict[str, Mapping[str, Estimate]] = {}

    def ratio(first: str, second: str) -> float | None:
        first, second = sorted((first, second))
        if first not in rows:
            run = MeasuredRun(flavor=first, duration_secs=exactly(10**6, "a run to compare with"))
            rows[first] = carry_to_all([run], flavors, known, workload).estimates
        found = rows[first].get(second)
        return None if found is None else _spread(found)

    return ratio


def _spread(span: Estimate) -> float:
    return math.log(max(span.high, 1) / max(span.low, 1)) / (2 * Z_OF_HIGH)


@dataclass(frozen=True)
class JointDurations:
    """The durations of one job on several flavors, drawn together.

    Args:
        durations: by the flavor's name [s].
        ratios: how differently two of them can treat the same job.

    >>> spans = {"a": Estimate(1800, 3600, 7200, ()), "b": Estimate(1700, 3500, 7000, ())}
    >>> together = JointDurations(spans, lambda first, second: 0.02)
    >>> prices = {"a": 1000, "b": 1000}
    >>> apart = JointDurations(spans, lambda first, second: 0.6)
    >>> together.cheapest(prices)["b"] > 0.9, 0.45 < apart.cheapest(prices)["b"] < 0.6
    (True, True)
    """

    durations: Mapping[str, Estimate]
    ratios: Ratios = field(repr=False)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The flavors, in the order of their rows."""
        return tuple(sorted(self.durations))

    @cached_property
    def secs(self) -> "NDArray[np.float64]":
        """The durations: a row for each flavor, a column for each case [s]."""
        import numpy as np  # noqa: PLC0415 - numpy, for those who know a duration

        normals = np.random.default_rng(_SEED).standard_normal((len(self.names), DRAWS // 2))
        # Each case and its opposite: the mean of every row is exactly the likely value.
        mixed = self._factor @ np.concatenate([normals, -normals], axis=1)
        spans = [self.durations[name] for name in self.names]
        likely = np.array([[max(span.likely, 1)] for span in spans], dtype=np.float64)
        up = np.array([[max(span.high, 1)] for span in spans]) / likely
        down = likely / np.array([[max(span.low, 1)] for span in spans])
        sides = np.log(np.where(mixed > 0, up, down))
        # What one side reaches beyond the other is its tail: a few jobs that wait for their host, not half of them.
        core = np.minimum(np.log(up), np.log(down))
        far = np.abs(mixed) / Z_OF_HIGH
        tail = np.where(far < 1, far**_TAIL, far) * (sides - core)
        drawn: NDArray[np.float64] = likely * np.exp(np.sign(mixed) * (far * core + tail))
        return drawn

    @cached_property
    def correlations(self) -> "NDArray[np.float64]":
        """How far the durations go together: a matrix over the flavors, as near to what was said as there is one."""
        import numpy as np  # noqa: PLC0415 - as above

        spreads = [_spread(self.durations[name]) for name in self.names]
        size = len(spreads)
        matrix = np.eye(size)
        for i in range(size):
            for j in range(i):
                matrix[i, j] = matrix[j, i] = self._correlation(i, j, spreads)
        # Pairwise statements need not fit together: what is negative of them is left out.
        values, vectors = np.linalg.eigh(matrix)
        fitted = vectors @ np.diag(np.clip(values, 1e-9, None)) @ vectors.T
        scale = np.sqrt(np.diag(fitted))
        nearest: NDArray[np.float64] = fitted / np.outer(scale, scale)
        return nearest

    def _correlation(self, i: int, j: int, spreads: Sequence[float]) -> float:
        ratio = self.ratios(self.names[i], self.names[j])
        if ratio is None or not spreads[i] or not spreads[j]:
            return 0.0
        together = (spreads[i] ** 2 + spreads[j] ** 2 - ratio**2) / (2 * spreads[i] * spreads[j])
        return min(max(together, -_MOST_CORRELATED), _MOST_CORRELATED)

    @cached_property
    def _factor(self) -> "NDArray[np.float64]":
        import numpy as np  # noqa: PLC0415 - as above

        values, vectors = np.linalg.eigh(self.correlations)
        factor: NDArray[np.float64] = vectors * np.sqrt(np.clip(values, 0.0, None))
        return factor

    def costs(self, prices: Mapping[str, int]) -> "NDArray[np.float64]":
        """Return what the job costs: a row for each flavor, a column for each case; every started minute [micro-USD].

        Args:
            prices: by the flavor's name [micro-USD per minute].
        """
        import numpy as np  # noqa: PLC0415 - as above

        minutes = np.ceil(self.secs / SECONDS_PER_MINUTE)
        priced: NDArray[np.float64] = minutes * np.array([[prices[name]] for name in self.names], dtype=np.float64)
        return priced

    def cheapest(self, prices: Mapping[str, int]) -> Mapping[str, float]:
        """Return in which share of the cases each flavor costs least; those that cost the same share the case."""
        return self._least(self.costs(prices))

    def fastest(self) -> Mapping[str, float]:
        """Return in which share of the cases each flavor is done first; those that take the same share the case."""
        import numpy as np  # noqa: PLC0415 - as above

        return self._least(np.round(self.secs))

    def _least(self, table: Any) -> Mapping[str, float]:  # noqa: ANN401 - an array of numpy, which is not loaded here
        least = table == table.min(axis=0)
        shares = (least / least.sum(axis=0)).mean(axis=1)
        return dict(zip(self.names, map(float, shares), strict=True))

    def cheaper(self, name: str, than: str, prices: Mapping[str, int]) -> float:
        """Return in which share of the cases one flavor costs less than another; half of those in which both do."""
        costs = self.costs(prices)
        one, other = costs[self.names.index(name)], costs[self.names.index(than)]
        return float((one < other).mean() + (one == other).mean() / 2)
