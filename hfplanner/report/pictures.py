"""The pictures of a report, each with its text alternative."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from textwrap import wrap
from typing import TYPE_CHECKING, Literal

from hfplanner.report.money import NOTHING, Money, add_up
from hfplanner.report.result import Distribution, Group, Report
from hfplanner.report.spec import CALENDAR_KEYS
from hfplanner.report.waste_result import Finding
from hfplanner.report.words import cost_text, least_text, value_text
from hfplanner.sanitize import sanitize
from hfplanner.units import (
    MICRO_USD_PER_USD,
    MINUTES_PER_HOUR,
    SECONDS_PER_MINUTE,
    format_count,
    format_duration,
    format_usd,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "PICTURES",
    "Picture",
    "PictureFormat",
    "Theme",
    "alternative",
    "draw_picture",
    "pictures_of",
    "render_picture",
]

PictureFormat = Literal["png", "svg", "pdf"]
Theme = Literal["light", "dark"]

# Okabe and Ito's colours (2008), told apart by colour-blind readers; the last one is for all the rest.
_COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_REST = "#999999"
_THEMES: Mapping[Theme, Mapping[str, str]] = {
    "light": {"ink": "#1b1f24", "paper": "#ffffff"},
    "dark": {"ink": "#e6e8eb", "paper": "#16191d"},
}
_WIDTH_INCHES = 9.0
_HEIGHT_INCHES = 4.6
# A picture of rows is as high as they need, so that one alone is no thicker than many are.
_FRAME_INCHES = 1.1
_LEAST_INCHES = 1.4
_ROW_INCHES = 0.27
_DOTS_PER_INCH = 100
_MOST_BARS = 12
_TITLE_CHARS = 90
_NAME_CHARS = 60
# From here on an axis of money does without cents [USD].
_NO_CENTS_USD = 20
_SECS_PER_HOUR = SECONDS_PER_MINUTE * MINUTES_PER_HOUR
_MOST_DAY_BARS = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Args:
        name: of its file, and how it is asked for.
        title: above it, of a report.
        draw: puts it on axes.
        tell: says in words what it shows.
        count: how many bars or days it has: one alone is no picture.
        has_rows: whether its bars are rows, so that it is as high as they need.
    """

    name: str
    title: Callable[[Report], str]
    draw: Callable[["Axes", Report], None]
    tell: Callable[[Report], str]
    count: Callable[[Report], int]
    has_rows: bool = True

    def is_worth_it(self, report: Report) -> bool:
        """Whether there is something to compare in it."""
        return self.count(report) > 1

    def size(self, report: Report) -> tuple[int, int]:
        """Return its width and height on a page, in pixels."""
        width, height = self.inches(report)
        return round(width * _DOTS_PER_INCH), round(height * _DOTS_PER_INCH)

    def inches(self, report: Report) -> tuple[float, float]:
        """Return its width and height on paper."""
        if not self.has_rows:
            return _WIDTH_INCHES, _HEIGHT_INCHES
        lines = len(_title_lines(self.title(report)))
        return _WIDTH_INCHES, max(_LEAST_INCHES, _FRAME_INCHES + _ROW_INCHES * (self.count(report) + lines - 1))


def pictures_of(report: Report) -> tuple[Picture, ...]:
    """Return the pictures that show something of a report."""
    return tuple(picture for picture in PICTURES if picture.is_worth_it(report))


def _title_lines(title: str) -> list[str]:
    return wrap(title, _TITLE_CHARS)


def draw_picture(report: Report, picture: Picture, theme: Theme = "light") -> "Figure":
    """Return a picture as a matplotlib figure."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - a third of a second that only a picture needs

    colors = _THEMES[theme]
    figure = Figure(figsize=picture.inches(report), layout="constrained", facecolor=colors["paper"])
    axes = figure.add_subplot(facecolor=colors["paper"])
    picture.draw(axes, report)
    if not axes.has_data():
        axes.set_axis_off()
        axes.text(0.0, 1.0, picture.tell(report), va="top", transform=axes.transAxes)
    axes.set_title(
        "\n".join(_title_lines(picture.title(report))), loc="left", fontsize=11, fontweight="bold", color=colors["ink"]
    )
    axes.tick_params(colors=colors["ink"], labelsize=9)
    for label in (axes.xaxis.label, axes.yaxis.label, *axes.texts):
        label.set_color(colors["ink"])
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(colors["ink"])
    legend = axes.get_legend()
    if legend is not None:
        legend.get_frame().set_visible(False)
        for text in legend.get_texts():
            text.set_color(colors["ink"])
    return figure


def render_picture(report: Report, picture: Picture, kind: PictureFormat, theme: Theme = "light") -> bytes:
    """Return a picture as the bytes of a file; the same report gives the same bytes."""
    from matplotlib import rc_context  # noqa: PLC0415 - as above

    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    out = BytesIO()
    # A name with two dollar signs is a name, not a formula.
    with rc_context(
        {"svg.hashsalt": "hfplanner", "svg.fonttype": "none", "font.family": "DejaVu Sans", "text.parse_math": False}
    ):
        draw_picture(report, picture, theme).savefig(out, format=kind, dpi=_DOTS_PER_INCH * 2, metadata=undated[kind])
    return out.getvalue()


def alternative(report: Report, picture: Picture) -> str:
    """Say in words what a picture shows."""
    return f"{picture.title(report)}. {picture.tell(report)}"


def _drawable(value: str | None) -> str:
    """Return a name in characters that the font has, so that none is a box."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - as above

    font = get_font(findfont("DejaVu Sans"))
    return "".join(c if font.get_char_index(ord(c)) else "?" for c in value_text(value))


