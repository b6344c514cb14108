"""How much memory runs took, kept beside the history: one small file, replaced as a whole.

``$HFPLANNER_HOME/history/peaks.json`` holds what was typed, what jobs say in their labels, what their logs said, and
what was sampled while they ran. A job has one entry for each source, its greatest peak.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from hfplanner.errors import HistoryError, UsageError
from hfplanner.files import write_private
from hfplanner.times import json_moment, read_json_moment
from hfplanner.units import parse_size

__all__ = [
    "OUT_OF_MEMORY",
    "KeptPeak",
    "PeakMetric",
    "PeakSource",
    "log_peak_id",
    "merge_peaks",
    "peak_of_labels",
    "read_peaks",
    "settings_of_labels",
    "write_peaks",
]

PeakSource = Literal["typed", "label", "log", "samples"]
PeakMetric = Literal["allocated", "reserved", "total"]

OUT_OF_MEMORY = "oom"
"""What the label ``peak`` says of a run that ran out of memory."""

_NAME = "peaks.json"
_VERSION = 1
_LABEL = "peak"
# Labels that the program itself gives a job.
_OURS = "hfplanner-"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPeak:
    """What one run took.

    Args:
        id: of the entry.
        flavor: where it ran.
        peak_bytes: the most it took of one GPU; ``None`` where it ran out of memory.
        metric: which instrument said so: what torch allocated, what it reserved, or all that was in use.
        source: who said so.
        seen_at: when, UTC.
        name: of the job; ``None`` is not known.
        job_id: of the job; ``None`` for what was typed.
        settings: how it was run: the model and the options of an estimate of memory, by the arguments' names, as text
            or as JSON has them.
    """

    id: str
    flavor: str
    peak_bytes: int | None
    metric: PeakMetric
    source: PeakSource
    seen_at: datetime
    name: str | None = None
    job_id: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what was damaged."""
        known = self.metric in get_args(PeakMetric) and self.source in get_args(PeakSource)
        if not known or (self.peak_bytes is not None and self.peak_bytes <= 0):
            raise ValueError("no version ever wrote such an entry")

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return {**asdict(self), "settings": dict(self.settings), "seen_at": json_moment(self.seen_at)}


def read_peaks(folder: Path) -> tuple[KeptPeak, ...]:
    """Return all that is kept in a history's folder, the oldest first; nothing where nothing was ever kept.

    Raises:
        HistoryError: it cannot be read, is damaged, or was written by a newer version of the program.
    """
    path = folder / _NAME
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise HistoryError(f"The measured peaks in {path} cannot be read ({error.strerror}).") from error
    try:
        document = json.loads(raw)
        version = document["version"]
        if type(version) is int and version > _VERSION:
            raise HistoryError(
                f"{path} has layout {version}; this hfplanner reads layouts up to {_VERSION}.",
                hint="Update hfplanner, or set HFPLANNER_HOME to another folder.",
            )
        return tuple(_entry(item) for item in document["peaks"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HistoryError(
            f"The measured peaks in {path} are damaged.", hint="Move the file away; the history itself is intact."
        ) from error


def _entry(item: Mapping[str, Any]) -> KeptPeak:
    names = {one.name for one in fields(KeptPeak)}
    return KeptPeak(
        **{name: value for name, value in item.items() if name in names - {"seen_at", "settings"}},
        settings=dict(item["settings"].items()),
        seen_at=read_json_moment(item["seen_at"]),
    )


def write_peaks(folder: Path, peaks: Iterable[KeptPeak]) -> None:
    """Replace what is kept in a history's folder, which must be there and locked.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    document = {"version": _VERSION, "peaks": [peak.to_json() for peak in peaks]}
    write_private(folder / _NAME, json.dumps(document, indent=1).encode())


def merge_peaks(kept: Sequence[KeptPeak], new: Iterable[KeptPeak]) -> tuple[KeptPeak, ...]:
    """Return what is kept after an addition: of one id the greatest peak, and running out of memory before any.

    The result does not depend on the order or the repetition of what is added, but for the order of ids.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 11, 30, tzinfo=UTC)
    >>> def entry(size):
    ...     return KeptPeak(id="j", flavor="l4x1", peak_bytes=size, metric="total", source="samples", seen_at=now)
    >>> [one.peak_bytes for one in merge_peaks([entry(7)], [entry(9), entry(8)])]
    [9]
    """
    found = {peak.id: peak for peak in kept}
    for peak in new:
        before = found.get(peak.id)
        if before is None or _rank(peak) > _rank(before):
            found[peak.id] = peak
    return tuple(found.values())


def _rank(peak: KeptPeak) -> tuple[bool, int, str]:
    """Return what decides between two entries of one id; the content where nothing else does."""
    settled = json.dumps(peak.to_json() | {"seen_at": ""}, sort_keys=True, default=str)
    return peak.peak_bytes is None, peak.peak_bytes or 0, settled


def peak_of_labels(labels: Mapping[str, str], *, job_id: str, flavor: str | None, seen_at: datetime) -> KeptPeak | None:
    """Return what a job says in its labels; ``None`` where it has no ``peak``, or one that cannot be meant.

    ``peak=19.3GB`` is all that was in use of one GPU, ``peak=oom`` that the job ran out of memory. Further labels by
    the names of the options say how it was run: ``model=Qwen/Qwen3-8B``, ``task=lora``, ``batch-size=4``.

    >>> from datetime import UTC, datetime
    >>> labels = {"peak": "19.3GB", "model": "Qwen/Qwen3-8B", "batch-size": "4"}
    >>> found = peak_of_labels(labels, job_id="6a", flavor="l4x1", seen_at=datetime(2026, 11, 30, tzinfo=UTC))
    >>> found.peak_bytes, dict(found.settings)
    (19300000000, {'model': 'Qwen/Qwen3-8B', 'batch_size': '4'})
    """
    said = labels.get(_LABEL)
    if said is None or flavor is None:
        return None
    size = None
    if said.strip().casefold() != OUT_OF_MEMORY:
        with suppress(UsageError):
            size = parse_size(said)
        if size is None:
            return None
    return KeptPeak(
        id=f"{job_id}/label",
        flavor=flavor,
        peak_bytes=size,
        metric="total",
        source="label",
        seen_at=seen_at,
        name=labels.get("name"),
        job_id=job_id,
        settings=settings_of_labels(labels),
    )


def settings_of_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return what a job's labels say of how it was run.

    >>> settings_of_labels({"name": "sft", "peak": "19GB", "model": "Qwen/Qwen3-8B", "batch-size": "4"})
    {'model': 'Qwen/Qwen3-8B', 'batch_size': '4'}
    """
    ours = {key for key in labels if key.startswith(_OURS)}
    return {key.replace("-", "_"): value for key, value in labels.items() if key not in {_LABEL, "name"} | ours}


def log_peak_id(job_id: str) -> str:
    """Return the id of the entry of what a job's log says."""
    return f"{job_id}/log"
