"""The columns a report groups by, as expressions over a jobs frame."""

import polars as pl

from hfplanner.report.spec import ReportSpec

__all__ = ["day_column", "group_columns", "in_period", "moment_column"]

_LABEL = "label:"
_CALENDAR = {"day": "1d", "week": "1w", "month": "1mo"}


def moment_column() -> pl.Expr:
    """Return the moment a job belongs to: its start, or its creation where it did not start."""
    return pl.coalesce("started_at", "created_at")


def day_column(timezone: str) -> pl.Expr:
    """Return the day in a time zone.

    >>> from datetime import datetime, UTC
    >>> late = pl.DataFrame({"started_at": [None], "created_at": [datetime(2026, 9, 30, 23, tzinfo=UTC)]})
    >>> late.select(day_column("Europe/Berlin")).item().isoformat()
    '2026-10-01'
    """
    return moment_column().dt.convert_time_zone(timezone).dt.date()


def in_period(spec: ReportSpec) -> pl.Expr:
    """Return whether a job is of the period and namespace; a half-open period leaves no moment to two of them."""
    moment = moment_column()
    wanted = moment.is_not_null()
    if spec.since is not None:
        wanted &= moment >= pl.lit(spec.since, pl.Datetime("us", "UTC"))
    if spec.until is not None:
        wanted &= moment < pl.lit(spec.until, pl.Datetime("us", "UTC"))
    return wanted & in_namespace(spec)


def in_namespace(spec: ReportSpec) -> pl.Expr:
    """Return whether a job is of the namespace that is asked for."""
    return pl.lit(value=True) if spec.namespace is None else pl.col("namespace") == spec.namespace


def group_columns(spec: ReportSpec) -> dict[str, pl.Expr]:
    """Return a text column for each key of the report, null where a job has no such thing.

    Months are ``2026-09``, weeks are named by their Monday, an initiator without a name by its type.
    """
    return {key: _group_column(key, spec.timezone) for key in spec.by}


def _group_column(key: str, timezone: str) -> pl.Expr:
    if key.startswith(_LABEL):
        wanted = key.removeprefix(_LABEL)
        values = pl.col("labels").list.eval(
            pl.element().struct.field("value").filter(pl.element().struct.field("key") == wanted)
        )
        return values.list.first()
    if key in _CALENDAR:
        begin = day_column(timezone).dt.truncate(_CALENDAR[key])
        return begin.dt.strftime("%Y-%m" if key == "month" else "%Y-%m-%d")
    if key == "initiator":
        return pl.coalesce("initiator", "initiator_type")
    return pl.col(key)
