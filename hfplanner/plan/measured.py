"""What was measured of a job's memory: which kept peaks are of the same model and name, and how they were run.

This is the one place that reads them: what estimates, recommends, checks and runs goes through it.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from hfplanner.errors import UsageError
from hfplanner.plan.asked import AskedModel
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.estimate.memory.fits import Place
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.estimate.memory.measured import MeasuredPeaks
    from hfplanner.history.peaks import KeptPeak

__all__ = ["MeasuredRuns", "find_measured", "settings_of"]

_WIDTHS = ("params", "layers", "hidden", "heads", "kv_heads", "ffn", "vocab")
_NAMES_OF_A_MODEL = {"model", *_WIDTHS}


@dataclass(frozen=True, slots=True)
class MeasuredRuns:
    """What was measured of one model, and of jobs of one name.

    Args:
        kept: the entries, each with how it was run.
    """

    kept: "tuple[tuple[KeptPeak, MemoryJob], ...]" = ()

    def on(self, places: "Iterable[Place]") -> "MeasuredPeaks":
        """Return the same with what each flavor has, to be asked about any way to run the model.

        Args:
            places: the flavors that are known.
        """
        from hfplanner.estimate.memory.measured import NO_PEAKS, MeasuredPeak, MeasuredPeaks  # noqa: PLC0415 - where memory is asked for

        if not self.kept:
            return NO_PEAKS
        usable = {place.flavor: place.usable_bytes for place in places}
        return MeasuredPeaks(
            tuple(
                MeasuredPeak(
                    job=job,
                    flavor=peak.flavor,
                    peak_bytes=peak.peak_bytes,
                    metric=peak.metric,
                    usable_bytes=usable.get(peak.flavor),
                )
                for peak, job in self.kept
            )
        )


def find_measured(asked: AskedModel, gpus: int, workspace: Workspace, names: Collection[str] = ()) -> MeasuredRuns:
    """Return what was measured of a model.

    A job that does not say which model it runs counts where it has the name that is asked for: it is then taken to be
    run as asked.

    Args:
        asked: the model, and how it is run.
        gpus: of the run.
        workspace: where the history is.
        names: of the job, or of those it is like.

    Raises:
        HistoryError: what is kept cannot be read.
    """
    from hfplanner.history.peaks import read_peaks  # noqa: PLC0415 - where memory is asked for

    found: list[tuple[KeptPeak, MemoryJob]] = []
    for peak in read_peaks(workspace.home.history):
        said = _model_of(peak.settings)
        if said is None:
            if peak.name in names or peak.job_id in names:
                found.append((peak, asked.job(gpus)))
        elif same_model(said, asked):
            # What cannot be meant is not how a model was run.
            with suppress(UsageError):
                found.append((peak, said.job(_gpus(peak.settings))))
    return MeasuredRuns(tuple(found))


def settings_of(asked: AskedModel, gpus: int, job: "MemoryJob") -> dict[str, Any]:
    """Return how a model was run, to be kept: every argument, with what is left to the library as it was taken.

    Args:
        asked: the model, and how it was run.
        gpus: of the run.
        job: the same with nothing left open.
    """
    said = {one.name: getattr(asked, one.name) for one in fields(asked)} | {
        "preset": None,
        "checkpointing": job.checkpointing,
        "loss": job.loss,
        "gpus": gpus,
    }
    return {name: value for name, value in said.items() if value is not None}


def same_model(one: AskedModel, other: AskedModel) -> bool:
    """Whether two name the same model.

    >>> same_model(AskedModel(model="Qwen/Qwen3-8B"), AskedModel(model="qwen/qwen3-8b", seq_len=512))
    True
    """
    return _key(one) == _key(other)


def _key(asked: AskedModel) -> tuple[Any, ...]:
    if asked.model is not None:
        return (asked.model.strip().rstrip("/").casefold(),)
    return tuple(getattr(asked, name) for name in _WIDTHS)


def _model_of(settings: Mapping[str, Any]) -> AskedModel | None:
    """Return the model that settings name, and how it was run; ``None`` where they name none."""
    if not _NAMES_OF_A_MODEL & set(settings):
        return None
    from hfplanner.plan.arguments import MODEL  # noqa: PLC0415 - beside the names, which are enough for most

    read: dict[str, Any] = {}
    for argument in MODEL:
        if argument.name in settings and argument.name != "preset":
            with suppress(UsageError):
                read[argument.name] = argument.value(settings[argument.name])
    return replace(AskedModel(), **read)


def _gpus(settings: Mapping[str, Any]) -> int:
    with suppress(TypeError, ValueError):
        return int(settings.get("gpus", 1))
    return 1
