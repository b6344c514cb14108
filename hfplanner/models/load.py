"""A model by its id, its folder or its file."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.api.strict_json import StrictJsonError, loads
from hfplanner.errors import ModelError, ModelUnavailable, ModelUnreadable, UsageError
from hfplanner.models.by_hand import ByHand, shape_by_hand
from hfplanner.models.config import parse_config
from hfplanner.models.files import FolderFiles, HubFiles, ModelFiles
from hfplanner.models.gguf import NeedMoreBytes, parse_gguf, shape_of_gguf
from hfplanner.models.known import diffusion_shape, find_known, is_shipped_as_such, near_ids, shipped_config
from hfplanner.models.safetensors import LENGTH_BYTES, Tensor, count_tensors, header_length, parse_header
from hfplanner.models.shape import Diffusion, ModelShape

if TYPE_CHECKING:
    import httpx

__all__ = ["ModelSource", "load_config", "load_model"]

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
# A file, or the kind of one: OWNER/NAME-GGUF:Q4_K_M, as llama.cpp takes it.
_FILE = re.compile(r"[A-Za-z0-9][\w./-]{0,200}\.gguf|[A-Za-z0-9_]{2,16}")
_MAX_CONFIG_BYTES = 8 * 2**20
_MAX_GGUF_HEADER_BYTES = 64 * 2**20
_MOST_SHARDS = 256
_AT_ONCE = 8
# Transformers that take the scale of guidance as a number, so that no step is taken twice.
_GUIDED_BY_NUMBER = ("Flux", "HunyuanVideo")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Where models may be asked for.

    Args:
        endpoint: the Hub.
        token: for models that are not public.
        offline: do not ask the Hub.
        transport: what carries requests; the network by default.
    """

    endpoint: str = "https://huggingface.co"
    token: str | None = None
    offline: bool = False
    transport: "httpx.BaseTransport | None" = None


def load_model(name: str, source: ModelSource) -> ModelShape:
    """Return the shape of a model: of a local folder or GGUF file, of a shipped model, or asked from the Hub.

    Raises:
        UsageError: the name is neither a path nor an id.
        ModelUnavailable: it is not shipped and the Hub cannot be asked, or does not have it.
        ModelUnreadable: its files are not those of a model.

    >>> load_model("google/gemma-2-9b-it", ModelSource(offline=True)).layers
    42
    """
    path = Path(name).expanduser()
    if path.suffix == ".gguf" and _is(path.is_file):
        return _gguf(FolderFiles(path.parent), path.name, name)
    if name.strip() and _is(path.is_dir):
        return _read(FolderFiles(path), name, [file.name for file in sorted(path.glob("*.gguf"))])
    repo, _, file = name.partition(":")
    if not _ID.fullmatch(repo) or ".." in name or (file and not _FILE.fullmatch(file)):
        raise UsageError(f"{name[:80]!r} is neither a folder nor the id of a model.", hint="For example Qwen/Qwen3-8B.")
    known = find_known(_with_kind(repo, file))
    if known is not None and (source.offline or not _must_ask(repo, file)):
        return known
    if source.offline:
        near = near_ids(repo)
        hint = f"Shipped: {', '.join(near)}; or --params 8B." if near else "Give the numbers by hand: --params 8B."
        raise ModelUnavailable(f"{repo} is not among the models shipped, and the Hub may not be asked.", hint=hint)
    files = HubFiles(source.endpoint, repo, source.token, source.transport)
    try:
        return _gguf(files, file, name) if file else _read(files, repo, [])
    except ModelUnavailable as error:
        if known is None:
            raise
        note = f"its own files were not read ({error.message.rstrip('.')})"
        return replace(known, notes=(*known.notes, note))


def _must_ask(repo: str, file: str) -> bool:
    """Whether only the repository itself knows how its weights are stored: its name says they are not as usual."""
    return file.endswith(".gguf") or not (file or is_shipped_as_such(repo) or _is_gguf(repo))


def _is_gguf(repo: str) -> bool:
    return repo.casefold().endswith("gguf")


def _with_kind(repo: str, file: str) -> str:
    """Return a name that says which kind of GGUF file is meant, where one is named: by its kind, or by its file."""
    if not file:
        return repo
    base = re.sub(r"[-_.]gguf$", "", repo, flags=re.IGNORECASE)
    kind = file.removesuffix(".gguf").rpartition("/")[2].replace(".", "-").rpartition("-")[2]
    return f"{base}-{kind}-GGUF"


