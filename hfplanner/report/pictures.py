"""The pictures of a report, each with its text alternative."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal

from hfplanner.report.result import Report
from hfplanner.report.waste_result import Finding
from hfplanner.report.words import cost_text, count_text, value_text
from hfplanner.units import MICRO_USD_PER_USD, MINUTES_PER_HOUR, SECONDS_PER_MINUTE, format_duration, format_usd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PICTURES", "Picture", "PictureFormat", "Theme", "alternative", "draw_picture", "render_picture"]

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
# From here on an axis of money does without cents [USD].
_NO_CENTS_USD = 20
_SECS_PER_HOUR = SECONDS_PER_MINUTE * MINUTES_PER_HOUR
_MOST_DAY_BARS = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Args:
        name: of its file, and how it is asked for.
        title: above it.
        draw: puts it on axes.
        tell: says in words what it shows.
        rows: how many rows of bars it has; by default none.
    """

    name: str
    title: str
    draw: Callable[["Axes", Report], None]
    tell: Callable[[Report], str]
    rows: Callable[[Report], int] | None = None

    def size(self, report: Report) -> tuple[int, int]:
        """Return its width and height on a page, in pixels."""
        width, height = self.inches(report)
        return round(width * _DOTS_PER_INCH), round(height * _DOTS_PER_INCH)

    def inches(self, report: Report) -> tuple[float, float]:
        """Return its width and height on paper."""
        if self.rows is None:
            return _WIDTH_INCHES, _HEIGHT_INCHES
        return _WIDTH_INCHES, max(_LEAST_INCHES, _FRAME_INCHES + _ROW_INCHES * self.rows(report))


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
    axes.set_title(picture.title, loc="left", fontsize=11, fontweight="bold", color=colors["ink"])
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
        draw_picture(report, picture, theme).savefig(out, format=kind, dpi=150, metadata=undated[kind])
    return out.getvalue()


def alternative(report: Report, picture: Picture) -> str:
    """Say in words what a picture shows."""
    return f"{picture.title}. {picture.tell(report)}"


def _drawable(value: str | None) -> str:
    """Return a name in characters that the font has, so that none is a box."""
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 - as above

    font = get_font(findfont("DejaVu Sans"))
    return "".join(c if font.get_char_index(ord(c)) else "?" for c in value_text(value))


def _by_flavor(report: Report) -> list[tuple[str | None, int]]:
    """Return what each flavor cost over all days, dearest first."""
    sums: dict[str | None, int] = {}
    for day in report.trend:
        for flavor, cost in day.by_flavor.items():
            sums[flavor] = sums.get(flavor, 0) + cost
    return sorted(sums.items(), key=lambda item: (-item[1], item[0] or ""))


def _draw_days(axes: "Axes", report: Report) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - as above

    flavors = [flavor for flavor, cost in _by_flavor(report) if cost]
    shown, rest = flavors[: len(_COLORS)], flavors[len(_COLORS) :]
    days = [day.day for day in report.trend]
    bottom = [0.0] * len(days)
    layers: list[tuple[str, str, list[int]]] = [
        (_drawable(flavor), color, [day.by_flavor.get(flavor, 0) for day in report.trend])
        for flavor, color in zip(shown, _COLORS, strict=False)
    ]
    if rest:
        others = [sum(day.by_flavor.get(flavor, 0) for flavor in rest) for day in report.trend]
        layers.append((count_text(len(rest), "other flavor"), _REST, others))
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
    flavors = ", ".join(f"{value_text(flavor)} {format_usd(cost)}" for flavor, cost in _by_flavor(report)[:5])
    first, last = report.trend[0].day, report.trend[-1].day
    return f"{first} to {last}; the dearest day is {top.day} with {cost_text(top.cost)}. By flavor: {flavors}."


def _draw_owners(axes: "Axes", report: Report) -> None:
    rows = [(_drawable(owner), cost.low) for owner, cost in report.owners]
    _draw_bars(axes, rows, "owner")


def _draw_bars(axes: "Axes", rows: Sequence[tuple[str, int]], thing: str) -> None:
    """Draw horizontal bars of money, the rest in one."""
    bars = list(rows[:_MOST_BARS])
    rest = rows[_MOST_BARS:]
    if rest:
        bars.append((f"{count_text(len(rest), f'other {thing}')}", sum(cost for _, cost in rest)))
    bars.reverse()
    places = range(len(bars))
    dollars = [cost / MICRO_USD_PER_USD for _, cost in bars]
    colors = [_REST if rest and place == 0 else _COLORS[0] for place in places]
    drawn = axes.barh(list(places), dollars, color=colors, height=0.7)
    axes.bar_label(drawn, [format_usd(cost) for _, cost in bars], padding=4, fontsize=9)
    axes.set_yticks(list(places), [name for name, _ in bars])
    axes.xaxis.set_major_formatter(_axis_of_usd(max(dollars, default=0.0)))
    axes.margins(x=0.15)
    axes.set_ylim(-0.5, max(len(bars), 1) - 0.5)
    axes.set_xlabel("USD known to be spent")


def _axis_of_usd(most: float) -> str:
    """Return how the amounts along an axis are written, which reaches so far [USD]."""
    return "${x:,.0f}" if most >= _NO_CENTS_USD else "${x:,.2f}"


def _tell_owners(report: Report) -> str:
    rows = ", ".join(f"{value_text(owner)} {cost_text(cost)}" for owner, cost in report.owners[:5])
    return f"{count_text(len(report.owners), 'owner')}: {rows}." if rows else "No job in this period."


def _draw_durations(axes: "Axes", report: Report) -> None:
    rows = list(reversed(report.durations[:_MOST_BARS]))
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
    axes.set_yticks(places, [_drawable(flavor) for flavor, _ in rows])
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
        f"{value_text(flavor)} median {format_duration(stats.p50)}, 90% within {format_duration(stats.p90)}"
        for flavor, stats in report.durations[:5]
    )
    return f"{rows}." if rows else "No job with a known running time."


def _counted(report: Report) -> list[Finding]:
    return [one for one in report.waste.findings if one.counted]


def _draw_waste(axes: "Axes", report: Report) -> None:
    _draw_bars(axes, [(_drawable(one.title), one.cost.low) for one in _counted(report)], "kind")


def _tell_waste(report: Report) -> str:
    rows = ", ".join(f"{one.title} {cost_text(one.cost)}" for one in _counted(report))
    return f"{rows}." if rows else "None was found."


def _bars(things: Sequence[object]) -> int:
    """Return how many bars these are, the rest in one."""
    return min(len(things), _MOST_BARS + 1)


PICTURES = (
    Picture("cost-per-day", "Cost per day, by flavor", _draw_days, _tell_days),
    Picture("cost-by-owner", "Cost by owner", _draw_owners, _tell_owners, lambda report: _bars(report.owners)),
    Picture(
        "duration-by-flavor",
        "Running time by flavor",
        _draw_durations,
        _tell_durations,
        lambda report: _bars(report.durations),
    ),
    Picture("waste", "Waste by kind", _draw_waste, _tell_waste, lambda report: _bars(_counted(report))),
)
"""Every picture of a report, in the order they are shown."""
