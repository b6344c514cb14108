"""The inverse question for a whole frame of jobs: the largest batch, length or rank that still fits, row by row."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place
from hfplanner.estimate.memory.frame import estimate_memory_frame
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.solve import LARGEST, STEPS, Unknown, solve
from hfplanner.models.shape import ModelShape

if TYPE_CHECKING:
    import polars as pl

__all__ = ["solve_memory_frame"]

_FIELDS = {"batch-size": "batch_size", "seq-len": "seq_len", "lora-rank": "lora_rank"}
_ROW, _KEY = "__row", "__key"
_ANSWERS = ("surely", "likely")


def solve_memory_frame(jobs: "pl.DataFrame", shapes: Mapping[str, ModelShape], unknown: Unknown) -> "pl.DataFrame":
    """Return the frame with the largest value of one input with which each job still fits.

    Args:
        jobs: as for :func:`~hfplanner.estimate.memory.frame.estimate_memory_frame`, with a column ``usable_bytes``:
            what can be used of one GPU. A column of the unknown itself is overwritten by what is asked.
        shapes: the models by the names in the column ``model``.
        unknown: the input.

    Returns:
        The frame, in its order, with ``surely`` and ``likely``, the largest value that fits with 95 % and with 50 % (0
        where none does, null where a row cannot be estimated), and ``problem``, a sentence that says why.

    Raises:
        UsageError: a column is missing, or is no field of a job.

    >>> import polars as pl
    >>> from hfplanner.models.known import find_known
    >>> frame = pl.DataFrame({"model": ["a"] * 2, "task": ["lora"] * 2, "usable_bytes": [23 * 10**9, 47 * 10**9]})
    >>> answer = solve_memory_frame(frame, {"a": find_known("Qwen/Qwen3-8B")}, "batch-size")
    >>> answer["surely"][0] < answer["surely"][1], (answer["surely"] <= answer["likely"]).all()
    (True, True)
    """
    import polars as pl  # noqa: PLC0415 - only frames need it

    if "usable_bytes" not in jobs.columns:
        raise UsageError("The frame of jobs has no column usable_bytes.", hint="What can be used of one GPU, in bytes.")
    field = _FIELDS[unknown]
    asked = jobs.drop(field, strict=False)
    # Equal rows have equal answers.
    distinct = asked.unique(maintain_order=True).with_row_index(_KEY)
    solved = _by_rows(distinct, shapes, unknown) if unknown == "lora-rank" else _by_halving(distinct, shapes, unknown)
    keyed = asked.with_row_index(_ROW).join(distinct, on=asked.columns, how="left", nulls_equal=True)
    found = keyed.join(solved, on=_KEY, how="left").sort(_ROW)
    return jobs.with_columns(*(found[name] for name in _ANSWERS), found["problem"].cast(pl.String))


def _by_halving(rows: "pl.DataFrame", shapes: Mapping[str, ModelShape], unknown: Unknown) -> "pl.DataFrame":
    """Bisect all rows at once: more never needs less."""
    import polars as pl  # noqa: PLC0415 - as above

    step = STEPS[unknown]
    limits = {
        name: max(min(LARGEST[unknown], shape.position_limit or LARGEST[unknown]), step) // step
        if unknown == "seq-len"
        else LARGEST[unknown]
        for name, shape in shapes.items()
    }
    most = rows["model"].replace_strict(limits, default=LARGEST[unknown] // step, return_dtype=pl.Int64)
    room = (rows["usable_bytes"] * _shares(rows)).alias("room")
    answers = {}
    problem: Any = None
    for name, column in zip(_ANSWERS, ("high_bytes", "likely_bytes"), strict=True):
        low, high = most * 0, most + 1
        while (high - low).max() and (high - low).max() > 1:  # type: ignore[operator] # a number
            middle = (low + high) // 2
            needs = _needs(rows, shapes, unknown, middle.clip(1) * step)
            problem = needs["problem"]
            fits = ((needs[column] <= room) & (high - low > 1)).fill_null(value=False)
            is_open = (high - low) > 1
            low = pl.select(pl.when(fits & is_open).then(middle).otherwise(low)).to_series()
            high = pl.select(pl.when(~fits & is_open).then(middle).otherwise(high)).to_series()
        answers[name] = low * step
    known = problem.is_null()
    return pl.select(
        rows[_KEY],
        *(pl.when(known).then(value).otherwise(None).alias(name) for name, value in answers.items()),
        problem.alias("problem"),
    )


def _needs(
    rows: "pl.DataFrame", shapes: Mapping[str, ModelShape], unknown: Unknown, values: "pl.Series"
) -> "pl.DataFrame":
    """Return what each row needs with a value of the unknown, on a card that is full."""
    import polars as pl  # noqa: PLC0415 - as above

    asked = rows.drop("usable_bytes", _KEY).with_columns(values.alias(_FIELDS[unknown]))
    if unknown == "seq-len" and "prompt_len" in asked.columns:
        asked = asked.with_columns(pl.min_horizontal("prompt_len", "seq_len").alias("prompt_len"))
    return estimate_memory_frame(asked, shapes, pressed=True)


def _shares(rows: "pl.DataFrame") -> Any:  # noqa: ANN401 - a column, or a number
    """Return the share of a GPU that a job may take: vLLM leaves some to others."""
    import polars as pl  # noqa: PLC0415 - as above

    if "engine" not in rows.columns:
        return 1.0
    share = "gpu_memory_utilization"
    given = pl.col(share) if share in rows.columns else pl.lit(MemoryJob().gpu_memory_utilization)
    return rows.select(pl.when(pl.col("engine") == "vllm").then(given).otherwise(1.0))[:, 0]


def _by_rows(rows: "pl.DataFrame", shapes: Mapping[str, ModelShape], unknown: Unknown) -> "pl.DataFrame":
    """Solve one distinct row after the other: every rank is another model."""
    import polars as pl  # noqa: PLC0415 - as above

    names = {one.name for one in fields(MemoryJob)}
    found: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        answer: dict[str, Any] = {_KEY: row[_KEY], "surely": None, "likely": None, "problem": None}
        shape = shapes.get(row["model"])
        if shape is None:
            found.append(answer | {"problem": f"The model {row['model']!r} is not known."})
            continue
        try:
            how: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in names
            }
            place = Place("", MemoryJob(**how).gpus, row["usable_bytes"])
            [solution] = solve(shape, MemoryJob(**how), unknown, [place])
            answer |= {"surely": solution.surely, "likely": solution.likely}
        except UsageError as error:
            answer["problem"] = error.message
        found.append(answer)
    schema = pl.Schema({_KEY: rows.schema[_KEY], "surely": pl.Int64(), "likely": pl.Int64(), "problem": pl.String()})
    return pl.DataFrame(found, schema=schema)
