"""``hfplanner estimate memory``."""

import os
from typing import Annotated, Any

from hfplanner.api.settings import read_hub_settings, read_token
from hfplanner.catalog.accelerators import facts_of
from hfplanner.catalog.listing import Listing
from hfplanner.cli.model_options import (
    AccumulationOption,
    AttentionOption,
    BatchSizeOption,
    CheckpointingOption,
    EngineOption,
    GpuCountOption,
    KvDtypeOption,
    LossOption,
    ModelOption,
    OffloadOption,
    OptimizerOption,
    PackedOption,
    ParamsOption,
    PrecisionOption,
    QuantizationOption,
    QuantizedExpertsOption,
    RankOption,
    SeqLenOption,
    ShardingOption,
    TargetsOption,
    TaskOption,
    TrainedEmbeddingsOption,
    width_option,
)
from hfplanner.cli.options import (
    FormatOption,
    JsonOption,
    OfflineOption,
    QuietOption,
    RefreshOption,
    get_listing,
    now_utc,
)
from hfplanner.cli.output import OutputFormat, print_json, print_lines, print_tsv, resolve_format
from hfplanner.errors import UsageError
from hfplanner.estimate.memory.fits import Place
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.report import MemoryReport, report_memory
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.load import ModelSource, load_model
from hfplanner.models.shape import ModelShape

__all__ = ["memory", "places_of"]

EXAMPLES = [
    "hfplanner estimate memory --model Qwen/Qwen3-8B --seq-len 8192",
    "hfplanner estimate memory --model meta-llama/Llama-3.1-8B --task qlora --batch-size 4 --seq-len 2048",
    "hfplanner estimate memory --model google/gemma-3-27b-it --task full --sharding fsdp --gpus 8",
    "hfplanner estimate memory --model openai/gpt-oss-20b --engine vllm --seq-len 32768 --json",
    "hfplanner estimate memory --params 8B --task lora",
]

_AGENT_COLUMNS = ("flavor", "usable_bytes", "fits", "probability", "note")

LayersOption = Annotated[int | None, width_option("--layers", "With --params: layers.")]
HiddenOption = Annotated[int | None, width_option("--hidden", "With --params: width of the residual stream.")]
HeadsOption = Annotated[int | None, width_option("--heads", "With --params: query heads.")]
KvHeadsOption = Annotated[int | None, width_option("--kv-heads", "With --params: key and value heads.")]
FfnOption = Annotated[int | None, width_option("--ffn", "With --params: inner width of the feed-forward block.")]
VocabOption = Annotated[int | None, width_option("--vocab", "With --params: tokens of the vocabulary.")]


def memory(
    model: ModelOption = None,
    params: ParamsOption = None,
    layers: LayersOption = None,
    hidden: HiddenOption = None,
    heads: HeadsOption = None,
    kv_heads: KvHeadsOption = None,
    ffn: FfnOption = None,
    vocab: VocabOption = None,
    task: TaskOption = "inference",
    precision: PrecisionOption = "bf16",
    quantization: QuantizationOption = "auto",
    quantized_experts: QuantizedExpertsOption = False,
    kv_dtype: KvDtypeOption = "auto",
    engine: EngineOption = "transformers",
    batch_size: BatchSizeOption = 1,
    seq_len: SeqLenOption = 2048,
    optimizer: OptimizerOption = "adamw",
    lora_rank: RankOption = 16,
    lora_targets: TargetsOption = "all-linear",
    trained_embeddings: TrainedEmbeddingsOption = False,
    checkpointing: CheckpointingOption = "none",
    attention: AttentionOption = "sdpa",
    loss: LossOption = "standard",
    accumulation: AccumulationOption = 1,
    packed: PackedOption = False,
    sharding: ShardingOption = "none",
    gpus: GpuCountOption = 1,
    offload: OffloadOption = "none",
    refresh: RefreshOption = False,
    offline: OfflineOption = False,
    output_format: FormatOption = OutputFormat.AUTO,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Say how much memory a model needs on each GPU, of what it consists, and which flavors it fits.

    The interval holds what torch reserves plus the CUDA context in 90 of 100 cases.
    """
    shown = resolve_format(output_format, json=json, quiet=quiet, environ=os.environ)
    by_hand = (layers, hidden, heads, kv_heads, ffn, vocab)
    job = MemoryJob(
        task=task,
        precision=precision,
        quantization=quantization,
        quantized_experts=quantized_experts,
        kv_dtype=kv_dtype,
        engine=engine,
        batch_size=batch_size,
        seq_len=seq_len,
        optimizer=optimizer,
        lora_rank=lora_rank,
        lora_targets=tuple(name for name in lora_targets.split(",") if name.strip()),
        trained_embeddings=trained_embeddings,
        checkpointing=checkpointing,
        attention=attention,
        loss=loss,
        accumulation=accumulation,
        packed=packed,
        sharding=sharding,
        gpus=gpus,
        offload=offload,
    )
    shape = _shape(model, params, by_hand, offline=offline)
    listing = get_listing(offline=offline, refresh=refresh, now=now_utc())
    _show(report_memory(shape, job, places_of(listing)), shown)
    return 0


def _shape(model: str | None, params: int | None, widths: tuple[int | None, ...], *, offline: bool) -> ModelShape:
    if (model is None) == (params is None):
        which = "both are" if model else "neither is"
        raise UsageError(
            f"A model is given by --model or by --params; {which} there.", hint="For example --model Qwen/Qwen3-8B."
        )
    if params is not None:
        layers, hidden, heads, kv_heads, ffn, vocab = widths
        given = ByHand(
            params=params, layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, ffn=ffn, vocab=vocab
        )
        return shape_by_hand(given)
    if any(width is not None for width in widths):
        raise UsageError("Widths like --layers go with --params, not with --model.", hint="Leave them out.")
    settings = read_hub_settings(os.environ)
    source = ModelSource(endpoint=settings.endpoint, token=read_token(os.environ), offline=offline or settings.offline)
    return load_model(str(model), source)


def places_of(listing: Listing) -> tuple[Place, ...]:
    """Return the listed flavors as places with their usable memory; CPU flavors have no GPU, unknown stays unknown."""
    places = []
    for flavor in listing.flavors:
        facts = facts_of(flavor.accelerator) if flavor.accelerator_type == "gpu" else None
        usable = facts.memory_usable_bytes if facts else None
        places.append(Place(flavor.name, flavor.gpus, usable, facts.bf16 if facts else None))
    return tuple(places)


def _show(report: MemoryReport, shown: OutputFormat) -> None:
    match shown:
        case OutputFormat.JSON:
            print_json(report.to_json())
        case OutputFormat.QUIET:
            print_lines(fit.flavor for fit in report.fits if fit.verdict in {"yes", "likely"})
        case OutputFormat.AGENT:
            rows: list[dict[str, Any]] = [dict(fit.to_json()) for fit in report.fits]
            print_tsv(_AGENT_COLUMNS, ([row[column] for column in _AGENT_COLUMNS] for row in rows))
        case _:
            from hfplanner.cli.show_memory import show_memory  # noqa: PLC0415 - rich, for people only

            show_memory(report)
