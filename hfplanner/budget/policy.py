"""What a policy says: budgets, limits, waivers and agents; and how a project's policy tightens its user's."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hfplanner.budget.agent_rules import ANY_AGENT, AgentRule, merged_rules
from hfplanner.budget.ledger.limits import BudgetWindow, RunningCaps, Waiver
from hfplanner.budget.period import Period, window_at
from hfplanner.budget.scope import Scope, covers
from hfplanner.budget.terms import JobTerms
from hfplanner.errors import PolicyError, quoted

__all__ = [
    "DEFAULT_LIMITS",
    "NO_POLICY",
    "AppliedBudget",
    "Budget",
    "JobLimits",
    "Policy",
    "UnknownSpending",
    "WaiverRule",
    "applied_budgets",
    "tightened",
    "with_defaults",
]


class UnknownSpending(StrEnum):
    """What to do where it is not known what other jobs of a budget cost: block, or count the least and warn."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that jobs may cost together in a period.

    Args:
        name: unique in a policy and, since the ledger counts by it, in everything that shares a ledger.
        limit_micro_usd: of one period.
        period: how long the limit lasts.
        zone: in which days begin.
        scope: which jobs it is about.
        source: the file that says so.
    """

    name: str
    limit_micro_usd: int
    period: Period = Period.MONTH
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    scope: Scope = field(default_factory=Scope)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverRule:
    """Somebody's word that jobs may exceed a budget for a while.

    Args:
        budget: its name.
        waiver: the reason, the author, and until when, UTC.
        scope: for which jobs of the budget.
        source: the file that says so.
    """

    budget: str
    waiver: Waiver
    scope: Scope = field(default_factory=Scope)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLimits:
    """What any one job may be; ``None`` is not said.

    Args:
        max_job_micro_usd: the most a job may cost at worst.
        max_price_micro_usd_per_hour: of its flavor.
        max_timeout_secs: of one attempt [s].
        max_attempts: how often it may be tried.
        max_price_age: how old the price may be that a decision is made with.
        max_running_micro_usd_per_hour: what all jobs of the ledger that may be running may cost an hour together.
        max_running_jobs: how many may be running.
        max_running_per_owner: how many of each who submits.
        allow_flavors: no others.
        deny_flavors: not these.
        unknown_spending: see :class:`UnknownSpending`.
    """

    max_job_micro_usd: int | None = None
    max_price_micro_usd_per_hour: int | None = None
    max_timeout_secs: int | None = None
    max_attempts: int | None = None
    max_price_age: timedelta | None = None
    max_running_micro_usd_per_hour: int | None = None
    max_running_jobs: int | None = None
    max_running_per_owner: int | None = None
    allow_flavors: frozenset[str] | None = None
    deny_flavors: frozenset[str] = frozenset()
    unknown_spending: UnknownSpending | None = None

    @property
    def running_caps(self) -> RunningCaps:
        """How much may run at once."""
        return RunningCaps(
            micro_usd_per_hour=self.max_running_micro_usd_per_hour,
            jobs=self.max_running_jobs,
            jobs_per_owner=self.max_running_per_owner,
        )


DEFAULT_LIMITS = JobLimits(max_price_age=timedelta(days=180), unknown_spending=UnknownSpending.BLOCK)
"""What holds where a policy does not say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything that may keep a job from running.

    Args:
        budgets: each name once.
        limits: of single jobs, nothing in them left unsaid that has a default.
        waivers: those in force and those that have expired.
        agents: what agents may spend, the rules of all files; every one that is about an agent holds.
        sources: the files it was read from; none where there is no policy.
    """

    budgets: tuple[Budget, ...] = ()
    limits: JobLimits = DEFAULT_LIMITS
    waivers: tuple[WaiverRule, ...] = ()
    agents: tuple[AgentRule, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def by_name(self) -> Mapping[str, Budget]:
        """The budgets by name."""
        return MappingProxyType({budget.name: budget for budget in self.budgets})

    def agent_rule(self, agent: str) -> AgentRule | None:
        """Return what holds for an agent: of every rule that is about it the strictest; ``None`` where none is.

        Args:
            agent: its name, in small letters.
        """
        return merged_rules(agent, self.agents)

    @property
    def needs_namespace(self) -> bool:
        """Whether a budget or a waiver depends on who pays."""
        return any(scope.namespaces for scope in self._scopes)

    @property
    def needs_owner(self) -> bool:
        """Whether a budget, a waiver or a limit depends on who submits."""
        return self.limits.max_running_per_owner is not None or any(scope.owners for scope in self._scopes)

    @property
    def _scopes(self) -> tuple[Scope, ...]:
        return (*(budget.scope for budget in self.budgets), *(waiver.scope for waiver in self.waivers))


NO_POLICY = Policy()
"""Nobody has limited anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedBudget:
    """A budget that a job falls under, in the period of a moment.

    Args:
        budget: the budget.
        window: what the ledger counts against, without what is spent outside of it; with the waiver in force.
        expired: waivers of this job that would have counted, had they not expired.
    """

    budget: Budget
    window: BudgetWindow
    expired: tuple[WaiverRule, ...] = ()


