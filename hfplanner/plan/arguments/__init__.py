"""Every argument that means something beyond the command line, declared once: needs, model, time, limits, job, where.

The command line derives its options from this table, the Python interface its keyword arguments. An error is one
sentence that either spells its own way: :func:`as_option` writes ``--max-cost``, :func:`as_argument` ``max_cost``.
"""

from hfplanner.plan.arguments.argument import Argument, Group, as_argument, as_option, flag, read_value
from hfplanner.plan.arguments.durations import CHECKPOINT_EVERY, DURATION, FLAVORS, TIME, TO, WORST_TIMEOUT
from hfplanner.plan.arguments.job import ATTEMPTS, CANARY, FALLBACK, FILES, JOB, SENDING, SWEEP_JOB
from hfplanner.plan.arguments.limits import LIMITS, OBJECTIVE, RUN_SWEEP, SWEEP, TOP, TRIALS
from hfplanner.plan.arguments.model import FIT, GPUS_OF_A_RUN, MODEL, SOLVE, TRACE
from hfplanner.plan.arguments.needs import NEEDS, AskedMachine
from hfplanner.plan.arguments.records import MEASURED, PRICES, REPORT, SCHEDULES, SYNC
from hfplanner.plan.arguments.sentences import in_python
from hfplanner.plan.arguments.table import find_arguments
from hfplanner.plan.arguments.where import WHERE

__all__ = [
    "ATTEMPTS",
    "CANARY",
    "CHECKPOINT_EVERY",
    "DURATION",
    "FALLBACK",
    "FILES",
    "FIT",
    "FLAVORS",
    "GPUS_OF_A_RUN",
    "JOB",
    "LIMITS",
    "MEASURED",
    "MODEL",
    "NEEDS",
    "OBJECTIVE",
    "PRICES",
    "REPORT",
    "RUN_SWEEP",
    "SCHEDULES",
    "SENDING",
    "SOLVE",
    "SWEEP",
    "SWEEP_JOB",
    "SYNC",
    "TIME",
    "TO",
    "TOP",
    "TRACE",
    "TRIALS",
    "WHERE",
    "WORST_TIMEOUT",
    "Argument",
    "AskedMachine",
    "Group",
    "as_argument",
    "as_option",
    "find_arguments",
    "flag",
    "in_python",
    "read_value",
]
