"""The shipped shapes: their parameters are those that the models' own files hold."""

import pytest

from hfplanner.models.config import parse_config
from hfplanner.models.known import find_known, known_ids

# Elements of all tensors, as the Hub shows them for the repository's safetensors files.
PUBLISHED = {
    "meta-llama/Llama-2-7b-hf": 6_738_415_616,
    "meta-llama/Llama-3.2-1B": 1_235_814_400,
    "meta-llama/Llama-3.2-3B": 3_212_749_824,
    "mistralai/Mixtral-8x7B-v0.1": 46_702_792_704,
    "Qwen/Qwen2.5-0.5B": 494_032_768,
    "Qwen/Qwen2.5-7B": 7_615_616_512,
    "Qwen/Qwen3-8B": 8_190_735_360,
    "Qwen/Qwen3-30B-A3B": 30_532_122_624,
    "Qwen/Qwen-7B": 7_721_324_544,
    "google/gemma-2b": 2_506_172_416,
    "google/gemma-2-9b": 9_241_705_984,
    "google/gemma-3-1b-it": 999_885_952,
    "deepseek-ai/DeepSeek-V3": 671_026_419_200,
    "openai/gpt-oss-20b": 20_914_757_184,
    "tiiuae/falcon-7b": 6_921_720_704,
    "microsoft/phi-2": 2_779_683_840,
    "microsoft/Phi-3-mini-4k-instruct": 3_821_079_552,
    "bigscience/bloom-7b1": 7_069_016_064,
    "bigcode/starcoder2-3b": 3_030_371_328,
    "EleutherAI/pythia-1b": 1_011_781_632,
    "openai-community/gpt2": 124_439_808,
    "facebook/opt-1.3b": 1_315_758_080,
    "google-bert/bert-base-uncased": 109_482_240,
    "google-bert/bert-large-uncased": 335_141_888,
    "google-t5/t5-base": 222_903_552,
    "THUDM/chatglm3-6b": 6_243_584_000,
    "allenai/OLMo-2-1124-7B": 7_298_617_344,
    "openai/whisper-large-v3": 1_543_490_560,
    "openai/whisper-large-v3-turbo": 808_878_080,
    "openai/clip-vit-large-patch14": 427_616_513,
    "google/siglip-so400m-patch14-384": 877_960_498,
    "facebook/sam-vit-huge": 641_090_864,
    "Qwen/Qwen3-Next-80B-A3B-Instruct": 79_674_391_296,
    "BAAI/bge-reranker-v2-m3": 567_755_777,
}


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_computed_parameters_are_the_published_ones(name: str, published: int) -> None:
    """Within one part in ten thousand: arithmetic over a config counts what the files hold."""
    shape = find_known(name)
    assert shape is not None
    assert shape.parameters.total == pytest.approx(published, rel=1e-4)


def test_every_shipped_model_has_a_shape() -> None:
    """No entry of the table is damaged, and each says where it is from."""
    for name in known_ids():
        shape = find_known(name)
        assert shape is not None
        assert shape.parameters.total > 10**6, name


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("meta-llama/Llama-3.2-3B-Instruct", "meta-llama/Llama-3.2-3B"),
        ("meta-llama/Llama-3.1-8B", "meta-llama/Meta-Llama-3.1-8B"),
        ("google/gemma-2-9b-it", "google/gemma-2-9b"),
        ("unsloth/Qwen2.5-7B-Instruct-bnb-4bit", "Qwen/Qwen2.5-7B"),
        ("QWEN/qwen3-8b", "Qwen/Qwen3-8B"),
    ],
)
def test_a_variant_has_its_base_models_shape(name: str, base: str) -> None:
    """How a model was trained or stored does not change its widths."""
    variant, original = find_known(name), find_known(base)
    assert variant is not None
    assert original is not None
    assert variant.parameters == original.parameters


def test_an_unknown_architecture_says_so_and_is_less_sure() -> None:
    """Its layers are taken as those of the nearest known one."""
    raw = {
        "model_type": "brand_new",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "vocab_size": 9,
    }
    shape = parse_config(raw, name="x")
    assert shape.doubt > 0
    assert any("brand_new" in note for note in shape.notes)


def test_layers_that_do_not_grow_are_counted() -> None:
    """Sliding windows and linear attention, by list or by pattern."""
    gemma, hybrid = find_known("google/gemma-3-27b-it"), find_known("LiquidAI/LFM2-1.2B")
    assert gemma is not None
    assert hybrid is not None
    assert (gemma.layers, gemma.sliding_layers) == (62, 52)
    assert (hybrid.layers, hybrid.linear_layers) == (16, 10)
