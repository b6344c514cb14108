"""Who the token belongs to, and what the Hub says was spent."""

from pydantic import ConfigDict, Field

from hfplanner.api.base import ApiModel
from hfplanner.api.job_parts import Number, UtcTime

__all__ = ["JobUsage", "JobsUsage", "JobsUsageAnswer", "Organization", "WhoAmI"]


class Organization(ApiModel):
    """An organization of the token's user.

    Args:
        name: its namespace.
        can_pay: whether jobs can be charged to it.
        billing_mode: how it is billed.
        role_in_org: of the user.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    name: str | None = None
    can_pay: bool | None = None
    billing_mode: str | None = None
    role_in_org: str | None = None


class WhoAmI(ApiModel):
    """The account of a token; what else the Hub tells of a person is dropped.

    Args:
        name: the default namespace.
        type: ``"user"`` or ``"org"``.
        can_pay: whether jobs can be charged to it.
        billing_mode: how it is billed.
        orgs: the organizations it belongs to.

    >>> WhoAmI.model_validate({"name": "ada", "canPay": True, "email": "ada@example.com"})
    WhoAmI(name='ada', type=None, can_pay=True, billing_mode=None, orgs=[])
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    name: str = Field(min_length=1)
    type: str | None = None
    can_pay: bool | None = None
    billing_mode: str | None = None
    orgs: list[Organization] = Field(default_factory=list)


class JobUsage(ApiModel):
    """What one job was charged.

    Args:
        job_id: 24 hexadecimal digits.
        hardware_flavor: as in the hardware listing.
        total_minutes: charged.
        total_cost_micro_usd: charged, micro-USD.
        started_at: UTC.
        completed_at: UTC; ``None`` while it runs.
    """

    job_id: str
    hardware_flavor: str | None = None
    total_minutes: Number | None = None
    total_cost_micro_usd: Number | None = None
    started_at: UtcTime = None
    completed_at: UtcTime = None


class JobsUsage(ApiModel):
    """What jobs were charged in one billing period.

    Args:
        used_micro_usd: all of it, micro-USD.
        total_minutes: all of them.
        period_start: UTC.
        period_end: UTC.
        job_details: job by job.
    """

    used_micro_usd: Number | None = None
    total_minutes: Number | None = None
    period_start: UtcTime = None
    period_end: UtcTime = None
    job_details: list[JobUsage] = Field(default_factory=list)


class JobsUsageAnswer(ApiModel):
    """The answer of ``GET /api/settings/billing/usage/jobs``.

    Args:
        has_access: whether this account may see it.
        usage: of the user's current period; ``None`` without access.

    >>> detail = {"jobId": "687fb701029421ae5549d998", "hardwareFlavor": "l4x1", "totalCostMicroUsd": 13334}
    >>> answer = {"hasAccess": True, "usage": {"usedMicroUsd": 13334, "jobDetails": [detail]}}
    >>> JobsUsageAnswer.model_validate(answer).usage.job_details[0].total_cost_micro_usd
    13334
    """

    has_access: bool | None = None
    usage: JobsUsage | None = None
