"""The kinds of agreement and difference between a bill and the billing rule, in the order in which they are tried."""

from dataclasses import dataclass

import polars as pl

from hfplanner.estimate.job_costs import EXACT_BASES
from hfplanner.units import MICROSECONDS_PER_SECOND, SECONDS_PER_MINUTE

__all__ = ["KINDS", "Kind", "kind_column"]

_MINUTE = SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind.

    Args:
        code: its name for programs.
        title: its name for people.
        likely: what explains it most likely.
        flagged: whether somebody should look at it.
    """

    code: str
    title: str
    likely: str
    flagged: bool = True


KINDS = {
    kind.code: kind
    for kind in (
        Kind("equal", "Billed as computed", "the billing rule holds", flagged=False),
        Kind(
            "rounding", "Off by at most one started minute", "rounding, or clocks that differ by seconds", flagged=False
        ),
        Kind(
            "within_bounds", "Billed within the bounds", "the bill says what the history does not know", flagged=False
        ),
        Kind(
            "unpriced", "Billed, without a known price", "a flavor or a day that the price history lacks", flagged=False
        ),
        Kind(
            "open",
            "Not billed for good yet",
            "they ran when the bill was read, or began before its period",
            flagged=False,
        ),
        Kind("other_flavor", "Billed as another flavor", "the job ran on other hardware than its record says"),
        Kind("attempts", "Several attempts, billed otherwise", "earlier attempts are billed differently"),
        Kind("ports", "Exposed ports, billed otherwise", "the surcharge for ports is billed differently"),
        Kind("price", "Same minutes at another price", "the price on that day was another one"),
        Kind("start_up", "Billed for longer than they ran", "the pull of the image and the wait are billed too"),
        Kind("more", "Billed more than computed", "nothing that the history knows"),
        Kind("less", "Billed less than computed", "a credit, a free tier, or nothing that the history knows"),
        Kind("not_in_history", "Billed, not in the history", "jobs of a namespace or time that was not synced"),
        Kind("not_billed", "Computed, not billed", "they are paid by somebody else, or billed late"),
        Kind("total", "The bill's sum is not that of its jobs", "charges that it does not list job by job"),
    )
}
"""By code. The first dozen are kinds of jobs that both know; the others are what only one side knows."""


def kind_column() -> pl.Expr:
    """Return which kind a job is that bill and history know.

    The columns are those of a costed job, and of its bill: ``settled``, ``bill_micro_usd``, ``minutes``,
    ``billed_flavor``.
    """
    low, high, bill = pl.col("cost_low_micro_usd"), pl.col("cost_high_micro_usd"), pl.col("bill_micro_usd")
    difference = bill - low
    price = pl.col("price_micro_usd_per_minute").fill_null(0)
    is_exact = pl.col("cost_basis").is_in(list(EXACT_BASES))
    ran = (pl.col("ran_microseconds") + (_MINUTE - 1)) // _MINUTE
    same_minutes = (pl.col("minutes") - ran).abs() < 1
    waited = (pl.col("started_at") - pl.col("created_at")).dt.total_microseconds()
    wait_minutes = (waited.clip(lower_bound=0) + (_MINUTE - 1)) // _MINUTE
    tried = pl.max_horizontal(pl.col("attempts").fill_null(1), pl.col("failure_count").fill_null(0) + 1)
    kinds = [
        (~pl.col("settled"), "open"),
        (low.is_null(), "unpriced"),
        (is_exact & (difference == 0), "equal"),
        (is_exact & (difference.abs() <= price), "rounding"),
        (~is_exact & (bill >= low) & (bill <= high).fill_null(value=True), "within_bounds"),
        (pl.col("billed_flavor") != pl.col("flavor"), "other_flavor"),
        (tried > 1, "attempts"),
        (same_minutes & (pl.col("ports").fill_null(0) > 0), "ports"),
        (same_minutes, "price"),
        ((difference > 0) & (difference <= price * (wait_minutes + 1)), "start_up"),
        (difference > 0, "more"),
    ]
    tried_in_order = [pl.when(rule.fill_null(value=False)).then(pl.lit(code)) for rule, code in kinds]
    return pl.coalesce(*tried_in_order, pl.lit("less"))
