"""What would make a job fit each flavor that does not surely hold it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hfplanner.estimate.memory.fits import Fit, Place
from hfplanner.estimate.memory.fitting import Fitter, Fitting
from hfplanner.estimate.memory.result import MemoryEstimate

__all__ = ["Advice", "advise"]

# Further away than this, no change of how it is run is worth a search: it is another job.
_NEAR = 8.0


@dataclass(frozen=True, slots=True)
class Advice:
    """The smallest set of changes with which a job surely fits a flavor.

    Args:
        fitting: the changes, the job with them, and how it then fits.
    """

    fitting: Fitting

    @property
    def fit(self) -> Fit:
        """How the job fits the flavor with the changes."""
        return self.fitting.fit

    @property
    def estimate(self) -> MemoryEstimate:
        """What the job needs with the changes."""
        return self.fitting.estimate

    @property
    def code(self) -> str:
        """The kinds of change, with ``+`` between them."""
        return "+".join(change.code for change in self.fitting.changes)

    @property
    def options(self) -> str:
        """The changes as they are typed."""
        return " ".join(change.option for change in self.fitting.changes)

    @property
    def change(self) -> str:
        """The changes as they are typed, and what they do."""
        return f"{self.options}: {'; '.join(change.note for change in self.fitting.changes)}"

    def to_json(self) -> Mapping[str, Any]:
        """Return the advice as the interface spells it."""
        return {**self.fitting.to_json(), "code": self.code, "change": self.change}


def advise(estimate: MemoryEstimate, fits: Iterable[Fit], places: Iterable[Place]) -> tuple[Advice, ...]:
    """Return, for every flavor that a job nearly but not surely fits, the smallest set of changes with which it does.

    It is what ``estimate memory --fit`` says of that flavor, and the nearest miss of ``recommend``.
    """
    wanted = {fit.flavor for fit in fits if fit.verdict != "yes"}
    fitter = Fitter(estimate)
    found: list[Advice] = []
    for place in places:
        near = place.usable_bytes is not None and estimate.per_gpu_bytes.likely <= _NEAR * place.usable_bytes
        fitting = fitter.fit(place) if place.flavor in wanted and near else None
        if fitting is not None and fitting.changes:
            found.append(Advice(fitting))
    return tuple(found)
