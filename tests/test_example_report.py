"""What lies in ``reports/`` is what the code of today makes of the same trace."""

import re
from pathlib import Path

import pytest

from tests.example_report import FOLDER, build

REPORTS = FOLDER.parent
# Pictures differ by a pixel with another release of the library that draws them; what they show is in their words.
_PICTURE = re.compile(r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+")
_PNG = b"\x89PNG\r\n\x1a\n"
_COMMAND = "python -m tests.example_report"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of an example that is made anew, by name."""
    return {path.name: path.read_bytes() for path in build(tmp_path_factory.mktemp("reports"))}


def test_the_example_is_up_to_date(built: dict[str, bytes]) -> None:
    """The same files, and every word and number of the page, the Markdown, the JSON and the table."""
    kept = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert kept.keys() == built.keys(), f"{_COMMAND} makes them anew"
    for name in built.keys() - {name for name in built if name.endswith(".png")}:
        shown, expected = (_PICTURE.sub("picture", files[name].decode()) for files in (kept, built))
        assert shown == expected, f"{name} is out of date; {_COMMAND} makes it anew"


def test_its_pictures_are_of_the_size_they_are_drawn_in(built: dict[str, bytes]) -> None:
    """Each is a PNG of as many pixels, on disk as made anew."""
    pictures = [name for name in built if name.endswith(".png")]
    assert len(pictures) == 3
    for name in pictures:
        kept = (FOLDER / name).read_bytes()
        assert kept[:8] == built[name][:8] == _PNG
        # The header of a PNG has its width and height right behind the name of the first chunk.
        assert kept[16:24] == built[name][16:24]


def test_the_example_is_small_and_of_real_jobs() -> None:
    """What is carried along stays below 1.5 MB, and its README says whose runs they are."""
    assert sum(path.stat().st_size for path in REPORTS.rglob("*") if path.is_file()) < 1_500_000
    said = (REPORTS / "README.md").read_text(encoding="utf-8")
    assert all(word in said for word in ("MLCommons", "Apache License 2.0", _COMMAND, "2,750"))
    links = re.findall(r"\]\((?!https?:)([^)]+)\)", said)
    assert [link for link in links if not (REPORTS / link).is_file()] == []
    assert {path.name for path in FOLDER.iterdir()} == {Path(link).name for link in links}
