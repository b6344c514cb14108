"""The names a submission goes by: its id, the labels the Hub keeps for us, and the hash that tells a retry."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from hfplanner.budget.caller import PERSON, Caller
from hfplanner.budget.ledger.records import SID_LABEL
from hfplanner.errors import JobSpecError

__all__ = [
    "AGENT_LABEL",
    "LEDGER_LABEL",
    "OUR_LABELS",
    "SESSION_LABEL",
    "caller_of",
    "copy_sid",
    "is_sid",
    "labelled",
    "new_sid",
    "spec_hash",
    "with_caller",
]

LEDGER_LABEL = "hfplanner-ledger"
"""The label that carries the id of the ledger which holds its money."""
AGENT_LABEL = "hfplanner-agent"
"""The label that carries the agent which called for it; a person's job has none."""
SESSION_LABEL = "hfplanner-session"
"""The label that carries the agent's session."""
OUR_LABELS = (SID_LABEL, LEDGER_LABEL, AGENT_LABEL, SESSION_LABEL)
"""The labels by which the ledger knows a job and whose it is."""

_LONGEST_LABEL = 100
_NOT_OF_A_LABEL = re.compile(r"[^a-zA-Z0-9.-]")
_WRITTEN = re.compile(r"(?:_[0-9a-f]{2})+")

_RANDOM_BYTES = 16
_SID_LENGTH = 2 * _RANDOM_BYTES


def new_sid(random: Callable[[int], bytes] = os.urandom) -> str:
    """Return the id of a new submission: 128 random bits in hexadecimal.

    >>> new_sid(lambda count: bytes(count))
    '00000000000000000000000000000000'
    """
    return random(_RANDOM_BYTES).hex()


def is_sid(text: str) -> bool:
    """Return whether a text has the form of a submission's id: a label that was made by hand may hold anything.

    >>> is_sid("0" * 32), is_sid("0" * 31 + "g"), is_sid("")
    (True, False, False)
    """
    return len(text) == _SID_LENGTH and set(text) <= set("0123456789abcdef")


def copy_sid(ledger_id: str, job_id: str) -> str:
    """Return the id under which a job that nobody submitted is kept, the same for whoever finds it.

    >>> copy_sid("a", "687fb701029421ae5549d998") == copy_sid("a", "687fb701029421ae5549d998")
    True
    """
    return hashlib.sha256(f"{ledger_id}:{job_id}".encode()).hexdigest()[:_SID_LENGTH]


def spec_hash(namespace: str, spec: Mapping[str, Any]) -> str:
    """Return what is equal for two requests of the same job: all of the specification but the values of secrets.

    >>> one = {"flavor": "l4x1", "secrets": {"KEY": "a"}, "labels": {"team": "nlp"}}
    >>> spec_hash("acme", one) == spec_hash("acme", one | {"secrets": {"KEY": "b"}})
    True
    >>> spec_hash("acme", one) == spec_hash("acme", one | {"flavor": "t4-small"})
    False
    """
    said = {name: sorted(value) if name == "secrets" else value for name, value in spec.items()}
    document = json.dumps([namespace, said], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).hexdigest()


def labelled(spec: Mapping[str, Any], *, sid: str, ledger_id: str) -> dict[str, Any]:
    """Return the specification with the labels by which the job is found again.

    Raises:
        JobSpecError: it carries one of them already.

    >>> labelled({"flavor": "l4x1"}, sid="5", ledger_id="7")["labels"]
    {'hfplanner-sid': '5', 'hfplanner-ledger': '7'}
    """
    labels = dict(spec.get("labels") or {})
    for name in OUR_LABELS:
        if name in labels:
            raise JobSpecError(f"The label {name} is hfplanner's own.", hint="Leave it out; it is added when sent.")
    return {**spec, "labels": {**labels, SID_LABEL: sid, LEDGER_LABEL: ledger_id}}


def with_caller(spec: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
    """Return the specification with the labels that tell whose job it is; a person's as it is.

    >>> with_caller({"labels": {"team": "nlp"}}, Caller("codex", "ada@host 1"))["labels"]
    {'team': 'nlp', 'hfplanner-agent': 'codex', 'hfplanner-session': 'ada_40host_201'}
    """
    if not caller.is_agent:
        return dict(spec)
    said = {AGENT_LABEL: _as_label(caller.agent), SESSION_LABEL: _as_label(caller.session)}
    return {**spec, "labels": {**(spec.get("labels") or {}), **said}}


def caller_of(labels: Mapping[str, str]) -> Caller:
    """Return whose job it is, as its labels tell.

    >>> caller_of(with_caller({}, Caller("codex", "ada@host 1"))["labels"])
    Caller(agent='codex', session='ada@host 1')
    >>> caller_of({"team": "nlp"}).is_agent
    False
    """
    agent = _of_label(labels.get(AGENT_LABEL, ""))
    return Caller(agent, _of_label(labels.get(SESSION_LABEL, ""))) if agent else PERSON


def _as_label(text: str) -> str:
    """Return a text in the characters that a label may have; what is too long as its digest, which is never read."""
    written = _NOT_OF_A_LABEL.sub(lambda found: "".join(f"_{byte:02x}" for byte in found[0].encode()), text)
    return written if len(written) <= _LONGEST_LABEL else hashlib.sha256(text.encode()).hexdigest()


def _of_label(text: str) -> str:
    return _WRITTEN.sub(lambda found: bytes.fromhex(found[0].replace("_", "")).decode("utf-8", "replace"), text)
