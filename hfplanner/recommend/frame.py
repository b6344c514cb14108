"""The same question for a whole frame of needs at once: planning hundreds of thousands of runs."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_
from types import SimpleNamespace
from typing import Any, NamedTuple

import polars as pl

from hfplanner.catalog.accelerators import accelerator_key
from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import UsageError
from hfplanner.estimate.cost import job_cost_micro_usd
from hfplanner.frames.hardware import flavors_of
from hfplanner.recommend.needs_frame import BAD_NEEDS_SCHEMA, NEEDS_SCHEMA, bad_needs, read_needs
from hfplanner.recommend.rules import RULES, Rule, is_gpu, rank_order

__all__ = [
    "BAD_NEEDS_SCHEMA",
    "DURATIONS_SCHEMA",
    "NEEDS_SCHEMA",
    "FrameRecommendation",
    "options_schema",
    "recommend_frame",
]

UNMET_SCHEMA = pl.Schema({"need": pl.UInt32(), "impossible": pl.List(pl.String())})
PLACEMENTS = pl.Enum(["single", "sharded", "cpu"])

# What the rules read: the columns by the names of the fields.
_WANTED = SimpleNamespace(**{name: pl.col(name) for name in NEEDS_SCHEMA})

# So many needs are ranked at a time: it bounds the memory that is not the answer itself.
_SLICE = 1 << 17


class FrameRecommendation(NamedTuple):
    """The answer to a frame of needs; ``need`` is the row of the needs frame, from 0.

    Args:
        options: what fits, of :func:`options_schema`, by need and rank.
        unmet: needs that nothing meets, with the codes of the rules that no priced flavor meets even alone (empty where
            only their combination is impossible).
        bad: rows that cannot be meant, with the reason.
    """

    options: pl.DataFrame
    unmet: pl.DataFrame
    bad: pl.DataFrame


DURATIONS_SCHEMA = pl.Schema({"need": pl.UInt32(), "flavor": pl.String(), "duration_secs": pl.Int64()})
"""How long the job of a need takes on a flavor [s]."""


def options_schema(names: Iterable[str], *, with_durations: bool = False) -> pl.Schema:
    """Return the schema of the options over a hardware frame's flavor names; costs are micro-USD, durations seconds.

    Args:
        names: of the flavors.
        with_durations: whether a duration on each flavor was given: then it is a column, too.
    """
    columns = {
        "need": pl.UInt32(),
        "rank": pl.UInt16(),
        "flavor": pl.Enum(list(names)),
        "placement": PLACEMENTS,
        "price_micro_usd_per_minute": pl.Int64(),
        "cost_micro_usd": pl.Int64(),
    }
    return pl.Schema({**columns, "duration_secs": pl.Int64()} if with_durations else columns)


def recommend_frame(
    needs: pl.DataFrame, hardware: pl.DataFrame, *, top: int | None = None, durations: pl.DataFrame | None = None
) -> FrameRecommendation:
    """Return, for every row of needs, the flavors that meet it, best first.

    Every row is decided by the rules and the order of :func:`hfplanner.recommend.choose.recommend`. Without
    ``durations`` a row's duration is the same on every flavor; with them a flavor's cost is that of its own duration,
    and flavors are ranked by it, then by the duration; what has none comes last.

    Args:
        needs: columns of :data:`NEEDS_SCHEMA`, any of which may be missing or null.
        hardware: a frame of :data:`hfplanner.frames.hardware.HARDWARE_SCHEMA`.
        top: keep this many options of each need; all by default.
        durations: columns of :data:`DURATIONS_SCHEMA`, for example of
            :func:`~hfplanner.estimate.duration.frame.carry_frame`.

    Raises:
        UsageError: durations that are no such frame; a column that is no need, or of a type that cannot be read as one;
            a ``top`` below 1; hardware that is no listing.
        polars.exceptions.SchemaError: the hardware frame is of another schema.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> from hfplanner.frames.hardware import hardware_frames
    >>> needs = pl.DataFrame({"vram_bytes": [40 * 10**9, 160 * 10**9], "duration_secs": [3600, None]})
    >>> answer = recommend_frame(needs, hardware_frames(shipped_listing()).hardware, top=1)
    >>> answer.options.select("need", "flavor", "cost_micro_usd").rows()
    [(0, 'l40sx1', 1800000)]
    >>> answer.unmet.rows()
    [(1, ['vram'])]
    >>> there = pl.DataFrame({"need": [0, 0], "flavor": ["l40sx1", "h200"], "duration_secs": [3600, 600]})
    >>> answer = recommend_frame(needs, hardware_frames(shipped_listing()).hardware, top=1, durations=there)
    >>> answer.options.select("need", "flavor", "cost_micro_usd", "duration_secs").rows()
    [(0, 'h200', 833330, 600)]
    """
    if top is not None and top < 1:
        raise UsageError(f"top is {top}: it must be at least 1.")
    listed = flavors_of(hardware)
    flavors = sorted((f for f in listed if f.price_micro_usd_per_minute is not None), key=rank_order)
    schema = options_schema(hardware["name"], with_durations=durations is not None)
    wanted = read_needs(needs, listed)
    if durations is not None:
        wanted = _with_durations(wanted, durations, flavors)
    bad = bad_needs(wanted)
    good = wanted.join(bad, on="need", how="anti", maintain_order="left") if bad.height else wanted
    asked = [rule for rule in RULES if rule.need in NEEDS_SCHEMA and good[rule.need].null_count() < good.height]
    answers = [_rank(part, flavors, asked, schema, top) for part in good.iter_slices(_SLICE)]
    options = pl.concat([answer[0] for answer in answers]) if answers else schema.to_frame()
    unmet = pl.concat([answer[1] for answer in answers]) if answers else UNMET_SCHEMA.to_frame()
    return FrameRecommendation(options, unmet, bad)


def _rank(
    part: pl.DataFrame, flavors: Sequence[Flavor], asked: list[Rule], schema: pl.Schema, top: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the options and the unmet needs of one slice; ``flavors`` in the order of their rank."""
    if "duration_secs" in schema:
        return _rank_by_cost(part, flavors, asked, schema, top)
    met = part.lazy().with_columns(_meets(flavor, asked).alias(f"fits {i}") for i, flavor in enumerate(flavors))
    fitting = pl.lit(0, pl.UInt16)
    for i in range(len(flavors)):
        fitting = fitting + pl.col(f"fits {i}")
        met = met.with_columns(fitting.alias(f"rank {i}"))
        fitting = pl.col(f"rank {i}")
    ranked = met.with_columns(fitting.alias("fitting")).collect()
    options = [_options_of(ranked, i, flavor, schema, top) for i, flavor in enumerate(flavors)]
    unmet = ranked.filter(pl.col("fitting") == 0)
    return (
        # Flavors come in the order of their rank, so a stable sort by need alone leaves each need's options in order.
        pl.concat(options).sort("need", maintain_order=True) if options else schema.to_frame(),
        unmet.select("need", _impossible(flavors, asked)),
    )


