"""The tables of ``hfplanner.toml``: what may stand in them, of which types, checked by pydantic."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from hfplanner.budget.agent_rules import AgentRule
from hfplanner.budget.ledger.limits import Waiver
from hfplanner.budget.period import Period
from hfplanner.budget.plain_policy import LONGEST_TEXT, MOST, MOST_RUNNING
from hfplanner.budget.policy import Budget, JobLimits, UnknownSpending, WaiverRule
from hfplanner.budget.scope import Scope
from hfplanner.errors import UsageError
from hfplanner.sanitize import sanitize
from hfplanner.units import DURATION_FORMS, MAX_ATTEMPTS, parse_duration, parse_money
from hfplanner.zones import begin_of_day, parse_zone

__all__ = ["TABLES", "PolicyTables", "WaiverTable", "policy_schema"]

_LONGEST_REASON = 500


def _refused(message: str) -> PydanticCustomError:
    # The template is the whole message: braces in it would be taken for fields.
    return PydanticCustomError("policy", "{text}", {"text": message})


def _money(value: object) -> int:
    if not isinstance(value, str):
        shown = f"the number {value}" if isinstance(value, int | float) and not isinstance(value, bool) else "no string"
        raise _refused(f'is {shown}: money is a string of US dollars, "500.00"')
    try:
        return parse_money(value)
    except UsageError as error:
        raise _refused(f"cannot be meant: {error.message}") from error


def _duration(value: object) -> int:
    if not isinstance(value, str):
        raise _refused(f'is no string: a duration is one, "24h". {DURATION_FORMS}')
    try:
        return parse_duration(value)
    except UsageError as error:
        raise _refused(f"cannot be meant: {error.message} {error.hint}") from error


def _zone(value: object) -> ZoneInfo:
    if not isinstance(value, str):
        raise _refused('is no string: a time zone has an IANA name, "Europe/Berlin"')
    try:
        return parse_zone(value)
    except UsageError as error:
        raise _refused(f"cannot be meant: {error.message} {error.hint}") from error


def _plain_text(value: str) -> str:
    if not value.strip():
        raise _refused("is empty")
    if sanitize(value) != value.strip() or value != value.strip():
        raise _refused("holds control characters, line breaks or spaces at its ends")
    return value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _moment(value: object) -> date | datetime:
    if not isinstance(value, date):
        raise _refused("is no date: write it without quotes, 2026-12-31 or 2026-12-31T18:00:00Z")
    return value


def _strings(title: str, **more: object) -> WithJsonSchema:
    """Say in the schema that a value is written as a text."""
    return WithJsonSchema({"type": "string", "description": title, **more})


def _one_or_many(most: int) -> WithJsonSchema:
    one = {"type": "string", "maxLength": most}
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST}]})


_Money = Annotated[int, PlainValidator(_money), _strings("US dollars.", examples=["500.00", "$5", "5 USD"])]
_Duration = Annotated[int, PlainValidator(_duration), _strings("A duration.", examples=["24h", "90m", "1h30m", "2d"])]
_Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_plain_text)]
_Sentence = Annotated[str, Field(max_length=_LONGEST_REASON), AfterValidator(_plain_text)]
_Texts = Annotated[
    list[_Text], Field(min_length=1, max_length=MOST), BeforeValidator(_one_or_more), _one_or_many(LONGEST_TEXT)
]
# A label may have no value.
_LabelValue = Annotated[str, Field(max_length=LONGEST_TEXT)]
_LabelValues = Annotated[
    list[_LabelValue], Field(min_length=1, max_length=MOST), BeforeValidator(_one_or_more), _one_or_many(LONGEST_TEXT)
]


class _Table(BaseModel):
    """A table of the file: nothing is converted, nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ScopeTable(_Table):
    """Which jobs: ``scope = { namespace = "acme", labels = { team = ["nlp", "vision"] } }``."""

    namespace: _Texts | None = None
    owner: _Texts | None = None
    labels: dict[str, _LabelValues] = Field(default_factory=dict, max_length=MOST)

    def read(self) -> Scope:
        """Return the scope."""
        return Scope(
            namespaces=frozenset(self.namespace or ()),
            owners=frozenset(self.owner or ()),
            labels={key: frozenset(values) for key, values in self.labels.items()},
        )


class BudgetTable(_Table):
    """One ``[[budget]]``."""

    name: _Text
    limit_usd: _Money
    period: Literal["day", "week", "month", "total"] = "month"
    timezone: Annotated[ZoneInfo, PlainValidator(_zone), _strings("An IANA name.", examples=["Europe/Berlin"])] = Field(
        default_factory=lambda: ZoneInfo("UTC")
    )
    scope: ScopeTable = Field(default_factory=ScopeTable)

    def read(self, source: str) -> Budget:
        """Return the budget."""
        return Budget(
            name=self.name,
            limit_micro_usd=self.limit_usd,
            period=Period(self.period),
            zone=self.timezone,
            scope=self.scope.read(),
            source=source,
        )