def _bar_name(values: Sequence[str | None]) -> str:
    """Return the name of a bar, which leaves room for the bar."""
    longest = max(_NAME_CHARS // max(len(values), 1), 1)
    return " / ".join(sanitize(_drawable(value), limit=longest) for value in values)


def _draw_days(axes: "Axes", report: Report) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - as above

    days = [day.day for day in report.trend]
    bottom = [0.0] * len(days)
    layers: list[tuple[str, str, list[int]]] = [
        (_drawable(value), color, [costs.get(day, 0) for day in days])
        for (value, costs), color in zip(report.chart.layers, _COLORS, strict=False)
    ]
    if any(report.chart.rest.values()):
        layers.append(("all others", _REST, [report.chart.rest.get(day, 0) for day in days]))
    edge = 0.0 if len(days) > _MOST_DAY_BARS else 0.3
    for name, color, costs in layers:
        dollars = [cost / MICRO_USD_PER_USD for cost in costs]
        axes.bar(days, dollars, bottom=bottom, color=color, label=name, width=1.0 - edge)  # type: ignore[arg-type] # matplotlib takes dates
        bottom = [low + more for low, more in zip(bottom, dollars, strict=True)]
    locator = AutoDateLocator(maxticks=10)  # type: ignore[no-untyped-call] # matplotlib leaves it untyped
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call] # as above
    most = max(bottom, default=0.0)
    axes.set_ylabel("USD known to be spent")
    axes.yaxis.set_major_formatter(_axis_of_usd(most))
    # Ours, since matplotlib leaves no margin over a stack whose last layer is empty there.
    axes.set_ylim(0, most * 1.05 or 1)
    axes.grid(visible=True, axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    if layers:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)


def _tell_days(report: Report) -> str:
    if not report.trend:
        return "No job in this period."
    top = max(report.trend, key=lambda day: (day.cost.low, day.day))
    sums = [(value, sum(costs.values())) for value, costs in report.chart.layers[:5]]
    parts = ", ".join(f"{value_text(value)} {format_usd(cost)}" for value, cost in sums)
    first, last = report.trend[0].day, report.trend[-1].day
    by = sanitize(report.chart.key)
    return f"{first} to {last}; the dearest day is {top.day} with {cost_text(top.cost)}. By {by}: {parts}."


def _named(report: Report) -> list[tuple[str, Group]]:
    """Return the groups by name, of the keys it is by."""
    return [(_bar_name(group.values), group) for group in report.groups]


def _said(keys: Sequence[str]) -> str:
    return " and ".join(map(sanitize, keys))


def _drawn_keys(report: Report) -> Sequence[str]:
    """Return the keys whose groups are bars: all of them, or the first where there is a calendar among them."""
    return report.spec.by[:1] if _is_by_time(report) else report.spec.by


def _is_by_time(report: Report) -> bool:
    return any(key in CALENDAR_KEYS for key in report.spec.by)


def _spent(report: Report) -> list[tuple[str, Money]]:
    """Return what is known to be spent on each bar, in the order of the groups; what cost nothing is no bar."""
    places = len(_drawn_keys(report))
    sums: dict[tuple[str | None, ...], Money] = {}
    for group in report.groups:
        values = group.values[:places]
        sums[values] = add_up([sums.get(values, NOTHING), group.figures.cost])
    return [(_bar_name(values), cost) for values, cost in sums.items() if cost.low]


def _draw_groups(axes: "Axes", report: Report) -> None:
    is_by_time = bool(report.spec.by) and report.spec.by[0] in CALENDAR_KEYS
    _draw_bars(axes, _spent(report), newest=is_by_time)