def load_config(name: str, source: ModelSource) -> Mapping[str, Any]:
    """Return a model's ``config.json``: of a local folder, of a shipped model, or asked from the Hub.

    Raises:
        UsageError: the name is neither a folder nor an id.
        ModelUnavailable: there is none, or the Hub cannot be asked.
        ModelUnreadable: it is no JSON object.

    >>> load_config("Qwen/Qwen3-8B", ModelSource(offline=True))["model_type"]
    'qwen3'
    """
    path = Path(name).expanduser()
    if name.strip() and _is(path.is_dir):
        raw = FolderFiles(path).read("config.json", 0, _MAX_CONFIG_BYTES)
    else:
        shipped = shipped_config(name)
        if shipped is not None:
            return shipped
        if not _ID.fullmatch(name) or ".." in name:
            raise UsageError(f"{name[:80]!r} is neither a folder nor the id of a model.", hint="Name its repository.")
        if source.offline:
            raise ModelUnavailable(f"The Hub may not be asked for the config of {name}.", hint="Leave --offline out.")
        files = HubFiles(source.endpoint, name, source.token, source.transport)
        raw = files.read("config.json", 0, _MAX_CONFIG_BYTES)
    if raw is None:
        raise ModelUnavailable(f"{name} has no config.json.", hint="Leave --trace out.")
    return _json(raw, f"The config of {name}")


def _is(ask: Callable[[], bool]) -> bool:
    """Return what a path says of itself, no where it is too long to be one."""
    try:
        return ask()
    except OSError:
        return False


def _read(files: ModelFiles, name: str, ggufs: Iterable[str]) -> ModelShape:
    raw = files.read("config.json", 0, _MAX_CONFIG_BYTES)
    if raw is None:
        gguf = next(iter(ggufs), None)
        if gguf is not None:
            return _gguf(files, gguf, name)
        return _pipeline(files, name)
    config = _json(raw, f"The config of {name}")
    try:
        shape = parse_config(config, name=name)
    except ModelUnreadable as error:
        return _from_headers(files, name, error)
    return _with_headers(shape, files)


def _from_headers(files: ModelFiles, name: str, why: ModelError) -> ModelShape:
    """Count a model whose config says nothing that is understood; its widths are then typical ones of its size.

    Raises:
        ModelError: the reason given, where there are no weight files either.
    """
    tensors = _all_tensors(files, "model.safetensors.index.json", "model.safetensors")
    if not tensors:
        raise why
    parameters, stored, dtype = count_tensors(tensors)
    typical = shape_by_hand(ByHand(params=max(parameters.total, 1)))
    notes = (f"{why.message.rstrip('.')}: only its weight files are known", *typical.notes)
    return replace(
        typical, name=name, parameters=parameters, stored_bytes=stored, stored_dtype=dtype, counted=True, notes=notes
    )


def _json(raw: bytes, what: str) -> Mapping[str, Any]:
    try:
        document = loads(raw, max_bytes=_MAX_CONFIG_BYTES)
    except StrictJsonError as error:
        raise ModelUnreadable(f"{what} cannot be read: {error}.") from error
    if not isinstance(document, Mapping):
        raise ModelUnreadable(f"{what} is not a JSON object.")
    return document


def _with_headers(shape: ModelShape, files: ModelFiles, index: str = "model.safetensors.index.json") -> ModelShape:
    """Count what is in the weight files; where they cannot be read, the config's own arithmetic stands."""
    try:
        tensors = _all_tensors(files, index, "model.safetensors")
    except ModelError as error:
        note = f"weight files were not counted ({error.message.rstrip('.')})"
        return replace(shape, notes=(*shape.notes, note))
    if not tensors:
        return replace(shape, notes=(*shape.notes, "there are no safetensors files to count"))
    parameters, stored, dtype = count_tensors(tensors)
    if shape.stored_quantization not in {"none", "fp8"}:
        # Packed weights cannot be counted one by one, but their bytes are exact.
        return replace(shape, stored_bytes=stored)
    if shape.stored_quantization == "none":
        shape = replace(shape, stored_dtype=dtype)
    return replace(shape, parameters=parameters, stored_bytes=stored, counted=True)


def _all_tensors(files: ModelFiles, index: str, single: str) -> list[Tensor]:
    raw = files.read(index, 0, _MAX_CONFIG_BYTES)
    if raw is None:
        return list(_tensors_of(files, single) or ())
    table = _json(raw, "The index of the weight files").get("weight_map")
    if not isinstance(table, Mapping) or not all(isinstance(name, str) for name in table.values()):
        raise ModelUnreadable("The index of the weight files has no weight_map.")
    shards = sorted(set(table.values()))
    if len(shards) > _MOST_SHARDS or any("/" in name or ".." in name for name in shards):
        raise ModelUnreadable("The index of the weight files names impossible files.")
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return [tensor for part in pool.map(lambda name: _tensors_of(files, name), shards) for tensor in part or ()]