def _with_durations(wanted: pl.DataFrame, durations: pl.DataFrame, flavors: Sequence[Flavor]) -> pl.DataFrame:
    """Return needs with a column for the duration on each flavor, and the shortest where none was given."""
    if set(durations.columns) != set(DURATIONS_SCHEMA):
        raise UsageError(
            f"A frame of durations has the columns {', '.join(durations.columns)}.",
            hint=f"The columns are {', '.join(DURATIONS_SCHEMA)}.",
        )
    typed = durations.select(pl.col(name).cast(dtype) for name, dtype in DURATIONS_SCHEMA.items())
    if typed.select("need", "flavor").is_duplicated().any():
        raise UsageError("A frame of durations has two for one need and flavor.", hint="Keep one of each.")
    wide = typed.pivot("flavor", index="need", values="duration_secs")
    wide = wide.rename({name: _secs_on(name) for name in wide.columns if name != "need"})
    missing = [flavor.name for flavor in flavors if _secs_on(flavor.name) not in wide.columns]
    joined = wanted.join(wide, on="need", how="left", maintain_order="left")
    joined = joined.with_columns(pl.lit(None, pl.Int64).alias(_secs_on(name)) for name in missing)
    shortest = pl.min_horizontal([_secs_on(flavor.name) for flavor in flavors]) if flavors else pl.lit(None, pl.Int64)
    return joined.with_columns(duration_secs=pl.coalesce(shortest, "duration_secs"))


def _secs_on(flavor: str) -> str:
    return f"secs {flavor}"


def _wanted_on(flavor: Flavor) -> SimpleNamespace:
    """Return what the rules read where durations differ: the columns, and the duration on this flavor."""
    return SimpleNamespace(**{**vars(_WANTED), "duration_secs": pl.col(_secs_on(flavor.name))})


