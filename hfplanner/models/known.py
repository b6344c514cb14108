"""The models whose shapes travel with the package: they need no network."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hfplanner.catalog.shipped import read_data_text
from hfplanner.models.config import parse_config
from hfplanner.models.shape import Diffusion, ModelShape, Parameters

__all__ = ["find_known", "known_ids", "near_ids"]

# What is appended to a name without changing the shape.
_SUFFIXES = re.compile(
    r"-(instruct|chat|it|base|hf|pt|sft|dpo|unsloth|bnb|4bit|bf16|fp8|gptq|awq|gguf|int4|int8|q8|dequantized"
    r"|instruct-v0\.[0-9]|python|v0\.[0-9])$"
)


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
    stem = _short(name).replace("_", ".").removeprefix("meta-")
    while (shorter := _SUFFIXES.sub("", stem)) != stem:
        stem = shorter
    return stem


def known_ids() -> tuple[str, ...]:
    """Return the ids of the shipped models, sorted."""
    return tuple(sorted(_entries(), key=str.casefold))


def near_ids(name: str, count: int = 3) -> tuple[str, ...]:
    """Return the shipped ids that look most like a name.

    >>> near_ids("meta-llama/Llama-3.1-8")[0]
    'meta-llama/Meta-Llama-3.1-8B'
    """
    short = {_short(known): known for known in _entries()}
    near = difflib.get_close_matches(_short(name), short, n=count, cutoff=0.4)
    return tuple(short[key] for key in near)


def find_known(name: str) -> ModelShape | None:
    """Return the shape of a shipped model, ``None`` for any other.

    A variant that only differs in how it was trained (``-Instruct``, ``-it``, ``-chat``) has its base model's shape.

    >>> find_known("meta-llama/Llama-3.2-3B-Instruct").parameters.total
    3212749824
    >>> find_known("nobody/nothing") is None
    True
    """
    index = _index()
    known = next((index[key] for key in (name.casefold(), _short(name), _stem(name)) if key in index), None)
    if known is None:
        return None
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
