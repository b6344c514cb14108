"""Answers about flavors: what there is, which is best, how much memory, how long, and how many trials."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfplanner.front.answers.cells import age_text, count_text, flavor_columns, price_text, time_columns, usd_text
from hfplanner.front.frames import ESTIMATES, FLAVORS, MEMORY_FITS, OPTIONS, SWEEP, Columns
from hfplanner.front.results import Table
from hfplanner.front.shown import Column, Shown
from hfplanner.units import format_about_duration, format_bytes, format_duration, format_usd

if TYPE_CHECKING:
    from hfplanner.catalog.flavor import Flavor
    from hfplanner.catalog.listing import Listing
    from hfplanner.estimate.duration.plan import DurationPlan, PlannedFlavor
    from hfplanner.estimate.memory.fits import Fit
    from hfplanner.estimate.memory.report import MemoryReport
    from hfplanner.estimate.span import Estimate
    from hfplanner.plan.sweeping import Sweep
    from hfplanner.recommend.result import Option, Recommendation, Rejection
    from hfplanner.recommend.sweep.plan import SweepRow

__all__ = ["Estimated", "Hardware", "MemoryNeeded", "Recommended", "Swept"]


@dataclass(frozen=True, slots=True, repr=False)
class Hardware(Table):
    """What can be rented.

    Args:
        listing: the flavors, where they are from and how old that is.
        asked_at: when, UTC.
    """

    listing: "Listing"
    asked_at: datetime

    @property
    def flavors(self) -> "tuple[Flavor, ...]":
        """Every flavor, in the listing's order."""
        return self.listing.flavors

    def to_dict(self) -> list[dict[str, Any]]:
        """Return an object for each flavor, as ``hfplanner hardware --json`` does."""
        from hfplanner.catalog.describe import describe_flavor  # noqa: PLC0415 - only where it is asked for

        return [describe_flavor(flavor, self.listing) for flavor in self.flavors]

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return FLAVORS, self.to_dict()

    def _shown(self) -> Shown:
        columns = [*flavor_columns(self.flavors), Column("VCPU", [count_text(one.vcpu) for one in self.flavors])]
        return Shown(f"{len(self.flavors)} flavors", columns, (age_text(self.listing, self.asked_at),))


@dataclass(frozen=True, slots=True, repr=False)
class Recommended(Table):
    """Every flavor, ranked or rejected.

    Args:
        answer: the engine's.
        asked_at: when, UTC.
    """

    answer: "Recommendation"
    asked_at: datetime

    @property
    def options(self) -> "tuple[Option, ...]":
        """What fits, best first; none where nothing does."""
        return self.answer.options

    @property
    def rejected(self) -> "tuple[Rejection, ...]":
        """What does not, with every reason."""
        return self.answer.rejected

    @property
    def best(self) -> "Option | None":
        """The recommendation; ``None`` where nothing fits."""
        return self.options[0] if self.options else None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is odd about the prices, a sentence each."""
        return self.answer.listing.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as ``hfplanner recommend --json`` does."""
        return self.answer.to_json(self.asked_at)

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return OPTIONS, self.to_dict()["options"]

    def _shown(self) -> Shown:
        from hfplanner.recommend.words import describe_needs, nothing_fits  # noqa: PLC0415 - for people only

        age = age_text(self.answer.listing, self.asked_at)
        if not self.options:
            error = nothing_fits(self.answer)
            return Shown(error.message, (), (error.hint, age) if error.hint else (age,))
        asked = describe_needs(self.answer.needs, self.answer.estimates)
        best = self.options[0]
        title = f"{best.flavor.name} at {price_text(best.flavor)}/h for {asked}: {best.standing}"
        columns = list(flavor_columns([option.flavor for option in self.options]))
        if any(option.duration_secs for option in self.options):
            columns += time_columns([(one.duration_secs, one.cost_micro_usd) for one in self.options])
        return Shown(title, columns, (age,), has_best=True)


