"""The columns of every frame of the front door, declared: the same ones whatever was asked and however many rows."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "BUDGETS",
    "CHECKED_JOBS",
    "ESTIMATES",
    "FLAVORS",
    "MEASURED",
    "MEMORY_FITS",
    "OPTIONS",
    "PRICES",
    "SCHEDULES",
    "SWEEP",
    "SWEEP_JOBS",
    "Columns",
    "flat_row",
    "frame_of",
]

Kind = Literal["int", "float", "str", "bool", "ints", "texts", "estimate"]
Columns = Mapping[str, Kind]
"""What each column holds; an estimate is three columns: ``_low``, ``_likely`` and ``_high``."""

_MACHINE: Columns = {
    "accelerator": "str",
    "gpus": "int",
    "vram_total_bytes": "int",
    "vram_per_gpu_bytes": "int",
    "vcpu": "int",
    "ram_bytes": "int",
    "disk_bytes": "int",
    "price_micro_usd_per_minute": "int",
    "usd_per_hour": "float",
}
FLAVORS: Columns = {
    "name": "str",
    "pretty_name": "str",
    **_MACHINE,
    "accelerator_type": "str",
    "vram_usable_per_gpu_bytes": "int",
    "bandwidth_bytes_per_sec": "int",
    **{f"dense_ops_per_sec_{name}": "int" for name in ("fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4")},
    "compute_capability": "float",
    "bf16": "bool",
    "fp8": "bool",
    "interconnect": "str",
    "tdp_watts": "int",
    "unpriced_reason": "str",
    "source": "str",
    "checked": "str",
    "live": "bool",
}
OPTIONS: Columns = {
    "rank": "int",
    "flavor": "str",
    **_MACHINE,
    "placement": "str",
    "duration_secs": "estimate",
    "cost_micro_usd": "estimate",
    "pareto": "bool",
    "break_even_speedup": "float",
    "dominated_by": "texts",
    "notes": "texts",
    "memory_gpus": "int",
    "memory_per_gpu_bytes": "estimate",
    "memory_usable_bytes": "int",
    "memory_fits": "str",
    "memory_probability": "float",
    "memory_ram_bytes": "estimate",
    "memory_disk_bytes": "estimate",
    "suggested_timeout_secs": "int",
    "suggested_timeout_bound": "str",
    "worst_case_micro_usd": "int",
    "micro_usd_per_million_tokens": "estimate",
    "probability_cheapest": "float",
    "probability_within_max_time": "float",
    "probability_within_max_cost": "float",
    "probability_within_deadline": "float",
    "queue_wait_secs": "estimate",
    "uncertain": "texts",
    "timeout_least_cost_timeout_secs": "int",
    "timeout_least_cost_expected_cost_micro_usd": "int",
    "timeout_least_cost_killed": "float",
    "timeout_least_cost_hangs": "float",
    "timeout_least_cost_checkpoint_secs": "int",
    "suggested_checkpoint_secs": "int",
}
MEMORY_FITS: Columns = {
    "flavor": "str",
    "usable_bytes": "int",
    "fits": "str",
    "probability": "float",
    "note": "str",
    "cuda_context_bytes": "int",
}
MEASURED: Columns = {
    "id": "str",
    "flavor": "str",
    "peak_bytes": "int",
    "metric": "str",
    "out_of_memory": "bool",
    "source": "str",
    "seen_at": "str",
    "name": "str",
    "job_id": "str",
    "settings_model": "str",
    "settings_task": "str",
    "settings_batch_size": "int",
    "settings_seq_len": "int",
    "settings_lora_rank": "int",
    "settings_gpus": "int",
}
ESTIMATES: Columns = {
    "flavor": "str",
    "duration_secs": "estimate",
    "cost_micro_usd": "estimate",
    "worst_case_micro_usd": "int",
    "timeout_secs": "int",
    "suggested_timeout_secs": "int",
    "suggested_timeout_bound": "str",
    "micro_usd_per_million_tokens": "estimate",
}
SWEEP: Columns = {
    "flavor": "str",
    "jobs": "int",
    "trials_per_job": "int",
    "rounds": "int",
    "slots": "int",
    "parallel": "int",
    "secs": "int",
    "timeout_secs": "int",
    "cost_micro_usd": "int",
    "worst_case_micro_usd": "int",
}
PRICES: Columns = {
    "flavor": "str",
    "seen": "str",
    "price_micro_usd_per_minute": "int",
    "usd_per_hour": "float",
    "source": "str",
    "note": "str",
}
SCHEDULES: Columns = {
    "id": "str",
    "name": "str",
    "schedule": "str",
    "suspend": "bool",
    "concurrency": "bool",
    "flavor": "str",
    "image": "str",
    "command": "texts",
    "environment": "texts",
    "secrets": "texts",
    "owner": "str",
    "initiator": "str",
    "last_run": "str",
    "next_run": "str",
    "runs": "int",
    "monthly_worst_case_micro_usd": "int",
    "problem": "str",
}
APPROVALS: Columns = {
    "code": "str",
    "agent": "str",
    "worst_case_micro_usd": "int",
    "created_at": "str",
    "expires": "str",
    "approved_by": "str",
    "approved_at": "str",
    "submission_id": "str",
}
SWEEP_JOBS: Columns = {
    "number": "int",
    "key": "str",
    "submission_id": "str",
    "state": "str",
    "job_id": "str",
    "url": "str",
    "flavor": "str",
    "timeout_secs": "int",
    "attempts": "int",
    "worst_case_micro_usd": "int",
    "trials": "ints",
    "slots": "int",
}
CHECKED_JOBS: Columns = {
    "source": "str",
    "line": "int",
    "name": "str",
    "decision": "str",
    "reasons": "texts",
    "warnings": "texts",
    "flavor": "str",
    "timeout_secs": "int",
    "attempts": "int",
    "schedule": "str",
    "concurrency": "bool",
    "runs": "int",
    "worst_case_micro_usd": "int",
    "likely_micro_usd": "estimate",
    "budgets": "texts",
}
BUDGETS: Columns = {
    "name": "str",
    "period": "str",
    "timezone": "str",
    "start": "str",
    "end": "str",
    "scope": "str",
    "limit_micro_usd": "int",
    "spent_micro_usd": "int",
    "held_micro_usd": "int",
    "this_job_micro_usd": "int",
    "left_micro_usd": "int",
    "available_micro_usd": "int",
    "overrun_micro_usd": "int",
    "parts_settled_micro_usd": "int",
    "parts_outside_spent_micro_usd": "int",
    "parts_submissions_held_micro_usd": "int",
    "parts_outside_held_micro_usd": "int",
    "parts_scheduled_micro_usd": "int",
    "waiver_reason": "str",
    "waiver_author": "str",
    "waiver_expires": "str",
}
_BOUNDS = ("low", "likely", "high")


def frame_of(columns: Columns, rows: Iterable[Mapping[str, Any]]) -> "pl.DataFrame":
    """Return rows of JSON as a frame of declared columns: a part of a part is a column of its own.

    >>> frame_of(MEMORY_FITS, [{"flavor": "l4x1", "fits": "yes"}]).row(0)
    ('l4x1', None, 'yes', None, None, None)
    """
    import polars as pl  # noqa: PLC0415 - only where a frame is asked for

    kinds: dict[str, pl.DataType] = {
        "int": pl.Int64(),
        "float": pl.Float64(),
        "str": pl.String(),
        "bool": pl.Boolean(),
        "ints": pl.List(pl.Int64()),
        "texts": pl.List(pl.String()),
        "estimate": pl.Int64(),
    }
    schema = pl.Schema(
        {
            name: kinds[kind]
            for column, kind in columns.items()
            for name in ([f"{column}_{bound}" for bound in _BOUNDS] if kind == "estimate" else [column])
        }
    )
    flat = [flat_row(row) for row in rows]
    return pl.DataFrame([[row.get(name) for name in schema] for row in flat], schema=schema, orient="row")


def flat_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in which a part of a part has a name of its own; of an estimate its numbers.

    >>> flat_row({"secs": {"low": 1, "likely": 2, "high": 3, "basis": ["one run"]}, "memory": {"gpus": 1}})
    {'secs_low': 1, 'secs_likely': 2, 'secs_high': 3, 'memory_gpus': 1}
    """
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, Mapping):
            flat[name] = value
            continue
        parts = _BOUNDS if "likely" in value else tuple(value)
        flat |= flat_row({f"{name}_{part}": value[part] for part in parts})
    return flat
