"""What the machine must have."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.readers import read_size, whole_number

__all__ = ["NEEDS", "AskedMachine"]

# Beyond these a number of a listing's column is a slip of the keyboard.
_MOST_GPUS = 10_000
_MOST_VCPU = 1_000_000

NEEDS: tuple[Argument, ...] = (
    Argument(
        name="vram",
        group="Needs",
        read=read_size,
        metavar="SIZE",
        help="Listed memory needed on one GPU: 40GB, 40GiB.",
    ),
    flag(
        name="shard",
        group="Needs",
        help="That memory, or the model, may be spread over the GPUs of one flavor.",
    ),
    Argument(
        name="gpus",
        group="Needs",
        read=whole_number(_MOST_GPUS),
        metavar="N",
        help="At least this many GPUs; a model runs on so many.",
    ),
    Argument(
        name="accelerator",
        group="Needs",
        metavar="NAME",
        repeatable=True,
        help="Only this accelerator; repeat it to allow several: l4, a100.",
    ),
    Argument(
        name="cpu",
        group="Needs",
        read=whole_number(_MOST_VCPU),
        metavar="N",
        help="At least this many vCPU.",
    ),
    Argument(name="ram", group="Needs", read=read_size, metavar="SIZE", help="At least this much main memory."),
    Argument(name="disk", group="Needs", read=read_size, metavar="SIZE", help="At least this much disk."),
)
"""What the machine must have; :class:`AskedMachine` holds their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMachine:
    """What the machine must have: a field for each argument of :data:`NEEDS`."""

    vram: int | None = None
    shard: bool = False
    gpus: int | None = None
    accelerator: Sequence[str] | None = None
    cpu: int | None = None
    ram: int | None = None
    disk: int | None = None

    def as_needs(self) -> dict[str, Any]:
        """Return the values by the names that :class:`~hfplanner.recommend.needs.Needs` has for them.

        >>> AskedMachine(cpu=8, ram=62 * 10**9).as_needs()["vcpu"]
        8
        """
        values = {_NEED_OF.get(field.name, field.name): getattr(self, field.name) for field in fields(self)}
        return values | {"accelerators": tuple(self.accelerator or ())}


# Where the need has another name than its argument: its unit, or the field's word.
_NEED_OF = {
    "vram": "vram_bytes",
    "accelerator": "accelerators",
    "cpu": "vcpu",
    "ram": "ram_bytes",
    "disk": "disk_bytes",
}
