"""Answers about what was run and what it cost, and what may still be spent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.front.answers.cells import age_text
from hfplanner.front.frames import BUDGETS, MEASURED, Columns
from hfplanner.front.results import Answer, Table
from hfplanner.front.shown import Column, Shown
from hfplanner.units import format_usd

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.history.peaks import KeptPeak
    from hfplanner.history.sync_result import Sync
    from hfplanner.plan.budgets import BudgetOverview
    from hfplanner.plan.reporting import HistoryReport

__all__ = ["Budgets", "MeasuredPeaks", "Reported", "Synced"]


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
class MeasuredPeaks(Table):
    """What runs were measured to need, as far as it is kept.

    Args:
        peaks: the entries.
    """

    peaks: "tuple[KeptPeak, ...]"

    def to_dict(self) -> dict[str, Any]:
        """Return it as ``hfplanner measured list --json`` does."""
        from hfplanner.plan.measuring import peaks_document  # noqa: PLC0415 - where it is asked for

        return peaks_document(self.peaks)

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        rows = self.to_dict()["measured"]
        # What a label says is text.
        return MEASURED, [{**row, "settings": _numbers(row["settings"])} for row in rows]

    def _shown(self) -> Shown:
        from hfplanner.plan.measuring import peak_words, settings_words  # noqa: PLC0415 - as above

        peaks = self.peaks
        columns = [
            Column("ID", [peak.id for peak in peaks], right=False),
            Column("FLAVOR", [peak.flavor for peak in peaks], right=False),
            Column("PEAK", [peak_words(peak) for peak in peaks]),
            Column("SETTINGS", [settings_words(peak) for peak in peaks], right=False),
        ]
        return Shown(f"{len(peaks)} measured peak{'' if len(peaks) == 1 else 's'}", columns if peaks else ())


def _numbers(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with whole numbers as numbers.

    >>> _numbers({"batch_size": "4", "task": "lora"})
    {'batch_size': 4, 'task': 'lora'}
    """
    whole = {"batch_size", "seq_len", "lora_rank", "gpus"}
    return {
        name: (int(value) if str(value).isdecimal() else None) if name in whole else value
        for name, value in settings.items()
    }


@dataclass(frozen=True, slots=True, repr=False)
class Reported(Answer):
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

    def _shown(self) -> Shown:
        from hfplanner.report.tables import groups_table, headline  # noqa: PLC0415 - for people only

        report = self.found.report
        table = groups_table(report) if report.total.jobs else None
        columns = [Column(one.title.upper(), one.cells, one.right) for one in table.columns] if table else []
        return Shown(headline(report), columns, (*self.warnings, age_text(report.listing, report.now)))


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

    def _rows(self) -> tuple[Columns, Iterable[Mapping[str, Any]]]:
        return BUDGETS, [line.to_json() for line in self.overview.lines]

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
