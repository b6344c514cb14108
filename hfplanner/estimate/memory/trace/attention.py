"""Attention of a traced model: transformers' own, with a mask or without one as the job has it.

transformers decides by the contents of a mask whether it is needed, which fake tensors do not have. Its registries take
an attention of one's own; this one calls transformers' function for the sdpa kernels and says outright whether there is
a mask.
"""

from functools import cache
from typing import Any

import torch

from hfplanner.estimate.memory.job import MemoryJob

__all__ = ["attention_name", "needs_mask"]

_PLAIN, _MASKED = "hfplanner-plain", "hfplanner-masked"


def needs_mask(job: MemoryJob) -> bool:
    """Whether sequences of one batch differ in length and the kernel takes a mask for it."""
    return job.attention == "sdpa" and job.sequences > 1 and job.padded


def attention_name(job: MemoryJob) -> str:
    """Return the name under which transformers knows a job's attention."""
    if job.attention == "eager":
        return "eager"
    _register()
    return _MASKED if needs_mask(job) else _PLAIN


@cache
def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface  # noqa: PLC0415 - only for its own models

    for name, mask in ((_PLAIN, _no_mask), (_MASKED, _bool_mask)):
        AttentionInterface.register(name, _attend)
        AttentionMaskInterface.register(name, mask)


def _attend(*args: Any, **kwargs: Any) -> Any:
    """Attend as transformers does with sdpa; a kernel that caps its scores keeps nothing more for it."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward  # noqa: PLC0415 - as above

    kwargs.pop("softcap", None)
    return sdpa_attention_forward(*args, **kwargs)


def _no_mask(*_args: Any, **_kwargs: Any) -> None:
    return None


def _bool_mask(*_args: Any, **kwargs: Any) -> Any:
    queries = kwargs.get("q_length") or kwargs["cache_position"].shape[0]
    return torch.empty(kwargs["batch_size"], 1, queries, kwargs["kv_length"], dtype=torch.bool)
