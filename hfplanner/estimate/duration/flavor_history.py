"""What the runs of one name on one flavor say of the next one there."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hfplanner.estimate.duration.measured import MeasuredRun, at_least
from hfplanner.estimate.duration.predictive import Predictive, next_run, next_run_like
from hfplanner.estimate.duration.recency import recency_weights
from hfplanner.estimate.duration.settings import labels_of, votes_of_settings
from hfplanner.estimate.duration.shift import runs_since_shift
from hfplanner.estimate.duration.spread import SHORTEST_SECS, LogRun, fit_log_normals
from hfplanner.estimate.duration.survival import Quantile, SurvivalCurve, product_limit
from hfplanner.estimate.duration.timeout import SuggestedTimeout, timeout_from_cut_off, timeout_from_history
from hfplanner.estimate.duration.trend import PARAMETERS, ParameterFit, Trend, fit_parameter, fit_trend
from hfplanner.estimate.span import Estimate
from hfplanner.units import MAX_DURATION_SECS, format_duration

if TYPE_CHECKING:
    import polars as pl

__all__ = ["SHARES", "FlavorHistory", "FlavorRuns", "flavor_history", "read_flavor_runs"]

SHARES = (0.1, 0.5, 0.9, 0.95, 0.99)
"""The quantiles that are told."""

# More runs than this are counted in steps of one percent, which is finer than any spread that is weighed.
_COUNTED_ONE_BY_ONE = 300
_STEPS_OF_A_LOGARITHM = 100
_LOW, _LIKELY, _HIGH = 0.05, 0.5, 0.95
# Who stopped these did not ask how far they were; a crash says where it crashed.
_STOPPED = (
    "timeout",
    "canary",
    "cancelled",
    "running",
    "deleted",
    "no_credits",
    "no_subscription",
    "resource_group_limit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorHistory:
    """What the runs on one flavor say.

    Args:
        flavor: where they ran.
        runs: how many tell something, completed or cut off.
        completed: of how many of them the whole duration is known: they ended by themselves, or their progress told it.
        by_progress: of how many of those the progress told it.
        other_settings: how many runs have other labels than the job asked for. They are left out where others have
            its labels; where none has, they are all that is counted here, and one vote for each set of labels.
        is_other: whether none has.
        cut_off: how many did not, by reason: ``timeout``, ``cancelled``, ``error``, ``out_of_memory``, ``running``, ...
        excluded: jobs that tell nothing, by reason: ``attempted_again``, ``not_started``, ``no_running_time``,
            ``unknown_stage``.
        longest_secs: the longest time any ran, completed or not [s]; ``None`` where none did.
        quantiles: of :data:`SHARES`, from the runs alone.
        duration_secs: a 90 % interval of one further run [s]; ``None`` where no run tells it. Where none completed it
            is a guess from the longest that was stopped, which crashes do not tell.
        timeout: what to send with it; ``None`` where no run tells it.
        trend: whether the last runs got slower; ``None`` for fewer than six.
        parameter: the label that the duration follows, and how; ``None`` where none is known.
    """

    flavor: str
    runs: int
    completed: int
    cut_off: Mapping[str, int]
    excluded: Mapping[str, int]
    longest_secs: float | None
    quantiles: tuple[Quantile, ...]
    duration_secs: Estimate | None
    timeout: SuggestedTimeout | None
    trend: Trend | None
    parameter: ParameterFit | None
    by_progress: int = 0
    other_settings: int = 0
    is_other: bool = False

    def measured_run(self) -> MeasuredRun | None:
        """Return what carries over to other flavors; ``None`` where no run tells how long one takes."""
        if self.duration_secs is None:
            return None
        return MeasuredRun(flavor=self.flavor, duration_secs=self.duration_secs)

    def to_json(self) -> dict[str, Any]:
        """Return the history as the interface spells it."""
        parameter = asdict(self.parameter) if self.parameter else None
        if parameter:
            del parameter["moments"]
        return {
            "flavor": self.flavor,
            "runs": self.runs,
            "completed": self.completed,
            "by_progress": self.by_progress,
            "other_settings": self.other_settings,
            "cut_off": dict(self.cut_off),
            "excluded": dict(self.excluded),
            "longest_secs": self.longest_secs,
            "quantiles": [
                {"share": one.share, "secs": one.secs, "low_secs": one.low, "high_secs": one.high,
                 "at_least_secs": one.at_least}
                for one in self.quantiles
            ],
            "duration_secs": self.duration_secs.to_json() if self.duration_secs else None,
            "suggested_timeout_secs": self.timeout.secs if self.timeout else None,
            "timeout": asdict(self.timeout) if self.timeout else None,
            "trend": asdict(self.trend) if self.trend else None,
            "parameter": parameter,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorRuns:
    """The runs of one flavor, read from a frame of :data:`~hfplanner.estimate.duration.observed.OBSERVED_COLUMNS`.

    Args:
        flavor: where they ran.
        curve: of all that count, each as one.
        recent: the same, recent ones counting more.
        log_runs: their logarithms, weighed so; of runs with other labels one for each set of them.
        last_secs: of those that completed, oldest first [s].
        stopped_secs: the longest that was stopped from outside [s]; ``None`` where none was.
        cut_off: how many were cut off, by reason.
        excluded: how many jobs tell nothing, by reason.
        parameters: the lines of labels that the duration may follow.
        left_out: how many completed runs came before a change.
        by_progress: of how many the progress told the duration.
        other_settings: how many runs have other labels than those asked for.
        is_other: whether those are all there is.
        relatives: the runs with other labels, for how much runs of one set differ; not where they are all there is.
    """

    flavor: str
    curve: SurvivalCurve | None
    recent: SurvivalCurve | None
    log_runs: tuple[LogRun, ...]
    last_secs: tuple[float, ...]
    stopped_secs: float | None
    cut_off: Mapping[str, int]
    excluded: Mapping[str, int]
    parameters: tuple[ParameterFit, ...]
    left_out: int = 0
    by_progress: int = 0
    other_settings: int = 0
    is_other: bool = False
    relatives: tuple[tuple[LogRun, ...], ...] = ()


def read_flavor_runs(
    flavor: str,
    observed: "pl.DataFrame",
    parameters: Sequence[str] = PARAMETERS,
    numbers: Mapping[str, float] | None = None,
) -> FlavorRuns:
    """Return the runs of one flavor.

    Args:
        flavor: where they ran.
        observed: its jobs, in any order, with the columns of :func:`.settings.with_alike`.
        parameters: labels in which a number that the duration follows is looked for.
        numbers: those in the labels of the next run: where too few runs tell how the duration follows one of them,
            runs with another number are runs of another job.
    """
    import polars as pl  # noqa: PLC0415 - polars is loaded where it is used

    everything = observed.filter(pl.col("excluded").is_null())
    told = _of_number(everything.filter("alike"), parameters, numbers or {})
    others = everything.filter(~pl.col("id").is_in(told["id"].implode()))
    is_other = told.is_empty() and not others.is_empty()
    if is_other:
        told = others
    ended = told.filter("completed").sort("moment", "id")
    fits = tuple(_fits(ended, parameters))
    # Where a number in the labels says why durations differ, nothing changed but that.
    recent = ended.height if fits or is_other else runs_since_shift(list(ended["secs"]))
    left_out = ended.height - recent
    if left_out and (first := ended["moment"][-recent]) is not None:
        told = told.filter(pl.col("moment").is_null() | (pl.col("moment") >= first))
        ended = ended.tail(recent)
    told = told.sort("moment", "id", nulls_last=False)
    told = told.with_columns(weight=pl.Series(recency_weights(told.height), dtype=pl.Float64))
    return FlavorRuns(
        flavor=flavor,
        curve=product_limit(told["secs"], told["completed"]) if told.height else None,
        recent=product_limit(told["secs"], told["completed"], list(told["weight"])) if told.height else None,
        log_runs=votes_of_settings(told) if is_other else _log_runs(told),
        last_secs=tuple(ended["secs"]),
        stopped_secs=_longest_stopped(told),
        cut_off=_counts(told["cut_off"]),
        excluded=_counts(observed["excluded"]),
        parameters=fits,
        left_out=left_out,
        by_progress=int(ended["by_progress"].sum()),
        other_settings=others.height,
        is_other=is_other,
        relatives=() if is_other else tuple(_log_runs(one) for one in _by_settings(others)),
    )


def _of_number(alike: "pl.DataFrame", parameters: Sequence[str], numbers: Mapping[str, float]) -> "pl.DataFrame":
    """Return the runs with the numbers asked for, where the runs do not tell how the duration follows them."""
    import polars as pl  # noqa: PLC0415 - as above

    told = {fit.parameter for fit in _fits(alike.filter("completed"), parameters)} if numbers else set()
    labels = labels_of(alike) if numbers.keys() - told else []
    for key in sorted(numbers.keys() - told):
        if any(key in one for one in labels):
            wanted = [_is_number(one.get(key), numbers[key]) for one in labels]
            alike = alike.filter(pl.Series(wanted, dtype=pl.Boolean))
            labels = labels_of(alike)
    return alike


def _is_number(text: str | None, number: float) -> bool:
    try:
        return text is not None and float(text) == number
    except ValueError:
        return False


def _by_settings(others: "pl.DataFrame") -> "list[pl.DataFrame]":
    """Return the runs of each set of labels of which at least two completed."""
    import polars as pl  # noqa: PLC0415 - as above

    if others.is_empty():
        return []
    parts = others.with_columns(weight=pl.lit(1.0)).partition_by("settings", maintain_order=True)
    return sorted((one for one in parts if int(one["completed"].sum()) > 1), key=lambda one: str(one["settings"][0]))


def flavor_history(
    runs: FlavorRuns, prior: Sequence[float], wanted: Mapping[str, float] | None = None
) -> FlavorHistory:
    """Return what the runs of one flavor say of the next one.

    Args:
        runs: of that flavor.
        prior: how often each spread is met; see :mod:`~hfplanner.estimate.duration.spread`.
        wanted: labels of the next run whose numbers it may follow.
    """
    curve = runs.curve
    follows = min(runs.parameters, key=lambda fit: fit.spread, default=None)
    estimate: Estimate | None = None
    timeout: SuggestedTimeout | None = None
    if curve is not None and curve.completed:
        asked = [fit for fit in runs.parameters if wanted and fit.parameter in wanted]
        follows = min(asked, key=lambda fit: fit.spread, default=follows)
        if wanted and follows in asked and follows is not None:
            ahead = follows.next_run(wanted[follows.parameter], prior)
            why = _words_of_parameter(follows, wanted[follows.parameter])
            # The runs had other numbers: how long the longest took is no bound, and how many they were no evidence.
            timeout = timeout_from_history(ahead, completed=0, told_by=follows.runs)
        elif runs.is_other:
            ahead = next_run_like(fit_log_normals(runs.log_runs, prior))
            why = "no run has the labels of this job: it is another job of the same name, and may take another time"
            timeout = timeout_from_history(ahead, completed=0, told_by=1)
        else:
            ahead = next_run(runs.recent or curve, fit_log_normals(runs.log_runs, prior))
            why = _words_of_quantiles(runs, wanted)
            timeout = timeout_from_history(
                ahead, completed=curve.completed, longest_secs=curve.secs[-1], seen_secs=curve.longest
            )
        estimate = _estimate(ahead, (_words_of_runs(runs, curve), why, *_words_of_tail(curve)))
    elif curve is not None and runs.stopped_secs:
        timeout = timeout_from_cut_off(runs.stopped_secs)
        estimate = at_least(runs.stopped_secs, _words_of_runs(runs, curve))
    return FlavorHistory(
        flavor=runs.flavor,
        runs=curve.runs if curve else 0,
        completed=curve.completed if curve else 0,
        cut_off=runs.cut_off,
        excluded=runs.excluded,
        longest_secs=curve.longest if curve else None,
        quantiles=curve.quantiles(SHARES) if curve else (),
        duration_secs=estimate,
        timeout=timeout,
        trend=fit_trend(runs.last_secs),
        parameter=follows,
        by_progress=runs.by_progress,
        other_settings=runs.other_settings,
        is_other=runs.is_other,
    )


def _estimate(ahead: Predictive, basis: tuple[str, ...]) -> Estimate:
    low, likely, high = (min(ahead.quantile(share), MAX_DURATION_SECS) for share in (_LOW, _LIKELY, _HIGH))
    return Estimate(math.floor(low), round(likely), math.ceil(high), basis)


def _longest_stopped(told: "pl.DataFrame") -> float | None:
    """Return the longest run that was stopped from outside [s]: what crashed early says nothing of the whole."""
    import polars as pl  # noqa: PLC0415 - as above

    longest = told.filter(pl.col("cut_off").is_in(_STOPPED))["secs"].max()
    return float(longest) if isinstance(longest, float) else None


def _log_runs(told: "pl.DataFrame") -> tuple[LogRun, ...]:
    import polars as pl  # noqa: PLC0415 - as above

    logs = pl.col("secs").clip(SHORTEST_SECS).log()
    if told.height > _COUNTED_ONE_BY_ONE:
        logs = (logs * _STEPS_OF_A_LOGARITHM).round() / _STEPS_OF_A_LOGARITHM
    counted = told.group_by(logs.alias("log"), "completed").agg(pl.col("weight").sum()).sort("log", "completed")
    return tuple(LogRun(log, completed, count) for log, completed, count in counted.iter_rows())


def _counts(reasons: "pl.Series") -> dict[str, int]:
    counted = reasons.drop_nulls().value_counts(name="runs").sort(reasons.name)
    return dict(counted.iter_rows())


def _fits(ended: "pl.DataFrame", parameters: Sequence[str]) -> list[ParameterFit]:
    """Return the lines of all labels that are numbers in every completed run."""
    import polars as pl  # noqa: PLC0415 - as above

    fits = []
    labels = ended.select("id", "secs", "labels").explode("labels").unnest("labels")
    for parameter in parameters:
        numbers = labels.filter(pl.col("key") == parameter).with_columns(pl.col("value").cast(pl.Float64, strict=False))
        known = numbers.filter(pl.col("value").is_finite() & (pl.col("value") > 0))
        if known.height == ended.height:
            fits.append(fit_parameter(parameter, list(known["value"]), list(known["secs"])))
    return [fit for fit in fits if fit is not None]


def _words_of_runs(runs: FlavorRuns, curve: SurvivalCurve) -> str:
    cut = ", ".join(f"{count} {reason}" for reason, count in runs.cut_off.items())
    ended = curve.completed - runs.by_progress
    those = "run" if ended == 1 else "runs"
    said = f"{ended} completed {those} on {runs.flavor}"
    if runs.by_progress:
        count, several = runs.by_progress, "" if runs.by_progress == 1 else "s"
        said = f"{said}, and {count}" if ended else f"{count} run{several} on {runs.flavor}"
        said = f"{said} measured by {'its' if count == 1 else 'their'} progress"
    if runs.left_out:
        said = f"the last {said}: the {runs.left_out} before took another time"
    said = f"{said}, and {curve.runs - curve.completed} cut off ({cut})" if cut else said
    if runs.is_other:
        return f"{said}, with other labels"
    return f"{said}; {runs.other_settings} with other labels are left out" if runs.other_settings else said


def _words_of_tail(curve: SurvivalCurve) -> tuple[str, ...]:
    """Return a sentence where so many runs were cut off that the runs do not tell the slowest of them."""
    if curve.survival[-1] <= 1 - _HIGH:
        return ()
    longer = f"{curve.survival[-1]:.0%} of the runs take longer than {format_duration(round(curve.secs[-1]))}"
    return (f"{longer}, the longest that completed: how much longer the runs do not tell",)


def _words_of_quantiles(runs: FlavorRuns, wanted: Mapping[str, float] | None) -> str:
    said = (
        "one further run, from their Kaplan-Meier curve, recent runs counting more, and how much runs of one name "
        "usually differ"
    )
    if wanted:
        said += f"; they do not tell how it follows {' or '.join(sorted(wanted))}"
    trend = fit_trend(runs.last_secs)
    if trend is not None and trend.direction != "steady":
        said += f"; each of the last {trend.runs} was {trend.direction} by {abs(trend.change_per_run):.1%}"
    return said


def _words_of_parameter(fit: ParameterFit, value: float) -> str:
    start = format_duration(round(fit.start_secs))
    outside = "" if fit.smallest <= value <= fit.largest else f", beyond the {fit.smallest:g} to {fit.largest:g} seen"
    return f"{start} and {fit.secs_per_unit:.3g} s for each of {value:g} {fit.parameter}{outside}"
