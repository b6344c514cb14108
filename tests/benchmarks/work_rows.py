"""Published durations of a known model, phase, batch and engine, and what the operations say of them.

``data/work_durations.csv`` is an excerpt: QwenLM/Qwen (fine-tuning on one and two A100), Lightning-AI/litgpt
(Apache-2.0, generation and adapters on A100: Alpaca's samples are taken to have 110 tokens), mosaicml/llm-foundry
(Apache-2.0, pretraining under FSDP on eight GPUs), NVIDIA/TensorRT (Apache-2.0, BERT), pytorch/torchtune and
pytorch/torchtitan (BSD-3, fine-tuning and pretraining of Llama 3, compiled), petuum/adaptdl (Apache-2.0, BERT on T4),
ai-dynamo/aiconfigurator (Apache-2.0, served requests: seconds per output token), and a few rows of
lambdal/deeplearning-benchmark (BERT) and of ml-energy/leaderboard (vLLM on H100, prompts taken to have 200 tokens).
``secs`` is of one micro-batch, one pass, or one token of each sequence.

``data/picture_durations.csv`` is one of pictures and videos: chengzeyi/stable-fast (MIT; steps of denoising),
stochasticai/x-stable-diffusion (Apache-2.0) and a few rows of ml-energy/leaderboard (whole pipelines, seconds a batch).
Video is as wide as it is high with as many pixels.
"""

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from hfplanner.estimate.duration.operations.engines import engine_named, with_host
from hfplanner.estimate.duration.operations.lists import Pass, pass_operations, timed
from hfplanner.estimate.duration.operations.parallel import with_communication
from hfplanner.estimate.duration.operations.phases import Run, decode_secs, prefill_secs, train_secs
from hfplanner.estimate.duration.operations.pictures import denoise_secs, picture_secs
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.known import find_known
from hfplanner.models.shape import ModelShape
from tests.benchmarks.cross_gpu_rows import read_rows
from tests.benchmarks.fit_kernels import bench_card

__all__ = ["UNSEEN", "WorkRow", "read_work_rows", "told_secs"]

_PATH = Path(__file__).parent / "data" / "work_durations.csv"
_PICTURES = Path(__file__).parent / "data" / "picture_durations.csv"
_COMPUTED = {"bf16": "bf16", "bf16-mixed": "bf16", "fp16": "fp16", "fp16-mixed": "fp16", "fp32": "fp32", "tf32": "tf32"}
_BERT = {"bert-base": (110_000_000, 12, 768, 12), "bert-large": (340_000_000, 24, 1024, 16)}
_MPT = {
    "mosaicml/mpt-760m": (1536, 24, 12), "mosaicml/mpt-1b": (2048, 24, 16), "mosaicml/mpt-3b": (2560, 32, 20),
    "mosaicml/mpt-13b": (5120, 40, 40), "mosaicml/mpt-7b": (4096, 32, 32), "mosaicml/mpt-30b": (7168, 48, 56),
    "mosaicml/mpt-350m": (1024, 24, 16), "mosaicml/mpt-125m": (768, 12, 12), "mosaicml/mpt-70b": (8192, 64, 64),
}  # fmt: skip


