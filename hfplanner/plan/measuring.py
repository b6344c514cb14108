"""Keeping what runs were measured to need: what somebody says, or what a job's log says of itself."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.catalog.listing import Listing
from hfplanner.errors import UsageError, quoted
from hfplanner.plan.asked import AskedModel
from hfplanner.plan.known import read_model
from hfplanner.plan.measured import same_model, settings_of
from hfplanner.plan.workspace import Workspace
from hfplanner.units import format_bytes

if TYPE_CHECKING:
    from hfplanner.estimate.memory.result import Metric
    from hfplanner.history.peaks import KeptPeak

__all__ = [
    "AskedPeak",
    "keep_peak",
    "list_peaks",
    "peak_words",
    "peaks_document",
    "remove_peaks",
    "settings_words",
]

_ID_BYTES = 4
_SHOWN_METRICS = {"total": "", "reserved": " reserved", "allocated": " allocated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPeak:
    """What somebody says that a run took.

    Args:
        model: which model, and how it was run.
        gpus: of the run.
        flavor: where.
        peak: the most it took of one GPU [bytes].
        out_of_memory: that it ran out of memory there.
        log: a file that says either.
        metric: which instrument said the peak.
        name: of the job.
    """

    model: AskedModel
    gpus: int = 1
    flavor: str | None = None
    peak: int | None = None
    out_of_memory: bool = False
    log: str | None = None
    metric: "Metric" = "total"
    name: str | None = None

    @classmethod
    def of(cls, **given: Any) -> "AskedPeak":  # noqa: ANN401 - the value of each argument by its name
        """Return what was said, of the arguments by their names."""
        own = {one.name: given[one.name] for one in fields(cls) if one.name in given and one.name != "model"}
        model = {one.name: given[one.name] for one in fields(AskedModel) if one.name in given}
        return cls(model=AskedModel(**model), **own)


def keep_peak(asked: AskedPeak, workspace: Workspace, listing: Listing) -> "KeptPeak":
    """Keep what a run took, and return the entry.

    Args:
        asked: what is said of it.
        workspace: where the history is.
        listing: what can be rented; a flavor that is not in it cannot be meant.

    Raises:
        UsageError: what is said contradicts itself, is not enough, or the log says nothing of memory.
        ModelError: the model cannot be had, or read.
        HistoryError: it cannot be kept.
    """
    from hfplanner.estimate.duration.plan import find_flavors  # noqa: PLC0415 - where something is kept
    from hfplanner.estimate.memory.job import settle  # noqa: PLC0415 - as above
    from hfplanner.history.measured import add_peaks  # noqa: PLC0415 - polars
    from hfplanner.history.peaks import KeptPeak  # noqa: PLC0415 - as above

    if asked.flavor is None:
        raise UsageError("Nothing says where it ran.", hint="For example --flavor a10g-large.")
    [flavor] = find_flavors([asked.flavor], listing.by_name(), "--flavor")
    size, metric = _said(asked)
    shape = read_model(asked.model, workspace.model_source())
    job = settle(asked.model.job(asked.gpus), shape.kind)
    kept = KeptPeak(
        id=secrets.token_hex(_ID_BYTES),
        flavor=flavor.name,
        peak_bytes=size,
        metric=metric,
        source="typed" if asked.log is None else "log",
        seen_at=workspace.now(),
        name=asked.name,
        settings=settings_of(asked.model, asked.gpus, job),
    )
    add_peaks(workspace.history(), [kept])
    return kept


def _said(asked: AskedPeak) -> "tuple[int | None, Metric]":
    """Return the peak that is said, ``None`` for a run that ran out of memory, and by which instrument."""
    ways = [asked.peak is not None, asked.out_of_memory, asked.log is not None]
    if sum(ways) != 1:
        which = "Nothing says" if not any(ways) else "Two options say"
        raise UsageError(f"{which} what it took.", hint="Give one of --peak 19.3GB, --out-of-memory and --log FILE.")
    if asked.log is None:
        return asked.peak, asked.metric
    from hfplanner.estimate.memory.peak_log import read_peak  # noqa: PLC0415 - of a log

    try:
        with Path(asked.log).expanduser().open(encoding="utf-8", errors="replace") as lines:
            mark = read_peak(lines)
    except OSError as error:
        raise UsageError(
            f"The log {quoted(asked.log)} cannot be read ({error.strerror}).", hint="See --log."
        ) from error
    if mark is None:
        raise UsageError(
            f"The log {quoted(asked.log)} says nothing of memory.",
            hint="Understood are hfplanner: peak=19.3GB, max_memory_reserved: 19300000000, and lines of nvidia-smi.",
        )
    return mark.peak_bytes, mark.metric


def list_peaks(workspace: Workspace, model: str | None = None) -> "tuple[KeptPeak, ...]":
    """Return what is kept, of one model or of all.

    Raises:
        HistoryError: it cannot be read.
    """
    from hfplanner.history.peaks import read_peaks  # noqa: PLC0415 - where it is asked for

    kept = read_peaks(workspace.home.history)
    if model is None:
        return kept
    wanted = AskedModel(model=model)
    return tuple(one for one in kept if same_model(AskedModel(model=str(one.settings.get("model", ""))), wanted))


def remove_peaks(workspace: Workspace, ids: Sequence[str]) -> "tuple[KeptPeak, ...]":
    """Take entries out, and return them; all of them or none.

    Raises:
        UsageError: there is no entry of that id.
        HistoryError: it cannot be read or written.
    """
    from hfplanner.history.measured import remove_peaks as remove  # noqa: PLC0415 - polars

    return remove(workspace.history(), ids)


def peaks_document(peaks: "Iterable[KeptPeak]") -> dict[str, Any]:
    """Return entries as the interface spells them."""
    return {"measured": [{**peak.to_json(), "out_of_memory": peak.peak_bytes is None} for peak in peaks]}


def peak_words(peak: "KeptPeak") -> str:
    """Return what a run took, in words."""
    if peak.peak_bytes is None:
        return "out of memory"
    return f"{format_bytes(peak.peak_bytes)}{_SHOWN_METRICS[peak.metric]}"


def settings_words(peak: "KeptPeak") -> str:
    """Return how a run was run, in words: what is not as it is by default.

    >>> from datetime import UTC, datetime
    >>> from hfplanner.history.peaks import KeptPeak
    >>> settings = {"model": "Qwen/Qwen3-8B", "task": "lora", "seq_len": 2048, "batch_size": 4}
    >>> settings_words(KeptPeak(id="a", flavor="l4x1", peak_bytes=10**9, metric="total", source="typed",
    ...     seen_at=datetime(2026, 11, 30, tzinfo=UTC), settings=settings))
    'Qwen/Qwen3-8B, task lora, batch size 4'
    """
    settings: Mapping[str, Any] = peak.settings
    plain = {one.name: one.default for one in fields(AskedModel)}
    said = [str(settings["model"])] if "model" in settings else []
    said += [
        f"{name.replace('_', ' ')} {value}"
        for name, value in settings.items()
        if name in plain and name != "model" and value != plain[name]
    ]
    gpus = settings.get("gpus", 1)
    return ", ".join([*said, *([f"gpus {gpus}"] if gpus != 1 else [])])
