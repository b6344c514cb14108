"""Published measurements of memory as rows, and what each of them ran, in this project's words."""

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.known import find_known
from hfplanner.models.shape import ModelShape
from hfplanner.units import GB, GiB, MiB

__all__ = ["MeasuredRow", "read_rows"]

# Names that papers and tables use, as ids of the Hub.
_IDS = {
    "phi-1.5 1.3b": "microsoft/phi-1_5",
    "stablelm alpha 3b": "stabilityai/stablelm-base-alpha-3b",
    "llama 2 7b": "meta-llama/Llama-2-7b-hf",
    "llama 2 13b": "meta-llama/Llama-2-13b-hf",
    "llama 2 70b": "meta-llama/Llama-2-70b-hf",
    "llama2-7b": "meta-llama/Llama-2-7b-hf",
    "llama-2-7b": "meta-llama/Llama-2-7b-hf",
    "llama-2-70b-chat": "meta-llama/Llama-2-70b-hf",
    "llama-3-8b": "meta-llama/Meta-Llama-3-8B",
    "llama 3.1 8b": "meta-llama/Meta-Llama-3.1-8B",
    "llama-3.1-8b": "meta-llama/Meta-Llama-3.1-8B",
    "llama 3.1 70b": "meta-llama/Meta-Llama-3.1-70B",
    "llama 3.1 405b": "meta-llama/Meta-Llama-3.1-405B",
    "llama 3.2 3b": "meta-llama/Llama-3.2-3B",
    "codellama 34b": "codellama/CodeLlama-34b-hf",
    "falcon 40b": "tiiuae/falcon-40b",
    "falcon-7b": "tiiuae/falcon-7b",
    "tinyllama-1.1b": "TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T",
    "tiny-llama": "TinyLlama/TinyLlama-1.1B-intermediate-step-1431k-3T",
    "mistral-7b": "mistralai/Mistral-7B-v0.1",
    "mistral-7b-v0.2": "mistralai/Mistral-7B-v0.2",
    "google-bert/bert-large-uncased (sequence classification)": "google-bert/bert-large-uncased",
    "bert-base-cased (mrpc classification)": "google-bert/bert-base-cased",
    "timm vit-h/14 630m": "google/vit-huge-patch14-224-in21k",
    "bigscience/t0_3b (3b params)": "bigscience/T0_3B",
    "bigscience/mt0-xxl (12b params)": "bigscience/mt0-xxl",
    "bigscience/bloomz-7b1 (7b params)": "bigscience/bloomz-7b1",
    "stable diffusion v1 (lambda-diffusers benchmark)": "CompVis/stable-diffusion-v1-4",
}
_QUANTIZATIONS = {
    "bnb.nf4": "nf4-single", "bnb.nf4-dq": "nf4", "nf4": "nf4", "4bit": "nf4", "8bit": "int8", "bnb.int8": "int8",
    "bnb.fp4": "nf4-single", "bnb.fp4-dq": "nf4", "bnb fp4": "nf4-single", "gptq-int4": "gptq-4bit",
    "gptq-int8": "gptq-8bit", "gptq int4 g128": "gptq-4bit", "awq": "awq-4bit", "": "auto",
}  # fmt: skip
_UNCLEAR = {
    "710": "one of two rows whose hardware, and so their recipe, differ",
    "712": "one of two rows whose hardware, and so their recipe, differ",
    "717": "not packed: its length is only the cap",
    "1": "not packed, not padded: its length is only the cap",
    "37": "not packed, not padded: its length is only the cap",
    "12": "a variant whose recipe is not the one beside it",
}
# The table calls the runs of gemma2-2b/lora.yaml and qlora.yaml gemma-2b; the files name gemma-2-2b.
_MEANT = {"156": "google/gemma-2-2b", "157": "google/gemma-2-2b"}
# Training loops without autocast, which cast an adapter's input to the adapter's own precision.
_OWN_LOOPS = ("pytorch/torchtune", "PrimeIntellect-ai/prime-rl")
_PRIME = "PrimeIntellect-ai/prime-rl"
_SCRIPTS = "run_peft_*.sh scripts in examples/sft"
# CUDA 11 on a V100 loaded all kernels at once; the rows print what that took, and say so.
_OLD_CONTEXT = "context + kernels alone 1343 MB"
# Methods of peft that add a product of two thin matrices to a weight, as LoRA does.
_LIKE_LORA = {"lora", "qlora", "adalora", "delora", "gralora", "unilora", "vblora"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """One measurement, and the job it came from.

    Args:
        row_id: in the table.
        source: the repository that printed it.
        method: group it is reported under.
        shape: the model.
        job: what was run.
        measured_bytes: ``None`` where it ran out of memory.
        metric: allocated, reserved or nvidia-smi.
        trust: A or B, as the table's README defines them.
        gpu_bytes: what the GPU has, where the row names one; 0 where not.
        year: of the libraries it was measured with; "" where the row does not say.
    """

    row_id: str
    source: str
    method: str
    shape: ModelShape
    job: MemoryJob
    measured_bytes: float | None
    metric: str
    trust: str
    gpu_bytes: int = 0
    year: str = ""


def read_rows(path: Path) -> tuple[list[MeasuredRow], list[tuple[str, str, str]]]:
    """Read a table: the rows that can be estimated, and the others as (id, source, reason)."""
    rows: list[MeasuredRow] = []
    left: list[tuple[str, str, str]] = []
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    for raw in table:
        try:
            rows.append(_read(raw))
        except LookupError as error:
            left.append((raw["row_id"], raw["source"], str(error.args[0])))
    return rows, left


def _read(raw: dict[str, str]) -> MeasuredRow:
    if raw["trust"] == "C":
        raise LookupError("trust C: no hard truth")
    name = _IDS.get(raw["model"].casefold(), raw["model"])
    if "method" in raw:
        name = _MEANT.get(raw["row_id"], name)
    shape = find_known(name) if name else None
    if shape is None:
        raise LookupError(f"the model {raw['model']!r} is not shipped")
    if raw["source"] == "Lightning-AI/litgpt" and not shape.parameters.head:
        # litgpt never ties the output projection to the embedding.
        shape = replace(shape, parameters=replace(shape.parameters, head=shape.vocab * shape.hidden))
    if raw["source"] == "Lightning-AI/litgpt" and not shape.gated:
        # litgpt writes every model without a gate as GPT-NeoX, with torch's own GELU.
        shape = replace(shape, model_type="gpt_neox")
    task = _task(raw)
    if _SCRIPTS in raw.get("details", ""):
        raw = {**raw, **_scripted(raw)}
    if shape.model_type == "vit" and not raw["seq_len"]:
        raw = {**raw, "seq_len": str(_patches(shape.name))}
    job = _inference(raw, shape) if task == "inference" else _training(raw, task)
    measured = float(raw["measured_gb_per_gpu"]) * _unit(raw) if raw["measured_gb_per_gpu"] else None
    if measured and _OLD_CONTEXT in raw["details"]:
        measured -= 1343 * MiB
    return MeasuredRow(
        row_id=raw["row_id"],
        source=raw["source"],
        method=raw.get("method") or _engine_group(raw),
        shape=shape,
        job=job,
        measured_bytes=measured,
        metric=_metric(raw),
        trust=raw["trust"],
        gpu_bytes=_gpu_bytes(raw["gpu_model"]),
        year=_year(raw),
    )


def _year(raw: dict[str, str]) -> str:
    said = " ".join(raw.get(name) or "" for name in ("stack", "details", "note"))
    match = re.search(r"(?:timestamp=|created |prime-rl of )(20[0-9]{2})", said)
    if match:
        return match[1]
    # ms-swift deleted this table in 2024; PEFT's rows name their versions, of which each year has its own.
    by_version = {
        "peft 0.15": "2025",
        "peft 0.16": "2025",
        "peft 0.17": "2025",
        "peft 0.18": "2026",
        "peft 0.19": "2026",
    }
    found = next((year for version, year in by_version.items() if version in said), "")
    return found or ("2024" if raw["source"] == "modelscope/ms-swift" else "")


def _scripted(raw: dict[str, str]) -> dict[str, str]:
    """Return what peft's examples/sft/run_peft_*.sh say, which the row names and does not repeat (read 2026-11-24)."""
    batch, steps = ("8", 4) if raw["method"] == "lora" else ("2", 2)
    return {
        "micro_batch": batch,
        "seq_len": "2048",
        "grad_ckpt": "yes",
        "attn_impl": "flash",
        "cpu_offload": "params CPU" if "with CPU offloading" in raw["details"] else "",
        "details": f"packed; lora_r=8; global_batch={int(batch) * steps * int(raw['n_gpus'])}",
    }


def _patches(name: str) -> int:
    """Return the positions of an image and its class, for a name like vit-huge-patch14-224: 16 x 16 + 1."""
    match = re.search(r"patch([0-9]+)-([0-9]+)", name)
    if match is None:
        raise LookupError("its sequence length is not printed")
    return (int(match[2]) // int(match[1])) ** 2 + 1


def _gpu_bytes(name: str) -> int:
    """Return what a GPU has as it is sold, 0 where its name does not say."""
    if "A10G" in name:
        return 24 * GiB
    match = re.search(r"([0-9]+)GB", name)
    return int(match[1]) * GiB if match else 0


def _engine_group(raw: dict[str, str]) -> str:
    return f"inference {raw['quantization'] or raw['precision']}"


def _task(raw: dict[str, str]) -> str:
    if "method" not in raw:
        return "inference"
    method = raw["method"]
    if method in {"full", "full(pretrain)", "full (rl)", "full (sft)"}:
        return "full"
    if method in {"lora", "qlora", "lora (rl)"}:
        return "qlora" if raw["quantization"] or method == "qlora" else "lora"
    if method == "lora+emb/lm_head trainable":
        return "lora"
    if raw["model"].startswith("meta-llama/Llama-3.2-3B") and method in _LIKE_LORA:
        return "lora"
    raise LookupError(f"the method {method} is not among full, lora, qlora")


def _unit(raw: dict[str, str]) -> float:
    """Return the bytes of the row's unit; a bare GB of torch is GiB as often as not, so the source decides."""
    unit = raw["unit"]
    if unit == "GB(1e9)":
        return GB
    if unit == "GiB":
        return GiB
    if unit == "MiB":
        return MiB
    if unit == "MB (as printed)":
        return 1e6
    if raw["source"] in {"QwenLM/Qwen2.5", "pytorch/torchtune", "axolotl-ai-cloud/axolotl"}:
        return GiB
    return GB


def _metric(raw: dict[str, str]) -> str:
    text = raw["metric"].casefold()
    if _OLD_CONTEXT in raw["details"]:
        return "reserved"
    if raw["source"] == "QwenLM/Qwen" and "method" in raw:
        # "GPU memory (as printed)": the smallest rows leave a context's worth beside what torch can have allocated.
        return "nvidia-smi"
    if "nvidia-smi" in text or "cuda context" in text:
        return "nvidia-smi"
    if "reserved" in text or "torch reserved" in raw["note"]:
        return "reserved"
    return "allocated"


def _number(raw: dict[str, str], key: str, what: str) -> int:
    if not raw[key]:
        raise LookupError(f"its {what} is not printed")
    return int(raw[key])


def _quantization(raw: dict[str, str]) -> str:
    text = raw["quantization"].casefold()
    if text not in _QUANTIZATIONS:
        raise LookupError(f"the quantization {raw['quantization']} is not known")
    return _QUANTIZATIONS[text]


def _inference(raw: dict[str, str], shape: ModelShape) -> MemoryJob:
    if "outliers" in raw["note"]:
        raise LookupError("its note calls it an outlier")
    if shape.kind == "diffusion":
        precision = "fp32" if raw["precision"].startswith("fp32") else "fp16"
        attention = "flash" if raw["engine"].endswith("=TRUE") else "eager"
        return MemoryJob(batch_size=_number(raw, "batch", "batch"), precision=precision, attention=attention)
    prompt = int(raw["prompt_len"] or 20)
    answer = int(raw["gen_len"] or (50 if "litgpt" in raw["engine"] else 256))
    precision = {"32-true": "fp32", "bf16-mixed(fp32 weights)": "bf16-mixed", "fp16": "fp16", "16-true": "fp16"}.get(
        raw["precision"], "bf16"
    )
    return MemoryJob(
        precision=precision,
        quantization=_quantization(raw),
        batch_size=int(raw["batch"] or 1),
        prompt_len=prompt,
        seq_len=prompt + answer,
        gpus=int(raw["n_gpus"] or 1),
        legacy_cache=raw["source"] == "huggingface/optimum",
        logits="all" if raw["source"] == "huggingface/optimum" else "last",
        attention="eager" if raw["source"] == "huggingface/optimum" else "flash",
    )


def _training(raw: dict[str, str], task: str) -> MemoryJob:
    if raw["row_id"] in _UNCLEAR and "method" in raw:
        raise LookupError(_UNCLEAR[raw["row_id"]])
    if raw["sharding"].startswith("fsdp") and "resource-tables" in raw["source_path"]:
        raise LookupError("its peak is that of loading: every process held the whole model")
    if raw["metric"].endswith(("reserved_99th", "reserved_avg")):
        raise LookupError("a quantile or mean over steps of batches of different lengths, not a peak")
    if "lorafa" in raw["source_path"]:
        raise LookupError("LoRA-FA keeps no inputs of its frozen half: it is not LoRA")
    details = raw["details"]
    optimizer, in_backward = _optimizer(raw)
    sharding = raw["sharding"]
    return MemoryJob(
        task=task,
        precision=_precision(raw, task),
        quantization=_quantization(raw) if task == "qlora" else "auto",
        batch_size=_number(raw, "micro_batch", "batch"),
        seq_len=_number(raw, "seq_len", "sequence length"),
        optimizer=optimizer,
        optimizer_in_backward=in_backward,
        lora_rank=_rank(details),
        lora_targets=_lora_targets(raw),
        checkpointing="full" if raw["grad_ckpt"].startswith(("yes", "True")) or _checkpoints(raw) else "none",
        attention="eager"
        if raw["attn_impl"] == "eager"
        else "flash"
        if raw["attn_impl"] not in {"sdpa", "default(sdpa)"}
        else "sdpa",
        loss=_loss(raw),
        grad_sync="every" if raw["source"] == _PRIME else "last",
        # benchmarks/scripts/run_single_benchmark.py of prime-rl always says --model.compile.
        compiled="torch.compile" in details or raw["source"] == _PRIME,
        packed=raw["source"] == _PRIME or "packing=True" in details or "packed" in details,
        lengths="varying" if _lengths_vary(raw) else "fixed",
        # Its .github/workflows/benchmarks.yaml sets PYTORCH_CUDA_ALLOC_CONF so.
        expandable_segments=raw["source"] == _PRIME,
        accumulation=_accumulation(raw),
        sharding="zero2"
        if raw["source"] == "QwenLM/Qwen" and task != "lora" and sharding == "none"
        else "none"
        if sharding in {"none", "", "ddp"}
        else "zero2"
        if "zero2" in sharding
        else "zero3"
        if "zero3" in sharding and "fsdp" not in sharding
        else "fsdp",
        gpus=int(raw["n_gpus"] or 1),
        offload="activations"
        if raw.get("cpu_offload") in {"activation offloading", "activations"}
        else "params"
        if "params CPU" in raw["cpu_offload"] or '"offload_params": true' in sharding
        else "none",
        legacy_quantization=raw["source"] == "Lightning-AI/litgpt",
        own_loop=raw["source"] in _OWN_LOOPS or "method_comparison" in raw["source_path"],
        # Only PEFT's scripts go through prepare_model_for_kbit_training; the others keep everything in half precision.
        unquantized="fp32" if raw["source"] == "huggingface/peft" else "bf16",
        quantized_experts=raw["model"].startswith("zai-org/GLM-4"),
        trained_embeddings="+emb" in raw["method"],
        # The Trainer's adamw_torch before transformers 4.55, on torch 2.
        foreach=raw["source"] in {"Lightning-AI/litgpt", "QwenLM/Qwen"},
    )


def _lengths_vary(raw: dict[str, str]) -> bool:
    said = "varying lengths" in raw["note"] or "dataset lengths mean" in raw["details"]
    return said or raw["source"] == "huggingface/peft"


def _checkpoints(raw: dict[str, str]) -> bool:
    """Say whether a script checkpoints that prints no such column: litgpt's full.py where it shards."""
    return raw["source_path"] == "config_hub/finetune/README.md" and raw["sharding"] == "fsdp"


def _accumulation(raw: dict[str, str]) -> int:
    """Return the micro-batches of a step, where the script or the table says.

    torch before 2.0 filled gradients with zeros and kept them, which needs what accumulation needs.
    """
    if raw["source"] == "QwenLM/Qwen":
        return 8
    if raw["source"] == _PRIME:
        return 2
    if "compiler=" in raw["details"]:
        # extensions/thunder/pretrain.py: a global batch of 512.
        return 512 // int(raw["micro_batch"]) // int(raw["n_gpus"])
    if raw["source"] == "huggingface/transformers":
        return 4
    whole = re.search(r"global_batch=([0-9]+)", raw["details"])
    return max(int(whole[1]) // int(raw["micro_batch"]) // int(raw["n_gpus"]), 1) if whole else 1


def _optimizer(raw: dict[str, str]) -> tuple[str, bool]:
    text = raw["optimizer"].casefold()
    in_backward = "in_bwd" in text or "fused_in_backward" in text
    if "paged" in text:
        return "paged-adamw-8bit", in_backward
    if "4-bit" in text:
        raise LookupError("a 4-bit optimizer is not among those estimated")
    if "8bit" in text or "8-bit" in text or "fp8" in text:
        return "adamw-8bit", in_backward
    if "adafactor" in text:
        return "adafactor", in_backward
    return ("adamw-bf16" if "bf16 states" in text else "adamw"), in_backward


def _precision(raw: dict[str, str], task: str) -> str:
    text = raw["precision"].casefold()
    if "fp32 weights" in text or "amp" in text or text == "bf16 mixed":
        return "bf16-mixed"
    if text == "fp32":
        return "fp32"
    if task == "full" and raw["sharding"].startswith("fsdp {"):
        # accelerate upcasts what FSDP shards to fp32.
        return "bf16-mixed"
    return "bf16"


def _rank(details: str) -> int:
    match = re.search(r"(?:lora_r=|lora_rank=|lora r=|\br=)([0-9]+)", details)
    return int(match[1]) if match else 16


def _lora_targets(raw: dict[str, str]) -> tuple[str, ...]:
    if raw["source"] == "QwenLM/Qwen":
        return ("c_attn", "attn.o_proj", "w1", "w2", "down_proj")
    if "lora r=8 on q,v" in raw["details"]:
        return ("q_proj", "v_proj")
    match = re.search(r"targets?=([^;]*)", raw["details"])
    text = match[1] if match else ""
    names = tuple(
        re.findall(r"[a-z_]+_proj|[a-z_]+\.[a-z_]+|query|key|value|projection|mlp|head|c_[a-z]+|w[0-9]", text)
    )
    if "query" in names:
        names = tuple(
            {"query": "q_proj", "key": "k_proj", "value": "v_proj", "projection": "o_proj"}.get(n, n) for n in names
        )
    if "self_attn)" in text or not names or "True" in text:
        return ("all-linear",)
    return names


def _loss(raw: dict[str, str]) -> str:
    if raw["source"] == _PRIME:
        # Its head for RL computes log-probabilities in chunks; supervised training holds the model's output.
        return "legacy" if raw["method"] == "full (sft)" else "chunked"
    if "CutCrossEntropy" in raw["details"]:
        return "fused"
    if raw["source"] == "pytorch/torchtune":
        return "standard" if "chunked_ce=False" in raw["details"] else "chunked"
    if raw["source"] == "Lightning-AI/litgpt":
        # Its own loss runs over pieces of bf16 logits, all of which are there.
        return "half"
    if raw["source"] == "QwenLM/Qwen" and (raw["quantization"] or raw["method"] == "full"):
        # DeepSpeed runs these without autocast, and the model does not upcast.
        return "half"
    return "standard"
