"""How weights are stored: as the repository says, offline as its name does; quantized is never estimated as bf16."""

import json

import pytest

from hfplanner.estimate.memory.host import disk_need
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.weights import weight_bytes
from hfplanner.models.load import ModelSource, load_model
from hfplanner.models.storage import read_quantization_config
from tests.models.files import CONFIG, safetensors_bytes
from tests.models.hub import Hub, serve

# GB of all weight files, to a tenth, as the repositories' pages showed them; written down from memory, as the Hub could
# not be reached on 2026-11-30. A format's bytes times the counted weights agree with each.
STORED = {
    "Qwen/Qwen3-8B-AWQ": 6.1,
    "Qwen/Qwen3-8B-FP8": 9.4,
    "Qwen/Qwen3-4B-FP8": 5.2,
    "Qwen/Qwen3-30B-A3B-FP8": 31.2,
    "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int4": 5.6,
    "Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8": 8.7,
    "Qwen/Qwen2.5-VL-7B-Instruct-AWQ": 6.9,
    "unsloth/Qwen3-8B-bnb-4bit": 6.1,
    "unsloth/gpt-oss-20b-BF16": 41.8,
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic": 9.1,
    "RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16": 5.7,
    "RedHatAI/Meta-Llama-3.1-70B-Instruct-quantized.w8a8": 72.7,
    "nvidia/Llama-3.1-8B-Instruct-NVFP4": 6.0,
    "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4": 39.8,
    "bartowski/Qwen3-8B-Q6_K-GGUF": 6.7,
    "unsloth/Qwen3-8B-GGUF:Q4_K_M": 5.0,
    "unsloth/Qwen3-8B-GGUF:Qwen3-8B-Q8_0.gguf": 8.7,
    "google/gemma-3-12b-it-qat-q4_0-unquantized": 24.4,
}


@pytest.mark.parametrize(("name", "gigabytes"), STORED.items())
def test_a_quantized_repository_weighs_what_its_files_do(name: str, gigabytes: float) -> None:
    """Offline, by what its name says: within 4 % of the files."""
    shape = load_model(name, ModelSource(offline=True))
    assert weight_bytes(shape, MemoryJob()) == pytest.approx(gigabytes * 1e9, rel=0.04)


def test_a_quantized_repository_fills_the_disk_with_its_own_files() -> None:
    """Six GB are downloaded, not sixteen."""
    shape = load_model("Qwen/Qwen3-8B-AWQ", ModelSource(offline=True))
    assert disk_need(shape, MemoryJob()).likely == pytest.approx(6.1e9, rel=0.01)


def test_the_repository_is_asked_where_its_name_says_that_it_is_quantized() -> None:
    """Its config and the bytes of its files decide, whatever the name means elsewhere."""
    base = "/Qwen/Qwen3-8B-AWQ/resolve/main"
    config = CONFIG | {"quantization_config": {"quant_method": "gptq", "bits": 8}}
    tensors = {"model.layers.0.self_attn.q_proj.qweight": (16, 64)}
    files = {
        f"{base}/config.json": json.dumps(config).encode(),
        f"{base}/model.safetensors": safetensors_bytes(tensors, "I32"),
    }
    with serve(Hub(files)) as hub:
        shape = load_model("Qwen/Qwen3-8B-AWQ", ModelSource(endpoint=hub.endpoint))
    assert (shape.stored_quantization, shape.stored_bytes) == ("gptq-8bit", 16 * 64 * 4)
    assert weight_bytes(shape, MemoryJob()) == 16 * 64 * 4


def test_a_repository_that_cannot_be_asked_is_what_its_name_says() -> None:
    """No connection, no permission, no such file: the shipped shape stands, and the answer says why."""
    with serve(Hub({})) as hub:
        shape = load_model("Qwen/Qwen3-8B-AWQ", ModelSource(endpoint=hub.endpoint))
    assert shape.stored_quantization == "awq-4bit"
    assert any("not read" in note for note in shape.notes)


def test_a_model_that_is_shipped_needs_no_network() -> None:
    """A name that says nothing of storage is answered from the package."""
    with serve(Hub({})) as hub:
        load_model("meta-llama/Llama-3.1-8B-Instruct", ModelSource(endpoint=hub.endpoint))
    assert hub.seen == []


@pytest.mark.parametrize(
    ("section", "quantization"),
    [
        ({"quant_method": "awq", "bits": 4}, "awq-4bit"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "fp8"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": True}, "nf4"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_use_double_quant": False}, "nf4-single"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "int8"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8"}, "fp8"),
        ({"quant_method": "torchao", "quant_type": {"default": {"_type": "Int4WeightOnlyConfig"}}}, "gptq-4bit"),
        ({"quant_method": "something_new"}, "none"),
        ([], "none"),
    ],
)
def test_a_quantization_config_is_understood(section: object, quantization: str) -> None:
    """As transformers and vLLM read it; what is not known counts as not quantized, its files' bytes notwithstanding."""
    assert read_quantization_config({"quantization_config": section}) == quantization
