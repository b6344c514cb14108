"""Jobs as FinOps FOCUS 1.2 rows (https://focus.finops.org/focus-specification/v1-2/).

FOCUS has no bounds. A charge is what is known to be spent, and the columns ``x_CostHigh`` and ``x_CostBasis`` say what
it may be at most and how it is known. Jobs without a price are no charges: they are left out and counted.
"""

from datetime import timedelta
from pathlib import Path

import polars as pl

from hfplanner.estimate.billing import BillingPolicy
from hfplanner.report.aggregate import whole_secs
from hfplanner.report.columns import in_period, moment_column
from hfplanner.report.safe_text import neutral_text, safe_text
from hfplanner.report.sink import sink_whole
from hfplanner.report.spec import ReportSpec
from hfplanner.report.waste import WasteRules, waste_kind
from hfplanner.units import MICRO_USD_PER_USD, MICROSECONDS_PER_SECOND, MINUTES_PER_HOUR, SECONDS_PER_MINUTE

__all__ = ["FOCUS_COLUMNS", "decimal_usd", "focus_frame", "labels_json", "write_focus"]

_MINUTE = SECONDS_PER_MINUTE * MICROSECONDS_PER_SECOND
_SECOND = timedelta(seconds=1)
_PORT_MICRO_USD = BillingPolicy().port_micro_usd_per_hour
_PORT_USD = "0.010000"

_NULL = pl.lit(None, pl.String)


def decimal_usd(column: str) -> pl.Expr:
    """Return micro-USD as a decimal number of dollars, exactly."""
    return _usd_of(pl.col(column))


def _usd_of(value: pl.Expr) -> pl.Expr:
    return _decimal(value, MICRO_USD_PER_USD)


def _decimal(value: pl.Expr, unit: int) -> pl.Expr:
    """Return a whole number of parts of a unit, which is a power of ten, as a decimal number, exactly."""
    size = value.abs()
    whole = (size // unit).cast(pl.String)
    rest = (size % unit).cast(pl.String).str.zfill(len(str(unit)) - 1)
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, whole, pl.lit("."), rest)


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


# What makes up the cost of a job, each a charge of its own: price x started minutes, the surcharge for exposed ports,
# and what the bill says beyond both. So each quantity x price is its cost.
_RENT, _PORTS, _BILL = "_rent", "_ports", "_bill"


def _amounts(policy: BillingPolicy) -> dict[str, pl.Expr]:
    """Return the columns of a job's parts [micro-USD]: they sum to its cost."""
    low, price = pl.col("cost_low_micro_usd"), pl.col("price_micro_usd_per_minute")
    has_ports = pl.col("ports").fill_null(0) > 0
    surcharge = pl.when(has_ports).then(policy.port_micro_usd_per_hour).otherwise(0)
    # The minutes a cost by the rule stands for, the surcharge in it; a bill does not say for how many it is.
    of_cost = low * MINUTES_PER_HOUR // (price * MINUTES_PER_HOUR + surcharge)
    of_time = (pl.col("ran_microseconds") + (_MINUTE - 1)) // _MINUTE
    minutes = pl.when(pl.col("cost_basis") == "billed").then(of_time).otherwise(of_cost).fill_null(0)
    ports = (minutes * surcharge + (MINUTES_PER_HOUR - 1)) // MINUTES_PER_HOUR
    rent = (minutes * price).fill_null(0)
    return {"_minutes": minutes, _RENT: rent, _PORTS: ports, _BILL: low - rent - ports}


def _shared_columns() -> dict[str, pl.Expr]:
    """Return the columns that every charge of a job has alike."""
    begin = moment_column().dt.truncate("1s")
    end = pl.coalesce("finished_at", moment_column() + pl.duration(microseconds=pl.col("ran_microseconds")), begin)
    month = begin.dt.truncate("1mo")
    account = neutral_text(pl.coalesce("namespace", "owner", pl.lit("unknown")))
    owner = neutral_text(pl.col("owner"))
    return {
        "BillingAccountId": account,
        "BillingAccountName": account,
        "BillingCurrency": pl.lit("USD"),
        "BillingPeriodEnd": _time(month.dt.offset_by("1mo")),
        "BillingPeriodStart": _time(month),
        "ChargeClass": _NULL,
        "ChargeFrequency": pl.lit("Usage-Based"),
        # The end is not in the period, and no period is empty: it is the whole second after the last moment.
        "ChargePeriodEnd": _time(pl.max_horizontal(end.dt.offset_by("999999us").dt.truncate("1s"), begin + _SECOND)),
        "ChargePeriodStart": _time(begin),
        "CommitmentDiscountCategory": _NULL,
        "CommitmentDiscountId": _NULL,
        "CommitmentDiscountName": _NULL,
        "CommitmentDiscountStatus": _NULL,
        "CommitmentDiscountType": _NULL,
        "InvoiceIssuerName": pl.lit("Hugging Face"),
        "ProviderName": pl.lit("Hugging Face"),
        "PublisherName": pl.lit("Hugging Face"),
        "RegionId": _NULL,
        "RegionName": _NULL,
        "ResourceId": neutral_text(pl.col("id")),
        "ResourceName": neutral_text(pl.col("name")),
        "ResourceType": pl.lit("Job"),
        "ServiceCategory": pl.lit("AI and Machine Learning"),
        "ServiceName": pl.lit("Hugging Face Jobs"),
        "SubAccountId": owner,
        "SubAccountName": owner,
        "Tags": labels_json(),
        "x_CostBasis": pl.col("cost_basis").cast(pl.String),
        "x_Initiator": neutral_text(pl.coalesce("initiator", "initiator_type")),
        "x_JobName": neutral_text(pl.col("name")),
        "x_Stage": pl.col("stage"),
        "x_WasteKind": waste_kind(WasteRules()),
    }


