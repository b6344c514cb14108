"""The options that say which model is run, and how."""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hfplanner.api.settings import read_hub_settings, read_token
from hfplanner.cli.options import reader, whole_number
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

__all__ = ["GpuCountOption", "ModelOptions"]

_MOST = 2**31 - 1


def _number(option: str, most: int) -> Callable[[str | int], int]:
    """Return how to read a whole number that may also be a default, which typer sends through the same reader."""
    read = reader(option, whole_number(most))
    return lambda text: read(str(text))


_LARGEST_WIDTH = 10**7


def _read_params(text: str) -> int:
    from hfplanner.models.by_hand import parse_params  # noqa: PLC0415 - only where a model is given by hand

    return parse_params(text)


def _read_quantization(text: str) -> str:
    if text == "auto":
        return text
    from hfplanner.estimate.memory.weights import check_quantization  # noqa: PLC0415 - only where one is named

    return check_quantization(text)


def _width_option(option: str, text: str) -> Any:  # noqa: ANN401 - what typer.Option returns
    """Return the option of one width of a model given by hand."""
    return typer.Option(option, parser=reader(option, whole_number(_LARGEST_WIDTH)), metavar="N", help=text)


ModelOption = Annotated[
    str | None,
    typer.Option(metavar="ID_OR_DIR", help="A model of the Hub, a folder, or a GGUF file (OWNER/NAME:FILE.gguf)."),
]
ParamsOption = Annotated[
    int | None,
    typer.Option(parser=reader("--params", _read_params), metavar="COUNT", help="Without a model: 8B, 350M."),
]
TaskOption = Annotated[Task, typer.Option(help="What is run: generating, or training of what.", show_default=True)]
PrecisionOption = Annotated[
    Precision | None,
    typer.Option(help="Of weights and compute, bf16 by default; -mixed keeps fp32 weights under autocast."),
]
QuantizationOption = Annotated[
    str,
    typer.Option(
        parser=reader("--quantization", _read_quantization),
        metavar="KIND",
        help="none, int8, fp8, nf4, gptq-4bit, gptq-8bit, awq-4bit, mxfp4, gguf:KIND; auto: as stored, nf4 for qlora.",
        show_default=True,
    ),
]
KvDtypeOption = Annotated[KvDtype, typer.Option(help="Of the cache of keys and values.", show_default=True)]
EngineOption = Annotated[Engine, typer.Option(help="What generates.", show_default=True)]
BatchSizeOption = Annotated[
    int | None,
    typer.Option(parser=_number("--batch-size", _MOST), metavar="N", help="Sequences per GPU and step.  [default: 1]"),
]
SeqLenOption = Annotated[
    int,
    typer.Option(
        parser=_number("--seq-len", _MOST),
        metavar="N",
        help="Tokens of a sequence; for inference prompt and answer together.",
        show_default=True,
    ),
]
OptimizerOption = Annotated[
    Optimizer,
    typer.Option(help="Of the trained weights; adamw keeps its states in their precision.", show_default=True),
]
RankOption = Annotated[
    int,
    typer.Option(parser=_number("--lora-rank", 65536), metavar="N", help="Rank of the adapters.", show_default=True),
]
TargetsOption = Annotated[
    str,
    typer.Option(metavar="NAMES", help="Modules the adapters are on, with commas: q_proj,v_proj.", show_default=True),
]
CheckpointingOption = Annotated[
    Checkpointing, typer.Option(help="Recompute activations: of no, every second, every layer.", show_default=True)
]
AttentionOption = Annotated[Attention, typer.Option(help="eager keeps the score matrices.", show_default=True)]
ShardingOption = Annotated[Sharding, typer.Option(help="What the GPUs of a run share.", show_default=True)]
GpuCountOption = Annotated[
    int, typer.Option(parser=_number("--gpus", 8), metavar="N", help="GPUs of the run.", show_default=True)
]
OffloadOption = Annotated[Offload, typer.Option(help="What lives in main memory between uses.", show_default=True)]
LossOption = Annotated[
    Loss,
    typer.Option(help="How logits become a loss: all at once, in chunks (TRL), fused (Liger), or as before 4.45."),
]
AccumulationOption = Annotated[
    int,
    typer.Option(
        parser=_number("--accumulation", _MOST), metavar="N", help="Micro-batches per step.", show_default=True
    ),
]
QuantizedExpertsOption = Annotated[
    bool,
    typer.Option(
        "--quantized-experts", help="bitsandbytes quantizes a mixture's experts too (transformers 5 leaves them)."
    ),
]
TrainedEmbeddingsOption = Annotated[
    bool,
    typer.Option(
        "--trained-embeddings", help="Adapters aside, train embedding and output projection (modules_to_save)."
    ),
]
PackedOption = Annotated[bool, typer.Option("--packed", help="Sequences are packed: no padding, no attention mask.")]
LayersOption = Annotated[int | None, _width_option("--layers", "With --params: layers.")]
HiddenOption = Annotated[int | None, _width_option("--hidden", "With --params: width of the residual stream.")]
HeadsOption = Annotated[int | None, _width_option("--heads", "With --params: query heads.")]
KvHeadsOption = Annotated[int | None, _width_option("--kv-heads", "With --params: key and value heads.")]
FfnOption = Annotated[int | None, _width_option("--ffn", "With --params: inner width of the feed-forward block.")]
VocabOption = Annotated[int | None, _width_option("--vocab", "With --params: tokens of the vocabulary.")]

_WIDTHS = ("layers", "hidden", "heads", "kv_heads", "ffn", "vocab")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """Which model is run, and how, as typed."""

    model: ModelOption = None
    params: ParamsOption = None
    layers: LayersOption = None
    hidden: HiddenOption = None
    heads: HeadsOption = None
    kv_heads: KvHeadsOption = None
    ffn: FfnOption = None
    vocab: VocabOption = None
    task: TaskOption = "inference"
    precision: PrecisionOption = None
    quantization: QuantizationOption = "auto"
    quantized_experts: QuantizedExpertsOption = False
    kv_dtype: KvDtypeOption = "auto"
    engine: EngineOption = "transformers"
    batch_size: BatchSizeOption = None
    seq_len: SeqLenOption = 2048
    optimizer: OptimizerOption = "adamw"
    lora_rank: RankOption = 16
    lora_targets: TargetsOption = "all-linear"
    trained_embeddings: TrainedEmbeddingsOption = False
    checkpointing: CheckpointingOption = "none"
    attention: AttentionOption = "sdpa"
    loss: LossOption = "standard"
    accumulation: AccumulationOption = 1
    packed: PackedOption = False
    offload: OffloadOption = "none"
    sharding: ShardingOption = "none"

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
