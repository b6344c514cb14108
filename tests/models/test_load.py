"""A model from the Hub, a folder or a file: only headers are read, tokens stay home, failures are sentences."""

import json
from pathlib import Path

import pytest

from hfplanner.errors import ModelError, ModelUnavailable, ModelUnreadable, UsageError
from hfplanner.models.load import ModelSource, load_model
from tests.models.files import CONFIG, TENSORS, gguf_bytes, safetensors_bytes
from tests.models.hub import Hub, serve

BASE = "/acme/tiny/resolve/main"
TOTAL = sum(dims[0] * (dims[1] if len(dims) > 1 else 1) for dims in TENSORS.values())


def _config() -> bytes:
    return json.dumps(CONFIG).encode()


def test_headers_are_counted_and_nothing_else_is_read() -> None:
    """The config and a header by ranged requests; the weights stay where they are."""
    weights = safetensors_bytes(TENSORS) + bytes(5_000_000)
    with serve(Hub({f"{BASE}/config.json": _config(), f"{BASE}/model.safetensors": weights})) as hub:
        shape = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
    assert shape.counted
    assert shape.parameters.total == TOTAL
    assert (shape.parameters.embedding, shape.parameters.head) == (64_000, 64_000)
    assert shape.stored_bytes == 2 * TOTAL
    assert hub.sent < 10_000
    assert "bytes=0-7" in [spec for path, spec, _ in hub.seen if path.endswith(".safetensors")]


def test_the_config_alone_gives_the_same_counts() -> None:
    """Counting by arithmetic agrees with counting tensors, and says that files were missing."""
    with serve(Hub({f"{BASE}/config.json": _config()})) as hub:
        shape = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
    assert (shape.parameters.total, shape.counted) == (TOTAL, False)
    assert any("no safetensors" in note for note in shape.notes)


def test_every_shard_of_an_index_is_counted() -> None:
    """A sharded model is the sum of its shards."""
    names = list(TENSORS)
    shards = {"a.safetensors": names[:5], "b.safetensors": names[5:]}
    index = {"weight_map": {name: file for file, part in shards.items() for name in part}}
    files = {f"{BASE}/{file}": safetensors_bytes({n: TENSORS[n] for n in part}) for file, part in shards.items()}
    files |= {f"{BASE}/config.json": _config(), f"{BASE}/model.safetensors.index.json": json.dumps(index).encode()}
    with serve(Hub(files)) as hub:
        assert load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).parameters.total == TOTAL


def test_a_server_without_ranges_is_read_no_further_than_asked() -> None:
    """Where a server sends the whole file, reading stops after the header."""
    weights = safetensors_bytes(TENSORS) + bytes(1000)
    files = {f"{BASE}/config.json": _config(), f"{BASE}/model.safetensors": weights}
    with serve(Hub(files, ignores_ranges=True)) as hub:
        assert load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).parameters.total == TOTAL


def test_a_token_is_not_sent_to_where_a_redirect_points() -> None:
    """Weights may live on another host, which gets no token of ours; to another host only https leads."""
    with serve(Hub({"/elsewhere": _config()})) as other, serve(Hub({})) as hub:
        hub.redirects = {f"{BASE}/config.json": f"{other.endpoint}/elsewhere"}
        with pytest.raises(ModelUnavailable, match="not encrypted"):
            load_model("acme/tiny", ModelSource(endpoint=hub.endpoint, token="hf_secret"))  # noqa: S106 - a fake
        assert hub.seen[0][2] == "Bearer hf_secret"
        assert other.seen == []


def test_a_redirect_on_the_same_host_is_followed() -> None:
    """A renamed repository answers by redirecting to its new name."""
    files = {"/new/config.json": _config(), f"{BASE}/model.safetensors": safetensors_bytes(TENSORS)}
    with serve(Hub(files, redirects={f"{BASE}/config.json": "/new/config.json"})) as hub:
        assert load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).counted


