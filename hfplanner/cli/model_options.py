"""Which model is run, and how, as it was asked for."""

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from hfplanner.api.settings import read_hub_settings, read_token
from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import (
    Attention,
    Checkpointing,
    Engine,
    KvDtype,
    Loss,
    MemoryJob,
    Offload,
    Optimizer,
    Precision,
    Sharding,
    Task,
)

if TYPE_CHECKING:
    from hfplanner.models.shape import ModelShape

__all__ = ["ModelOptions"]

_WIDTHS = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Which model is run, and how, as typed."""

    model: str | None = None
    params: int | None = None
    layers: int | None = None
    hidden: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    ffn: int | None = None
    vocab: int | None = None
    task: Task = "inference"
    precision: Precision | None = None
    quantization: str = "auto"
    quantized_experts: bool = False
    kv_dtype: KvDtype = "auto"
    engine: Engine = "transformers"
    batch_size: int | None = None
    seq_len: int = 2048
    optimizer: Optimizer = "adamw"
    lora_rank: int = 16
    lora_targets: str = "all-linear"
    trained_embeddings: bool = False
    checkpointing: Checkpointing = "none"
    attention: Attention = "sdpa"
    loss: Loss = "standard"
    accumulation: int = 1
    packed: bool = False
    offload: Offload = "none"
    sharding: Sharding = "none"

    @property
    def is_given(self) -> bool:
        """Whether a model is named at all."""
        return self.model is not None or self.params is not None

    def changed(self) -> tuple[str, ...]:
        """Return the options that are not what they are by default."""
        return tuple(
            f"--{field.name.replace('_', '-')}"
            for field in fields(self)
            if field.name not in {"model", "params"} and getattr(self, field.name) != field.default
        )

    def job(self, gpus: int) -> MemoryJob:
        """Return how the model is run, over so many GPUs.

        Raises:
            UsageError: the options contradict each other.
        """
        how = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in {"model", "params", "lora_targets", *_WIDTHS}
        }
        how |= {"precision": self.precision or "bf16", "batch_size": self.batch_size or 1}
        targets = tuple(name for name in self.lora_targets.split(",") if name.strip())
        return MemoryJob(lora_targets=targets, gpus=gpus, **how)

    def shape(self, *, offline: bool) -> "ModelShape":
        """Return the model: by hand, of a folder, shipped, or asked from the Hub.

        Raises:
            UsageError: it is given twice or not at all, or widths go without a number of parameters.
            ModelError: it cannot be had, or read.
        """
        if (self.model is None) == (self.params is None):
            which = "both are" if self.model else "neither is"
            raise UsageError(
                f"A model is given by --model or by --params; {which} there.", hint="For example --model Qwen/Qwen3-8B."
            )
        widths = {name: getattr(self, name) for name in _WIDTHS}
        if self.params is not None:
            from hfplanner.models.by_hand import ByHand, shape_by_hand  # noqa: PLC0415 - only where it is asked for

            return shape_by_hand(ByHand(params=self.params, **widths))
        if any(width is not None for width in widths.values()):
            raise UsageError("Widths like --layers go with --params, not with --model.", hint="Leave them out.")
        from hfplanner.models.load import ModelSource, load_model  # noqa: PLC0415 - only where it is asked for

        settings = read_hub_settings(os.environ)
        offline = offline or settings.offline
        return load_model(
            str(self.model),
            ModelSource(endpoint=settings.endpoint, token=read_token(os.environ), offline=offline),
        )
