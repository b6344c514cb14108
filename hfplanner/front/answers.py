"""The answers of the front door: each an engine's result, with the few lines and the table that people read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfplanner.front.results import Answer, Column, Shown, Table
from hfplanner.units import (
    format_about_duration,
    format_age,
    format_bytes,
    format_duration,
    format_usd,
    format_usd_per_hour,
)

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.budget.decision import Decision
    from hfplanner.catalog.flavor import Flavor
    from hfplanner.catalog.listing import Listing
    from hfplanner.estimate.duration.plan import DurationPlan, PlannedFlavor
    from hfplanner.estimate.memory.fits import Fit
    from hfplanner.estimate.memory.report import MemoryReport
    from hfplanner.estimate.span import Estimate
    from hfplanner.history.sync_result import Sync
    from hfplanner.plan.budgets import BudgetOverview
    from hfplanner.plan.job_plan import JobPlan
    from hfplanner.plan.reporting import HistoryReport
    from hfplanner.recommend.result import Option, Recommendation, Rejection
    from hfplanner.submit.send import Submitted

__all__ = [
    "Budgets",
    "Checked",
    "Estimated",
    "Hardware",
    "MemoryNeeded",
    "Planned",
    "Recommended",
    "Reported",
    "Sent",
    "Synced",
]


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

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return self.to_dict()

    def _shown(self) -> Shown:
        columns = [*_flavor_columns(self.flavors), Column("VCPU", [_or_dash(one.vcpu) for one in self.flavors])]
        return Shown(f"{len(self.flavors)} flavors", columns, (_age(self.listing, self.asked_at),))


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

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return [option.to_json() for option in self.options]

    def _shown(self) -> Shown:
        from hfplanner.recommend.words import describe_needs, nothing_fits  # noqa: PLC0415 - for people only

        age = _age(self.answer.listing, self.asked_at)
        if not self.options:
            error = nothing_fits(self.answer)
            return Shown(error.message, (), (error.hint, age) if error.hint else (age,))
        asked = describe_needs(self.answer.needs, self.answer.estimates)
        best = self.options[0]
        title = f"{best.flavor.name} at {_price(best.flavor)}/h for {asked}: {best.standing}"
        columns = list(_flavor_columns([option.flavor for option in self.options]))
        if any(option.duration_secs for option in self.options):
            columns += _time_columns([(one.duration_secs, one.cost_micro_usd) for one in self.options])
        return Shown(title, columns, (age,))


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

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return [fit.to_json() for fit in self.fits]

    def _shown(self) -> Shown:
        need = self.per_gpu_bytes
        title = (
            f"{self.report.estimate.shape.name} needs {format_bytes(need.likely)} of each GPU"
            f" ({format_bytes(need.low)} to {format_bytes(need.high)})"
        )
        rows = [fit for fit in self.fits if fit.usable_bytes is not None]
        columns = [
            Column("FLAVOR", [fit.flavor for fit in rows], right=False),
            Column("USABLE", [format_bytes(fit.usable_bytes or 0) for fit in rows]),
            Column("FITS", [fit.verdict for fit in rows], right=False),
        ]
        return Shown(title, columns, [f"{one.change}: then it fits {one.fit.flavor}" for one in self.report.advice])


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

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return [row.to_json() for row in self.estimates]

    def _shown(self) -> Shown:
        rows = self.estimates
        columns = [
            *_flavor_columns([row.flavor for row in rows]),
            *_time_columns([(row.duration_secs, row.cost_micro_usd) for row in rows]),
            Column("TIMEOUT", [format_duration(row.timeout_secs) for row in rows]),
            Column("AT MOST", [_usd(row.worst_case_micro_usd) for row in rows]),
        ]
        known = f"{len(rows)} of {len(rows) + len(self.unknown)} flavors"
        return Shown(f"The duration is known on {known}", columns, (_age(self.listing, self.asked_at),))


@dataclass(frozen=True, slots=True, repr=False)
class Checked(Answer):
    """Whether a job may run, with the arithmetic.

    Args:
        plan: the job as it would be sent.
    """

    plan: "JobPlan"

    @property
    def decision(self) -> str:
        """``"allowed"``, ``"refused"`` or ``"blocked"``."""
        return self.plan.decision.verdict.value

    @property
    def allowed(self) -> bool:
        """Whether it may run."""
        return self.decision == "allowed"

    @property
    def worst_case_micro_usd(self) -> int | None:
        """The most it can cost; ``None`` where that is not known."""
        return self.plan.decision.worst_case_micro_usd

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not run, a sentence each."""
        return tuple(reason.message for reason in self.plan.decision.against)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know although it may, a sentence each."""
        return self.plan.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as ``hfplanner check --json`` does."""
        return self.plan.decision.to_json()

    def _shown(self) -> Shown:
        return _shown_decision(self.plan.decision, (*self.reasons, *self.warnings))