def applied_budgets(policy: Policy, terms: JobTerms | None, now: datetime) -> tuple[AppliedBudget, ...]:
    """Return the budgets a job falls under now, in the policy's order; all of the policy's for no job.

    >>> from datetime import UTC
    >>> policy = Policy(budgets=(Budget(name="all", limit_micro_usd=1), Budget(name="b", limit_micro_usd=1)))
    >>> applied = applied_budgets(policy, None, datetime(2026, 9, 9, tzinfo=UTC))
    >>> [budget.window.start.isoformat() for budget in applied]
    ['2026-09-01T00:00:00+00:00', '2026-09-01T00:00:00+00:00']
    """
    chosen = [budget for budget in policy.budgets if terms is None or covers(budget.scope, terms)]
    chosen += _agent_budgets(policy, terms)
    return tuple(_applied(policy, budget, terms, now) for budget in chosen)


def _agent_budgets(policy: Policy, terms: JobTerms | None) -> list[Budget]:
    """Return the budgets that an agent's rule makes: of its day, UTC, and of its session; for no job of every day."""
    if terms is None:
        names = dict.fromkeys(rule.name for rule in policy.agents if rule.name != ANY_AGENT)
        return [budget for name in names if (rule := policy.agent_rule(name)) for budget in _of_day(rule)]
    caller = terms.caller
    rule = policy.agent_rule(caller.agent) if caller.is_agent else None
    if rule is None:
        return []
    found = _of_day(rule)
    if rule.max_session_micro_usd is not None:
        scope = Scope(agents=frozenset({rule.name}), sessions=frozenset({caller.session}))
        name, limit = f"agent {rule.name}, this session", rule.max_session_micro_usd
        found.append(Budget(name=name, limit_micro_usd=limit, period=Period.TOTAL, scope=scope, source=rule.source))
    # A budget that somebody named so has a window of its own.
    return [replace(one, name=f"{one.name} (its own)") if one.name in policy.by_name else one for one in found]


def _of_day(rule: AgentRule) -> list[Budget]:
    if rule.max_day_micro_usd is None:
        return []
    scope, name = Scope(agents=frozenset({rule.name})), f"agent {rule.name}, today"
    limit = rule.max_day_micro_usd
    return [Budget(name=name, limit_micro_usd=limit, period=Period.DAY, scope=scope, source=rule.source)]


