"""What the answer would be under the nearest miss: the same question with the options that make something fit."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

from hfplanner.plan.arguments import as_argument, as_option, find_arguments, read_value
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.known import KnownJob
from hfplanner.plan.when import parse_when

__all__ = ["known_with"]


def known_with(known: KnownJob, options: Sequence[str]) -> KnownJob:
    """Return what is known of a job that is asked for with more options.

    Args:
        known: the job as it was asked for.
        options: as they are typed, a name and its value, or the name of a flag alone.

    Raises:
        UsageError: a value that cannot be meant, or what contradicts itself.

    >>> from hfplanner.plan.asked import AskedMachine
    >>> known = KnownJob(needs=JobNeeds(machine=AskedMachine(vram=160 * 10**9)))
    >>> known_with(known, ("--shard", "--vram", "150GB")).needs.machine
    AskedMachine(vram=150000000000, shard=True, gpus=None, accelerator=None, cpu=None, ram=None, disk=None)
    """
    needs = _with_values(known.needs, _read(options))
    model = known.model
    if model is not None:
        model = replace(model, job=needs.model.job(needs.machine.gpus or 1))
    return replace(known, needs=needs, model=model, **_deadline(known, needs))


def _deadline(known: KnownJob, needs: JobNeeds) -> dict[str, Any]:
    """Return when the job has to be done, seen from the same moment, where the options say another deadline."""
    until, secs, asked = known.deadline, known.deadline_secs, needs.limits.deadline
    if until is None or secs is None or asked is None or asked == known.needs.limits.deadline:
        return {}
    now = until - timedelta(seconds=secs)
    later = parse_when(asked, now)
    return {"deadline": later, "deadline_secs": int((later - now) / timedelta(seconds=1))}


def _read(options: Sequence[str]) -> dict[str, Any]:
    """Return the values of options by the names of their arguments."""
    values: dict[str, Any] = {}
    words = list(options)
    while words:
        (argument,) = find_arguments(as_argument(words.pop(0)))
        value = True if argument.is_flag else read_value(argument, words.pop(0), as_option)
        values[argument.name] = [*values.get(argument.name, ()), value] if argument.repeatable else value
    return values


def _with_values(needs: JobNeeds, values: Mapping[str, Any]) -> JobNeeds:
    def taken(part: Any) -> Any:  # noqa: ANN401 - one of the parts of the needs
        return replace(part, **{one.name: values[one.name] for one in fields(part) if one.name in values})

    return replace(needs, **{one.name: taken(getattr(needs, one.name)) for one in fields(needs)})
