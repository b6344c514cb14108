"""What an answer rests on, and where each of it came from: typed, a preset, the model's config, or assumed."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from hfplanner.plan.arguments import LIMITS, MODEL, NEEDS, OBJECTIVE, TIME, TOP, TRIALS
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.presets import preset_source
from hfplanner.plan.readers import MeasuredDuration
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.result import RequestInput
from hfplanner.units import format_duration

__all__ = ["inputs_of_request"]

_ARGUMENTS = (*NEEDS, *MODEL, *TIME, *LIMITS, *TRIALS, OBJECTIVE, TOP)


def inputs_of_request(needs: JobNeeds, said: Collection[str], estimates: Estimates) -> tuple[RequestInput, ...]:
    """Return the inputs of a request: what was typed, then what a preset says, the model's config, and what is assumed.

    Args:
        needs: what was asked.
        said: the names of the arguments that were typed.
        estimates: what is known of the job: its model says what is assumed of it.

    >>> from hfplanner.plan.asked import AskedModel
    >>> needs = JobNeeds(model=AskedModel(preset="unsloth", model="Qwen/Qwen3-8B", task="qlora", batch_size=2))
    >>> found = inputs_of_request(needs, {"preset", "model"}, Estimates())
    >>> [(one.name, one.value, one.origin) for one in found if one.name in {"model", "batch_size"}]
    [('model', 'Qwen/Qwen3-8B', 'typed'), ('batch_size', 2, 'preset')]
    """
    told = (*_typed(needs, said), *_of_preset(needs, said))
    names = {one.name for one in told}
    return (*told, *(one for one in _of_model(estimates) if one.name not in names))


def _typed(needs: JobNeeds, said: Collection[str]) -> Iterator[RequestInput]:
    for argument in _ARGUMENTS:
        if argument.name in said:
            yield RequestInput(argument.name, _shown(_value(needs, argument.name)), "typed")


def _of_preset(needs: JobNeeds, said: Collection[str]) -> Iterator[RequestInput]:
    preset = needs.model.preset
    for argument in _ARGUMENTS:
        source = None if preset is None or argument.name in said else preset_source(preset, argument.name)
        if source is not None:
            yield RequestInput(argument.name, _shown(_value(needs, argument.name)), "preset", f"{preset}: {source}")


def _of_model(estimates: Estimates) -> Iterator[RequestInput]:
    if estimates.memory is None:
        return
    from hfplanner.estimate.memory.defaults import inputs_of  # noqa: PLC0415 - where a model is named
    from hfplanner.estimate.memory.result import estimate_memory  # noqa: PLC0415 - as above

    need = estimates.memory
    answer = estimate_memory(need.shape, replace(need.job, gpus=1 if need.spread else need.job.gpus))
    yield RequestInput("parameters", need.shape.parameters.total, "config", answer.per_gpu_bytes.basis[0])
    for one in inputs_of(answer):
        document = one.to_json()
        yield RequestInput(str(document["name"]), document["value"], "assumed", str(document["source"]))


def _value(needs: JobNeeds, name: str) -> Any:  # noqa: ANN401 - the value of any argument
    """Return the value of an argument, wherever it is kept."""
    return next(
        (getattr(part, name) for part in (needs.machine, needs.model, needs.time, needs.limits) if hasattr(part, name)),
        None,
    )


def _shown(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a value as JSON has it; durations as they are typed."""
    if isinstance(value, MeasuredDuration):
        return f"{format_duration(value.seconds)}{f'@{value.flavor}' if value.flavor else ''}"
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value
