"""Cost and hardware planning for Hugging Face Jobs.

Every question of the command line is a function here, with the same arguments:

    >>> import hfplanner as hp
    >>> best = hp.recommend(vram="40GB", max_price="2.50", offline=True).best
    >>> best.flavor.name, best.flavor.usd_per_hour
    ('l40sx1', 1.8)

======================  ==========================================================================
hp.hardware             what can be rented, with prices
hp.recommend            which flavor is cheapest for a job, why, and why every other is not
hp.estimate_memory      how much GPU memory a model needs, and where it fits
hp.estimate_duration    how long a job takes elsewhere that was measured on one flavor
hp.estimate_cost        what it costs there, and what it can cost at most
hp.check                may this job run: every budget it falls under, with the arithmetic
hp.run                  run it: recommend, check, reserve, send exactly once
hp.rerun                run a job again that ran
hp.approve              say yes to a job that an agent may not start by itself
hp.sweep                the cheapest way to run many trials of one job, and run them
hp.scheduled            the schedules of the Hub, and what a month of them costs at most
hp.prices               what flavors cost over time, and what changed
hp.sync                 bring the local history up to date with the Hub
hp.report               what the jobs of the history cost, by what, and what was wasted
hp.measured_add         keep what a run took of a GPU: it goes before any formula
hp.measured_list        what is kept; hp.measured_remove takes it out
hp.trace_memory         what a step of your own code needs, on fake tensors (extra trace)
hp.budgets              the limits, what is spent and held, and what is left
======================  ==========================================================================

Arguments are the options' names with ``_``. Values are texts as on the command line ("40GB", "2h@a10g-small", "$5"), or
numbers in the unit that the JSON names: bytes, seconds, micro-USD.

An answer is frozen. ``to_dict()`` is the JSON of the command, ``to_polars()`` a frame where it is a table; a notebook
shows it as one. What goes wrong is an HfplannerError with a ``hint``.

A Workspace is the world an answer stands on: files, Hub, token, clock. By default it is the one of the environment
(HF_TOKEN, HF_ENDPOINT, HFPLANNER_HOME, ...); every function takes another one as ``workspace``.

The classes of the Jobs API (JobInfo, JobHardware, JobStage, ...) and a client for it, JobsClient, are here as well.
"""

import sys

# As typing has it, without the 10 ms that importing typing takes: nothing but this file is loaded by importing it.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from hfplanner.api import (
        DEFAULT_UV_IMAGE,
        SPACE_IMAGE_PREFIXES,
        TERMINAL_JOB_STAGES,
        JobAccelerator,
        JobDurations,
        JobHardware,
        JobHardwareInfo,
        JobInfo,
        JobInitiator,
        JobNetwork,
        JobOwner,
        JobsClient,
        JobSpec,
        JobStage,
        JobStatus,
        LastJobInfo,
        ScheduledJobInfo,
        ScheduledJobStatus,
        Volume,
        create_job_spec,
    )
    from hfplanner.errors import (
        BudgetBlocked,
        BudgetError,
        BudgetRefused,
        CanaryFailed,
        CatalogError,
        HfplannerError,
        HistoryError,
        HubError,
        JobSpecError,
        KeyConflict,
        LedgerError,
        ModelError,
        NoCapacity,
        NoSuchJobs,
        NothingFits,
        PolicyError,
        SubmissionError,
        SubmissionUnknown,
        TokenError,
        UsageError,
    )
    from hfplanner.estimate.memory.trace.session import trace_memory
    from hfplanner.front.functions import (
        approve,
        budgets,
        check,
        estimate_cost,
        estimate_duration,
        estimate_memory,
        hardware,
        measured_add,
        measured_list,
        measured_remove,
        prices,
        recommend,
        report,
        rerun,
        run,
        scheduled,
        sweep,
        sync,
    )
    from hfplanner.plan.workspace import Workspace

__all__ = [
    "DEFAULT_UV_IMAGE",
    "SPACE_IMAGE_PREFIXES",
    "TERMINAL_JOB_STAGES",
    "BudgetBlocked",
    "BudgetError",
    "BudgetRefused",
    "CanaryFailed",
    "CatalogError",
    "HfplannerError",
    "HistoryError",
    "HubError",
    "JobAccelerator",
    "JobDurations",
    "JobHardware",
    "JobHardwareInfo",
    "JobInfo",
    "JobInitiator",
    "JobNetwork",
    "JobOwner",
    "JobSpec",
    "JobSpecError",
    "JobStage",
    "JobStatus",
    "JobsClient",
    "KeyConflict",
    "LastJobInfo",
    "LedgerError",
    "ModelError",
    "NoCapacity",
    "NoSuchJobs",
    "NothingFits",
    "PolicyError",
    "ScheduledJobInfo",
    "ScheduledJobStatus",
    "SubmissionError",
    "SubmissionUnknown",
    "TokenError",
    "UsageError",
    "Volume",
    "Workspace",
    "__version__",
    "approve",
    "budgets",
    "check",
    "create_job_spec",
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
    "trace_memory",
]

__version__ = "0.1.0"

# What is imported for a name, only when it is asked for.
_ERRORS = (
    "BudgetBlocked",
    "BudgetError",
    "BudgetRefused",
    "CanaryFailed",
    "CatalogError",
    "HfplannerError",
    "HistoryError",
    "HubError",
    "JobSpecError",
    "KeyConflict",
    "LedgerError",
    "ModelError",
    "NoCapacity",
    "NoSuchJobs",
    "NothingFits",
    "PolicyError",
    "SubmissionError",
    "SubmissionUnknown",
    "TokenError",
    "UsageError",
)
_FUNCTIONS = (
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
)
_MODULES = {
    **dict.fromkeys(_ERRORS, "hfplanner.errors"),
    **dict.fromkeys(_FUNCTIONS, "hfplanner.front.functions"),
    "Workspace": "hfplanner.plan.workspace",
    "trace_memory": "hfplanner.estimate.memory.trace.session",
}


def _find(name: str) -> "Callable[..., object]":
    from importlib import import_module  # noqa: PLC0415 - when something is asked for

    found: Callable[..., object] = getattr(import_module(_MODULES.get(name, "hfplanner.api")), name)
    return found


def __getattr__(name: str) -> object:
    """Import a public name from its module, when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _find(name)


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:
    ModuleType = type(sys)


class _Room(ModuleType):
    """A room whose name is that of a question: ``hfplanner.recommend`` is a package, and can be asked."""

    def __call__(self, **given: object) -> object:
        return _find(self.__name__.rpartition(".")[2])(**given)

    @property
    def __signature__(self) -> object:
        return vars(_find(self.__name__.rpartition(".")[2]))["__signature__"]


class _FrontDoor(ModuleType):
    """This package: a room that takes the name of a question, as it is imported, takes its function with it."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _FUNCTIONS and isinstance(value, ModuleType):
            value.__class__ = _Room
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _FrontDoor
