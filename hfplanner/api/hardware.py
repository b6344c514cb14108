"""What can be rented: the flavor names the Hub's own client knows, and one row of the hardware listing."""

from typing import ClassVar

from pydantic import Field, JsonValue

from hfplanner.api.base import ApiModel
from hfplanner.api.constants import JobHardware

__all__ = ["JobAccelerator", "JobHardware", "JobHardwareInfo"]


class JobAccelerator(ApiModel):
    """The accelerators of one flavor.

    Args:
        type: ``"gpu"`` or ``"neuron"``; anything later passes through.
        model: for example ``"L40S"``.
        quantity: how many, a string on the wire (``"4"``).
        vram: the TOTAL over the flavor's accelerators, for example ``"96 GB"`` for four of 24 GB.
        manufacturer: for example ``"Nvidia"``.
    """

    type: str
    model: str
    quantity: str | int
    vram: str
    manufacturer: str | None = None


class JobHardwareInfo(ApiModel):
    """One row of ``GET /api/jobs/hardware``.

    Args:
        name: the flavor, unique in a listing; ``pretty_name`` is not.
        cpu: for example ``"8 vCPU"``.
        ram: for example ``"62 GB"``.
        ephemeral_storage: for example ``"380 GB"``, ``"N/A"`` where the Hub names none.
        accelerator: ``None`` on CPU flavors.
        unit_cost_micro_usd: price per unit in micro-USD, an integer in every listing seen. Kept as delivered: what is
            not a positive whole number is for the catalog to call unpriced, not for the parser to lose.
        unit_cost_usd: the same in US dollars, for reading only.
        unit_label: ``"minute"`` in every listing seen.

    >>> row = JobHardwareInfo.model_validate({"name": "cpu-basic", "prettyName": "CPU Basic", "unitCostMicroUSD": 167})
    >>> row.pretty_name, row.unit_cost_micro_usd, row.ephemeral_storage
    ('CPU Basic', 167, 'N/A')
    """

    empty_is_none: ClassVar[tuple[str, ...]] = ("accelerator",)

    name: str = Field(min_length=1)
    pretty_name: str | None = None
    cpu: str | None = None
    ram: str | None = None
    ephemeral_storage: str | None = "N/A"
    accelerator: JobAccelerator | None = None
    unit_cost_micro_usd: JsonValue = Field(default=None, alias="unitCostMicroUSD")
    unit_cost_usd: JsonValue = Field(default=None, alias="unitCostUSD")
    unit_label: str | None = None
