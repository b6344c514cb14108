"""The options that say which model is run, and how."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from hfplanner.cli.options import reader, whole_number
from hfplanner.estimate.memory.job import (
    Attention,
    Checkpointing,
    Engine,
    KvDtype,
    Loss,
    Offload,
    Optimizer,
    Precision,
    Sharding,
    Task,
)
from hfplanner.estimate.memory.weights import check_quantization
from hfplanner.models.by_hand import parse_params

__all__ = [
    "AccumulationOption",
    "AttentionOption",
    "BatchSizeOption",
    "CheckpointingOption",
    "EngineOption",
    "GpuCountOption",
    "KvDtypeOption",
    "LossOption",
    "ModelOption",
    "OffloadOption",
    "OptimizerOption",
    "PackedOption",
    "ParamsOption",
    "PrecisionOption",
    "QuantizationOption",
    "QuantizedExpertsOption",
    "RankOption",
    "SeqLenOption",
    "ShardingOption",
    "TargetsOption",
    "TaskOption",
    "TrainedEmbeddingsOption",
    "width_option",
]

_MOST = 2**31 - 1


def _number(option: str, most: int) -> Callable[[str | int], int]:
    """Return how to read a whole number that may also be a default, which typer sends through the same reader."""
    read = reader(option, whole_number(most))
    return lambda text: read(str(text))


_LARGEST_WIDTH = 10**7


def width_option(option: str, text: str) -> Any:  # noqa: ANN401 - what typer.Option returns
    """Return the option of one width of a model given by hand."""
    return typer.Option(option, parser=reader(option, whole_number(_LARGEST_WIDTH)), metavar="N", help=text)


ModelOption = Annotated[
    str | None,
    typer.Option(metavar="ID_OR_DIR", help="A model of the Hub, a folder, or a GGUF file (OWNER/NAME:FILE.gguf)."),
]
ParamsOption = Annotated[
    int | None,
    typer.Option(parser=reader("--params", parse_params), metavar="COUNT", help="Without a model: 8B, 350M."),
]
TaskOption = Annotated[Task, typer.Option(help="What is run: generating, or training of what.", show_default=True)]
PrecisionOption = Annotated[
    Precision, typer.Option(help="Of weights and compute; -mixed keeps fp32 weights under autocast.", show_default=True)
]
QuantizationOption = Annotated[
    str,
    typer.Option(
        parser=reader("--quantization", check_quantization),
        metavar="KIND",
        help="none, int8, fp8, nf4, gptq-4bit, gptq-8bit, awq-4bit, mxfp4, gguf:KIND; auto: as stored, nf4 for qlora.",
        show_default=True,
    ),
]
KvDtypeOption = Annotated[KvDtype, typer.Option(help="Of the cache of keys and values.", show_default=True)]
EngineOption = Annotated[Engine, typer.Option(help="What generates.", show_default=True)]
BatchSizeOption = Annotated[
    int,
    typer.Option(
        parser=_number("--batch-size", _MOST), metavar="N", help="Sequences per GPU and step.", show_default=True
    ),
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
