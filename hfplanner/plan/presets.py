"""What a preset says: the values of arguments as a library or its examples set them, each with its source.

``data/presets.csv`` has a row for each value. What is typed wins.
"""

from collections.abc import Mapping
from typing import Any, Literal

from hfplanner.catalog.shipped import read_data_rows

__all__ = ["PresetName", "preset_source", "preset_values"]

PresetName = Literal["trl-sft", "trl-dpo", "peft-lora", "unsloth", "vllm-batch"]


def preset_values(name: str | None) -> Mapping[str, Any]:
    """Return the values of a preset by the names of the arguments, read as if they were typed; none without a name.

    >>> preset_values("unsloth")["task"], preset_values("unsloth")["batch_size"], preset_values(None)
    ('qlora', 2, {})
    """
    if name is None:
        return {}
    from hfplanner.plan.arguments import find_arguments  # noqa: PLC0415 - the table itself names this module

    rows = [row for row in read_data_rows("presets.csv") if row["preset"] == name]
    arguments = find_arguments(*(row["argument"] for row in rows))
    return {argument.name: argument.value(row["value"]) for argument, row in zip(arguments, rows, strict=True)}


def preset_source(name: str, argument: str) -> str | None:
    """Return where a value of a preset is from; ``None`` where the preset does not say the argument.

    >>> preset_source("peft-lora", "lora_rank")
    'LoraConfig.r (huggingface.co/docs/peft/package_reference/lora)'
    """
    rows = read_data_rows("presets.csv")
    return next((row["source"] for row in rows if (row["preset"], row["argument"]) == (name, argument)), None)
