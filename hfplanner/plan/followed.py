"""What a job that was followed to its end took of a GPU, as its log says: kept for the next of its name and settings.

It is kept as ``measured add --log`` keeps it, with two differences, because nobody has looked at the log: a number of
``nvidia-smi`` is no peak (jobs print it before they begin), and one that is less than half of the model's weights is of
something else. A job that ended with an error says nothing, but for running out of memory; one that completed although
its log speaks of that has gone on with other settings, and nobody knows with which.
"""

from typing import TYPE_CHECKING, Any

from hfplanner.errors import HfplannerError
from hfplanner.plan.job_log import row_of_job

if TYPE_CHECKING:
    from hfplanner.api.models import JobInfo
    from hfplanner.catalog.listing import Listing
    from hfplanner.estimate.memory.job import MemoryJob
    from hfplanner.estimate.memory.peak_log import PeakMark
    from hfplanner.history.peaks import KeptPeak
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace

__all__ = ["FollowedRun"]

_RAN = {"completed", "timeout"}
# What a run takes at least, as a share of what its weights need.
_LEAST_SHARE = 0.5


class FollowedRun:
    """Reads the log of a job as it comes, and keeps what it says of memory once the job has ended.

    Args:
        asked: the job.
        workspace: where the history is.
        only_out_of_memory: whether its peak says nothing, as that of a canary, which does a part of the work.
    """

    def __init__(self, asked: "KnownRequest", workspace: "Workspace", *, only_out_of_memory: bool = False) -> None:
        from hfplanner.estimate.memory.peak_log import PeakReader  # noqa: PLC0415 - where a job is followed

        self._asked, self._workspace, self._only_out_of_memory = asked, workspace, only_out_of_memory
        self._reader = PeakReader()

    def see(self, line: str) -> None:
        """Take in the next line of the log."""
        self._reader.see(line)

    def keep(self, job: "JobInfo") -> "str | None":
        """Keep what the log says, and return that as a sentence; ``None`` where it says nothing that counts.

        Args:
            job: its record, after its end.
        """
        mark = self._reader.said_by_the_job
        if mark is None or job.flavor is None or not job.is_terminal:
            return None
        if self._only_out_of_memory and mark.peak_bytes is not None:
            return None
        try:
            return self._kept(job, mark)
        except HfplannerError as error:
            return f"What it took of the GPU is not kept: {error.message}"

    def _kept(self, job: "JobInfo", mark: "PeakMark") -> "str | None":
        listing = self._workspace.listing()
        flavor = listing.by_name().get(str(job.flavor))
        if flavor is None or not flavor.gpus or not self._counts(job, mark):
            return None
        from hfplanner.history.measured import add_peaks  # noqa: PLC0415 - polars
        from hfplanner.history.peaks import KeptPeak, log_peak_id  # noqa: PLC0415 - as above

        how = self._job(flavor.name, listing)
        if how is not None and not self._may_be(mark, how):
            return None
        kept = KeptPeak(
            id=log_peak_id(job.id),
            flavor=flavor.name,
            peak_bytes=mark.peak_bytes,
            metric=mark.metric,
            source="log",
            seen_at=self._workspace.now(),
            name=(job.labels or {}).get("name"),
            job_id=job.id,
            settings=self._settings(job, how),
        )
        add_peaks(self._workspace.history(), [kept])
        return _words(kept)

    def _counts(self, job: "JobInfo", mark: "PeakMark") -> bool:
        reason = row_of_job(job, self._workspace)["reason"][0]
        return reason not in _RAN if mark.peak_bytes is None else reason in _RAN

    def _job(self, flavor: str, listing: "Listing") -> "MemoryJob | None":
        """Return how the model was run there, nothing left open; ``None`` where none was named."""
        known = self._asked.known
        if known.model is None:
            return None
        from hfplanner.estimate.memory.job import settle  # noqa: PLC0415 - where a model is named
        from hfplanner.plan.memory import memory_on  # noqa: PLC0415 - as above

        need = memory_on(known, listing)
        there = None if need is None else need.by_flavor.get(flavor)
        gpus = known.model.job.gpus if there is None else there.gpus
        return settle(known.needs.model.job(gpus), known.model.shape.kind)

    def _may_be(self, mark: "PeakMark", how: "MemoryJob") -> bool:
        """Whether a peak may be what the model needs: vLLM takes what it is given, no model less than its weights."""
        if mark.peak_bytes is None:
            return True
        model = self._asked.known.model
        if model is None or how.engine == "vllm" or how.generator == "colocate":
            return False
        from hfplanner.estimate.memory.result import estimate_memory  # noqa: PLC0415 - as above

        return mark.peak_bytes >= _LEAST_SHARE * estimate_memory(model.shape, how).parts.get("weights", 0)

    def _settings(self, job: "JobInfo", how: "MemoryJob | None") -> dict[str, Any]:
        """Return how it was run: as it was asked for, or as the job says itself in its labels."""
        if how is not None:
            from hfplanner.plan.measured import settings_of  # noqa: PLC0415 - as above

            return settings_of(self._asked.known.needs.model, how.gpus, how)
        from hfplanner.history.peaks import settings_of_labels  # noqa: PLC0415 - as above

        return dict(settings_of_labels(job.labels or {}))


def _words(kept: "KeptPeak") -> str:
    from hfplanner.plan.measuring import peak_words  # noqa: PLC0415 - where something was kept

    model, name = kept.settings.get("model"), kept.name
    whose = f"runs of {model} like this one" if model else f"jobs named {name}" if name else "its id"
    if kept.peak_bytes is None:
        return f"It ran out of memory on {kept.flavor}; that is kept, and {whose} are not said to fit there again."
    return f"It took {peak_words(kept)} of one GPU; that is kept, and estimates of {whose} start from it."
