"""What a GPU would run, for fake tensors that say they are on a CPU.

Sizes do not depend on the device, choices of kernels do: attention goes to flash or memory-efficient kernels, dropout
keeps a mask of one byte, and autocast runs more operations in fp32 than it does on a CPU. The choices are registered
with torch's dispatcher for as long as a block runs.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

__all__ = ["cuda_kernels"]

_aten = torch.ops.aten
_FLASH_MOST = 256
_EIGHTS, _SIXTEENTHS = 8, 16
# Operations that autocast runs in fp32 on CUDA and not on a CPU (torch documentation, "CUDA Ops that can autocast to
# float32"), among those that models use.
_FP32 = (
    "layer_norm",
    "group_norm",
    "native_layer_norm",
    "softplus",
    "cumsum",
    "log",
    "exp",
    "rsqrt",
    "cross_entropy_loss",
)


@contextlib.contextmanager
def cuda_kernels() -> Iterator[None]:
    """Send operations of CPU tensors to the kernels that CUDA would choose, while a block runs."""
    library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        # Overriding kernels is what is meant.
        warnings.simplefilter("ignore")
        library.impl("scaled_dot_product_attention", _attend, "AutogradCPU")
        library.impl("scaled_dot_product_attention", _attend_half, "AutocastCPU")
        library.impl("dropout", _drop, "AutogradCPU")
        for name in _FP32:
            library.impl(name, _in_fp32(name), "AutocastCPU")
    try:
        yield
    finally:
        library._destroy()


def _in_fp32(name: str) -> Callable[..., Any]:
    packet = getattr(_aten, name)

    def run(*args: Any, **kwargs: Any) -> Any:
        with torch._C._ExcludeDispatchKeyGuard(_AUTOCAST):
            return packet(*map(_upcast, args), **kwargs)

    return run


_AUTOCAST = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastCPU)


def _upcast(value: Any) -> Any:
    half = isinstance(value, torch.Tensor) and value.dtype in {torch.bfloat16, torch.float16}
    return value.float() if half else value


def _drop(value: Any, p: float, train: bool) -> Any:  # noqa: FBT001 - torch's signature
    return torch.native_dropout(value, p, train=True)[0] if train and p > 0 else value


def _attend_half(query: Any, key: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
    half = torch.get_autocast_dtype("cpu")
    query, key, value = (tensor.to(half) for tensor in (query, key, value))
    with torch._C._ExcludeDispatchKeyGuard(_AUTOCAST):
        return _attend(query, key, value, *args, **kwargs)


def _attend(  # noqa: PLR0913, PLR0917 - torch's signature
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,  # noqa: FBT001, FBT002
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Attend as CUDA does: flash in half precision without a mask, memory-efficient else."""
    same = query.shape[-1] == value.shape[-1] or query.shape[-1] <= _FLASH_MOST
    if attn_mask is None and query.dtype in {torch.bfloat16, torch.float16} and query.shape[-1] <= _FLASH_MOST and same:
        return _flash(query, key, value, dropout_p, is_causal=is_causal, scale=scale)
    if enable_gqa and key.shape[1] != query.shape[1]:
        times = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(times, 1), value.repeat_interleave(times, 1)
    if attn_mask is not None:
        attn_mask = _as_bias(attn_mask, query, key)
    keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value))
    return _aten._scaled_dot_product_efficient_attention(
        query, key, value, attn_mask, keep, dropout_p, is_causal, scale=scale
    )[0]


def _flash(  # noqa: PLR0913 - as above
    query: Any, key: Any, value: Any, dropout: float, *, is_causal: bool, scale: float | None
) -> Any:
    width, out_width = query.shape[-1], value.shape[-1]
    if value.shape[-1] != width:
        # Latent attention has narrower values; they are padded to the keys' width.
        value = F.pad(value, [0, width - value.shape[-1]])
    if width % _EIGHTS:
        query, key, value = (F.pad(tensor, [0, _EIGHTS - width % _EIGHTS]) for tensor in (query, key, value))
    scale = scale or width**-0.5
    attended = _aten._scaled_dot_product_flash_attention(query, key, value, dropout, is_causal, scale=scale)[0]
    return attended[..., :out_width]


def _as_bias(mask: Any, query: Any, key: Any) -> Any:
    """Return a mask as the memory-efficient kernel takes it: in the query's precision, with aligned rows."""
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill_(mask.logical_not(), float("-inf"))
    length = mask.shape[-1]
    if length % _SIXTEENTHS:
        mask = F.pad(mask, [0, _SIXTEENTHS - length % _SIXTEENTHS])[..., :length]
    return mask.expand(query.shape[0], query.shape[1], query.shape[2], key.shape[2])
