"""TRL's GRPOTrainer on fake tensors: the log-probabilities of answers before a step, and the step's loss."""

import contextlib
import functools
import importlib
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.preference import compares_with_itself

__all__ = ["compare_answers", "grpo_loss"]

# GRPOConfig's coefficient of the reference, where there is one: as in DeepSeek-R1's paper.
_BETA = 0.04


def compare_answers(model: Any, reference: Any, job: MemoryJob) -> tuple[Any, ...]:
    """Compute the log-probabilities of a batch's answers without gradients; TRL keeps them until its loss.

    Those of the model as it wrote them are computed where vLLM wrote the answers, those of the reference where there is
    one.
    """
    trainer = _trainer(model, job)
    kept = []
    with torch.no_grad():
        if compares_with_itself(job):
            kept.append(_log_probabilities(trainer, model, job))
        if reference is not None:
            kept.append(_log_probabilities(trainer, reference, job))
        elif job.reference == "adapters-off":
            with model.disable_adapter():
                kept.append(_log_probabilities(trainer, model, job))
    return tuple(kept)


def _log_probabilities(trainer: Any, model: Any, job: MemoryJob) -> Any:
    batch = job.batch_size * job.accumulation
    inputs = [torch.empty(batch, job.seq_len, dtype=torch.long) for _ in range(2)]
    return trainer._get_per_token_logps_and_entropies(model, *inputs, job.answer, batch_size=job.batch_size)[0]


def grpo_loss(model: Any, job: MemoryJob) -> Any:
    """Return the loss of one micro-batch of prompts with their answers."""
    answers = job.answer
    inputs = {
        f"{part}_{what}": torch.empty(job.batch_size, length, dtype=torch.long)
        for part, length in (("prompt", job.seq_len - answers), ("completion", answers))
        for what in ("ids", "mask")
    }
    inputs |= {"advantages": torch.empty(job.batch_size), "num_items_in_batch": torch.empty(())}
    if compares_with_itself(job):
        inputs |= {name: torch.empty(job.batch_size, answers) for name in ("old_per_token_logps", _RATIO)}
    if job.reference != "none":
        inputs["ref_per_token_logps"] = torch.empty(job.batch_size, answers)
    return importlib.import_module("trl").GRPOTrainer._compute_loss(_trainer(model, job), model, inputs)


_RATIO = "importance_sampling_ratio"


def _trainer(model: Any, job: MemoryJob) -> Any:
    """Return what the loss asks of a trainer: GRPOConfig's defaults."""
    accelerator = SimpleNamespace(
        device="cpu",
        is_main_process=True,
        num_processes=1,
        autocast=contextlib.nullcontext,
        gather=lambda one: one,
        gather_for_metrics=lambda one: one,
        reduce=lambda one, **_: one,
        unwrap_model=lambda one: one,
    )
    trainer = SimpleNamespace(
        model=model,
        accelerator=accelerator,
        args=SimpleNamespace(
            report_to=[], delta=None, use_bias_correction_kl=False, steps_per_generation=job.accumulation
        ),
        state=SimpleNamespace(global_step=0),
        aux_loss_enabled=False,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        importance_sampling_level="token",
        loss_type="dapo",
        beta=0.0 if job.reference == "none" else _BETA,
        epsilon_low=0.2,
        epsilon_high=0.2,
        use_vllm=compares_with_itself(job),
        vllm_importance_sampling_correction=True,
        current_gradient_accumulation_steps=job.accumulation,
        _entropy_bonus_enabled=False,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
    )
    method = importlib.import_module("trl").GRPOTrainer._get_per_token_logps_and_entropies
    trainer._get_per_token_logps_and_entropies = functools.partial(method, trainer)
    return trainer
