"""The functions of the front door: each question the command line answers, asked in the same way."""

from hfplanner.front.approving import approve
from hfplanner.front.flavors import estimate_cost, estimate_duration, estimate_memory, hardware, recommend
from hfplanner.front.history import budgets, report, sync
from hfplanner.front.jobs import check, rerun, run
from hfplanner.front.lists import prices, scheduled
from hfplanner.front.measured import measured_add, measured_list, measured_remove
from hfplanner.front.sweeps import sweep

__all__ = [
    "approve",
    "budgets",
    "check",
    "estimate_cost",
    "estimate_duration",
    "estimate_memory",
    "hardware",
    "measured_add",
    "measured_list",
    "measured_remove",
    "prices",
    "recommend",
    "report",
    "rerun",
    "run",
    "scheduled",
    "sweep",
    "sync",
]
