"""Jobs as FinOps FOCUS 1.0 rows (https://focus.finops.org/focus-specification/v1-0/), one charge for each job.

FOCUS has no bounds. A charge is what is known to be spent, and the columns ``x_CostHigh`` and ``x_CostBasis`` say what
it may be at most and how it is known. Jobs without a price are no charges: they are left out and counted.
"""

from pathlib import Path

import polars as pl

from hfplanner.report.columns import in_period, moment_column
from hfplanner.report.safe_text import neutral_text, safe_text
from hfplanner.report.sink import sink_whole
from hfplanner.report.spec import ReportSpec
from hfplanner.units import MICRO_USD_PER_USD, MICROSECONDS_PER_SECOND, SECONDS_PER_MINUTE

__all__ = ["FOCUS_COLUMNS", "focus_frame", "labels_json", "write_focus"]

_MICRO_DIGITS = 6
_MINUTE = SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND

_NULL = pl.lit(None, pl.String)


def _usd(column: str) -> pl.Expr:
    """Return micro-USD as a decimal number of dollars, exactly."""
    value = pl.col(column)
    whole = (value // MICRO_USD_PER_USD).cast(pl.String)
    rest = (value % MICRO_USD_PER_USD).cast(pl.String).str.zfill(_MICRO_DIGITS)
    return pl.concat_str(whole, pl.lit("."), rest)


def _time(moment: pl.Expr) -> pl.Expr:
    return moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def labels_json() -> pl.Expr:
    """Return the labels of a job as one JSON object, its texts safe."""
    label = pl.element()
    pair = pl.struct(
        key=safe_text(label.struct.field("key")), value=safe_text(label.struct.field("value"))
    ).struct.json_encode()
    # Inside a JSON string a quote has a backslash before it, so that this can only be the border of the two.
    pairs = pair.str.replace(r'^\{"key":(".*"),"value":(.*)\}$', "${1}:${2}")
    return pl.concat_str(pl.lit("{"), pl.col("labels").list.eval(pairs).list.join(","), pl.lit("}"))


def _columns() -> dict[str, pl.Expr]:
    begin = moment_column()
    end = pl.coalesce("finished_at", begin + pl.duration(microseconds=pl.col("ran_microseconds")), begin)
    month = begin.dt.truncate("1mo")
    cost = _usd("cost_low_micro_usd")
    unit_price = _usd("price_micro_usd_per_minute")
    minutes = ((pl.col("ran_microseconds") + (_MINUTE - 1)) // _MINUTE).cast(pl.String)
    text = {
        name: neutral_text(pl.col(column))
        for name, column in {
            "ResourceId": "id",
            "ResourceName": "name",
            "SkuId": "flavor",
            "SubAccountId": "owner",
        }.items()
    }
    account = neutral_text(pl.coalesce("namespace", "owner", pl.lit("unknown")))
    has_time = pl.col("ran_microseconds").is_not_null()
    return {
        "BilledCost": cost,
        "BillingAccountId": account,
        "BillingAccountName": account,
        "BillingCurrency": pl.lit("USD"),
        "BillingPeriodEnd": _time(month.dt.offset_by("1mo")),
        "BillingPeriodStart": _time(month),
        "ChargeCategory": pl.lit("Usage"),
        "ChargeClass": _NULL,
        "ChargeDescription": neutral_text(pl.concat_str(pl.lit("Job on "), pl.col("flavor").fill_null("(unknown)"))),
        "ChargeFrequency": pl.lit("Usage-Based"),
        "ChargePeriodEnd": _time(end),
        "ChargePeriodStart": _time(begin),
        "CommitmentDiscountCategory": _NULL,
        "CommitmentDiscountId": _NULL,
        "CommitmentDiscountName": _NULL,
        "CommitmentDiscountStatus": _NULL,
        "CommitmentDiscountType": _NULL,
        "ConsumedQuantity": minutes,
        "ConsumedUnit": pl.when(has_time).then(pl.lit("Minutes")),
        "ContractedCost": cost,
        "ContractedUnitPrice": unit_price,
        "EffectiveCost": cost,
        "InvoiceIssuerName": pl.lit("Hugging Face"),
        "ListCost": cost,
        "ListUnitPrice": unit_price,
        "PricingCategory": pl.lit("Standard"),
        "PricingQuantity": minutes,
        "PricingUnit": pl.when(has_time).then(pl.lit("Minutes")),
        "ProviderName": pl.lit("Hugging Face"),
        "PublisherName": pl.lit("Hugging Face"),
        "RegionId": _NULL,
        "RegionName": _NULL,
        "ResourceId": text["ResourceId"],
        "ResourceName": text["ResourceName"],
        "ResourceType": pl.lit("Job"),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceName": pl.lit("Hugging Face Jobs"),
        "SkuId": text["SkuId"],
        "SkuPriceId": text["SkuId"],
        "SubAccountId": text["SubAccountId"],
        "SubAccountName": text["SubAccountId"],
        "Tags": labels_json(),
        "x_CostBasis": pl.col("cost_basis").cast(pl.String),
        "x_CostHigh": _usd("cost_high_micro_usd"),
    }


FOCUS_COLUMNS = tuple(_columns())
"""The columns, in the specification's order; those with ``x_`` are ours, as it asks for."""


def focus_frame(costed: pl.LazyFrame, spec: ReportSpec) -> pl.LazyFrame:
    """Return one charge for each costed job of the period that has a price.

    Periods are UTC, as FOCUS wants them. Quantities are started minutes; money is a decimal number of dollars.
    """
    charged = costed.filter(in_period(spec) & pl.col("cost_low_micro_usd").is_not_null())
    return charged.select(**_columns())


def write_focus(costed: pl.LazyFrame, spec: ReportSpec, path: Path) -> None:
    """Write the charges as CSV, all of them or none.

    Raises:
        HfplannerError: the file cannot be written.
    """
    sink_whole(focus_frame(costed, spec), path, "csv")