def _draw_bars(axes: "Axes", rows: Sequence[tuple[str, Money]], *, newest: bool = False) -> None:
    """Draw horizontal bars of money: the first ones, or the last, and say what the others are together."""
    bars, rest = (rows[-_MOST_BARS:], rows[:-_MOST_BARS]) if newest else (rows[:_MOST_BARS], rows[_MOST_BARS:])
    bars = list(reversed(bars))
    places = range(len(bars))
    dollars = [cost.low / MICRO_USD_PER_USD for _, cost in bars]
    drawn = axes.barh(list(places), dollars, color=_COLORS[0], height=0.7)
    axes.bar_label(drawn, [least_text(cost) for _, cost in bars], padding=4, fontsize=9)
    axes.set_yticks(list(places), [name for name, _ in bars])
    axes.xaxis.set_major_formatter(_axis_of_usd(max(dollars, default=0.0)))
    axes.margins(x=0.15)
    axes.set_ylim(-0.5, max(len(bars), 1) - 0.5)
    others = f"{len(rest):,} {'earlier' if newest else 'others'}"
    left = f"; not drawn: {others}, {least_text(add_up(cost for _, cost in rest))} together" if rest else ""
    axes.set_xlabel(f"USD known to be spent{left}")


def _axis_of_usd(most: float) -> str:
    """Return how the amounts along an axis are written, which reaches so far [USD]."""
    return "${x:,.0f}" if most >= _NO_CENTS_USD else "${x:,.2f}"


def _tell_groups(report: Report) -> str:
    rows = ", ".join(f"{_values(group)} {cost_text(group.figures.cost)}" for group in report.groups[:5])
    return f"{format_count(len(report.groups), 'group')}: {rows}." if rows else "No job in this period."


def _values(group: Group) -> str:
    return " / ".join(map(value_text, group.values))


def _timed(report: Report) -> list[tuple[str, Distribution]]:
    """Return the groups with a known running time, by name."""
    return [(name, group.figures.duration_stats) for name, group in _named(report) if group.figures.duration_stats]


def _draw_durations(axes: "Axes", report: Report) -> None:
    timed = _timed(report)
    rows = list(reversed(timed[-_MOST_BARS:] if _is_by_time(report) else timed[:_MOST_BARS]))
    for place, (_, stats) in enumerate(rows):
        axes.plot([_hours(stats.p50), _hours(stats.p99)], [place, place], color=_COLORS[0], linewidth=3, alpha=0.4)
    places = list(range(len(rows)))
    for name, label, marker, color in (
        ("p50", "50% (median)", "o", _COLORS[0]),
        ("p90", "90%", "D", _COLORS[1]),
        ("p99", "99%", "|", _COLORS[2]),
    ):
        hours = [_hours(getattr(stats, name)) for _, stats in rows]
        axes.scatter(hours, places, color=color, marker=marker, label=label, s=60, zorder=3)
    axes.set_yticks(places, [name for name, _ in rows])
    axes.set_xlabel("Running time in hours")
    axes.set_xlim(left=0)
    axes.set_ylim(-0.5, max(len(rows), 1) - 0.5)
    axes.grid(visible=True, axis="x", alpha=0.25)
    if rows:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)


def _hours(seconds: int) -> float:
    return seconds / _SECS_PER_HOUR


def _tell_durations(report: Report) -> str:
    rows = "; ".join(
        f"{_values(group)} median {format_duration(stats.p50)}, 90% within {format_duration(stats.p90)}"
        for group in report.groups[:5]
        if (stats := group.figures.duration_stats) is not None
    )
    return f"{rows}." if rows else "No job with a known running time."


def _counted(report: Report) -> list[Finding]:
    return [one for one in report.waste.findings if one.counted]


def _draw_waste(axes: "Axes", report: Report) -> None:
    _draw_bars(axes, [(_drawable(one.title), one.cost) for one in _counted(report) if one.cost.low])


def _tell_waste(report: Report) -> str:
    rows = ", ".join(f"{one.title} {cost_text(one.cost)}" for one in _counted(report))
    return f"{rows}." if rows else "None was found."


def _bars(things: Sequence[object]) -> int:
    """Return how many bars these are."""
    return min(len(things), _MOST_BARS)


PICTURES = (
    Picture(
        "cost-per-day",
        lambda report: f"Cost per day, by {sanitize(report.chart.key)}",
        _draw_days,
        _tell_days,
        lambda report: len(report.trend) if report.total.cost.low else 0,
        has_rows=False,
    ),
    Picture(
        "cost-by-group",
        lambda report: f"Cost by {_said(_drawn_keys(report))}",
        _draw_groups,
        _tell_groups,
        lambda report: _bars(_spent(report)),
    ),
    Picture(
        "duration-by-group",
        lambda report: f"Running time by {_said(report.spec.by)}",
        _draw_durations,
        _tell_durations,
        lambda report: _bars(_timed(report)),
    ),
    Picture(
        "waste",
        lambda _: "Waste by kind",
        _draw_waste,
        _tell_waste,
        lambda report: _bars([one for one in _counted(report) if one.cost.low]),
    ),
)
"""Every picture of a report, in the order they are shown; :func:`pictures_of` has those that show something."""