@dataclass(frozen=True, slots=True, repr=False)
class MemoryNeeded(Table):
    """How much memory a model needs on each GPU, and which flavors it fits.

    Args:
        report: the engine's.
    """

    report: "MemoryReport"

    @property
    def per_gpu_bytes(self) -> "Estimate":
        """What it needs on each GPU: low, likely, high."""
        return self.report.estimate.per_gpu_bytes

    @property
    def fits(self) -> "tuple[Fit, ...]":
        """Every flavor, with the chance that it fits there."""
        return self.report.fits

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as ``hfplanner estimate memory --json`` does."""
        return self.report.to_json()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return MEMORY_FITS, [fit.to_json() for fit in self.fits]

    def _shown(self) -> Shown:
        need = self.per_gpu_bytes
        title = (
            f"{self.report.estimate.shape.name} needs {format_bytes(need.likely)} of each GPU"
            f" ({format_bytes(need.low)} to {format_bytes(need.high)})"
        )
        rows = [fit for fit in self.fits if fit.usable_bytes]
        columns = [
            Column("FLAVOR", [fit.flavor for fit in rows], right=False),
            Column("USABLE", [format_bytes(fit.usable_bytes or 0) for fit in rows]),
            Column("FITS", [fit.verdict for fit in rows], right=False),
        ]
        fits: dict[str, list[str]] = {}
        for advice in self.report.advice:
            fits.setdefault(advice.change, []).append(advice.fit.flavor)
        return Shown(title, columns, [f"With {change} it fits {', '.join(names)}." for change, names in fits.items()])


@dataclass(frozen=True, slots=True, repr=False)
class Estimated(Table):
    """How long a job takes on each flavor, and what it costs there.

    Args:
        plan: the engine's.
        listing: the prices.
        asked_at: when, UTC.
    """

    plan: "DurationPlan"
    listing: "Listing"
    asked_at: datetime

    @property
    def estimates(self) -> "tuple[PlannedFlavor, ...]":
        """Every flavor on which something is known, best first."""
        return self.plan.flavors

    @property
    def unknown(self) -> Mapping[str, str]:
        """Why nothing is known, by the name of each other flavor."""
        return self.plan.unknown

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as ``hfplanner estimate duration --json`` does."""
        return self.plan.to_json()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return ESTIMATES, [row.to_json() for row in self.estimates]

    def _shown(self) -> Shown:
        rows = self.estimates
        columns = [
            *flavor_columns([row.flavor for row in rows]),
            *time_columns([(row.duration_secs, row.cost_micro_usd) for row in rows]),
            Column("TIMEOUT", [format_duration(row.timeout_secs) for row in rows]),
            Column("AT MOST", [usd_text(row.worst_case_micro_usd) for row in rows]),
        ]
        known = f"{len(rows)} of {len(rows) + len(self.unknown)} flavors"
        return Shown(f"The duration is known on {known}", columns, (age_text(self.listing, self.asked_at),))


@dataclass(frozen=True, slots=True, repr=False)
class Swept(Table):
    """The cheapest way to run many trials: nothing was started.

    Args:
        sweep: the engine's.
        asked_at: when, UTC.
    """

    sweep: "Sweep"
    asked_at: datetime

    @property
    def plan(self) -> "tuple[SweepRow, ...]":
        """The jobs, those that run longest first."""
        return self.sweep.plan.rows

    @property
    def cost_micro_usd(self) -> "Estimate":
        """What all jobs cost: low, likely, high."""
        return self.sweep.plan.cost_micro_usd

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as ``hfplanner sweep --json`` does."""
        return self.sweep.to_json()

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return SWEEP, [row.to_json() for row in self.plan]

    def _shown(self) -> Shown:
        plan = self.sweep.plan
        jobs = sum(row.jobs for row in plan.rows)
        ends = format_about_duration(plan.makespan_secs.likely)
        most = f"at most {format_usd(plan.worst_case_micro_usd)}"
        title = f"{plan.trials} trials in {jobs} jobs: about {ends}, {format_usd(plan.cost_micro_usd.likely)}, {most}"
        columns = [
            Column("FLAVOR", [row.flavor for row in plan.rows], right=False),
            Column("JOBS", [str(row.jobs) for row in plan.rows]),
            Column("TRIALS/JOB", [str(row.trials_per_job) for row in plan.rows]),
            Column("AT ONCE", [str(row.parallel) for row in plan.rows]),
            Column("TIMEOUT", [format_duration(row.timeout_secs) for row in plan.rows]),
        ]
        return Shown(title, columns, (age_text(self.sweep.answer.listing, self.asked_at),))
