import pytest

from hfplanner.budget.scope import Scope, covers
from tests.budget.checks import terms

JOB = terms(namespace="acme", owner="ada", labels={"team": "nlp", "draft": ""})


@pytest.mark.parametrize(
    ("scope", "is_covered"),
    [
        (Scope(), True),
        (Scope(namespaces=frozenset({"acme"})), True),
        (Scope(namespaces=frozenset({"ACME", "other"})), True),
        (Scope(namespaces=frozenset({"other"})), False),
        (Scope(owners=frozenset({"ada"})), True),
        (Scope(owners=frozenset({"grace"})), False),
        (Scope(labels={"team": frozenset({"nlp", "vision"})}), True),
        (Scope(labels={"team": frozenset({"NLP"})}), False),
        (Scope(labels={"draft": frozenset({""})}), True),
        (Scope(labels={"team": frozenset({"nlp"}), "stage": frozenset({"prod"})}), False),
        (Scope(namespaces=frozenset({"acme"}), owners=frozenset({"grace"})), False),
    ],
)
def test_a_scope_covers_jobs_that_meet_all_it_asks(scope: Scope, *, is_covered: bool) -> None:
    """Any of the names, and of every label any of the values; names of the Hub do not differ by case alone."""
    assert covers(scope, JOB) is is_covered


def test_a_name_that_is_not_known_may_be_any() -> None:
    """So that a budget is not escaped by not saying who one is."""
    scope = Scope(namespaces=frozenset({"acme"}), owners=frozenset({"ada"}))
    assert covers(scope, terms(namespace="", owner=""))
