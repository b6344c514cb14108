"""Which jobs a budget is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hfplanner.budget.terms import JobTerms

__all__ = ["Scope", "covers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose and which jobs; what is empty restricts nothing.

    Args:
        namespaces: any of these pays. The Hub's names do not differ by case alone, so case does not count.
        owners: any of these users submits; case does not count either.
        labels: for every key the job has the label, with any of the values.
        agents: any of these agents called this program for it, in small letters; never a person.
        sessions: in any of these sessions of theirs.
    """

    namespaces: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    agents: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()

    def words(self) -> str:
        """Return the scope as a sentence's part.

        >>> Scope(namespaces=frozenset({"acme"}), labels={"team": frozenset({"nlp"})}).words()
        'namespace acme, label team=nlp'
        """
        parts = [
            *([f"namespace {' or '.join(sorted(self.namespaces))}"] if self.namespaces else []),
            *([f"owner {' or '.join(sorted(self.owners))}"] if self.owners else []),
            *(f"label {key}={' or '.join(sorted(values))}" for key, values in sorted(self.labels.items())),
            *([f"agent {' or '.join(sorted(self.agents))}"] if self.agents else []),
            *([f"session {' or '.join(sorted(self.sessions))}"] if self.sessions else []),
        ]
        return ", ".join(parts) or "every job"


def covers(scope: Scope, terms: JobTerms) -> bool:
    """Whether a job falls under a scope. A namespace or an owner that is not known (empty) may be any.

    Who called for a job is known of those that this program sends: any other is no agent's.

    >>> scope = Scope(owners=frozenset({"ada"}), labels={"team": frozenset({"nlp", "vision"})})
    >>> job = JobTerms(namespace="acme", owner="Ada", labels={"team": "nlp"}, flavor="l4x1", price=None,
    ...                timeout_secs=None)
    >>> covers(scope, job), covers(Scope(namespaces=frozenset({"other"})), job)
    (True, False)
    """
    return (
        _may_be(scope.namespaces, terms.namespace, *terms.also)
        and _may_be(scope.owners, terms.owner, *terms.also)
        and all(terms.labels.get(key) in values for key, values in scope.labels.items())
        and (not scope.agents or terms.caller.agent in scope.agents)
        and (not scope.sessions or terms.caller.session in scope.sessions)
    )


def _may_be(names: frozenset[str], name: str, *others: str) -> bool:
    """Whether one of the names a job goes by is among some; where its own is not known, it may be."""
    if not names or not name:
        return True
    wanted = {one.casefold() for one in names}
    return any(one.casefold() in wanted for one in (name, *others))
