"""How the service bills a job, as far as it is known, and what to assume where it is not."""

from dataclasses import dataclass
from typing import Literal

from hfplanner.errors import UsageError
from hfplanner.units import MICRO_USD_PER_USD, SECONDS_PER_MINUTE

__all__ = ["BillingPolicy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingPolicy:
    """The rule by which running time becomes money.

    The defaults are the rule of Hugging Face's own chat-ui budget guard (price x started minutes, from start to
    finish) and the Jobs documentation (30 minutes where no timeout was sent, $0.01 an hour for exposed ports). Rounding
    on the invoice and whether each attempt is billed are unverified, hence arguments.

    Args:
        unit_secs: what is billed whole once it has started [s].
        seconds: which seconds count where both are known: ``"timestamps"``, from started to finished, or
            ``"durations"``, the service's own ``durations.runningSecs``. Where one is missing the other counts.
        price_day: the day (UTC) whose price holds: when the job ``"started"``, or when it was ``"created"``.
        default_timeout_secs: the service's timeout where none was sent [s].
        port_micro_usd_per_hour: the surcharge for exposed ports, once for each job [micro-USD/h].
        each_attempt: whether every attempt is billed, and has the timeout for itself.
        vanished_after_secs: how long after its longest time a job may still be seen running [s].

    Raises:
        UsageError: a time that is not above 0, or a negative surcharge.
    """

    unit_secs: int = SECONDS_PER_MINUTE
    seconds: Literal["timestamps", "durations"] = "timestamps"
    price_day: Literal["started", "created"] = "started"
    default_timeout_secs: int = 30 * SECONDS_PER_MINUTE
    port_micro_usd_per_hour: int = MICRO_USD_PER_USD // 100
    each_attempt: bool = True
    vanished_after_secs: int = 120 * SECONDS_PER_MINUTE

    def __post_init__(self) -> None:
        """Refuse what would make every cost wrong."""
        for name in ("unit_secs", "default_timeout_secs"):
            if getattr(self, name) <= 0:
                raise UsageError(f"{name} is {getattr(self, name)}.", hint="A number of seconds above 0.")
        if SECONDS_PER_MINUTE % self.unit_secs:
            raise UsageError(
                f"unit_secs is {self.unit_secs}.", hint="A part of a minute: prices are per minute. 60, 30, ... 1."
            )
        if min(self.port_micro_usd_per_hour, self.vanished_after_secs) < 0:
            raise UsageError("A surcharge or a delay is negative.", hint="0 or more.")
