"""Compiled layers: what the formula says of them is what a compiler's partition keeps."""

import pytest

from hfplanner.estimate.memory.activations import kept_per_layer
from hfplanner.estimate.memory.job import MemoryJob, Task
from tests.benchmarks.compiled_layers import CompiledRow, read_compiled
from tests.benchmarks.traced_memory import text_shape

# A parallel block has one norm for both its halves, and norms on the way out keep fp32 only without autocast.
_LOOSE = {"microsoft/phi-2": 0.13, "allenai/OLMo-2-0425-1B": 0.05}


@pytest.mark.parametrize("row", read_compiled(), ids=lambda row: f"{row.model} {row.task} {row.precision}")
def test_a_compiled_layer_keeps_what_its_partition_keeps(row: CompiledRow) -> None:
    """The formula is within half a percent of each partitioned layer, but for two architectures."""
    assert abs(row.error) <= _LOOSE.get(row.model, 0.005)


@pytest.mark.parametrize("task", ["full", "lora", "qlora"])
@pytest.mark.parametrize("model", ["Qwen/Qwen3-30B-A3B", "Qwen/Qwen3.5-9B", "google/gemma-3-1b-it"])
def test_a_compiled_layer_keeps_no_more_than_eager_code(model: str, task: Task) -> None:
    """Whatever the architecture, compiling makes a layer keep less, or as much."""
    shape = text_shape(model)
    eager, compiled = (
        kept_per_layer(shape, MemoryJob(task=task, checkpointing="none", compiled=compiled))
        for compiled in (False, True)
    )
    assert 0.3 * eager < compiled <= eager
