"""The groups of a report as rows of plain values, for programs that read tables."""

from collections.abc import Iterator

from hfplanner.report.result import Distribution, Report

__all__ = ["flat_header", "flat_rows"]

_STATS = ("mean", "p50", "p90", "p99", "largest")
_FIGURES = (
    "jobs",
    "cost_low_micro_usd",
    "cost_high_micro_usd",
    "share",
    "unpriced_jobs",
    "bounded_jobs",
    "unbounded_jobs",
    "gpu_secs",
    "ended_jobs",
    "completed_jobs",
    "success_rate",
)


def flat_header(report: Report) -> tuple[str, ...]:
    """Return the names of the columns: the keys, and each figure with its unit."""
    spread = [
        f"{quantity}_{'max' if name == 'largest' else name}_{unit}"
        for quantity, unit in (("cost", "micro_usd"), ("duration", "secs"), ("wait", "secs"))
        for name in _STATS
    ]
    return (*report.spec.by, *_FIGURES, *spread)


def flat_rows(report: Report) -> Iterator[tuple[str | int | float | None, ...]]:
    """Yield one row for each group, dearest first; ``None`` is not known, or a job without that key."""
    for group in report.groups:
        one = group.figures
        unpriced = one.unpriced_jobs == one.jobs
        rate = one.success_rate
        yield (
            *group.values,
            one.jobs,
            None if unpriced else one.cost.low,
            one.cost.high,
            None if group.share is None else round(group.share, 6),
            one.unpriced_jobs,
            one.bounded_jobs,
            one.unbounded_jobs,
            one.gpu_secs,
            one.ended_jobs,
            one.completed_jobs,
            None if rate is None else round(rate, 6),
            *_spread(one.cost_stats),
            *_spread(one.duration_stats),
            *_spread(one.wait_stats),
        )


def _spread(stats: Distribution | None) -> tuple[int | None, ...]:
    return tuple(None if stats is None else getattr(stats, name) for name in _STATS)
