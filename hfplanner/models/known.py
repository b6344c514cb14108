"""The models whose shapes travel with the package: they need no network."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hfplanner.catalog.shipped import read_data_text
from hfplanner.models.config import parse_config
from hfplanner.models.shape import Diffusion, ModelShape, Parameters
from hfplanner.models.storage import Spelling, read_name

__all__ = ["diffusion_shape", "find_known", "is_shipped_as_such", "known_ids", "near_ids", "shipped_config"]


@cache
def _entries() -> Mapping[str, Mapping[str, Any]]:
    return {entry["id"]: entry for entry in json.loads(read_data_text("models.json"))["models"]}


@cache
def _index() -> Mapping[str, str]:
    """Return ids by every spelling: whole, without the owner, without what does not change the shape."""
    index: dict[str, str] = {}
    for spell in (str.casefold, _short, _stem):
        for name, entry in _entries().items():
            for spelling in (name, *entry.get("aliases", ())):
                index.setdefault(spell(spelling), name)
    return index


def _short(name: str) -> str:
    return name.casefold().rpartition("/")[2]


def _stem(name: str) -> str:
    return read_name(name).stem


def known_ids() -> tuple[str, ...]:
    """Return the ids of the shipped models, sorted."""
    return tuple(sorted(_entries(), key=str.casefold))


def near_ids(name: str, count: int = 3) -> tuple[str, ...]:
    """Return the shipped ids that look most like a name.

    >>> near_ids("meta-llama/Llama-3.1-8")[0]
    'meta-llama/Meta-Llama-3.1-8B'
    """
    short = {_short(known): known for known in _entries()}
    near = difflib.get_close_matches(_short(name), short, n=count, cutoff=0.5)
    return tuple(short[key] for key in near)


def find_known(name: str) -> ModelShape | None:
    """Return the shape of a shipped model, ``None`` for any other.

    A variant that only differs in how it was trained (``-Instruct``, ``-it``, ``-chat``) has its base model's shape;
    one that is stored otherwise (``-AWQ``, ``-FP8``, ``-bnb-4bit``, ``-GGUF``) has that shape, stored so.

    >>> find_known("meta-llama/Llama-3.2-3B-Instruct").parameters.total
    3212749824
    >>> find_known("nobody/nothing") is None
    True
    """
    index = _index()
    known = next((index[key] for key in (name.casefold(), _short(name), _stem(name)) if key in index), None)
    if known is None:
        return None
    shape = _shipped(known, name)
    exact = name.casefold() in index or _short(name) in index
    return shape if exact else _stored_as_named(shape, read_name(name))


def shipped_config(name: str) -> Mapping[str, Any] | None:
    """Return the config of a shipped model, ``None`` for any other and for pipelines.

    >>> shipped_config("Qwen/Qwen3-8B-AWQ")["num_hidden_layers"]
    36
    """
    index = _index()
    known = next((index[key] for key in (name.casefold(), _short(name), _stem(name)) if key in index), None)
    return None if known is None else _entries()[known].get("config")


def is_shipped_as_such(name: str) -> bool:
    """Whether a name is a shipped model's own, or says nothing of how its weights are stored.

    >>> is_shipped_as_such("Qwen/Qwen3-8B"), is_shipped_as_such("Qwen/Qwen3-8B-AWQ")
    (True, False)
    """
    index = _index()
    return name.casefold() in index or _short(name) in index or read_name(name).quantization is None


def _shipped(known: str, name: str) -> ModelShape:
    entry = _entries()[known]
    if "diffusion" in entry:
        return replace(
            diffusion_shape(name, Diffusion(**entry["diffusion"])),
            notes=(f"parts of {known} as shipped ({entry['source']})",),
        )
    shape = parse_config(entry["config"], name=name)
    total = entry.get("total")
    if total:
        shape = replace(shape, parameters=shape.parameters.scaled_to(total))
    return replace(shape, notes=(*shape.notes, f"shape of {known} as shipped ({entry['source']})"))


def _stored_as_named(shape: ModelShape, said: Spelling) -> ModelShape:
    """Return a shape whose weights are stored as a name says."""
    if said.quantization is None:
        return shape
    parameters = shape.parameters
    if said.quantization == "fp8" and not parameters.head and shape.kind == "decoder":
        # Who quantizes to FP8 saves the output projection apart, in bf16, also where it shared the embedding's weights.
        parameters = replace(parameters, head=shape.vocab * shape.hidden)
    notes = (*shape.notes, f"its weights are stored as its name says: {said.quantization}")
    return replace(
        shape,
        parameters=parameters,
        stored_quantization=said.quantization,
        stored_dtype=said.dtype or ("bf16" if shape.stored_dtype == "fp8" else shape.stored_dtype),
        notes=(*notes, said.assumed) if said.assumed else notes,
    )


def diffusion_shape(name: str, pipeline: Diffusion) -> ModelShape:
    """Return a pipeline as a shape, whose language-model widths are those of its denoiser."""
    head_dim = max(pipeline.hidden // pipeline.heads, 1)
    return ModelShape(
        name=name,
        model_type="diffusion",
        kind="diffusion",
        hidden=pipeline.hidden,
        layers=pipeline.layers,
        heads=pipeline.heads,
        kv_heads=pipeline.heads,
        head_dim=head_dim,
        ffn=4 * pipeline.hidden,
        vocab=0,
        parameters=Parameters(0, 0, pipeline.denoiser, pipeline.text_encoders + pipeline.vae),
        gated=False,
        diffusion=pipeline,
        stored_dtype="fp16",
    )