class WaiverTable(_Table):
    """One ``[[waiver]]``; a waiver without a reason, an author or an end is none."""

    budget: _Text
    reason: _Sentence
    author: _Text
    # TOML has dates of its own, which a schema of JSON sees as texts.
    expires: Annotated[date | datetime, PlainValidator(_moment), _strings("A date or a time, without quotes.")]
    scope: ScopeTable = Field(default_factory=ScopeTable)

    def read(self, zone: ZoneInfo, source: str) -> WaiverRule:
        """Return the waiver. A date is its first moment, and a time without an offset one in the budget's zone."""
        waiver = Waiver(reason=self.reason, author=self.author, expires=_in_utc(self.expires, zone))
        return WaiverRule(budget=self.budget, waiver=waiver, scope=self.scope.read(), source=source)


class AgentTable(_Table):
    """One ``[[agent]]``: what it may spend by itself. ``name = "*"`` is about every agent."""

    name: _Text
    max_usd_per_session: _Money | None = None
    max_usd_per_day: _Money | None = None
    approve_above_usd: _Money | None = None

    def read(self, source: str) -> AgentRule:
        """Return the rule."""
        return AgentRule(
            name=self.name.casefold(),
            max_session_micro_usd=self.max_usd_per_session,
            max_day_micro_usd=self.max_usd_per_day,
            approve_above_micro_usd=self.approve_above_usd,
            source=source,
        )


class LimitsTable(_Table):
    """``[limits]``, of single jobs."""

    max_job_usd: _Money | None = None
    max_price_usd_per_hour: _Money | None = None
    max_timeout: _Duration | None = None
    max_attempts: Annotated[int, Field(ge=1, le=MAX_ATTEMPTS)] | None = None
    max_price_age: _Duration | None = None
    max_running_usd_per_hour: _Money | None = None
    max_running_jobs: Annotated[int, Field(ge=1, le=MOST_RUNNING)] | None = None
    max_running_per_owner: Annotated[int, Field(ge=1, le=MOST_RUNNING)] | None = None
    allow_flavors: Annotated[list[_Text], Field(max_length=MOST)] | None = None
    deny_flavors: Annotated[list[_Text], Field(max_length=MOST)] = Field(default_factory=list)
    unknown_spending: Literal["block", "warn"] | None = None

    def read(self) -> JobLimits:
        """Return the limits, with nothing added to what the file says."""
        return JobLimits(
            max_job_micro_usd=self.max_job_usd,
            max_price_micro_usd_per_hour=self.max_price_usd_per_hour,
            max_timeout_secs=self.max_timeout,
            max_attempts=self.max_attempts,
            max_price_age=None if self.max_price_age is None else timedelta(seconds=self.max_price_age),
            max_running_micro_usd_per_hour=self.max_running_usd_per_hour,
            max_running_jobs=self.max_running_jobs,
            max_running_per_owner=self.max_running_per_owner,
            allow_flavors=None if self.allow_flavors is None else _flavors(self.allow_flavors),
            deny_flavors=_flavors(self.deny_flavors),
            unknown_spending=UnknownSpending(self.unknown_spending) if self.unknown_spending else None,
        )


def _flavors(names: list[str]) -> frozenset[str]:
    """Return names of flavors as the Hub spells them: in small letters. ``L4X1`` can mean nothing else."""
    return frozenset(name.lower() for name in names)


class PolicyTables(_Table):
    """The whole file."""

    budget: Annotated[list[BudgetTable], Field(max_length=MOST)] = Field(default_factory=list)
    limits: LimitsTable = Field(default_factory=LimitsTable)
    waiver: Annotated[list[WaiverTable], Field(max_length=MOST)] = Field(default_factory=list)
    agent: Annotated[list[AgentTable], Field(max_length=MOST)] = Field(default_factory=list)


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file: what an editor can tell of it. Money and durations are read by the program.

    >>> sorted(policy_schema()["properties"])
    ['agent', 'budget', 'limits', 'waiver']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **PolicyTables.model_json_schema(),
        "title": "hfplanner.toml",
    }


TABLES: dict[str, type[BaseModel]] = {
    "": PolicyTables,
    "agent": AgentTable,
    "budget": BudgetTable,
    "limits": LimitsTable,
    "scope": ScopeTable,
    "waiver": WaiverTable,
}
"""The tables by the key they stand under, to name what could have been meant."""


def _in_utc(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        return begin_of_day(moment, zone)
    if moment.tzinfo is None:
        # Of two equal times of an autumn night the first: a waiver rather ends early.
        moment = moment.replace(tzinfo=zone, fold=0)
    return moment.astimezone(UTC)
