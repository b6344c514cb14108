"""The estimate of a job from one step of the real code, in place of formulas: basis "traced"."""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.activations import loss_bytes
from hfplanner.estimate.memory.job import MemoryJob, settle
from hfplanner.estimate.memory.overhead import CALIBRATION, Calibration, context_bytes
from hfplanner.estimate.memory.preference import trained_shape
from hfplanner.estimate.memory.result import MemoryEstimate
from hfplanner.estimate.memory.spread import interval, spread_of
from hfplanner.estimate.memory.states import training_states
from hfplanner.estimate.memory.trace.allocator import Allocator, replay
from hfplanner.estimate.memory.trace.build import build_model
from hfplanner.estimate.memory.trace.recorder import Recorder
from hfplanner.estimate.memory.trace.step import run_inference, run_training
from hfplanner.estimate.span import Estimate
from hfplanner.models.shape import ModelShape
from hfplanner.units import MiB

__all__ = ["trace_job", "traced_estimate"]

# cuBLAS' workspaces of two streams (ATen/cuda/CUDABlas.cpp).
_WORKSPACE = 16 * MiB
_VERSIONS = ("torch", "transformers", "peft")
_REAL_PHASES = ("", "forward", "backward", "step", "prefill", "decode", "compare")
# Classifiers have a small head more, padded vocabularies some rows.
_SAME_MODEL = 0.04
_NO_GENERATOR: dict[str, Any] = {"generator": "transformers", "vllm_sleep": False}
_SIMPLE = "Leave --trace out: the formulas know it."


def trace_job(raw: Mapping[str, Any], shape: ModelShape, job: MemoryJob) -> Recorder:
    """Run one step of a job on fake tensors and return what was followed.

    Args:
        raw: the model's ``config.json``.
        shape: the model.
        job: how it is run.

    Raises:
        UsageError: what is asked cannot be traced.
    """
    job = settle(job, shape.kind)
    for asked, what in (
        (job.gpus > 1, "a run over several GPUs"),
        (job.engine == "vllm", "vLLM"),
        (job.offload != "none", "offloading"),
        (shape.diffusion is not None, "a pipeline of diffusers"),
    ):
        if asked:
            raise UsageError(f"{what} cannot be traced.", hint=_SIMPLE)
    recorder = Recorder()
    model = build_model(raw, shape, job)
    _check_size(model, trained_shape(shape, job), job)
    if not job.trains:
        run_inference(model, job, recorder)
        return recorder
    copied = replace(job, task="full", checkpointing="none", method="sft", reference="none", **_NO_GENERATOR)
    reference = build_model(raw, shape, copied).eval() if job.reference == "model" else None
    run_training(model, job, recorder, reference)
    return recorder


def _check_size(model: Any, shape: ModelShape, job: MemoryJob) -> None:
    """Refuse a config from which the installed class makes another model than the one that is meant."""
    if job.trains and job.task != "full":
        # Adapters and packed weights count too; what is full is counted below.
        return
    made, meant = sum(parameter.numel() for parameter in model.parameters()), shape.parameters.total
    if abs(made - meant) > _SAME_MODEL * meant:
        raise UsageError(
            f"The installed transformers makes {made:,} weights of this config, not {meant:,}.", hint=_SIMPLE
        )


def traced_estimate(
    raw: Mapping[str, Any], shape: ModelShape, job: MemoryJob, calibration: Calibration = CALIBRATION
) -> MemoryEstimate:
    """Return what a job needs as the installed code makes it; what lies beyond tensors is added as in the formulas.

    Raises:
        UsageError: what is asked cannot be traced.
    """
    job = settle(job, shape.kind)
    recorder = trace_job(raw, shape, job)
    allocated = max(size for phase, size in recorder.peaks.items() if phase in _REAL_PHASES) + _WORKSPACE
    added = training_states(shape, job).optimizer if job.trains and job.optimizer != "adamw" else 0.0
    allocator = Allocator(expandable=job.expandable_segments)
    step = recorder.programs[-1]
    reserved = replay([*recorder.programs, step], allocator)[-1][1] + _WORKSPACE
    parts = {
        "tensors": allocated + round(added),
        "fragmentation": max(reserved - allocated, 0),
        "cuda_context": round(context_bytes(job, calibration)),
    }
    likely = sum(parts.values())
    # What comes and goes in a step errs as activations and logits do; what is there all the time was counted.
    stays = recorder.now
    moving = float(max(allocated - stays, 0))
    logits = min(float(loss_bytes(shape, job)), moving) if job.trains and job.loss != "chunked" else 0.0
    judged = {"weights": float(stays), "activations": moving - logits, "logits": logits, **_beside(parts)}
    reach = calibration.reach(job)
    low, high = interval(likely, spread_of(shape, job, judged), reach)
    pressed = interval(likely, spread_of(shape, job, judged, pressed=True), reach)
    installed = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS)
    basis = (
        f"Traced: one step of the installed {installed}, on fake tensors",
        f"Its peak is in the {recorder.peak_phase or 'loading'} phase; reserved memory by a simulated allocator",
        "What lies beyond tensors, and the 90 % interval, as in the formulas",
    )
    return MemoryEstimate(
        shape, job, parts, Estimate(low, likely, high, basis), Estimate(*_span(pressed, likely), basis), calibration
    )


def _beside(parts: Mapping[str, int]) -> dict[str, float]:
    return {name: float(size) for name, size in parts.items() if name != "tensors"}


def _span(pressed: tuple[int, int], likely: int) -> tuple[int, int, int]:
    return pressed[0], likely, pressed[1]
