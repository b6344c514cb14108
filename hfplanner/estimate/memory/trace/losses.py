"""The loss of a traced step, made in the pieces that the training libraries make it in."""

from typing import Any

import torch
from torch.nn import functional

__all__ = ["TiledHead", "chunked_loss"]

# trl 1.16, kernels/chunked_logprob.py and trainer/utils.py: logits exist as one tile at a time.
TILE_TOKENS = 4096
TILE_VOCAB = 32768


class _Tiled(torch.autograd.Function):
    """Follows TRL's fused head storage by storage; what its Triton kernels compute in place takes none."""

    @staticmethod
    def forward(ctx: Any, hidden: Any, weight: Any) -> Any:
        """Return a log-probability for each token."""
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else hidden.dtype
        ctx.save_for_backward(hidden, weight)
        ctx.dtype = dtype
        statistics = [torch.empty(hidden.shape[0]) for _ in range(7)]
        tile = _tile(hidden, weight, dtype)
        del tile
        return statistics[0]

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:  # noqa: ARG004 - torch's interface
        """Return the gradients, added up in fp32."""
        hidden, weight = ctx.saved_tensors
        of_hidden = torch.empty(hidden.shape, dtype=torch.float32)
        of_weight = torch.empty(weight.shape, dtype=torch.float32) if ctx.needs_input_grad[1] else None
        tile = _tile(hidden, weight, ctx.dtype)
        cast = of_hidden.to(hidden.dtype), None if of_weight is None else of_weight.to(weight.dtype)
        del tile
        return cast


class TiledHead(torch.autograd.Function):
    """The same with the signature of TRL's own function, which its trainers call."""

    @staticmethod
    def forward(ctx: Any, hidden: Any, weight: Any, *settings: Any) -> Any:
        """Return a log-probability for each token, and what else is asked for."""
        asked = settings[-1]
        _Tiled.forward(ctx, hidden, weight)
        ctx.save_for_backward(hidden, weight)
        per_token = [torch.empty(hidden.shape[0]) for _ in range(4)]
        top = torch.empty(hidden.shape[0], dtype=torch.bool)
        names = ("entropy", "log_sum_sq_probs", "mean_logits")
        others = [one if name in asked else None for name, one in zip(names, per_token[1:], strict=True)]
        ctx.mark_non_differentiable(*(one for one in (*others[1:], top) if one is not None))
        ctx.set_materialize_grads(False)
        return per_token[0], *others, top if "is_top1" in asked else None

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Return the gradients of the hidden states and the weight."""
        return *_Tiled.backward(ctx, gradients[0]), *([None] * 7)


def _tile(hidden: Any, weight: Any, dtype: torch.dtype) -> tuple[Any, ...]:
    """Return what is alive while one tile of logits is computed; it stays until the function returns."""
    tile = torch.empty(min(hidden.shape[0], TILE_TOKENS), TILE_VOCAB, dtype=dtype)
    return tile, hidden[:TILE_TOKENS].to(dtype), weight[:TILE_VOCAB].to(dtype)


def chunked_loss(model: Any, tokens: Any, mask: Any) -> Any:
    """Return the loss as TRL's SFTTrainer computes it: the model's backbone, then tiles of logits."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = inner.base_model(input_ids=tokens, attention_mask=mask, use_cache=False).last_hidden_state[:, :-1]
    # Picking the tokens that have a label makes a copy.
    flat = hidden.reshape(-1, hidden.shape[-1]).clone()
    head = inner.get_output_embeddings()
    weight = head.weight if head is not None else inner.get_input_embeddings().weight
    per_token = _Tiled.apply(flat, weight)
    return functional.l1_loss(per_token, torch.empty_like(per_token))
