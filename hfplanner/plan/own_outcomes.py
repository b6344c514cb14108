"""What was predicted of jobs that were sent, kept in the ledger, and what became of them by the history."""

import math
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, cast

from hfplanner.errors import LedgerError
from hfplanner.estimate.duration.own_outcomes import FEWEST_OUTCOMES, Outcome, PredictedFrom

if TYPE_CHECKING:
    from hfplanner.budget.ledger.records import Submission
    from hfplanner.estimate.span import Estimate
    from hfplanner.plan.workspace import Workspace

__all__ = ["own_outcomes", "prediction_notes", "without_prediction"]

_SECS, _FROM, _FLAVOR = "predicted_secs", "predicted_from", "predicted_flavor"
# The last so many that were predicted tell it, of so many that are looked through.
_MOST, _MOST_READ = 200, 2000


def prediction_notes(flavor: str, span: "Estimate | None", predicted_from: PredictedFrom | None) -> dict[str, str]:
    """Return what the ledger keeps of a prediction; nothing where none was made, or one without an interval.

    >>> from hfplanner.estimate.span import Estimate
    >>> prediction_notes("l4x1", Estimate(1800, 3600, 7200, ()), "measured")
    {'predicted_secs': '1800 3600 7200', 'predicted_from': 'measured', 'predicted_flavor': 'l4x1'}
    """
    if span is None or predicted_from is None or not 0 < span.low < span.high:
        return {}
    return {_SECS: f"{span.low} {span.likely} {span.high}", _FROM: predicted_from, _FLAVOR: flavor}


def without_prediction(notes: Mapping[str, str]) -> dict[str, str]:
    """Return notes of a job that does something else than what was predicted: several trials of a sweep."""
    return {name: text for name, text in notes.items() if name not in {_SECS, _FROM, _FLAVOR}}


def own_outcomes(workspace: "Workspace", *, at_server: bool) -> tuple[Outcome, ...]:
    """Return the jobs that were predicted and ended, the newest 200; none where the books cannot be read.

    Args:
        workspace: where ledger and history are.
        at_server: whether a ledger on a server is asked, too: what only estimates should not wait for one.

    Raises:
        HistoryError: the history is damaged, or of a newer version.
    """
    jobs = workspace.history_jobs()
    if jobs is None or ("://" in workspace.ledger_address and not at_server):
        return ()
    predicted: dict[str, Submission] = {}
    # An estimate is told without its own calibration rather than not at all; who spends money meets the error there.
    with suppress(LedgerError):
        submissions = workspace.ledger(must_exist=True).submissions()
        told = (one for one in islice(submissions, _MOST_READ) if one.job_id is not None and _SECS in one.notes)
        predicted = {str(one.job_id): one for one in islice(told, _MOST)}
    if len(predicted) < FEWEST_OUTCOMES:
        return ()
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    from hfplanner.estimate.duration.observed import observe_runs  # noqa: PLC0415 - as above

    seen = observe_runs(jobs().filter(pl.col("id").is_in(list(predicted)))).filter(
        pl.col("excluded").is_null() & ~pl.col("by_progress"), pl.col("cut_off").fill_null("") != "running"
    )
    rows = seen.select("id", "flavor", "secs", "completed").collect().iter_rows()
    found = [_outcome(predicted[job_id], flavor, secs, completed) for job_id, flavor, secs, completed in rows]
    return tuple(one for one in found if one is not None)


def _outcome(submission: "Submission", flavor: str, secs: float, completed: bool) -> Outcome | None:  # noqa: FBT001 - a row
    """Return what became of a prediction; ``None`` where the job ran elsewhere, or no version wrote such notes."""
    notes = submission.notes
    if notes.get(_FLAVOR) != flavor or not math.isfinite(secs):
        return None
    predicted_from = cast("PredictedFrom", notes.get(_FROM))
    try:
        low, likely, high = (float(text) for text in notes[_SECS].split())
        return Outcome(low=low, likely=likely, high=high, secs=secs, completed=completed, predicted_from=predicted_from)
    except ValueError:
        return None
