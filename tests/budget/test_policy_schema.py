"""The JSON Schema of ``hfplanner.toml`` and the tables that read it agree on what is a policy."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from hfplanner.budget.policy_tables import PolicyTables, policy_schema
from tests.properties.test_a_plain_policy_is_the_policy_it_was import DOCUMENT

jsonschema = pytest.importorskip("jsonschema")

SCHEMA = jsonschema.Draft202012Validator(policy_schema())
# What only the program can tell: whether a text is money, a duration, a zone. A schema takes 2.0 for a whole number.
_FOR_THE_PROGRAM = {"policy", "int_type"}
WAIVER = {"budget": "team", "reason": "a deadline", "author": "ada", "expires": date(2026, 12, 31)}


def as_json(value: Any) -> Any:  # noqa: ANN401 - any value of TOML
    """Return a document as an editor's schema sees it: dates are texts."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def problems(document: dict[str, Any]) -> set[str]:
    """Return what the tables find wrong with a document, by kind."""
    try:
        PolicyTables.model_validate(document)
    except ValidationError as error:
        return {one["type"] for one in error.errors()}
    return set()


def test_it_is_a_schema() -> None:
    """Of the version that it names, with every table's keys and nothing else beside them."""
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    assert policy_schema()["additionalProperties"] is False


@settings(deadline=None)
@given(document=DOCUMENT)
def test_what_the_program_takes_the_schema_takes(document: dict[str, Any]) -> None:
    """And what only the schema takes is wrong in a way that no schema can tell."""
    valid, found = SCHEMA.is_valid(as_json(document)), problems(document)
    assert valid or found
    assert not valid or found <= _FOR_THE_PROGRAM


@pytest.mark.parametrize(
    ("document", "is_one"),
    [
        ({}, True),
        ({"budget": [{"name": "team", "limit_usd": "500.00", "period": "week", "timezone": "Europe/Berlin"}]}, True),
        ({"budget": [{"name": "team", "limit_usd": 500}]}, False),
        ({"budget": [{"name": "team"}]}, False),
        ({"budget": [{"name": "team", "limit_usd": "5", "limit_eur": "5"}]}, False),
        ({"budget": [{"name": "a", "limit_usd": "5", "scope": {"labels": {"team": ["nlp", "cv"]}}}]}, True),
        ({"budget": [{"name": "a", "limit_usd": "5", "scope": {"labels": {"team": []}}}]}, False),
        ({"limits": {"max_timeout": "24h", "max_running_jobs": 3, "unknown_spending": "warn"}}, True),
        ({"limits": {"max_running_jobs": 0}}, False),
        ({"limits": {"unknown_spending": "ask"}}, False),
        ({"agent": [{"name": "codex", "max_usd_per_day": "5", "approve_above_usd": "1"}]}, True),
        ({"waiver": [WAIVER]}, True),
        ({"waiver": [{key: value for key, value in WAIVER.items() if key != "reason"}]}, False),
        ({"limit": {}}, False),
    ],
)
def test_both_say_the_same(document: dict[str, Any], *, is_one: bool) -> None:
    """A table of cases, right and wrong in one place each."""
    assert (SCHEMA.is_valid(as_json(document)), problems(document) == set()) == (is_one, is_one)
