"""Hostile text in every remote field reaches no format as anything but text."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from hfplanner.cli.show.report import show_report
from hfplanner.report.build import ReportInputs, build_report, costed_jobs
from hfplanner.report.csv_format import FORMULA_STARTS, to_csv
from hfplanner.report.focus import write_focus
from hfplanner.report.html import to_html
from hfplanner.report.markdown import to_markdown
from hfplanner.report.pictures import PICTURES, pictures_of, render_picture
from hfplanner.report.result import Report
from hfplanner.report.spec import ReportSpec
from hfplanner.report.write import write_report
from tests.report.naughty import NAUGHTY, naughty_jobs
from tests.report.sources import FileSource

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "ul", "li", "section"),
    *("div", "table", "caption", "thead", "tbody", "tr", "th", "td", "figure", "picture", "source", "img"),
    *("details", "summary"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "role", "scope", "tabindex", "aria-label"),
    *("media", "srcset", "src", "alt", "width", "height"),
}
UNSAFE = {"Cc", "Cf", "Zl", "Zp", "Cs"}


@pytest.fixture(scope="module")
def report(inputs: ReportInputs) -> Report:
    """Return a report over them, of a source that is hostile as well."""
    sources = [FileSource(text, namespace=text, complete=False, reason=text, bad={text: 1}) for text in NAUGHTY]
    spec = ReportSpec(by=("flavor", "name", "owner", "label:team", "label:<b>=1"))
    return build_report(naughty_jobs().lazy(), spec, replace(inputs, sources=sources))


def unsafe(text: str) -> set[str]:
    """Return the characters that no terminal may be sent, line breaks apart."""
    return {c for c in text if unicodedata.category(c) in UNSAFE and c != "\n"}


def test_no_control_byte_reaches_the_terminal(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """No escape sequence, no bidirectional override, and markup of rich is text."""
    show_report(report)
    out = capsys.readouterr().out
    assert unsafe(out) == set()
    assert "[bold red]markup[/bold red] :fire:" in " ".join(out.split())


def test_no_cell_of_a_spreadsheet_is_a_formula(report: Report, inputs: ReportInputs, tmp_path: Path) -> None:
    """Neither in the groups nor in the FOCUS file."""
    focus = tmp_path / "focus.csv"
    write_focus(costed_jobs(naughty_jobs().lazy(), inputs), report.spec, focus)
    for text in (to_csv(report), focus.read_text(encoding="utf-8")):
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) > len(NAUGHTY)
        assert {len(row) for row in rows} == {len(rows[0])}
        assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)] == []
        assert unsafe("".join(cell for row in rows for cell in row)) == set()


def test_the_tags_of_a_charge_are_json_whatever_the_labels_hold(inputs: ReportInputs, tmp_path: Path) -> None:
    """Quotes, backslashes and braces in keys and values included."""
    focus = tmp_path / "focus.csv"
    write_focus(costed_jobs(naughty_jobs().lazy(), inputs), ReportSpec(), focus)
    tags = [json.loads(row["Tags"]) for row in csv.DictReader(io.StringIO(focus.read_text(encoding="utf-8")))]
    assert len(tags) == len(NAUGHTY)
    assert all(tag["team"] == next(iter(tag.values())) for tag in tags)
    assert {"team": "javascript:alert(1)", "javascript:alert(1)": "javascript:alert(1)"} in tags


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.addresses: set[str] = set()
        self.text: list[str] = []
        self.alternatives: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what it is and where it points."""
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in {"src", "srcset", "href"}:
                self.addresses.add((value or "").partition(";")[0])
            if name == "alt":
                self.alternatives.append(value or "")

    def handle_data(self, data: str) -> None:
        """Keep what is text."""
        self.text.append(data)


def test_nothing_in_the_page_is_more_than_text(report: Report) -> None:
    """Only our own elements, no handler, no address but data: of images, and a policy that forbids the rest."""
    html = to_html(report)
    page = Page()
    page.feed(html)
    assert page.tags <= TAGS
    assert page.attributes <= ATTRIBUTES
    assert page.addresses == {"data:image/svg+xml"}
    assert "default-src 'none'; img-src data:; style-src 'sha256-" in html
    text = "".join(page.text)
    assert "<script>alert(1)</script>" in text
    assert "{{ 7 * 7 }}" in text
    assert unsafe(text) == set()
    assert len(page.alternatives) == len(pictures_of(report)) >= 3
    assert all(len(alternative) > 20 for alternative in page.alternatives)


def test_the_pictures_hold_no_script_and_nothing_to_fetch(report: Report) -> None:
    """An SVG on its own may be opened in a browser."""
    for picture in PICTURES:
        svg = render_picture(report, picture, "svg").decode()
        every = list(ET.fromstring(svg).iter())  # noqa: S314 - our own file
        assert {one.tag.rpartition("}")[2] for one in every} & {"script", "a", "image", "foreignObject"} == set()
        named = [(name.rpartition("}")[2], value) for one in every for name, value in one.attrib.items()]
        assert [name for name, _ in named if name.startswith("on")] == []
        assert [value for name, value in named if name == "href" and not value.startswith("#")] == []
        assert unsafe(svg) == set()


def test_markdown_keeps_names_as_text(report: Report) -> None:
    """No element, no link, no picture, and every row of a table has its cells."""
    text = to_markdown(report)
    assert unsafe(text) == set()
    assert not re.search(r"(?<!\\)[<>]", text)
    assert not re.search(r"(?<!\\)\]\(", text)
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {4, 6, 16}


def test_the_json_is_strict_and_keeps_what_was_said(report: Report) -> None:
    """A program gets the name itself, not its harmless form."""
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    names = {group["key"]["name"] for group in document["groups"]}
    assert names == set(NAUGHTY)
    assert document["complete"] is False


def test_no_file_is_written_outside_of_the_folder(report: Report, inputs: ReportInputs, tmp_path: Path) -> None:
    """The names of files are ours, and the jobs' CSV has no formula either."""
    folder = tmp_path / "out"
    written = write_report(report, costed_jobs(naughty_jobs().lazy(), inputs), folder)
    found = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {path.relative_to(tmp_path) for path in written}
    assert {path.parent.as_posix() for path in found} == {"out"}
    assert pl.read_parquet(folder / "groups.parquet").height == len(report.groups)
    assert pl.read_parquet(folder / "jobs.parquet").height == report.total.jobs
    rows = list(csv.reader(io.StringIO((folder / "jobs.csv").read_text(encoding="utf-8"))))
    assert len(rows) == report.total.jobs + 1
    assert [cell for row in rows for cell in row if cell.startswith(FORMULA_STARTS)] == []
