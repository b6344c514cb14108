"""One picture of an answer: price against VRAM, or the cost and time of each option once a duration is known."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import product
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Literal
from warnings import catch_warnings, simplefilter

from hfplanner.catalog.flavor import Flavor
from hfplanner.errors import HfplannerError, UsageError, quoted
from hfplanner.files import write_output
from hfplanner.recommend.plot_costs import draw_costs, has_costs
from hfplanner.recommend.result import Recommendation
from hfplanner.recommend.words import describe_needs
from hfplanner.sanitize import sanitize
from hfplanner.units import (
    GB,
    MICRO_USD_PER_USD,
    format_about_duration,
    format_bytes,
    format_usd,
    format_usd_per_hour,
    usd_per_hour,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

__all__ = ["PLOT_ENDINGS", "check_plot_path", "draw", "write_plot"]

PLOT_ENDINGS = (".png", ".svg", ".pdf")

# Okabe and Ito's colours (2008), told apart by colour-blind readers and in print.
_FRONT = "#56B4E9"
# What a flavor is to the answer, drawn in this order: its colour, marker and size.
_KINDS = {
    "does not fit": ("#999999", "x", 45),
    "fits, below the top": ("#009E73", "o", 20),
    "fits": ("#0072B2", "o", 45),
    "nearly fits": ("#CC79A7", "D", 60),
    "recommended": ("#D55E00", "*", 220),
}
_NAMED = frozenset({"fits", "nearly fits", "recommended"})
_FITTING = frozenset({"fits", "fits, below the top", "recommended"})
_LONGEST_NAME = 40
_RING_SIZE = 130
_SIZE_INCHES = (9.0, 5.5)
_TITLE_WIDTH = 88
# Two pixels for each of the 96 in an inch of a screen.
_DPI = 192
_LABEL_POINTS = 8.5
# A label that would cover another is moved up by this step, in points.
_STEP_POINTS = 3
_HIGHEST_POINTS = 300
# Beside its spot: the left end of the label 9 points to the right, or its right end 9 points to the left.
_SIDES: tuple[tuple[Literal["left", "right"], int], ...] = (("left", 9), ("right", -9))
_RADIUS_PIXELS = 4
_CENT = 0.01
# Below this many GB the axis of memory is linear, so that flavors without a GPU have a place at 0.
_LINEAR_BELOW_GB = 8


@dataclass(frozen=True, slots=True)
class _Spot:
    """Flavors that lie on one spot of the picture; ``kind`` is one of ``_KINDS``."""

    x: float
    y: float
    names: tuple[str, ...]
    kind: str


def check_plot_path(path: Path) -> Path:
    """Return the path, or refuse an ending that names no picture format.

    Raises:
        UsageError: it does not end in .png, .svg or .pdf.

    >>> check_plot_path(Path("flavors.svg")).suffix
    '.svg'
    """
    if path.suffix.lower() not in PLOT_ENDINGS:
        raise UsageError(
            f"{quoted(str(path))} does not say which kind of picture to draw.",
            hint=f"Accepted endings: {', '.join(PLOT_ENDINGS)}.",
        )
    return path


def write_plot(answer: Recommendation, path: Path) -> None:
    """Draw an answer into a file; the same answer gives the same bytes, and an unwritable path leaves none behind.

    Raises:
        UsageError: the path's ending names no picture format.
        HfplannerError: the file cannot be written.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - a third of a second that only a picture needs

    kind = check_plot_path(path).suffix.lower().removeprefix(".")
    undated = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    picture = BytesIO()
    with (
        catch_warnings(),
        rc_context({"svg.hashsalt": "hfplanner", "svg.fonttype": "none", "font.family": "DejaVu Sans"}),
    ):
        # A name in a script the font lacks is drawn as boxes, which says what there is to say.
        simplefilter("ignore", UserWarning)
        draw(answer).savefig(picture, format=kind, dpi=_DPI, metadata=undated[kind])
    try:
        write_output(path, picture.getvalue())
    except OSError as error:
        raise HfplannerError(
            f"The picture {path} cannot be written ({error.strerror}).", hint="Name a file that can be written."
        ) from error