def test_circles_denials_and_silence_are_sentences() -> None:
    """What a Hub may answer beside a model."""
    with serve(Hub({}, redirects={f"{BASE}/config.json": f"{BASE}/config.json"})) as hub:
        with pytest.raises(ModelUnavailable, match="circles"):
            load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
        endpoint = hub.endpoint
    with pytest.raises(ModelUnavailable, match="could not be reached"):
        load_model("acme/tiny", ModelSource(endpoint=endpoint))
    with (
        serve(Hub({}, denied=frozenset({f"{BASE}/config.json"}))) as hub,
        pytest.raises(ModelUnavailable, match="403") as error,
    ):
        load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
    assert "HF_TOKEN" in str(error.value.hint)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"hidden_size": 64}',
        json.dumps(CONFIG | {"hidden_size": -1}).encode(),
        json.dumps(CONFIG | {"hidden_size": "64"}).encode(),
        json.dumps(CONFIG | {"num_attention_heads": 0}).encode(),
        json.dumps(CONFIG | {"num_hidden_layers": 10**12}).encode(),
        json.dumps(CONFIG | {"text_config": 7, "hidden_size": None}).encode(),
        b'{"hidden_size": 1, "hidden_size": 2}',
        b"[" * 1000,
    ],
)
def test_a_config_that_is_none_is_a_known_error(body: bytes) -> None:
    """No traceback, whatever stands in a config.json."""
    with serve(Hub({f"{BASE}/config.json": body})) as hub, pytest.raises(ModelError):
        load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))


@pytest.mark.parametrize("config", [{"config.json": b'{"model_type": "brand_new"}'}, {}])
def test_weight_files_alone_are_enough(config: dict[str, bytes]) -> None:
    """Without a config that names widths, headers are counted, and the answer is less sure and says so."""
    files = {f"{BASE}/{name}": body for name, body in config.items()}
    with serve(Hub(files | {f"{BASE}/model.safetensors": safetensors_bytes(TENSORS)})) as hub:
        shape = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
    assert (shape.parameters.total, shape.counted) == (TOTAL, True)
    assert shape.doubt >= 0.15
    assert any("only its weight files are known" in note for note in shape.notes)


@pytest.mark.parametrize("body", [b"", b"abc", bytes(8), b"\xff" * 16, safetensors_bytes(TENSORS)[:200]])
def test_damaged_weights_leave_the_config_standing(body: bytes) -> None:
    """A header that cannot be read costs the count, not the estimate."""
    with serve(Hub({f"{BASE}/config.json": _config(), f"{BASE}/model.safetensors": body})) as hub:
        shape = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint))
    assert (shape.parameters.total, shape.counted) == (TOTAL, False)
    assert any("not counted" in note for note in shape.notes)


def test_a_folder_is_read_like_a_repository(tmp_path: Path) -> None:
    """A checkpoint that lies on the disk."""
    (tmp_path / "config.json").write_bytes(_config())
    (tmp_path / "model.safetensors").write_bytes(safetensors_bytes(TENSORS))
    assert load_model(str(tmp_path), ModelSource(offline=True)).parameters.total == TOTAL


def test_a_gguf_file_gives_its_widths_and_exact_bytes(tmp_path: Path) -> None:
    """Q4_K holds 256 weights in 144 bytes; the tokens are those of its tokenizer."""
    file = tmp_path / "tiny.gguf"
    file.write_bytes(gguf_bytes(tokens=1000))
    shape = load_model(str(file), ModelSource(offline=True))
    assert (shape.layers, shape.hidden, shape.heads, shape.kv_heads, shape.vocab) == (2, 256, 4, 2, 1000)
    assert shape.stored_bytes == 256 * 1000 // 256 * 144 + 256 * 4
    assert shape.stored_quantization == "gguf:Q4_K_M"


def test_a_long_gguf_header_is_read_in_longer_pieces() -> None:
    """Tokenizers of a megabyte: the request grows until the header is whole."""
    raw = gguf_bytes(tokens=120_000)
    assert len(raw) > 2**20
    with serve(Hub({"/acme/tiny-GGUF/resolve/main/tiny.gguf": raw})) as hub:
        shape = load_model("acme/tiny-GGUF:tiny.gguf", ModelSource(endpoint=hub.endpoint))
    assert shape.vocab == 120_000


@pytest.mark.parametrize("raw", [b"", b"GGUF", b"GGML" + bytes(100), gguf_bytes()[:-10], b"GGUF" + b"\xff" * 100])
def test_a_damaged_gguf_file_is_a_known_error(raw: bytes, tmp_path: Path) -> None:
    """Cut off, of another format, or announcing the impossible."""
    file = tmp_path / "tiny.gguf"
    file.write_bytes(raw)
    with pytest.raises(ModelUnreadable):
        load_model(str(file), ModelSource(offline=True))


