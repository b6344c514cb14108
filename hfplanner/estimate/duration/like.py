"""How long a job runs, from the jobs like it: those of the same name, image or Space.

Jobs that were started without a name are named after their image or script and a hash of what they run, so the reruns
of one command share a name (:mod:`hfplanner.api.job_names`); its runs are taken for repeats. A name that somebody chose
may stand for a program with other arguments each time, and an image for any program: until their own runs say better,
their durations are expected to differ more, and the interval of a few runs is as wide as that. Where the labels of the
next run are known, runs with other labels are runs of another job (:mod:`.settings`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from hfplanner.api.job_names import space_prefix
from hfplanner.errors import NoSuchJobs, did_you_mean, quoted
from hfplanner.estimate.duration.flavor_history import FlavorHistory, FlavorRuns, flavor_history, read_flavor_runs
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.observed import observe_runs
from hfplanner.estimate.duration.predictive import PRIOR_RUNS
from hfplanner.estimate.duration.settings import Labels, asked_numbers, labels_of, with_alike
from hfplanner.estimate.duration.spread import learnt_prior, mixed_prior
from hfplanner.estimate.duration.trend import PARAMETERS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["LikeHistory", "MatchedBy", "jobs_like", "repeats_share", "runs_like"]

MatchedBy = Literal["id", "name", "image", "space"]

# How many of such names are repeats of one command; the others differ as programs with any arguments do.
_HASHED_NAME = re.compile(r".+-[0-9a-f]{8}")
_REPEATS_OF_A_COMMAND = 0.98
_REPEATS_OF_A_NAME = 0.5
_REPEATS_OF_AN_IMAGE = 0.05
_MONTH = timedelta(days=30)
# As many names as a hint looks at, newest first: spelling is compared one by one.
_NAMES_COMPARED = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class LikeHistory:
    """What the jobs like one say.

    Args:
        like: as asked for.
        matched_by: what it is: the ``id`` of a job, a ``name``, an ``image`` or a ``space``.
        name: the name that the jobs share; ``None`` where they share an image or a Space, or the one job has no name.
        jobs: how many jobs match.
        excluded: those that belong to no flavor, by reason.
        flavors: one history each, the one with most completed runs first.
        runs_last_month: how many of them were made in the last 30 days of the history.
        gpu_utilization: the share of the time in which their GPUs computed, 0 to 1; ``None`` is not said.
    """

    like: str
    matched_by: MatchedBy
    name: str | None
    jobs: int
    excluded: Mapping[str, int]
    flavors: tuple[FlavorHistory, ...]
    runs_last_month: int = 0
    gpu_utilization: float | None = None

    def measured_runs(self) -> tuple[MeasuredRun, ...]:
        """Return one measured duration for each flavor on which at least one run completed.

        Where none completed anywhere, what was stopped is a lower bound, and told as one.
        """
        completed = [flavor for flavor in self.flavors if flavor.completed]
        # Runs with other labels tell something where no run has those asked for.
        completed = [flavor for flavor in completed if not flavor.is_other] or completed
        runs = (flavor.measured_run() for flavor in completed or self.flavors)
        return tuple(replace(run, gpu_utilization=self.gpu_utilization) for run in runs if run is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the history as the interface spells it."""
        return {
            "like": self.like,
            "matched_by": self.matched_by,
            "name": self.name,
            "jobs": self.jobs,
            "excluded": dict(self.excluded),
            "flavors": [flavor.to_json() for flavor in self.flavors],
        }