def draw(answer: Recommendation) -> "Figure":
    """Return the picture of an answer as a matplotlib figure.

    Where at least two options have a cost: cost and time of each, with their intervals. Otherwise every priced flavor
    by VRAM and price, those that fit coloured; the staircase is the Pareto front: no option has more memory for less.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    if has_costs(answer):
        return draw_costs(answer, lambda width: _title(answer, width))
    figure = Figure(figsize=_SIZE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    spots = _spots(answer, _prices(answer))
    _scale_for_prices(axes, answer, spots)
    _scale_dollars(axes)
    _scatter(axes, spots)
    _draw_front(axes, [spot for spot in spots if spot.kind in _FITTING])
    # Two dollar signs are prices here, not a formula.
    axes.set_title(_title(answer, _TITLE_WIDTH), loc="left", fontsize=11, fontweight="bold", parse_math=False)
    axes.legend(loc="upper left", framealpha=0.9, edgecolor="none", fontsize=9)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    _name_spots(figure, axes, [spot for spot in spots if spot.kind in _NAMED], spots)
    return figure


def _title(answer: Recommendation, width: int) -> str:
    """Return the answer in lines of at most so many characters; nothing of it is cut."""
    asked = sanitize(describe_needs(answer.needs, answer.estimates))
    if not answer.options:
        return fill(f"Nothing fits: {asked}", width)
    best = answer.options[0]
    told = f"{sanitize(best.flavor.name)} at {format_usd_per_hour(best.flavor.price)} an hour"
    if best.duration_secs is not None and best.cost_micro_usd is not None:
        told = f"{sanitize(best.flavor.name)}: likely {format_about_duration(best.duration_secs.likely)}, "
        told += format_usd(best.cost_micro_usd.likely)
    return fill(f"{told} for {asked}", width)


def _prices(answer: Recommendation) -> Iterator[tuple[Flavor, float, float]]:
    """Yield every priced flavor that could count, its memory in GB, and its price in USD per hour."""
    needs_gpu = answer.needs.asks_for_gpu or answer.estimates.memory is not None
    for flavor in answer.listing.flavors:
        if flavor.price_micro_usd_per_minute is None or (needs_gpu and not flavor.gpus):
            continue
        vram = flavor.vram_total_bytes if answer.needs.shard else flavor.vram_per_gpu_bytes
        yield flavor, vram / GB, usd_per_hour(flavor.price_micro_usd_per_minute)


def _spots(answer: Recommendation, places: Iterator[tuple[Flavor, float, float]]) -> list[_Spot]:
    """Put flavors of one kind that lie on one spot together, in the order of their rank."""
    ranks = {option.flavor.name: option.rank for option in answer.options}
    kinds = {no.name: "fits, below the top" for no in answer.rejected if no.reasons[0].code == "not_in_top"}
    kinds |= dict.fromkeys(ranks, "fits")
    if not answer.options and answer.nearest_miss:
        kinds[answer.nearest_miss.flavor.name] = "nearly fits"
    by_place: dict[tuple[float, float, str], list[str]] = defaultdict(list)
    for flavor, x, y in places:
        by_place[x, y, kinds.get(flavor.name, "does not fit")].append(flavor.name)
    spots = []
    for (x, y, kind), names in by_place.items():
        ordered = sorted(names, key=lambda name: (ranks.get(name, 0), name))
        shown = tuple(sanitize(name, limit=_LONGEST_NAME) for name in ordered)
        spots.append(_Spot(x, y, shown, "recommended" if ranks.get(ordered[0]) == 1 else kind))
    return spots


def _scale_for_prices(axes: "Axes", answer: Recommendation, spots: Sequence[_Spot]) -> None:
    axes.set_xlabel("Listed VRAM of all GPUs of the flavor" if answer.needs.shard else "Listed VRAM of one GPU")
    axes.set_ylabel("Price in USD per hour")
    axes.set_xscale("symlog", base=2, linthresh=_LINEAR_BELOW_GB)
    sizes = sorted({spot.x for spot in spots})
    axes.set_xticks(sizes, [f"{size:g} GB" for size in sizes], rotation=45, ha="right", fontsize=9)
    needed = [] if answer.needs.vram_bytes is None else [answer.needs.vram_bytes / GB]
    for gigabytes in needed:
        text = f"{format_bytes(answer.needs.vram_bytes or 0)} needed"
        axes.axvline(gigabytes, color="black", linestyle=":", label=text)
    shown = sorted([*sizes, *needed])
    if shown:
        axes.set_xlim(shown[0] / 1.3 - 1, shown[-1] * 1.6 + 1)


def _scale_dollars(axes: "Axes") -> None:
    from matplotlib.ticker import LogLocator  # noqa: PLC0415 - as above

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda dollars, _: format_usd(round(dollars * MICRO_USD_PER_USD)))
    axes.minorticks_off()


def _scatter(axes: "Axes", spots: Sequence[_Spot]) -> None:
    for kind, (color, marker, size) in _KINDS.items():
        some = [spot for spot in spots if spot.kind == kind]
        if some:
            xs, ys = [spot.x for spot in some], [spot.y for spot in some]
            axes.scatter(xs, ys, s=size, c=color, marker=marker, label=kind, zorder=3)


def _draw_front(axes: "Axes", options: Sequence[_Spot]) -> None:
    """Draw the staircase of the options that no other beats."""
    ordered = sorted(options, key=lambda spot: (-spot.x, spot.y))
    front: list[_Spot] = []
    for spot in ordered:
        if not front or spot.y < front[-1].y:
            front.append(spot)
    if front:
        xs, ys = [spot.x for spot in front], [spot.y for spot in front]
        axes.step(xs, ys, where="post", color=_FRONT, linewidth=2, zorder=2)
        axes.scatter(xs, ys, s=_RING_SIZE, facecolors="none", edgecolors=_FRONT, linewidths=2, label="Pareto front")


def _name_spots(figure: "Figure", axes: "Axes", named: Sequence[_Spot], spots: Sequence[_Spot]) -> None:
    """Write the names beside the spots, right or left, and moved up until they cover neither a name nor a spot."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415 - as above
    from matplotlib.transforms import Bbox  # noqa: PLC0415 - as above

    figure.draw_without_rendering()
    taken = [Bbox(axes.transData.transform([(spot.x, spot.y)] * 2)).padded(_RADIUS_PIXELS) for spot in spots]
    for spot in sorted(named, key=lambda spot: (spot.y, spot.x)):
        label = axes.annotate(
            ", ".join(spot.names),
            (spot.x, spot.y),
            textcoords="offset points",
            xytext=(0, 0),
            fontsize=_LABEL_POINTS,
            fontweight="bold" if spot.kind == "recommended" else "normal",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )
        taken.append(_find_room(label, taken))


def _find_room(label: "Annotation", taken: Sequence["Bbox"]) -> "Bbox":
    """Move a label to the first place where it covers nothing, and return where that is."""
    box = label.get_window_extent()
    for up, (side, right) in product(range(-3, _HIGHEST_POINTS, _STEP_POINTS), _SIDES):
        label.set_horizontalalignment(side)
        label.set_position((right, up))
        box = label.get_window_extent()
        if not any(box.overlaps(other) for other in taken):
            break
    return box