@pytest.mark.parametrize(
    ("config", "levels", "heads"),
    [
        (
            {"block_out_channels": [320, 640, 1280], "transformer_layers_per_block": [1, 2, 10],
             "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
             "attention_head_dim": [5, 10, 20], "sample_size": 128},
            ((320, 0), (640, 2), (1280, 10)), 10,
        ),
        (
            {"block_out_channels": [320, 640], "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"],
             "attention_head_dim": 8, "sample_size": 64},
            ((320, 1), (640, 0)), 8,
        ),
        ({"sample_size": 64}, (), 8),
    ],
)  # fmt: skip
def test_the_levels_of_a_unet_are_those_of_its_config(
    config: dict[str, object], levels: tuple[tuple[int, int], ...], heads: int
) -> None:
    """Channels and transformer layers of each; nothing is made up where the config does not say them."""
    files = {
        f"{BASE}/model_index.json": json.dumps({"_class_name": "P", "unet": ["a", "b"]}).encode(),
        f"{BASE}/unet/config.json": json.dumps(config).encode(),
        f"{BASE}/unet/diffusion_pytorch_model.safetensors": safetensors_bytes({"x.weight": (100, 10)}),
    }
    with serve(Hub(files)) as hub:
        pipeline = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).diffusion
    assert pipeline is not None
    assert tuple(zip(pipeline.channels, pipeline.transformers, strict=True)) == levels
    assert (pipeline.heads, pipeline.resolution) == (heads, 8 * int(str(config["sample_size"])))


def test_a_denoiser_that_is_told_the_strength_of_guidance_takes_each_step_once() -> None:
    """FLUX has it as a number; others see every picture with its prompt and without."""
    guided = []
    for name in ("FluxTransformer2DModel", "SD3Transformer2DModel"):
        files = {
            f"{BASE}/model_index.json": json.dumps({"_class_name": "P", "transformer": ["a", "b"]}).encode(),
            f"{BASE}/transformer/config.json": json.dumps({"_class_name": name, "num_layers": 2}).encode(),
            f"{BASE}/transformer/diffusion_pytorch_model.safetensors": safetensors_bytes({"x.weight": (100, 10)}),
        }
        with serve(Hub(files)) as hub:
            pipeline = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).diffusion
        assert pipeline is not None
        guided.append(pipeline.guided)
    assert guided == [False, True]


def test_a_pipeline_is_counted_part_by_part() -> None:
    """A diffusers repository: its denoiser, text encoder and autoencoder, each with its own weights."""
    files = {
        f"{BASE}/model_index.json": json.dumps(
            {"_class_name": "P", "transformer": ["a", "b"], "text_encoder": ["a", "b"], "vae": ["a", "b"]}
        ).encode(),
        f"{BASE}/transformer/config.json": json.dumps(
            {"num_attention_heads": 24, "attention_head_dim": 128, "num_layers": 19, "num_single_layers": 38}
        ).encode(),
        f"{BASE}/transformer/diffusion_pytorch_model.safetensors": safetensors_bytes({"x.weight": (100, 10)}),
        f"{BASE}/text_encoder/model.safetensors": safetensors_bytes({"x.weight": (20, 10)}),
        f"{BASE}/vae/diffusion_pytorch_model.safetensors": safetensors_bytes({"x.weight": (3, 10)}),
    }
    with serve(Hub(files)) as hub:
        pipeline = load_model("acme/tiny", ModelSource(endpoint=hub.endpoint)).diffusion
    assert pipeline is not None
    assert (pipeline.denoiser, pipeline.text_encoders, pipeline.vae) == (1000, 200, 30)
    assert (pipeline.layers, pipeline.hidden) == (57, 3072)


def test_offline_only_shipped_models_are_known() -> None:
    """The error names the nearest shipped models."""
    with pytest.raises(ModelUnavailable) as error:
        load_model("acme/Llama-3.1-8B-finetune", ModelSource(offline=True))
    assert "Llama-3.1-8B" in str(error.value.hint)


@pytest.mark.parametrize("name", ["", "a/b/c", "../etc", "http://x/y", "a b", "x" * 300, "a/..", "-x/y"])
def test_what_is_no_id_is_a_usage_error(name: str) -> None:
    """An id is one or two words of letters, digits, dots, dashes and underscores."""
    with pytest.raises(UsageError):
        load_model(name, ModelSource(offline=True))
