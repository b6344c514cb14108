"""The losses of TRL's trainers on fake tensors: the code that is installed, with what it asks of numbers answered."""

import contextlib
import importlib
from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.trace.grpo import grpo_loss
from hfplanner.estimate.memory.trace.losses import TiledHead

__all__ = ["Answers", "preference_loss", "trl_heads"]

_aten = torch.ops.aten
_BY_INDEX = (_aten.index.Tensor, _aten.index_put_.default, _aten._index_put_impl_.default)
# What GRPOTrainer's heads compute beside log-probabilities, and what DPOTrainer's do.
_OUTPUTS = {
    "grpo": ("log_probs", "entropy"),
    "dpo": ("log_probs", "entropy", "mean_logits", "is_top1"),
}


class Answers(TorchDispatchMode):
    """Answers what a loss asks of numbers: every count is one, every mask holds, that of the labels for the answers.

    Args:
        job: how it is trained.
    """

    def __init__(self, job: MemoryJob) -> None:
        super().__init__()
        self._of_labels = (job.sequences, job.seq_len - 1)
        self._labels = job.sequences * job.answer

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run an operation, or answer it."""
        if func is _aten._local_scalar_dense.default:
            return 1
        if func is _aten.is_nonzero.default:
            return True
        if func is _aten.masked_select.default:
            return self._picked(args[0], args[1])
        if func in _BY_INDEX and any(one is not None and one.dtype is torch.bool for one in args[1]):
            return self._picked(args[0], args[1][0]) if func is _aten.index.Tensor else args[0]
        return func(*args, **(kwargs or {}))

    def _picked(self, value: Any, mask: Any) -> Any:
        if mask is None or tuple(mask.shape) != self._of_labels:
            return value.reshape(-1)
        return value.new_empty((self._labels, *value.shape[mask.dim() :]))


@contextlib.contextmanager
def trl_heads(model: Any, reference: Any, job: MemoryJob) -> Iterator[None]:
    """Give models the head that TRL's trainer gives them, and answer what its losses ask of numbers.

    Raises:
        UsageError: TRL is not installed.
    """
    try:
        utils: Any = importlib.import_module("trl.trainer.utils")
    except ImportError as error:
        raise UsageError(
            f"--trace of --method {job.method} runs TRL's code, which is not installed.", hint="pip install trl"
        ) from error
    own = utils._ChunkedLogProbFunction, utils._use_triton
    # Its Triton kernels compute in place; what stands in for them without a GPU does not.
    utils._ChunkedLogProbFunction = TiledHead
    if job.method == "grpo":
        # Where there is Triton, only positions with a label go through the head.
        utils._use_triton = lambda _device: True
    try:
        if job.method != "reward":
            base = model.get_base_model() if hasattr(model, "get_base_model") else model
            utils.add_fused_lm_head(base, outputs=_OUTPUTS[job.method])
        if reference is not None:
            utils.add_fused_lm_head(reference)
        yield
    finally:
        utils._ChunkedLogProbFunction, utils._use_triton = own


def preference_loss(model: Any, reference: Any, job: MemoryJob) -> Any:
    """Return the loss of one micro-batch, by the trainer of the method."""
    with Answers(job):
        return grpo_loss(model, job) if job.method == "grpo" else _loss(model, reference, job)


def _loss(model: Any, reference: Any, job: MemoryJob) -> Any:
    trl = importlib.import_module("trl")
    if job.method == "reward":
        return trl.RewardTrainer.compute_loss(_trainer(model, None, job), model, _inputs(job))

    inputs = _inputs(job) | {"completion_mask": torch.empty(job.sequences, job.seq_len, dtype=torch.long)}
    if job.reference == "precomputed":
        inputs |= {name: torch.empty(job.batch_size) for name in ("ref_chosen_logps", "ref_rejected_logps")}
    return trl.DPOTrainer._compute_loss(_trainer(model, reference, job), model, inputs, return_outputs=False)


def _inputs(job: MemoryJob) -> dict[str, Any]:
    names = ("input_ids", "attention_mask")
    return {name: torch.empty(job.sequences, job.seq_len, dtype=torch.long) for name in names}


def _trainer(model: Any, reference: Any, job: MemoryJob) -> Any:
    """Return what the losses ask of a trainer: its defaults."""
    accelerator = SimpleNamespace(
        device="cpu", gather=lambda one: one, gather_for_metrics=lambda one: one, unwrap_model=lambda one: one
    )
    return SimpleNamespace(
        model=model,
        ref_model=reference,
        accelerator=accelerator,
        args=SimpleNamespace(gradient_checkpointing_kwargs={"use_reentrant": False}, center_rewards_coefficient=None),
        aux_loss_enabled=False,
        ld_alpha=None,
        precompute_ref_logps=job.reference == "precomputed",
        f_divergence_type="reverse_kl",
        loss_types=["sigmoid"],
        loss_weights=[1.0],
        beta=0.1,
        use_weighting=False,
        label_smoothing=0.0,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
    )
