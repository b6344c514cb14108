"""The options of ``estimate duration`` and ``estimate cost``."""

from dataclasses import replace

from hfplanner.plan.arguments import TIME, UTILIZATION, find_arguments

__all__ = ["DURATION"]

_MODEL, _PARAMS, _TASK, _PRECISION, _SEQ_LEN, _BATCH_SIZE = find_arguments(
    "model", "params", "task", "precision", "seq_len", "batch_size"
)

DURATION = (
    *TIME,
    UTILIZATION,
    _MODEL,
    _PARAMS,
    replace(
        _TASK,
        choices="hfplanner.cli.duration_options:TrainedTask",
        default=None,
        shown_default="",
        help="Which weights are trained.",
    ),
    replace(
        _PRECISION,
        choices="hfplanner.estimate.duration.workload:Precision",
        shown_default="",
        help="What it computes in; 16 bits unless said.",
    ),
    _SEQ_LEN,
    _BATCH_SIZE,
)
"""How long the job ran where it was measured, or what it works on where it never ran."""
