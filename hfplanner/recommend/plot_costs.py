"""Cost and time of every option as a dot with its 90 % interval, the cheapest on top, names on the axis."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hfplanner.estimate.span import Estimate
from hfplanner.recommend.result import Option, Recommendation
from hfplanner.sanitize import sanitize
from hfplanner.units import format_duration, format_usd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_costs", "has_costs"]

_BEST, _OTHER = "#D55E00", "#0072B2"
_WIDTH_INCHES, _ROW_INCHES, _FRAME_INCHES = 9.0, 0.32, 2.2
_LONGEST_NAME = 40
_HOUR, _DAY = 3600, 24 * 3600
# Times and amounts that people count in; between them the scale has no numbers.
_ROUND_SECS = (
    *(60 * minutes for minutes in (1, 2, 5, 15, 30)),
    *(_HOUR * hours for hours in (1, 2, 4, 8, 12)),
    *(_DAY * days for days in (1, 2, 4, 7, 14, 30, 90)),
)
_ROUND_MICRO_USD = tuple(digit * 10**power for power in range(4, 12) for digit in (1, 2, 5))
_MARGIN = 1.12


def has_costs(answer: Recommendation) -> bool:
    """Whether there are at least two options to compare by cost: one alone is no picture."""
    return len(_timed(answer)) > 1


def _timed(answer: Recommendation) -> list[Option]:
    known = [option for option in answer.options if option.duration_secs is not None and option.cost_micro_usd]
    return sorted(known, key=lambda option: (_cost(option).likely, option.rank))


def _cost(option: Option) -> Estimate:
    if option.cost_micro_usd is None:
        raise ValueError(f"{option.flavor.name} has no cost")
    return option.cost_micro_usd


def _time(option: Option) -> Estimate:
    if option.duration_secs is None:
        raise ValueError(f"{option.flavor.name} has no duration")
    return option.duration_secs


def draw_costs(answer: Recommendation, title: Callable[[int], str]) -> "Figure":
    """Return the picture: cost on the left, time on the right, a row for each option.

    Args:
        answer: with at least two options whose time is known.
        title: returns the title, in lines of at most so many characters.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - only where a picture is asked for

    options = _timed(answer)
    figure = Figure(figsize=(_WIDTH_INCHES, _FRAME_INCHES + _ROW_INCHES * len(options)), layout="constrained")
    times = {(span.low, span.likely, span.high) for span in map(_time, options)}
    left, *others = figure.subplots(1, 2 if len(times) > 1 else 1, sharey=True, squeeze=False)[0]
    _draw(left, options, _cost, _ROUND_MICRO_USD, _dollars)
    left.set_xlabel("Cost of the job")
    # A time that is the same everywhere is in the title; as a picture it is one line of dots.
    for right in others:
        _draw(right, options, _time, _ROUND_SECS, lambda secs: format_duration(round(secs)))
        right.set_xlabel("Running time")
    names = [sanitize(option.flavor.name, limit=_LONGEST_NAME) for option in options]
    left.set_yticks(range(len(options)), names)
    best = next((place for place, option in enumerate(options) if option.rank == 1), None)
    if best is not None:
        left.get_yticklabels()[best].set_fontweight("bold")
    left.set_ylim(len(options) - 0.5, -0.5)
    # Two dollar signs are prices here, not a formula.
    figure.suptitle(title(88), x=0.01, ha="left", fontsize=11, fontweight="bold", parse_math=False)
    figure.get_layout_engine().set(wspace=0.05)  # type: ignore[union-attr,call-arg] # constrained, as was asked
    if any(_time(option).low < _time(option).high for option in options):
        figure.supxlabel("dot: likely; line: 9 of 10 runs", fontsize=9, color="#555555")
    return figure


def _draw(
    axes: "Axes",
    options: Sequence[Option],
    value: Callable[[Option], Estimate],
    round_values: Sequence[int],
    show: Callable[[float], str],
) -> None:
    for row, option in enumerate(options):
        span, color = value(option), _BEST if option.rank == 1 else _OTHER
        axes.plot([max(span.low, 1), max(span.high, 1)], [row, row], color=color, linewidth=2, alpha=0.55, zorder=2)
        axes.plot([max(span.likely, 1)], [row], "o", color=color, markersize=8 if option.rank == 1 else 6, zorder=3)
    least = min(max(value(option).low, 1) for option in options)
    most = max(max(value(option).high, 1) for option in options)
    axes.set_xscale("log")
    ticks = _ticks(least, most, round_values)
    axes.set_xlim(min(least, ticks[0]) / _MARGIN, max(most, ticks[-1]) * _MARGIN)
    axes.set_xticks(ticks, [show(tick) for tick in ticks], fontsize=9)
    axes.minorticks_off()
    axes.grid(visible=True, axis="x", alpha=0.3)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _dollars(amount: float) -> str:
    """Return a round amount as a scale shows it, whole dollars without cents.

    >>> _dollars(500_000), _dollars(1_000_000_000)
    ('$0.50', '$1,000')
    """
    return format_usd(round(amount)).removesuffix(".00")


def _ticks(least: float, most: float, round_values: Sequence[int]) -> list[int]:
    """Return the round values from the last at or below the least to the first at or above the most, at most seven.

    >>> _ticks(1000, 6000, _ROUND_SECS)
    [900, 1800, 3600, 7200]
    """
    below = [one for one in round_values if one <= least][-1:]
    above = [one for one in round_values if one >= most][:1]
    ticks = [*below, *(one for one in round_values if least < one < most), *above] or [round(least)]
    return sorted(set(ticks[:: 1 + (len(ticks) - 1) // 7]) | {ticks[-1]})
