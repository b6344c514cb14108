"""A whole frame of measured jobs carried to every flavor at once: the law of :mod:`.carry` over polars columns."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.estimate.duration.carry import Carried, carry_to_all
from hfplanner.estimate.duration.change import MOST_START_SECS, MOST_START_SHARE
from hfplanner.estimate.duration.from_runs import known_flavors
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.rates import Rates, compute_kind, rates_of
from hfplanner.estimate.duration.shares import shares_of
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import Estimate, exactly

if TYPE_CHECKING:
    import polars as pl

__all__ = ["carry_frame"]

_SAID = ("phase", "precision", "batch_size", "bound", "scales_with_gpus")
_COLUMNS = ("job", "flavor", "duration_secs", "gpu_utilization", "completed", *_SAID)
# So long that what passes before the first step is nothing beside it: what a duration is multiplied by.
_REFERENCE = 10**10
# A run that was stopped, as :func:`.measured.at_least` has it, on that scale.
_LIKELY_OF_STOPPED = 2
_STOPPED = Estimate(math.floor(_REFERENCE / 0.95), _LIKELY_OF_STOPPED * _REFERENCE, 20 * _REFERENCE, ("cut off",))


def carry_frame(jobs: "pl.DataFrame", listed: Sequence[Flavor]) -> "pl.DataFrame":
    """Return the duration of every job on every flavor that something can be said about.

    Args:
        jobs: columns ``job`` (any key), ``flavor`` (where it was measured) and ``duration_secs`` [s]; and any of
            ``phase precision batch_size bound scales_with_gpus gpu_utilization``, null where not known; and
            ``completed``, false where a run was stopped after that time: the whole takes at least so long.
        listed: what can be rented.

    Returns:
        A row for each job and flavor, with ``low_secs``, ``likely_secs`` and ``high_secs`` of a 90 % interval [s], to
        the second what :func:`~hfplanner.estimate.duration.carry.carry_to_all` says.

    Raises:
        UsageError: a column is missing or not known, or a flavor is not.

    >>> import polars as pl
    >>> from hfplanner.catalog.listing import shipped_listing
    >>> jobs = pl.DataFrame({"job": [1, 2], "flavor": ["l4x1", "t4-small"], "duration_secs": [3600, 7200]})
    >>> answer = carry_frame(jobs, shipped_listing().flavors)
    >>> answer.filter(pl.col("job") == 1, pl.col("flavor") == "l4x1").row(0)
    (1, 'l4x1', 3600, 3600, 3600)
    """
    import polars as pl  # noqa: PLC0415 - only frames need it

    _refuse(jobs.columns)
    keys = [name for name in jobs.columns if name not in {"job", "duration_secs"}]
    known = known_flavors(listed)
    found: dict[Hashable, Carried] = {}
    rates = [one for one in (rates_of(name) for name in {flavor.accelerator for flavor in listed}) if one is not None]
    said = [
        (one, _carried(one, listed, known, rates, found)) for one in jobs.select(keys).unique().iter_rows(named=True)
    ]
    factors = _factors(said).cast({key: jobs.schema[key] for key in keys})
    secs = pl.col("duration_secs")
    if "completed" in jobs.columns:
        secs = pl.when(~pl.col("completed")).then(_LIKELY_OF_STOPPED * secs).otherwise(secs)
    start = pl.min_horizontal(pl.lit(MOST_START_SECS), MOST_START_SHARE * secs)
    rest = secs - start
    likely = (secs * pl.col("likely")).round().clip(1)
    low = pl.min_horizontal(secs * pl.col("low"), start + rest * pl.col("low")).floor().clip(1)
    high = pl.max_horizontal(secs * pl.col("high"), start + rest * pl.col("high"))
    return jobs.join(factors, on=keys, nulls_equal=True, maintain_order="left").select(
        "job",
        flavor="to",
        low_secs=pl.min_horizontal(low, likely).cast(pl.Int64),
        likely_secs=likely.cast(pl.Int64),
        high_secs=pl.max_horizontal(high.round(6).ceil(), likely).cast(pl.Int64),
    )


def _refuse(columns: Iterable[str]) -> None:
    found = list(columns)
    missing = [name for name in ("job", "flavor", "duration_secs") if name not in found]
    unknown = [name for name in found if name not in _COLUMNS]
    if missing or unknown:
        wrong = f"lacks the column {missing[0]!r}" if missing else f"has a column {quoted(unknown[0])}"
        raise UsageError(f"The frame of measured jobs {wrong}.", hint=f"The columns are {', '.join(_COLUMNS)}.")


def _carried(
    said: Mapping[str, Any],
    listed: Sequence[Flavor],
    known: Mapping[str, Flavor],
    rates: Sequence[Rates],
    found: dict[Hashable, Carried],
) -> Carried:
    """Return a reference carried to each flavor; once for all workloads whose time divides alike."""
    name = said["flavor"]
    if name not in known:
        raise UsageError(
            f"A duration was measured on {quoted(str(name))}, which is not in the listing.",
            hint=f"{did_you_mean(str(name), known)}`hfplanner hardware` names every flavor.",
        )
    workload = Workload(**{key: said[key] for key in _SAID if said.get(key) is not None})
    used = said.get("gpu_utilization")
    kinds = tuple(compute_kind(one.ops_per_sec, workload.precision or "half") for one in rates)
    span = _reference(said)
    alike = (name, used, span, workload.scales_with_gpus, kinds, shares_of(workload))
    if alike not in found:
        run = MeasuredRun(flavor=name, duration_secs=span, gpu_utilization=used)
        found[alike] = carry_to_all([run], listed, known, workload)
    return found[alike]


def _reference(said: Mapping[str, Any]) -> Estimate:
    """Return what is carried for all runs measured so: a duration, or the lower bound of one."""
    return _STOPPED if said.get("completed") is False else exactly(_REFERENCE, "a reference")


def _factors(said: Sequence[tuple[Mapping[str, Any], Carried]]) -> "pl.DataFrame":
    """Return by what each duration measured so is multiplied on each flavor."""
    import polars as pl  # noqa: PLC0415 - as above

    keys = list(said[0][0]) if said else []
    rows: dict[str, list[Any]] = {name: [] for name in (*keys, "to", "low", "likely", "high")}
    for one, carried in said:
        estimates = carried.estimates
        for key in keys:
            rows[key] += [one[key]] * len(estimates)
        rows["to"] += estimates
        reference = _reference(one).likely
        rows["low"] += [span.low / reference for span in estimates.values()]
        rows["likely"] += [span.likely / reference for span in estimates.values()]
        rows["high"] += [span.high / reference for span in estimates.values()]
    numbers = dict.fromkeys(("low", "likely", "high"), pl.Float64())
    return pl.DataFrame(rows, schema_overrides={"to": pl.String(), **numbers}, strict=False)
