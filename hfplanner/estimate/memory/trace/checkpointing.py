"""What a traced model recomputes: every layer, every second one, or operations of every layer."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.checkpoint import CheckpointPolicy, create_selective_checkpoint_contexts

from hfplanner.estimate.memory.job import Checkpointing

__all__ = ["recompute_layers"]

_aten = torch.ops.aten
_EVERY_SECOND = 2
# What torch's compiler calls expensive to compute (functorch's partitioners.py, get_default_op_list).
_PRODUCTS = frozenset(
    packet.default
    for packet in (
        _aten.mm,
        _aten.bmm,
        _aten.addmm,
        _aten.convolution,
        _aten._scaled_mm,
        _aten._scaled_dot_product_flash_attention,
        _aten._scaled_dot_product_efficient_attention,
    )
)


def recompute_layers(model: Any, checkpointing: Checkpointing) -> None:
    """Have a model of transformers recompute what a job says, as the Trainer switches it on."""
    if checkpointing == "none":
        return
    how: dict[str, Any] = {"use_reentrant": False}
    if checkpointing == "selective-op":
        how["context_fn"] = lambda: create_selective_checkpoint_contexts(_every_second_product())
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)
    if checkpointing == "selective":
        _leave_every_second(model)


def _leave_every_second(model: Any) -> None:
    from transformers.modeling_layers import GradientCheckpointingLayer  # noqa: PLC0415 - only for its own models

    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers[1::_EVERY_SECOND]:
        layer.gradient_checkpointing = False


def _every_second_product() -> Callable[..., CheckpointPolicy]:
    """Keep what attention and products return, but of plain matrix products every second one.

    The policy of torchtitan's SelectiveAC (torchtitan/distributed/activation_checkpoint.py).
    """
    counts = {False: 0, True: 0}

    def policy(context: Any, operation: Any, *_args: Any, **_kwargs: Any) -> CheckpointPolicy:
        if operation is _aten.mm.default:
            counts[context.is_recompute] += 1
            if counts[context.is_recompute] % _EVERY_SECOND == 0:
                return CheckpointPolicy.PREFER_RECOMPUTE
        return CheckpointPolicy.MUST_SAVE if operation in _PRODUCTS else CheckpointPolicy.PREFER_RECOMPUTE

    return policy