def _applied(policy: Policy, budget: Budget, terms: JobTerms | None, now: datetime) -> AppliedBudget:
    of_job = [
        rule
        for rule in policy.waivers
        if terms is not None and rule.budget == budget.name and _is_surely_about(rule.scope, terms)
    ]
    lasting = [rule.waiver for rule in of_job if now < rule.waiver.expires]
    period = window_at(budget.period, budget.zone, now)
    window = BudgetWindow(
        budget=budget.name,
        start=period.start,
        end=period.end,
        limit_micro_usd=budget.limit_micro_usd,
        scope=budget.scope,
        # Of several the one that lasts longest, so that their order does not matter.
        waiver=max(lasting, key=lambda waiver: (waiver.expires, waiver.author, waiver.reason), default=None),
    )
    expired = tuple(rule for rule in of_job if now >= rule.waiver.expires)
    return AppliedBudget(budget=budget, window=window, expired=expired)


def _is_surely_about(scope: Scope, terms: JobTerms) -> bool:
    """Whether a waiver is about a job: unlike a limit it must not count for a name that is only not known."""
    unknown = (scope.namespaces and not terms.namespace) or (scope.owners and not terms.owner)
    return not unknown and covers(scope, terms)


def tightened(user: Policy, project: Policy) -> Policy:
    """Return the user's policy with what a project's adds to it, which never allows more than either alone.

    All budgets of both count; of two with one name, period and scope the lower limit does. Of each limit the stricter
    counts. A budget that both have is waived by neither. Of an agent's rules all hold, those of both.

    Raises:
        PolicyError: a name means two different budgets, or one of the two waives a budget of both.

    >>> ours = Policy(limits=JobLimits(max_attempts=3))
    >>> tightened(ours, Policy(limits=JobLimits(max_attempts=9, max_timeout_secs=60))).limits.max_attempts
    3
    """
    for rule in (*user.waivers, *project.waivers):
        if rule.budget in user.by_name and rule.budget in project.by_name:
            raise PolicyError(
                f"{rule.source} waives the budget {quoted(rule.budget)}, which is not its alone.",
                hint="A budget that the user's policy and the project's both have is waived by neither.",
            )
    shared = {
        budget.name: _lower(user.by_name[budget.name], budget)
        for budget in project.budgets
        if budget.name in user.by_name
    }
    return Policy(
        budgets=(
            *(shared.get(budget.name, budget) for budget in user.budgets),
            *(budget for budget in project.budgets if budget.name not in shared),
        ),
        limits=_stricter(user.limits, project.limits),
        waivers=(*user.waivers, *project.waivers),
        agents=(*user.agents, *project.agents),
        sources=(*user.sources, *project.sources),
    )


def _lower(ours: Budget, theirs: Budget) -> Budget:
    if (ours.period, ours.zone.key, ours.scope) != (theirs.period, theirs.zone.key, theirs.scope):
        raise PolicyError(
            f"{ours.source} and {theirs.source} both have a budget {quoted(ours.name)}, and they are not the same.",
            hint="Give one of them another name, or the same period, timezone and scope.",
        )
    return min(ours, theirs, key=lambda budget: budget.limit_micro_usd)


def _stricter(ours: JobLimits, theirs: JobLimits) -> JobLimits:
    """Return of each limit the stricter one; what one of the two does not say the other decides."""
    least = {
        name: min((value for value in (getattr(ours, name), getattr(theirs, name)) if value is not None), default=None)
        for name in (field.name for field in fields(JobLimits))
        if name.startswith("max_")
    }
    said = [limits.unknown_spending for limits in (ours, theirs) if limits.unknown_spending]
    allowed = [limits.allow_flavors for limits in (ours, theirs) if limits.allow_flavors is not None]
    return replace(
        ours,
        **least,
        allow_flavors=frozenset.intersection(*allowed) if allowed else None,
        deny_flavors=ours.deny_flavors | theirs.deny_flavors,
        unknown_spending=min(said, default=None),
    )


def with_defaults(limits: JobLimits) -> JobLimits:
    """Return limits with what is not said taken from :data:`DEFAULT_LIMITS`.

    >>> with_defaults(JobLimits()) == DEFAULT_LIMITS
    True
    """
    said = {f.name: value for f in fields(JobLimits) if (value := getattr(limits, f.name)) is not None}
    return replace(DEFAULT_LIMITS, **said)
