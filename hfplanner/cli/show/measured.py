"""What runs were measured to need, in every format."""

from typing import TYPE_CHECKING

from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.tables import print_text, screen
from hfplanner.plan.measuring import peak_words, peaks_document, settings_words
from hfplanner.sanitize import sanitize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hfplanner.history.peaks import KeptPeak

__all__ = ["measured_answer"]

_COLUMNS = ("id", "flavor", "peak_bytes", "metric", "out_of_memory", "source", "seen_at", "name", "job_id", "model")


def measured_answer(peaks: "Sequence[KeptPeak]", title: str) -> Answer:
    """Return the entries: one object, one row each.

    Args:
        peaks: the entries.
        title: what became of them, for people.
    """
    document = peaks_document(peaks)
    return Answer(
        document=lambda: document,
        names=lambda: [peak.id for peak in peaks],
        columns=_COLUMNS,
        rows=lambda: [
            {**{name: row.get(name) for name in _COLUMNS}, "model": row["settings"].get("model")}
            for row in document["measured"]
        ],
        people=lambda: _show(peaks, title),
    )


def _show(peaks: "Sequence[KeptPeak]", title: str) -> None:
    out = screen()
    if not peaks:
        print_text(out, "Nothing was measured yet: `hfplanner measured add` keeps what a run took.")
        return
    print_text(out, title, "bold")
    for peak in peaks:
        where = f"on {sanitize(peak.flavor)} ({peak.seen_at:%Y-%m-%d}, {peak.source})"
        print_text(out, f"{sanitize(peak.id)}  {peak_words(peak)} {where}", indent="  ")
        named = f"{sanitize(peak.name)}: " if peak.name else ""
        print_text(out, f"{named}{sanitize(settings_words(peak))}", "dim", indent="    ")