def _rank_by_cost(
    part: pl.DataFrame, flavors: Sequence[Flavor], asked: list[Rule], schema: pl.Schema, top: int | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the options by cost, and the unmet needs, where a job takes another time on each flavor."""
    met = part.lazy().with_columns(
        _meets(flavor, asked, _wanted_on(flavor)).fill_null(value=False).alias(f"fits {i}")
        for i, flavor in enumerate(flavors)
    )
    ranked = met.with_columns(fitting=pl.sum_horizontal(pl.col(f"fits {i}") for i in range(len(flavors)))).collect()
    options = [_priced_on(ranked, i, flavor, schema) for i, flavor in enumerate(flavors)]
    order = (
        pl.concat(options).sort("need", "cost_micro_usd", "duration_secs", maintain_order=True, nulls_last=True)
        if options
        else schema.to_frame()
    )
    order = order.with_columns(rank=pl.int_range(1, pl.len() + 1).over("need").cast(pl.UInt16))
    kept = order if top is None else order.filter(pl.col("rank") <= top)
    unmet = ranked.filter(pl.col("fitting") == 0)
    return kept.select(schema.names()), unmet.select("need", _impossible(flavors, asked))


def _priced_on(ranked: pl.DataFrame, index: int, flavor: Flavor, schema: pl.Schema) -> pl.DataFrame:
    """Return the needs that one flavor meets, with the cost of its own duration."""
    secs: Any = pl.col(_secs_on(flavor.name))
    return (
        ranked.lazy()
        .filter(pl.col(f"fits {index}"))
        .select(
            "need",
            rank=pl.lit(0, pl.UInt16),
            flavor=pl.lit(flavor.name, schema["flavor"]),
            placement=_placement_on(flavor),
            price_micro_usd_per_minute=pl.lit(flavor.price, pl.Int64),
            cost_micro_usd=job_cost_micro_usd(flavor.price, secs),
            duration_secs=secs,
        )
        .collect()
    )


def _meets(flavor: Flavor, asked: Iterable[Rule], wanted: SimpleNamespace = _WANTED) -> pl.Expr:
    return reduce(and_, (_holds(flavor, rule, wanted) for rule in asked), _has_wanted_accelerator(flavor))


def _has_wanted_accelerator(flavor: Flavor) -> pl.Expr:
    """Decide as :func:`hfplanner.recommend.rules.has_wanted_accelerator` does; never null."""
    asked = pl.col("accelerators")
    named = (
        pl.lit(value=False) if flavor.accelerator is None else asked.list.contains(accelerator_key(flavor.accelerator))
    )
    any_will_do = pl.lit(value=True) if is_gpu(flavor) else pl.all_horizontal(pl.col("vram_bytes", "gpus").is_null())
    return pl.when(asked.is_null()).then(any_will_do).otherwise(named)


def _holds(flavor: Flavor, rule: Rule, wanted: SimpleNamespace = _WANTED) -> pl.Expr:
    """Whether a rule holds: its need is not given, or the flavor is known to meet it."""
    not_given: pl.Expr = pl.col(rule.need).is_null()
    if rule.have(wanted, flavor) is None:
        return not_given
    met: pl.Expr = rule.met(wanted, flavor)
    return not_given | met


def _options_of(ranked: pl.DataFrame, index: int, flavor: Flavor, schema: pl.Schema, top: int | None) -> pl.DataFrame:
    """Return one flavor's rows of the answer."""
    price = flavor.price
    does_fit, rank = pl.col(f"fits {index}"), pl.col(f"rank {index}")
    fits = ranked.lazy().filter(does_fit if top is None else does_fit & (rank <= top))
    return fits.select(
        "need",
        rank=rank,
        flavor=pl.lit(flavor.name, schema["flavor"]),
        placement=_placement_on(flavor),
        price_micro_usd_per_minute=pl.lit(price, pl.Int64),
        cost_micro_usd=job_cost_micro_usd(price, _WANTED.duration_secs),
    ).collect()


def _placement_on(flavor: Flavor) -> pl.Expr:
    on_one_gpu = pl.col("vram_bytes").is_null() | (pl.col("vram_bytes") <= flavor.vram_per_gpu_bytes)
    placement = (
        pl.when(on_one_gpu).then(pl.lit("single")).otherwise(pl.lit("sharded")) if flavor.gpus else pl.lit("cpu")
    )
    return placement.cast(PLACEMENTS)


def _impossible(flavors: Sequence[Flavor], asked: Iterable[Rule]) -> pl.Expr:
    """Return the codes of the rules that no flavor meets, ``unpriced`` where no flavor has a price."""
    if not flavors:
        return pl.lit(["unpriced"], pl.List(pl.String)).alias("impossible")
    no_accelerator = ~reduce(or_, map(_has_wanted_accelerator, flavors))
    accelerator = (
        pl.when(pl.col("accelerators").is_null()).then(pl.lit("accelerator_type")).otherwise(pl.lit("accelerator"))
    )
    codes = [pl.when(no_accelerator).then(accelerator)]
    for rule in asked:
        unmet = ~reduce(or_, (_holds(flavor, rule) for flavor in flavors))
        codes.append(pl.when(unmet).then(pl.lit(rule.code)))
    return pl.concat_list(codes).list.drop_nulls().alias("impossible")