@dataclass(frozen=True, slots=True, repr=False)
class Planned(Answer):
    """What would be sent, and what it may cost: nothing was.

    Args:
        plan: the job as it would be sent.
    """

    plan: "JobPlan"

    @property
    def allowed(self) -> bool:
        """Whether it may run."""
        return self.plan.decision.verdict.value == "allowed"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is sent, a sentence each."""
        return self.plan.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as ``hfplanner run --dry-run --json`` does; of secrets it has the names only."""
        return self.plan.to_dict()

    def _shown(self) -> Shown:
        why = f"{self.plan.run.flavor}: {self.plan.flavor.why}. Timeout {format_duration(self.plan.run.timeout_secs)}."
        return _shown_decision(self.plan.decision, (why, *self.warnings))


@dataclass(frozen=True, slots=True, repr=False)
class Sent(Answer):
    """What became of a job that was sent.

    Args:
        submitted: as the ledger has it.
        warnings: what to know, a sentence each.
        dry_run: whether nothing was sent now, because the key had been used before.
    """

    submitted: "Submitted"
    warnings: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def job_id(self) -> str | None:
        """The job's id; ``None`` while it is not known."""
        return self.submitted.job_id

    @property
    def url(self) -> str | None:
        """The job's page; ``None`` while it is not known."""
        return self.submitted.url

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner run --json`` does."""
        return {**({"dry_run": True} if self.dry_run else {}), **self.submitted.to_json()}

    def _shown(self) -> Shown:
        submission = self.submitted.submission
        most = format_usd(submission.cap_micro_usd)
        state = f"Job {self.job_id or 'not known yet'} is {submission.state.value} on {submission.terms.flavor}"
        return Shown(f"{state}: {most} at most", (), tuple(filter(None, (self.url, *self.warnings))))


@dataclass(frozen=True, slots=True, repr=False)
class Synced(Answer):
    """What a sync brought.

    Args:
        done: the engine's.
    """

    done: "Sync"

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return self.done.complete

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner sync --json`` does."""
        return self.done.to_json()

    def _shown(self) -> Shown:
        rows = self.done.namespaces
        columns = [
            Column("NAMESPACE", [one.namespace for one in rows], right=False),
            *(
                Column(name.upper(), [f"{getattr(one.tally, name):,}" for one in rows])
                for name in ("read", "new", "updated", "unchanged")
            ),
        ]
        notes = [f"{one.namespace}: {one.reason}" for one in rows if not one.complete]
        return Shown("The history is up to date" if self.complete else "The history is not complete", columns, notes)