UNSEEN = frozenset(
    ("lambdal/deeplearning-benchmark", "petuum/adaptdl", "pytorch/torchtitan", "pytorch/torchtune"),
)
"""Sources that no constant was chosen with: they were predicted first, and looked at then."""


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A published duration.

    Args:
        row: as the table has it.
        secs: measured.
        told: what the operations say [s].
    """

    row: dict[str, str]
    secs: float
    told: float

    @property
    def log(self) -> float:
        """Logarithm of what is told over what was measured."""
        return math.log(self.told / self.secs)


@cache
def _shape(name: str) -> ModelShape:
    if name in _BERT:
        params, layers, hidden, heads = _BERT[name]
        by_hand = ByHand(params=params, layers=layers, hidden=hidden, heads=heads, ffn=4 * hidden, vocab=30522)
        return replace(shape_by_hand(by_hand), kind="encoder", gated=False, vocab=0, kv_heads=heads)
    if name in _MPT:
        hidden, layers, heads = _MPT[name]
        params = 12 * layers * hidden**2 + 50368 * hidden
        by_hand = ByHand(params=params, layers=layers, hidden=hidden, heads=heads, ffn=4 * hidden, vocab=50368)
        return replace(shape_by_hand(by_hand), gated=False, kv_heads=heads)
    known = find_known(name)
    if known is None:
        raise KeyError(name)
    return known


def told_secs(row: dict[str, str]) -> float:
    """Return what the operations say of a row [s]."""
    shape, card = _shape(row["model"]), bench_card(row["accelerator"])
    batch, gpus = int(row["batch"]), int(row["gpus"])
    if row["engine"] == "tensorrt":
        return _tensorrt(row, shape)
    job = MemoryJob(
        task=row["kind"] if row["kind"] in {"full", "lora", "qlora"} else "inference",
        precision="fp32" if row["precision"] == "tf32" else row["precision"],
        quantization=row["quantization"] or "auto",
        engine="vllm" if row["engine"] == "vllm" else "transformers",
        batch_size=batch,
        seq_len=int(row["seq_len"] or 0) or int(row["prompt"]) + int(row["generated"]),
        checkpointing=row["checkpointing"] or "none",
        optimizer=row["optimizer"] or "adamw",
        accumulation=int(row["accumulation"] or 1),
        lora_rank=int(row["lora_rank"] or 16),
        lora_targets=tuple(row["lora_targets"].split()) or ("all-linear",),
        loss=row["loss"] or "standard",
        attention=row["attention"] or "sdpa",
        sharding=row["sharding"] or "none",
        compiled=row["engine"] == "compiled",
        gpus=gpus,
    )
    link = {"H100": "H200", "A100-40GB": "A100"}.get(card.model, card.model) if gpus > 1 else None
    run = Run(shape=shape, job=job, precision=_COMPUTED[row["precision"]], link=link)
    if row["kind"] == "decode":
        prompt, generated = int(row["prompt"]), int(row["generated"])
        step = decode_secs(card, run, batch, prompt + generated / 2)
        read = prefill_secs(card, run, 1, prompt) if run.job.engine == "vllm" else 0.0
        return step + read * batch / generated
    secs = train_secs(card, run, batch, job.seq_len)
    return with_communication(run, secs, link, gpus) if link else secs


def _tensorrt(row: dict[str, str], shape: ModelShape) -> float:
    card, engine = bench_card(row["accelerator"]), engine_named("tensorrt")
    eight = row["precision"] == "int8"
    run = Pass(
        sequences=int(row["batch"]), tokens=int(row["prompt"]), precision=row["precision"], fused=True, causal=False,
        element_bytes=1 if eight else 2, weight_bytes=1 if eight else 2,
    )  # fmt: skip
    return with_host(timed(pass_operations(shape, run), card, run), engine, shape.layers)


def _picture_secs(row: dict[str, str]) -> float:
    shape = _shape(row["model"])
    if shape.diffusion is not None and row["frames"]:
        shape = replace(shape, diffusion=replace(shape.diffusion, frames=int(row["frames"])))
    job = MemoryJob(
        resolution=int(row["resolution"]),
        denoising_steps=int(row["steps"]),
        compiled=row["engine"] == "compiled",
    )
    run = Run(shape=shape, job=job, precision=row["precision"])
    one = denoise_secs if row["kind"] == "denoise" else picture_secs
    return one(bench_card(row["accelerator"]), run, int(row["batch"]))


def read_work_rows() -> list[WorkRow]:
    """Return the published durations with what the operations say of them."""
    return [
        *(WorkRow(row, float(row["secs"]), told_secs(row)) for row in read_rows(_PATH)),
        *(WorkRow(row, float(row["secs"]), _picture_secs(row)) for row in read_rows(_PICTURES)),
    ]
