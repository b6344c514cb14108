"""What of a flavor decides how long a job takes on it."""

import math
from dataclasses import dataclass

from hfplanner.catalog.flavor import Flavor
from hfplanner.estimate.duration.rates import compute_rate, rates_of
from hfplanner.estimate.duration.scaling import Speedup, speedup_of
from hfplanner.estimate.duration.workload import Workload

__all__ = ["Machine", "machine_of"]


@dataclass(frozen=True, slots=True)
class Machine:
    """A flavor's speed, as logarithms.

    Args:
        compute: of the operations per second one GPU sustains.
        memory: of the bytes per second it sustains.
        clock: of its clock under light load.
        gpus: what the GPUs that the job uses are worth together.
        vcpu: of the virtual processors.
    """

    compute: float
    memory: float
    clock: float
    gpus: Speedup
    vcpu: float

    def at_least(self, other: "Machine") -> bool:
        """Return whether it is as fast as another in every respect that a datasheet names: the clock stands for none.

        A larger GPU has a lower clock, and is not slower for it (:func:`.fit.possible`).
        """
        enough = self.gpus.log >= other.gpus.log and self.vcpu >= other.vcpu
        return enough and self.accelerator_at_least(other)

    def accelerator_at_least(self, other: "Machine") -> bool:
        """Return whether its accelerator is as fast as another's, whatever the number of them."""
        return self.compute >= other.compute and self.memory >= other.memory


def machine_of(flavor: Flavor, workload: Workload) -> Machine | str:
    """Return the speed of a flavor with GPUs for a workload, or the reason why it is not known.

    >>> from hfplanner.catalog.listing import shipped_listing
    >>> flavors = shipped_listing().by_name()
    >>> machine_of(flavors["h200"], Workload()).at_least(machine_of(flavors["a100-large"], Workload()))
    True
    """
    rates = rates_of(flavor.accelerator)
    if rates is None:
        return f"nothing is known about the speed of {flavor.accelerator}"
    worth = speedup_of(rates.model, flavor.gpus if workload.scales_with_gpus else 1)
    if worth is None:
        return f"nothing is known about work on several {flavor.accelerator}"
    # 16 bits are what current libraries compute in unless they are told otherwise.
    compute = compute_rate(rates, workload.precision or "half")
    return Machine(
        math.log(compute), math.log(rates.bytes_per_sec), math.log(rates.clock_hz), worth, math.log(flavor.vcpu or 1)
    )
