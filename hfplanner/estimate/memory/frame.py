"""A whole frame of jobs estimated at once: the same formulas, over polars columns."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.columns import greatest
from hfplanner.estimate.memory.job import ColumnJob, settle
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration
from hfplanner.estimate.memory.result import raw_parts
from hfplanner.estimate.memory.spread import spread_of
from hfplanner.models.shape import ModelShape

if TYPE_CHECKING:
    import polars as pl

__all__ = ["estimate_memory_frame"]

_NUMBERS = ("batch_size", "seq_len", "prompt_len")
_MOST = 2**31
_ROW = "__row"


def estimate_memory_frame(
    jobs: "pl.DataFrame",
    shapes: Mapping[str, ModelShape],
    calibration: Calibration = CALIBRATION,
    *,
    pressed: bool = False,
) -> "pl.DataFrame":
    """Return the frame with what each job needs of each GPU.

    Args:
        jobs: a column ``model`` and any fields of :class:`~hfplanner.estimate.memory.job.MemoryJob`, each of which has
            its default where it is no column.
        shapes: the models by the names in that column.
        calibration: the learnt constants.
        pressed: on cards that are full, where the allocator gives back what it holds unused: this must fit.

    Returns:
        The frame, in its order, with ``low_bytes``, ``likely_bytes`` and ``high_bytes`` (null where a row cannot be
        estimated) and ``problem``, a sentence that says why.

    Raises:
        UsageError: there is no column ``model``, or a column is no field of a job.

    >>> import polars as pl
    >>> from hfplanner.models.known import find_known
    >>> frame = pl.DataFrame({"model": ["a", "a", "b"], "seq_len": [1024, 2048, 1024]})
    >>> answer = estimate_memory_frame(frame, {"a": find_known("Qwen/Qwen3-8B")})
    >>> answer["likely_bytes"].is_null().to_list(), answer["problem"].to_list()
    ([False, False, True], [None, None, "The model 'b' is not known."])
    """
    import polars as pl  # noqa: PLC0415 - only frames need it

    names = {field.name for field in fields(ColumnJob)}
    if "model" not in jobs.columns or not set(jobs.columns) <= names | {"model"}:
        unknown = ", ".join(sorted(set(jobs.columns) - names - {"model"})) or "no column model"
        raise UsageError(f"The frame of jobs has {unknown}.", hint="Columns: model, and the fields of a MemoryJob.")
    keys = [name for name in jobs.columns if name not in _NUMBERS]
    numbers = [name for name in _NUMBERS if name in jobs.columns]
    parts = [
        _estimated(group, dict(zip(keys, key, strict=True)), numbers, shapes, calibration, pressed=pressed)
        for key, group in jobs.with_row_index(_ROW).group_by(keys)
    ]
    empty = [pl.Series(name, [], pl.Int64) for name in ("low_bytes", "likely_bytes", "high_bytes")]
    if not parts:
        return jobs.with_columns(*empty, pl.Series("problem", [], pl.String))
    return pl.concat(parts).sort(_ROW).drop(_ROW)


def _estimated(  # noqa: PLR0913 - the group, and what is the same for all
    group: "pl.DataFrame",
    key: Mapping[str, Any],
    numbers: list[str],
    shapes: Mapping[str, ModelShape],
    calibration: Calibration,
    *,
    pressed: bool,
) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - as above

    shape = shapes.get(key["model"])
    if shape is None:
        return _failed(group, f"The model {key['model']!r} is not known.")
    given = {name: _field(value) for name, value in key.items() if name != "model"}
    columns: dict[str, Any] = {name: group[name].cast(pl.Float64) for name in numbers}
    try:
        job = settle(ColumnJob(**given, **columns), shape.kind)
        raw = raw_parts(shape, job, calibration)
    except UsageError as error:
        return _failed(group, error.message)
    likely = sum(_rounded(part) for part in raw.values())
    (down, up), (reach_down, reach_up) = spread_of(shape, job, raw, pressed=pressed), calibration.reach(job)
    bounds = {
        "low_bytes": greatest(likely - reach_down * down, 0.0),
        "likely_bytes": likely,
        "high_bytes": likely + reach_up * up,
    }
    sane = pl.all_horizontal(pl.lit(value=True), *(pl.col(name).is_between(1, _MOST) for name in numbers))
    sane = sane.fill_null(value=False)
    problem = pl.lit(f"A number of {', '.join(numbers)} is not from 1 to {_MOST}.")
    return group.with_columns(
        *(pl.when(sane).then(pl.lit(value).round(0)).cast(pl.Int64).alias(name) for name, value in bounds.items()),
        pl.when(sane).then(pl.lit(None, pl.String)).otherwise(problem).alias("problem"),
    )


def _field(value: Any) -> Any:  # noqa: ANN401 - a cell of a frame
    return tuple(value) if isinstance(value, list) else value


def _rounded(part: Any) -> Any:  # noqa: ANN401 - a number or a column
    return float(round(part)) if isinstance(part, int | float) else part.round(0)


def _failed(group: "pl.DataFrame", why: str) -> "pl.DataFrame":
    import polars as pl  # noqa: PLC0415 - as above

    nothing = (pl.lit(None, pl.Int64).alias(name) for name in ("low_bytes", "likely_bytes", "high_bytes"))
    return group.with_columns(*nothing, pl.lit(why).alias("problem"))