def _charge(kind: str) -> dict[str, pl.Expr]:
    """Return the columns in which the charges of a job differ."""
    cost = decimal_usd(kind)
    flavor = neutral_text(pl.col("flavor"))
    on_flavor = pl.concat_str(pl.lit("Job on "), pl.col("flavor").fill_null("(unknown)"))
    others = sum((pl.col(other) for other in (_RENT, _PORTS, _BILL) if other != kind), pl.lit(0, pl.Int64))
    quantity: pl.Expr
    unit: str | None
    if kind == _RENT:
        said, sku, price, unit = on_flavor, flavor, decimal_usd("price_micro_usd_per_minute"), "Minutes"
        quantity = pl.col("_minutes").cast(pl.String)
    elif kind == _PORTS:
        said, sku, price, unit = pl.lit("Exposed ports of a job"), pl.lit("exposed-ports"), pl.lit(_PORT_USD), "Hours"
        quantity = _decimal(pl.col(kind), _PORT_MICRO_USD)
    else:
        said, sku, price, unit, quantity = pl.lit("Billed beyond price x minutes"), flavor, _NULL, None, _NULL
    return {
        "BilledCost": cost,
        "ChargeCategory": pl.lit("Adjustment" if unit is None else "Usage"),
        "ChargeDescription": neutral_text(said),
        "ConsumedQuantity": quantity,
        "ConsumedUnit": pl.lit(unit, pl.String),
        "ContractedCost": cost,
        "ContractedUnitPrice": price,
        "EffectiveCost": cost,
        "ListCost": cost,
        "ListUnitPrice": price,
        "PricingCategory": pl.lit(None if unit is None else "Standard", pl.String),
        "PricingQuantity": quantity,
        "PricingUnit": pl.lit(unit, pl.String),
        "SkuId": sku,
        "SkuPriceId": sku,
        "x_CostHigh": _usd_of(pl.col("cost_high_micro_usd") - others) if kind == _RENT else cost,
    }


FOCUS_COLUMNS = tuple(sorted({**_shared_columns(), **_charge(_RENT)}))
"""The columns, by name, as the specification lists them; those with ``x_`` are ours, as it asks for."""


def focus_frame(costed: pl.LazyFrame, spec: ReportSpec, policy: BillingPolicy | None = None) -> pl.LazyFrame:
    """Return the charges of each costed job of the period that has a price; together they are its cost.

    Periods are UTC, as FOCUS wants them. Quantities are started minutes, of exposed ports hours; money is a decimal
    number of dollars.
    """
    charged = costed.filter(in_period(spec) & pl.col("cost_low_micro_usd").is_not_null())
    parts = charged.with_columns(**_amounts(policy or BillingPolicy()), _ran=whole_secs(pl.col("ran_microseconds")))
    # A job that cost nothing is a charge of nothing; where no price is known there is only what was billed.
    has_price = pl.col("price_micro_usd_per_minute").is_not_null()
    there = {_RENT: has_price, _PORTS: pl.col(_PORTS) != 0, _BILL: pl.col(_BILL) != 0}
    rows = [parts.filter(keep).select(**{**_shared_columns(), **_charge(kind)}) for kind, keep in there.items()]
    return pl.concat(rows).select(FOCUS_COLUMNS)


def write_focus(costed: pl.LazyFrame, spec: ReportSpec, path: Path) -> None:
    """Write the charges as CSV, all of them or none.

    Raises:
        HfplannerError: the file cannot be written.
    """
    sink_whole(focus_frame(costed, spec), path, "csv")
