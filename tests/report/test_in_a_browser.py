"""The page in a real browser: hostile names stay text, and it reads well in light, in dark and on a phone."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hfplanner.report.build import ReportInputs, build_report
from hfplanner.report.html import to_html
from hfplanner.report.pictures import PICTURES, Picture, render_picture
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec
from tests.example_report import FOLDER
from tests.report.browser import Browser, Tab, open_browser
from tests.report.canary import EXECUTED, Canary, beacons, hostile, open_canary
from tests.report.naughty import NAUGHTY, naughty_jobs
from tests.report.sources import FileSource

PHONE = 360
DESKTOP = 1280
SCHEMES = ("light", "dark")
EXAMPLE = FOLDER / "report.html"
# Its waste is of one kind, of which there is no picture.
IN_EXAMPLE = len(PICTURES) - 1
# What WCAG 2.2 asks of text at level AA (criterion 1.4.3).
LEAST_CONTRAST = 4.5
# Below this width [pixels] the letters of a picture are too small to read; it scrolls in its box instead.
LEAST_PICTURE = 700
LONGEST_SECS = 20.0

TOO_WIDE = """[...document.querySelectorAll('body *')]
  .filter(one => !one.parentElement.closest('.scroll') && one.getBoundingClientRect().right > innerWidth + 0.5)
  .map(one => one.outerHTML.slice(0, 80))"""
PICTURES_SHOWN = """Promise.all([...document.images].map(async one => {
  await one.decode();
  return [one.naturalWidth, one.alt, one.currentSrc];
}))"""
FAINTEST_TEXT = """(() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = one => {
    const color = getComputedStyle(one).backgroundColor;
    return color === 'rgba(0, 0, 0, 0)' ? behind(one.parentElement) : color;
  };
  return Math.min(...[...document.querySelectorAll('body *')]
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a))
    .map(([more, less]) => (more + 0.05) / (less + 0.05)));
})()"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a running Chromium."""
    with open_browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def tab(browser: Browser) -> Tab:
    """Return an empty tab of it."""
    return browser.new_tab()


@pytest.fixture(scope="module")
def canary() -> Iterator[Canary]:
    """Return a server that is on this machine, where even a page without network could reach it."""
    with open_canary() as running:
        yield running


@pytest.fixture(scope="module")
def report(inputs: ReportInputs, canary: Canary) -> Report:
    """Return a report with a hostile text in every remote field, and of sources and a namespace that are hostile."""
    texts = (*hostile(canary.address), *NAUGHTY)
    sources = [FileSource(text, namespace=text, complete=False, reason=text, bad={text: 1}) for text in texts]
    spec = ReportSpec(by=("name", "flavor", "owner", "label:team"))
    report = build_report(naughty_jobs(texts).lazy(), spec, replace(inputs, sources=sources))
    return replace(report, spec=replace(report.spec, namespace=beacons(canary.address)["script"]))


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report as a file."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(to_html(report), encoding="utf-8")
    return path


def reached(tab: Tab, canary: Canary) -> set[str]:
    """Return what a page did that it must not: ran a script, or asked for something."""
    ran = {"executed"} if tab.value("document.title") == EXECUTED else set()
    return ran | set(tab.requests()) | set(canary.asked)


@pytest.mark.parametrize("name", list(beacons("")))
def test_each_beacon_reaches_the_canary_where_a_page_lets_it(
    name: str, tab: Tab, canary: Canary, tmp_path: Path
) -> None:
    """Taken for markup on a page without a policy: so that it counts for something when none does below."""
    bare = tmp_path / "bare.html"
    bare.write_text(f"<!doctype html><title>x</title>{beacons(canary.address)[name]}", encoding="utf-8")
    canary.asked.clear()
    tab.open(bare)
    end = time.monotonic() + LONGEST_SECS
    while not reached(tab, canary):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_nothing_executes_and_nothing_is_fetched(tab: Tab, canary: Canary, page: Path, tmp_path: Path) -> None:
    """Not even a try that the policy had to stop: the names are text, and all of them are there to read."""
    canary.asked.clear()
    tab.look_like(width=DESKTOP)
    tab.open(page)
    tab.screenshot(tmp_path / "hostile.png")
    assert reached(tab, canary) == set()
    assert [one["entry"]["text"] for one in tab.told("Log.entryAdded")] == []
    assert tab.told("Page.javascriptDialogOpening") == []
    assert tab.value("document.querySelectorAll('script, iframe, object, embed, link, a, base, svg').length") == 0
    text = tab.value("document.body.textContent")
    assert f"<script>document.title='{EXECUTED}'</script>" in text
    assert f"javascript:document.title='{EXECUTED}'" in text


