"""Adding to what is kept of the memory that runs took, and taking out of it."""

from collections.abc import Collection, Iterable

from hfplanner.errors import HistoryError, UsageError, quoted
from hfplanner.files import make_private_folder
from hfplanner.history.peaks import KeptPeak, merge_peaks, read_peaks, write_peaks
from hfplanner.history.store import HistoryStore

__all__ = ["add_peaks", "remove_peaks"]


def add_peaks(store: HistoryStore, peaks: Iterable[KeptPeak]) -> None:
    """Keep what runs took; of one id the greatest peak.

    Args:
        store: beside whose jobs it is kept.
        peaks: the entries.

    Raises:
        HistoryError: it cannot be written, or somebody else keeps the folder.
    """
    try:
        make_private_folder(store.folder)
        with store.locked():
            write_peaks(store.folder, merge_peaks(read_peaks(store.folder), peaks))
    except OSError as error:
        raise HistoryError(
            f"The measured peaks cannot be kept in {store.folder} ({error.strerror or error})."
        ) from error


def remove_peaks(store: HistoryStore, ids: Collection[str]) -> tuple[KeptPeak, ...]:
    """Take entries out, and return them; all of them or none.

    Raises:
        UsageError: there is no entry of that id.
        HistoryError: it cannot be read or written.
    """
    kept = read_peaks(store.folder)
    if not kept:
        raise UsageError("No measured peak is kept.", hint="`hfplanner measured add` keeps one.")
    try:
        with store.locked():
            kept = read_peaks(store.folder)
            unknown = [one for one in ids if one not in {peak.id for peak in kept}]
            if unknown:
                raise UsageError(
                    f"There is no measured peak {quoted(unknown[0])}.", hint="`hfplanner measured list` shows them."
                )
            write_peaks(store.folder, [peak for peak in kept if peak.id not in ids])
    except OSError as error:
        raise HistoryError(f"The measured peaks in {store.folder} cannot be written ({error.strerror}).") from error
    return tuple(peak for peak in kept if peak.id in ids)
