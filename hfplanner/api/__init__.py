"""The Hub's Jobs API and nothing else: models, job specification, client. The wire's camelCase stops here.

What is public is named here and imported when it is asked for, so that ``import hfplanner.api`` costs nothing.

>>> from hfplanner.api import JobStage
>>> JobStage.RUNNING.value
'RUNNING'
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hfplanner.api.account import JobsUsageAnswer, JobUsage, WhoAmI
    from hfplanner.api.auth import Token, find_token
    from hfplanner.api.client import JobsClient
    from hfplanner.api.hardware import JobAccelerator, JobHardware, JobHardwareInfo
    from hfplanner.api.job_parts import (
        TERMINAL_JOB_STAGES,
        JobDurations,
        JobInitiator,
        JobNetwork,
        JobOwner,
        JobStage,
        JobStatus,
        Volume,
    )
    from hfplanner.api.launch import Launched
    from hfplanner.api.limits import Limits
    from hfplanner.api.models import (
        DEFAULT_UV_IMAGE,
        SPACE_IMAGE_PREFIXES,
        JobInfo,
        JobSpec,
        LastJobInfo,
        ScheduledJobInfo,
        ScheduledJobStatus,
    )
    from hfplanner.api.origin import check_endpoint
    from hfplanner.api.public import fetch_hardware
    from hfplanner.api.retry import RetryPolicy
    from hfplanner.api.settings import read_hub_settings
    from hfplanner.api.spec import create_job_spec
    from hfplanner.api.streams import JobMetrics, LogLine

__all__ = [
    "DEFAULT_UV_IMAGE",
    "SPACE_IMAGE_PREFIXES",
    "TERMINAL_JOB_STAGES",
    "JobAccelerator",
    "JobDurations",
    "JobHardware",
    "JobHardwareInfo",
    "JobInfo",
    "JobInitiator",
    "JobMetrics",
    "JobNetwork",
    "JobOwner",
    "JobSpec",
    "JobStage",
    "JobStatus",
    "JobUsage",
    "JobsClient",
    "JobsUsageAnswer",
    "LastJobInfo",
    "Launched",
    "Limits",
    "LogLine",
    "RetryPolicy",
    "ScheduledJobInfo",
    "ScheduledJobStatus",
    "Token",
    "Volume",
    "WhoAmI",
    "check_endpoint",
    "create_job_spec",
    "fetch_hardware",
    "find_token",
    "read_hub_settings",
]

_MODULES = {
    "DEFAULT_UV_IMAGE": "models",
    "SPACE_IMAGE_PREFIXES": "models",
    "TERMINAL_JOB_STAGES": "job_parts",
    "JobAccelerator": "hardware",
    "JobDurations": "job_parts",
    "JobHardware": "hardware",
    "JobHardwareInfo": "hardware",
    "JobInfo": "models",
    "JobInitiator": "job_parts",
    "JobMetrics": "streams",
    "JobNetwork": "job_parts",
    "JobOwner": "job_parts",
    "JobSpec": "models",
    "JobStage": "job_parts",
    "JobStatus": "job_parts",
    "JobUsage": "account",
    "JobsClient": "client",
    "JobsUsageAnswer": "account",
    "LastJobInfo": "models",
    "Launched": "launch",
    "Limits": "limits",
    "LogLine": "streams",
    "RetryPolicy": "retry",
    "ScheduledJobInfo": "models",
    "ScheduledJobStatus": "models",
    "Token": "auth",
    "Volume": "job_parts",
    "WhoAmI": "account",
    "check_endpoint": "origin",
    "create_job_spec": "spec",
    "fetch_hardware": "public",
    "find_token": "auth",
    "read_hub_settings": "settings",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