def runs_like(
    jobs: "pl.LazyFrame",
    like: str,
    *,
    wanted: Mapping[str, float] | None = None,
    labels: Labels | None = None,
) -> LikeHistory:
    """Return how long the jobs like one ran, per flavor.

    Args:
        jobs: a frame of :data:`~hfplanner.frames.job_schema.JOBS_SCHEMA`.
        like: the id of a job, which stands for all of its name; a name; an image; or a Space. The first of these that
            any job has.
        wanted: numbers in the labels of the next run, for example ``{"steps": 2000}``: where the runs tell how the
            duration follows one of them, the estimate is for that number.
        labels: of the next run, numbers among them; by default those of the job, where ``like`` is an id. Runs with
            other labels are runs of another job: they are left out, or, where there are no others, hardly believed.

    Raises:
        NoSuchJobs: no job has that id, name, image or Space.

    >>> import polars as pl
    >>> from hfplanner.frames.job_schema import JOBS_SCHEMA
    >>> row = dict.fromkeys(JOBS_SCHEMA) | {"name": "sft-0a1b2c3d", "flavor": "l4x1", "stage": "completed"}
    >>> rows = [row | {"id": str(secs), "running_secs": secs} for secs in (3500.0, 3600.0, 3650.0)]
    >>> found = runs_like(pl.LazyFrame(rows, schema=JOBS_SCHEMA), "sft-0a1b2c3d")
    >>> found.flavors[0].duration_secs.likely, found.flavors[0].timeout.secs
    (3595, 5820)
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    matched_by, name, those = _matching(jobs, like)
    observed = observe_runs(those).collect()
    parameters = tuple(dict.fromkeys([*(wanted or ()), *PARAMETERS]))
    if labels is None and matched_by == "id":
        labels = labels_of(observed.filter(pl.col("id") == like))[0]
    numbers = asked_numbers(labels or {}, parameters)
    wanted = {**numbers, **wanted} if wanted else numbers
    observed = with_alike(observed, labels or None, parameters)
    placed = observed.filter(pl.col("flavor").is_not_null()).partition_by("flavor", as_dict=True)
    runs = [read_flavor_runs(str(key[0]), frame, parameters, numbers) for key, frame in placed.items()]
    prior = mixed_prior(repeats_share(matched_by, name))
    histories = [flavor_history(one, _prior_of(one, runs, prior, matched_by), wanted) for one in runs]
    if prior != mixed_prior(_REPEATS_OF_A_COMMAND):
        histories = [_with_doubt(one) for one in histories]
    without = observed.height - sum(frame.height for frame in placed.values())
    return LikeHistory(
        like=like,
        matched_by=matched_by,
        name=name,
        jobs=observed.height,
        excluded={"no_flavor": without} if without else {},
        flavors=tuple(sorted(histories, key=lambda one: (-one.completed, one.flavor))),
        runs_last_month=_last_month(jobs, those),
    )


def _with_doubt(history: FlavorHistory) -> FlavorHistory:
    """Return a history of few runs that says that they may have been called otherwise each time."""
    told = history.duration_secs
    if told is None or not 0 < history.completed < PRIOR_RUNS or history.is_other:
        return history
    why = "jobs of a chosen name, or in one image, may each be called otherwise: few of them tell less than reruns do"
    first, *rest = told.basis
    return replace(history, duration_secs=replace(told, basis=(first, why, *rest)))


def _prior_of(
    one: FlavorRuns, runs: Sequence[FlavorRuns], prior: Sequence[float], matched_by: MatchedBy
) -> Sequence[float]:
    """Return how often each spread is met: as usual, and as the runs of other flavors and of other labels differ."""
    if one.is_other:
        # What runs of one job differ by says nothing of another one.
        return mixed_prior(_REPEATS_OF_AN_IMAGE if matched_by in {"image", "space"} else _REPEATS_OF_A_NAME)
    elsewhere = [other.log_runs for other in runs if other is not one and not other.is_other]
    return learnt_prior(prior, [*elsewhere, *(some for other in runs for some in other.relatives)])


def jobs_like(jobs: "pl.LazyFrame", like: str) -> "pl.LazyFrame":
    """Return the jobs that :func:`runs_like` looks at.

    Raises:
        NoSuchJobs: no job has that id, name, image or Space.
    """
    return _matching(jobs, like)[2]


def _last_month(jobs: "pl.LazyFrame", those: "pl.LazyFrame") -> int:
    """Return how many of those jobs were made in the 30 days before the newest of all."""
    import polars as pl  # noqa: PLC0415 - as above

    newest = jobs.select(pl.col("created_at").max()).collect().item()
    if newest is None:
        return 0
    return int(those.filter(pl.col("created_at") > newest - _MONTH).select(pl.len()).collect().item())


def _matching(jobs: "pl.LazyFrame", like: str) -> "tuple[MatchedBy, str | None, pl.LazyFrame]":
    """Return what ``like`` is, the name behind it, and its jobs."""
    import polars as pl  # noqa: PLC0415 - as above

    prefix = space_prefix(like)
    space = like.removeprefix(prefix) if prefix else like
    found = jobs.select(
        id=(pl.col("id") == like).any(),
        name=(pl.col("name") == like).any(),
        image=(pl.col("image") == like).any(),
        space=(pl.col("space") == space).any(),
    ).collect()
    if found["id"].item():
        job = jobs.filter(pl.col("id") == like).select("namespace", "name").head(1).collect()
        namespace, name = job.row(0)
        if name is None:
            return "id", None, jobs.filter(pl.col("id") == like)
        return "id", name, jobs.filter(pl.col("name") == name, pl.col("namespace").eq_missing(namespace))
    if found["name"].item():
        return "name", like, jobs.filter(pl.col("name") == like)
    if found["image"].item():
        return "image", None, jobs.filter(pl.col("image") == like)
    if found["space"].item():
        return "space", None, jobs.filter(pl.col("space") == space)
    raise _nothing_like(jobs, like)


def repeats_share(matched_by: MatchedBy, name: str | None) -> float:
    """Return how many of such names are expected to be repeats of one command, the others namesakes.

    >>> repeats_share("name", "sft-py-0a1b2c3d"), repeats_share("name", "sft"), repeats_share("image", None)
    (0.98, 0.5, 0.05)
    """
    if matched_by in {"image", "space"}:
        return _REPEATS_OF_AN_IMAGE
    return _REPEATS_OF_A_COMMAND if name is None or _HASHED_NAME.fullmatch(name) else _REPEATS_OF_A_NAME


def _nothing_like(jobs: "pl.LazyFrame", like: str) -> NoSuchJobs:
    import polars as pl  # noqa: PLC0415 - as above

    newest = jobs.group_by("name", "image", "space").agg(pl.col("created_at").max())
    known = newest.top_k(_NAMES_COMPARED, by="created_at").select("name", "image", "space").collect()
    names = [one for column in known.iter_columns() for one in column.drop_nulls()]
    advice = "`hfplanner report --by name` shows the names, and `hfplanner import` adds jobs to the history."
    return NoSuchJobs(
        f"No job in the history has the id, name, image or Space {quoted(like)}.",
        hint=f"{did_you_mean(like, set(names))}{advice}",
    )
