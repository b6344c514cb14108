"""What the ledger keeps of the Hub's answer to a submission: what tells the job, its times and its money.

A job's answer repeats its command and the values of its environment. Whoever may read the books of a team must not
learn a key from them, so nothing is kept but what :mod:`hfplanner.api.kept_answer` names (I17).
"""

import json
from typing import Any

from hfplanner.api.kept_answer import KEPT_FIELDS, KEPT_PARTS
from hfplanner.budget.ledger.dialect import Transaction

__all__ = ["reduce_answers", "reduced_answer"]

_LONGEST = 200
_PAGE = 500


def reduced_answer(raw: str) -> str:
    """Return what is kept of an answer, as JSON; ``""`` where it is no JSON object.

    >>> reduced_answer('{"id": "a", "flavor": "l4x1", "environment": {"KEY": "hunter2"}, "status": {"message": "hi"}}')
    '{"flavor": "l4x1", "id": "a", "status": {}}'
    """
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    kept = _plain(answer, KEPT_FIELDS)
    kept |= {
        name: _plain(answer[name], names) for name, names in KEPT_PARTS.items() if isinstance(answer.get(name), dict)
    }
    labels = answer.get("labels")
    if isinstance(labels, dict):
        kept["labels"] = {name: value for name, value in labels.items() if isinstance(value, str)}
    return json.dumps(kept, sort_keys=True)


def _plain(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values and _is_plain(values[name])}


def _is_plain(value: object) -> bool:
    """Whether a value is a number or a short text, or a list of whole numbers: no place for anything else."""
    if isinstance(value, list):
        return all(isinstance(one, int) for one in value)
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _LONGEST)


def reduce_answers(tx: Transaction) -> None:
    """Reduce every answer that an earlier version has kept whole."""
    after = ""
    while rows := tx.rows("SELECT sid, answer FROM submissions WHERE sid > ? ORDER BY sid LIMIT ?", after, _PAGE):
        for sid, answer in rows:
            if answer:
                tx.change("UPDATE submissions SET answer = ? WHERE sid = ?", reduced_answer(answer), sid)
        after = rows[-1][0]
