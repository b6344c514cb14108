"""A job's log as a measurement: how far it was after so long, and how long it then takes in all."""

from pathlib import Path
from typing import TYPE_CHECKING

from hfplanner.errors import UsageError, quoted
from hfplanner.units import format_duration

if TYPE_CHECKING:
    from hfplanner.estimate.span import Estimate
    from hfplanner.plan.readers import MeasuredDuration

__all__ = ["duration_of_log"]

_PRINT = 'print("hfplanner: progress=0.35")'


def duration_of_log(log: str, ran: "MeasuredDuration", *, epochs: int | None = None) -> "Estimate":
    """Return how long a job takes in all, of which a log says how far it was when it had run so long [s].

    Args:
        log: the file.
        ran: how long it ran until the log ends, and where.
        epochs: how many the training has: the trainer's records count them.

    Raises:
        UsageError: the log cannot be read, or says no progress.
    """
    from hfplanner.estimate.progress import LogLine, duration_from_progress, read_progress  # noqa: PLC0415 - of a log

    try:
        text = Path(log).expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"The log {quoted(log)} cannot be read ({error.strerror}).", hint="See --log.") from error
    marks = read_progress([LogLine(line) for line in text.split("\n")], epochs=epochs)
    found = duration_from_progress(marks, ran.seconds)
    if found is None:
        raise UsageError(
            f"The log {quoted(log)} says no progress: all that is known is that the job takes longer than "
            f"{format_duration(ran.seconds)}.",
            hint=f"Understood are tqdm's bars, Trainer's records with --epochs, and {_PRINT}.",
        )
    return found