def _tensors_of(files: ModelFiles, name: str) -> tuple[Tensor, ...] | None:
    first = files.read(name, 0, LENGTH_BYTES)
    if first is None:
        return None
    length = header_length(first)
    raw = files.read(name, LENGTH_BYTES, length) or b""
    if len(raw) < length:
        raise ModelUnreadable(f"{name} ends within its header.")
    return parse_header(raw)


def _gguf(files: ModelFiles, file: str, name: str) -> ModelShape:
    size = 2**20
    while size <= _MAX_GGUF_HEADER_BYTES:
        raw = files.read(file, 0, size)
        if raw is None:
            raise ModelUnavailable(f"There is no file {file} in {name}.")
        try:
            return shape_of_gguf(parse_gguf(raw), name=name)
        except ModelUnreadable as error:
            raise ModelUnreadable(f"{file}: {error.message}", hint=error.hint) from error
        except NeedMoreBytes:
            if len(raw) < size:
                break
            size *= 4
    raise ModelUnreadable(f"{file} ends within its header.")


def _pipeline(files: ModelFiles, name: str) -> ModelShape:
    """Read a diffusers folder: every part's weights, and the denoiser's widths."""
    raw = files.read("model_index.json", 0, _MAX_CONFIG_BYTES)
    if raw is None:
        hint = "A GGUF repository needs its file: OWNER/NAME:FILE.gguf"
        return _from_headers(files, name, ModelUnavailable(f"{name} has no config.json.", hint=hint))
    counts = {part: _part_total(files, part) for part in _json(raw, f"The index of {name}") if not part.startswith("_")}
    denoiser = "transformer" if counts.get("transformer") else "unet"
    if not counts.get(denoiser):
        raise ModelUnreadable(f"The pipeline {name} has neither a transformer nor a unet whose weights can be counted.")
    config = _json(files.read(f"{denoiser}/config.json", 0, _MAX_CONFIG_BYTES) or b"{}", f"The config of {name}")
    text = sum(count for part, count in counts.items() if part.startswith("text_encoder"))
    return replace(diffusion_shape(name, _diffusion(config, denoiser, counts, text)), counted=True)


def _part_total(files: ModelFiles, part: str) -> int:
    for single in ("diffusion_pytorch_model.safetensors", "model.safetensors"):
        tensors = _all_tensors(files, f"{part}/{single}.index.json", f"{part}/{single}")
        if tensors:
            return count_tensors(tensors)[0].total
    return 0


def _diffusion(config: Mapping[str, Any], denoiser: str, counts: Mapping[str, int], text: int) -> Diffusion:
    sample = config.get("sample_size")
    resolution = 8 * sample if isinstance(sample, int) and 8 <= sample <= 512 else 1024  # noqa: PLR2004 - latents
    if denoiser == "unet":
        channels, transformers = _unet_levels(config)
        return Diffusion(
            counts["unet"], text, counts.get("vae", 0), heads=_unet_heads(config, transformers), resolution=resolution,
            channels=channels, transformers=transformers,
        )  # fmt: skip
    heads = config.get("num_attention_heads")
    width = config.get("attention_head_dim")
    heads = heads if isinstance(heads, int) else 24
    width = width if isinstance(width, int) else 128
    layers = sum(config.get(key, 0) for key in ("num_layers", "num_single_layers") if isinstance(config.get(key), int))
    return Diffusion(
        counts["transformer"], text, counts.get("vae", 0), transformer=True, hidden=heads * width, layers=layers,
        heads=heads, patch=2, resolution=1024,
        guided=not str(config.get("_class_name", "")).startswith(_GUIDED_BY_NUMBER),
    )  # fmt: skip


def _unet_levels(config: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the channels of each level, and its transformer layers; nothing where the config does not say both."""
    channels, kinds = config.get("block_out_channels"), config.get("down_block_types")
    if not isinstance(channels, list) or not isinstance(kinds, list) or len(channels) != len(kinds):
        return (), ()
    layers = config.get("transformer_layers_per_block", 1)
    each = layers if isinstance(layers, list) and len(layers) == len(kinds) else [layers] * len(kinds)
    return tuple(channels), tuple(
        many if isinstance(many, int) and "CrossAttn" in str(kind) else 0
        for many, kind in zip(each, kinds, strict=True)
    )


def _unet_heads(config: Mapping[str, Any], transformers: Sequence[int]) -> int:
    """Return the heads of the finest level that attends: diffusers calls their number a dimension."""
    said = config.get("attention_head_dim")
    finest = next((place for place, layers in enumerate(transformers) if layers), 0)
    heads = said[finest] if isinstance(said, list) and finest < len(said) else said
    return heads if isinstance(heads, int) and heads > 0 else 8