def test_no_hovered_focused_or_clicked_name_does_anything(tab: Tab, canary: Canary, page: Path) -> None:
    """Every element of the page gets the events that a handler could wait for."""
    canary.asked.clear()
    tab.open(page)
    tab.value("""for (const one of document.querySelectorAll('*'))
      for (const kind of ['mouseover', 'focus', 'blur', 'click', 'pointerdown', 'toggle', 'load', 'error'])
        one.dispatchEvent(new Event(kind))""")
    assert reached(tab, canary) == set()
    assert tab.value("location.href") == page.as_uri()


def test_the_policy_stops_what_escaping_would_let_through(tab: Tab, canary: Canary, page: Path, tmp_path: Path) -> None:
    """The same page with every beacon pasted in as markup: one lock behind the other."""
    opened = tmp_path / "open.html"
    pasted = "\n".join(beacons(canary.address).values())
    opened.write_text(page.read_text(encoding="utf-8").replace("<main>", f"<main>{pasted}"), encoding="utf-8")
    canary.asked.clear()
    tab.open(opened)
    assert canary.asked == []
    assert tab.value("document.title") != EXECUTED
    stopped = " ".join(one["entry"]["text"] for one in tab.told("Log.entryAdded"))
    assert "Content Security Policy" in stopped


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_opened_on_its_own_does_nothing(
    picture: Picture, tab: Tab, canary: Canary, report: Report, tmp_path: Path
) -> None:
    """An SVG is a document too, and has no policy."""
    path = tmp_path / "picture.svg"
    path.write_bytes(render_picture(report, picture, "svg"))
    canary.asked.clear()
    tab.open(path)
    assert reached(tab, canary) == set()
    assert tab.value("document.querySelectorAll('script, a, image, foreignObject').length") == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_whole_without_network_and_without_javascript(scheme: str, tab: Tab, tmp_path: Path) -> None:
    """Every picture is decoded, in the reader's scheme and with its words, and text stands out from its ground."""
    tab.go_offline()
    tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    tab.look_like(width=DESKTOP, scheme=scheme)
    tab.open(EXAMPLE)
    tab.screenshot(tmp_path / f"{scheme}.png")
    assert tab.requests() == []
    pictures = tab.value(PICTURES_SHOWN)
    assert len(pictures) == IN_EXAMPLE
    assert all(width > 0 and len(words) > 20 for width, words, _ in pictures)
    markup = EXAMPLE.read_text(encoding="utf-8")
    for _, _, source in pictures:
        assert f'{"srcset" if scheme == "dark" else "src"}="{source}"' in markup
    assert tab.value(FAINTEST_TEXT) >= LEAST_CONTRAST
    assert tab.value("document.documentElement.scrollWidth") <= DESKTOP


def test_light_and_dark_differ_as_asked(tab: Tab) -> None:
    """Dark text on a light ground, and the other way around."""
    grounds = []
    for scheme in SCHEMES:
        tab.look_like(width=DESKTOP, scheme=scheme)
        tab.open(EXAMPLE)
        grounds.append(tab.value("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(22, 25, 29)"]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("which", ["example", "hostile"])
def test_a_phone_needs_no_scrolling_sideways(which: str, scheme: str, tab: Tab, page: Path, tmp_path: Path) -> None:
    """At 360 pixels only tables and pictures scroll, in their own boxes; with names of thousands of letters as well."""
    tab.look_like(width=PHONE, height=740, scheme=scheme, mobile=True)
    tab.open(EXAMPLE if which == "example" else page)
    tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    tab.screenshot(tmp_path / f"phone-{which}-{scheme}.png")
    assert tab.value("innerWidth") == PHONE
    assert tab.value("document.documentElement.scrollWidth") == PHONE
    assert tab.value("visualViewport.scale") == 1
    assert tab.value(TOO_WIDE) == []
    assert tab.value("Math.min(...[...document.images].map(one => one.width))") >= LEAST_PICTURE


def test_a_screen_reader_is_told_what_is_seen(tab: Tab) -> None:
    """Tables have names, columns and rows headers, pictures words, and boxes that scroll take the keyboard."""
    tab.open(EXAMPLE)
    tab.value("document.querySelectorAll('details').forEach(one => one.open = true)")
    every = [one for one in tab.ask("Accessibility.getFullAXTree")["nodes"] if not one["ignored"]]
    names: dict[str, list[str]] = {}
    for one in every:
        names.setdefault(one["role"]["value"], []).append(one.get("name", {}).get("value", ""))
    assert len(names["image"]) == IN_EXAMPLE
    assert len(names["table"]) == 4
    assert len(names["columnheader"]) > 4
    assert len(names["rowheader"]) > 4
    assert len(names["heading"]) > 4
    for role in ("image", "table", "columnheader", "rowheader", "heading", "region"):
        assert all(names[role]), role
    assert tab.value("[...document.querySelectorAll('.scroll')].every(one => one.tabIndex === 0)")