@dataclass(frozen=True, slots=True, repr=False)
class Reported(Table):
    """What jobs cost, by what, and what of it was wasted.

    Args:
        found: the engine's, with the jobs it is made of.
    """

    found: "HistoryReport"

    @property
    def complete(self) -> bool:
        """Whether the history has every job of the period."""
        return self.found.report.complete

    @property
    def warnings(self) -> tuple[str, ...]:
        """Where the history lacks jobs, a sentence each."""
        return self.found.report.gaps

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner report --json`` does."""
        return self.found.report.to_json()

    def to_polars(self) -> "pl.DataFrame":
        """Return the groups as a frame, dearest first: the keys, and each figure with its unit."""
        import polars as pl  # noqa: PLC0415 - only where a frame is asked for

        from hfplanner.report.flat import flat_header, flat_rows  # noqa: PLC0415 - as above

        report = self.found.report
        rows = [dict(zip(flat_header(report), row, strict=True)) for row in flat_rows(report)]
        return pl.DataFrame(rows, schema=None if rows else list(flat_header(report)), infer_schema_length=None)

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return self.to_polars().iter_rows(named=True)

    def _shown(self) -> Shown:
        from hfplanner.report.tables import groups_table, headline  # noqa: PLC0415 - for people only

        report = self.found.report
        table = groups_table(report) if report.total.jobs else None
        columns = [Column(one.title.upper(), one.cells, one.right) for one in table.columns] if table else []
        return Shown(headline(report), columns, (*self.warnings, _age(report.listing, report.now)))


@dataclass(frozen=True, slots=True, repr=False)
class Budgets(Table):
    """The limits, what is spent and held in the present period, and what is left.

    Args:
        overview: the engine's.
    """

    overview: "BudgetOverview"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is not counted or not known, a sentence each."""
        return self.overview.warnings

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner budget show --json`` does."""
        return self.overview.to_dict()

    def _records(self) -> Iterable[Mapping[str, Any]]:
        return [line.to_json() for line in self.overview.lines]

    def _shown(self) -> Shown:
        lines = self.overview.lines
        columns = [
            Column("BUDGET", [line.window.budget for line in lines], right=False),
            Column("PERIOD", [line.period for line in lines], right=False),
            Column("LIMIT", [format_usd(line.limit_micro_usd) for line in lines]),
            Column("SPENT", [format_usd(line.spent_micro_usd) for line in lines]),
            Column("HELD", [format_usd(line.held_micro_usd) for line in lines]),
            Column("LEFT", [format_usd(line.left_micro_usd) for line in lines]),
        ]
        named = ", ".join(self.overview.policy.sources)
        return Shown(f"Policy: {named}" if named else "No policy", columns if lines else (), self.warnings)


def _shown_decision(decision: "Decision", notes: tuple[str, ...]) -> Shown:
    from hfplanner.budget.explain import headline  # noqa: PLC0415 - for people only

    lines = decision.lines
    columns = [
        Column("BUDGET", [line.window.budget for line in lines], right=False),
        Column("LIMIT", [format_usd(line.limit_micro_usd) for line in lines]),
        Column("SPENT", [format_usd(line.spent_micro_usd) for line in lines]),
        Column("HELD", [format_usd(line.held_micro_usd) for line in lines]),
        Column("THIS JOB", [format_usd(line.this_job_micro_usd) for line in lines]),
        Column("LEFT", [format_usd(line.left_micro_usd) for line in lines]),
    ]
    return Shown(headline(decision), columns if lines else (), notes)


def _flavor_columns(flavors: "Iterable[Flavor]") -> tuple[Column, ...]:
    rows = list(flavors)
    return (
        Column("FLAVOR", [one.name for one in rows], right=False),
        Column("GPU", [f"{one.gpus}x {one.accelerator}" if one.gpus else "-" for one in rows], right=False),
        Column("VRAM", [format_bytes(one.vram_total_bytes) if one.gpus else "-" for one in rows]),
        Column("PRICE/H", [_price(one) for one in rows]),
    )


def _time_columns(rows: "Iterable[tuple[Estimate | None, Estimate | None]]") -> tuple[Column, ...]:
    known = list(rows)
    return (
        Column("TIME", ["-" if time is None else format_about_duration(time.likely) for time, _ in known]),
        Column("COST", ["-" if cost is None else format_usd(cost.likely) for _, cost in known]),
    )


def _price(flavor: "Flavor") -> str:
    price = flavor.price_micro_usd_per_minute
    return "not known" if price is None else format_usd_per_hour(price)


def _usd(micro_usd: int | None) -> str:
    return "-" if micro_usd is None else format_usd(micro_usd)


def _or_dash(number: int | None) -> str:
    return "-" if number is None else str(number)


def _age(listing: "Listing", now: datetime) -> str:
    """Return where the prices are from and how old they are."""
    words = {"hub": "asked", "cache": "kept since", "shipped": "shipped with hfplanner, of"}[listing.source]
    age = "" if listing.live else f", {format_age(int(listing.age(now).total_seconds()))} old"
    return f"Prices: {words} {listing.checked:%Y-%m-%d}{age}."
