"""The labels a schedule is to have, as ``hf jobs scheduled labels`` reads them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.plan.request import key_and_value
from hfplanner.submit.identity import OUR_LABELS

if TYPE_CHECKING:
    from hfplanner.api.models import ScheduledJobInfo

__all__ = ["labels_wanted"]


def labels_wanted(schedule: "ScheduledJobInfo", name: str | None, label: Sequence[str]) -> dict[str, str]:
    """Return all labels that a schedule is to have beside the ledger's: a name alone keeps those it has.

    Raises:
        UsageError: one is the ledger's, or the name is given twice.

    >>> from hfplanner.api.models import ScheduledJobInfo
    >>> spec = {"labels": {"team": "ml", "hfplanner-sid": "5"}}
    >>> daily = ScheduledJobInfo.model_validate({"id": "a", "jobSpec": spec})
    >>> labels_wanted(daily, "report", []), labels_wanted(daily, None, ["env=prod", "draft"])
    ({'team': 'ml', 'name': 'report'}, {'env': 'prod', 'draft': ''})
    """
    given = dict(key_and_value(text) for text in label)
    if name is not None and "name" in given:
        raise UsageError("--name and --label name=... are both given.", hint="Give one of the two.")
    ours = next((key for key in given if key in OUR_LABELS), None)
    if ours is not None:
        raise UsageError(f"The label {ours} is hfplanner's own.", hint="Leave it out; it stays as it is.")
    has = (schedule.job_spec and schedule.job_spec.labels) or {}
    kept = {} if label or name is None else {key: value for key, value in has.items() if key not in OUR_LABELS}
    return {**kept, **given, **({} if name is None else {"name": name})}
