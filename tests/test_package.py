"""What is built and shipped: the wheel and the source archive carry the data and work from any directory."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.program import REPOSITORY

pytestmark = pytest.mark.process

DATA = sorted(path.name for path in (REPOSITORY / "data").iterdir())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both archives from the checkout, with the build tool that is installed."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(REPOSITORY)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(built: Path) -> None:
    """No test, no report, no cache: what is installed is the package with its data inside."""
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"hfplanner/data/{name}" for name in DATA} <= set(names)
    assert "hfplanner/py.typed" in names
    assert {name.split("/")[0] for name in names} == {
        "hfplanner",
        wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info",
    }
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_source_archive_can_be_tested(built: Path) -> None:
    """Who packages it for a distribution finds the tests, the data, the licence and the change log."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert {
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "tests/test_package.py",
        *(f"data/{name}" for name in DATA),
    } <= names


def test_the_wheel_works_from_any_directory(built: Path, tmp_path: Path) -> None:
    """Installed away from the checkout, the program finds its prices."""
    (wheel,) = built.glob("*.whl")
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # noqa: S202 - our own wheel, just built
    elsewhere.mkdir()
    code = f"import sys; sys.path.insert(0, {str(site)!r})\nfrom hfplanner.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "recommend", "--vram", "40GB", "--offline", "-q", "--top", "1"],
        cwd=elsewhere,
        env={"HFPLANNER_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "l40sx1\n"), done.stderr


def test_both_scripts_start_the_same_program(built: Path) -> None:
    """``hfplanner``, and ``hf-planner``, which ``hf planner`` runs."""
    (wheel,) = built.glob("*.whl")
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    lines = archive.read(entry_points).decode().splitlines()
    assert {"hfplanner = hfplanner.cli:main", "hf-planner = hfplanner.cli:main"} <= set(lines)
