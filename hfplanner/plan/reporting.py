"""What the jobs of the local history cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    import polars as pl

    from hfplanner.report.build import ReportInputs
    from hfplanner.report.result import Report
    from hfplanner.report.spec import ReportSpec

__all__ = ["AskedReport", "HistoryReport", "report_history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReport:
    """What a report is about, as texts.

    Args:
        by: the keys of its groups.
        since: from here on.
        until: up to here, not included.
        month: of one month, ``"2026-09"`` or ``"last"``; instead of the two.
        namespace: only jobs of this user or organization.
        timezone: in which days and months begin.
    """

    by: Sequence[str] = ("flavor",)
    since: str | None = None
    until: str | None = None
    month: str | None = None
    namespace: str | None = None
    timezone: str = "UTC"

    def spec(self, now: datetime) -> "ReportSpec":
        """Return what was asked, read.

        Args:
            now: the time, UTC.

        Raises:
            UsageError: a key, a time or a zone that cannot be meant.
        """
        from hfplanner.report.spec import ReportSpec, parse_moment, parse_month  # noqa: PLC0415 - polars
        from hfplanner.zones import parse_zone  # noqa: PLC0415 - as above

        zone = parse_zone(self.timezone)
        if self.month is not None and (self.since is not None or self.until is not None):
            raise UsageError("A month is a period already.", hint="Name the month, or from when to when.")
        first, end = (None, None) if self.month is None else parse_month(self.month, zone, now)
        return ReportSpec(
            by=tuple(self.by),
            since=first if self.since is None else parse_moment(self.since, zone, now),
            until=end if self.until is None else parse_moment(self.until, zone, now),
            timezone=self.timezone,
            namespace=self.namespace,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryReport:
    """A report, and the jobs it is made of.

    Args:
        report: what they cost.
        spec: what was asked.
        jobs: the history.
        inputs: prices, bills, and how complete the history is.
    """

    report: "Report"
    spec: "ReportSpec"
    jobs: "pl.LazyFrame"
    inputs: "ReportInputs"

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write the report as a page, with its pictures, and the data; return the files.

        Raises:
            HistoryError: they cannot be written.
        """
        from hfplanner.report.build import costed_jobs  # noqa: PLC0415 - polars
        from hfplanner.report.write import write_report  # noqa: PLC0415 - matplotlib

        return write_report(self.report, costed_jobs(self.jobs, self.inputs), folder)

    def write_focus(self, path: Path) -> None:
        """Write the jobs in the columns of FinOps FOCUS."""
        from hfplanner.report.build import costed_jobs  # noqa: PLC0415 - polars
        from hfplanner.report.focus import write_focus  # noqa: PLC0415 - as above

        write_focus(costed_jobs(self.jobs, self.inputs), self.spec, path)


def report_history(spec: "ReportSpec", workspace: Workspace, listing: Listing | None = None) -> HistoryReport:
    """Return what the jobs of the history cost, by what, and what of it was wasted.

    Args:
        spec: what the report is about.
        workspace: where the history and prices are.
        listing: today's prices; by default those of the workspace.

    Raises:
        HistoryError: the history cannot be read.
    """
    from hfplanner.history.bills import read_bills  # noqa: PLC0415 - polars
    from hfplanner.history.schedules import read_schedules  # noqa: PLC0415 - as above
    from hfplanner.report.build import ReportInputs, build_report  # noqa: PLC0415 - as above

    store = workspace.history()
    prices = listing or workspace.listing()
    inputs = ReportInputs(
        listing=prices,
        now=workspace.now(),
        sources=store.sources(),
        billed=read_bills(store),
        schedules=read_schedules(store.folder),
    )
    jobs = store.scan()
    return HistoryReport(report=build_report(jobs, spec, inputs), spec=spec, jobs=jobs, inputs=inputs)
