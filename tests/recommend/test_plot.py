"""The picture of an answer: every option named, the Pareto front drawn, nothing else claimed."""

from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.axes import Axes

from hfplanner.catalog.listing import shipped_listing
from hfplanner.errors import HfplannerError, UsageError
from hfplanner.estimate.duration.measured import MeasuredRun
from hfplanner.estimate.duration.workload import Workload
from hfplanner.estimate.span import exactly
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.durations import durations_from
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.needs import Needs
from hfplanner.recommend.plot import PLOT_ENDINGS, check_plot_path, draw, write_plot
from tests.strategies import as_listing

GB = 10**9


def picture(needs: Needs) -> Axes:
    """Draw the answer of the shipped listing."""
    (axes,) = draw(recommend(needs, shipped_listing())).axes
    return axes


def names(axes: Axes) -> set[str]:
    """Return what stands beside the spots; flavors on one spot share a label."""
    return {name for label in axes.texts for name in label.get_text().split(", ")}


def legend(axes: Axes) -> list[str]:
    """Return the legend's entries."""
    return [text.get_text() for text in axes.get_legend().get_texts()]


def front(axes: Axes) -> list[tuple[float, float]]:
    """Return the corners of the staircase."""
    (line,) = (line for line in axes.get_lines() if line.get_drawstyle() == "steps-post")
    return [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_every_option_is_named_and_no_other_flavor() -> None:
    """The labels are the options of the answer."""
    answer = recommend(Needs(vram_bytes=40 * GB), shipped_listing())
    assert names(picture(answer.needs)) == {option.flavor.name for option in answer.options}


def test_the_front_is_what_no_option_beats() -> None:
    """From 24 GB up: nothing has as much memory on one GPU for less. l4x4 and the larger A10G are off it."""
    axes = picture(Needs(vram_bytes=24 * GB))
    assert front(axes) == [(141, 5.0), (96, 2.75), (80, 2.5), (48, 1.8), (24, 0.8)]
    assert legend(axes) == ["24 GB needed", "does not fit", "fits", "recommended", "Pareto front"]


def test_the_front_does_not_end_at_the_top_asked_for() -> None:
    """What fits but was not asked for is drawn, unnamed, and may lie on the front."""
    axes = picture(Needs(vram_bytes=24 * GB, top=2))
    assert names(axes) == {"l4x1", "a10g-small"}
    assert len(front(axes)) == 5
    assert "fits, below the top" in legend(axes)


def _rows(axes: Axes) -> list[str]:
    """Return the names on the axis, from the top."""
    return [label.get_text() for label in axes.get_yticklabels()]


def _ticks(axes: Axes) -> list[str]:
    """Return the numbers of the scale."""
    return [label.get_text() for label in axes.get_xticklabels()]


def test_one_duration_for_all_is_drawn_as_costs_alone() -> None:
    """The cheapest on top, names on the axis; a time that is the same everywhere would be a line of dots."""
    answer = recommend(Needs(vram_bytes=80 * GB, duration_secs=5400), shipped_listing())
    (axes,) = draw(answer).axes
    assert _rows(axes) == [option.flavor.name for option in answer.options]
    assert _ticks(axes)[0] == "$2"


def test_cost_and_time_of_every_option_have_their_interval() -> None:
    """What has no duration has no row; on each panel a line from low to high, and a dot at the likely value."""
    run = MeasuredRun(flavor="l4x1", duration_secs=exactly(7200, "one run"))
    durations = durations_from([run], shipped_listing(), Workload(phase="train"))
    answer = recommend(Needs(), shipped_listing(), Estimates(durations=durations))
    costs, times = draw(answer).axes
    known = [option for option in answer.options if option.duration_secs]
    assert _rows(costs) == [option.flavor.name for option in known]
    for axes, span in ((costs, known[0].cost_micro_usd), (times, known[0].duration_secs)):
        line, dot = axes.get_lines()[:2]
        assert span is not None
        assert [float(x) for x in line.get_xdata()] == [span.low, span.high]
        assert [float(x) for x in dot.get_xdata()] == [span.likely]
    assert set(_ticks(times)) <= {"1m", "2m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "1d"}


def test_one_option_is_no_chart_of_one_bar() -> None:
    """It is shown among all flavors, by price and memory."""
    answer = recommend(Needs(vram_bytes=140 * GB, gpus=8, duration_secs=5400), shipped_listing())
    assert len(answer.options) == 1
    (axes,) = draw(answer).axes
    assert axes.get_ylabel() == "Price in USD per hour"


def test_a_long_title_is_wrapped_and_not_cut() -> None:
    """Every word of what was asked is there, in lines that the picture has room for."""
    needs = Needs(
        vram_bytes=24 * GB, vcpu=8, ram_bytes=30 * GB, disk_bytes=100 * GB, max_price_micro_usd_per_hour=10**7
    )
    figure = draw(recommend(replace(needs, duration_secs=3600), shipped_listing()))
    title = figure.get_suptitle()
    assert "\n" in title
    assert title.replace("\n", " ").endswith("a run of 1h, at most $10.00 an hour")
    figure.draw_without_rendering()
    assert figure._suptitle.get_window_extent().x1 < figure.bbox.x1  # noqa: SLF001 - matplotlib has no public way


def test_where_nothing_fits_the_nearest_miss_is_named() -> None:
    """The line of the need lies within the picture, also beyond every flavor."""
    axes = picture(Needs(vram_bytes=999 * GB))
    assert axes.get_title(loc="left") == "Nothing fits: 999 GB of VRAM on one GPU"
    assert names(axes) == {"h200x8"}
    assert axes.get_xlim()[1] > 999


def test_two_prices_in_the_title_are_no_formula() -> None:
    """Matplotlib would set what stands between two dollar signs as mathematics."""
    axes = picture(Needs(vram_bytes=24 * GB, max_price_micro_usd_per_hour=3_000_000))
    title = axes.get_title(loc="left")
    assert title == "l4x1 at $0.80 an hour for 24 GB of VRAM on one GPU, at most $3.00 an hour"
    assert not axes._left_title.get_parse_math()  # noqa: SLF001 - matplotlib has no public way to the left title


@pytest.mark.slow
def test_names_do_not_cover_each_other() -> None:
    """Each label has its own place."""
    figure = draw(recommend(Needs(vram_bytes=16 * GB, shard=True), shipped_listing()))
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in figure.axes[0].texts]
    assert len(boxes) > 10
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


@pytest.mark.slow
@pytest.mark.parametrize("ending", [*PLOT_ENDINGS, ".PNG"])
def test_the_same_answer_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    """A picture in a repository changes only where the answer does."""
    answer = recommend(Needs(vram_bytes=40 * GB), shipped_listing())
    for name in ("one", "two"):
        write_plot(answer, tmp_path / f"{name}{ending}")
    one, two = ((tmp_path / f"{name}{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending.lower()])


def test_odd_listings_are_drawn_without_a_warning(tmp_path: Path) -> None:
    """No flavor, names the font lacks, prices below a cent: warnings are errors here."""
    row = {"unitLabel": "minute", "cpu": "2 vCPU", "ram": "1 GB"}
    rows = [{"name": name, "unitCostMicroUSD": 1, **row} for name in ("\u8a08\u7b97", "$x^2$ $", "n" * 500)]
    for listing in (as_listing([]), as_listing(rows)):
        write_plot(recommend(Needs(), listing), tmp_path / "odd.png")


@pytest.mark.parametrize("name", ["picture", "picture.bmp", ".png", ""])
def test_another_ending_is_refused(name: str) -> None:
    """The ending decides the format, so it must name one."""
    with pytest.raises(UsageError, match="which kind of picture"):
        check_plot_path(Path(name))


@pytest.mark.slow
def test_a_failing_write_leaves_nothing_behind(tmp_path: Path) -> None:
    """A folder that does not exist, or a folder in the file's place."""
    answer = recommend(Needs(vram_bytes=40 * GB), shipped_listing())
    (tmp_path / "folder.png").mkdir()
    for path in (tmp_path / "missing" / "a.png", tmp_path / "folder.png"):
        with pytest.raises(HfplannerError, match="cannot be written"):
            write_plot(answer, path)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
