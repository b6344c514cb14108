"""Where a thing is known, and nowhere else: the wire's names in ``api/``, the environment where a world is opened."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "hfplanner"
# Names that only a job's body or its listing has.
WIRE = ("timeoutSeconds", "dockerImage", "spaceId", "portsPublic", "resourceGroupId")


def _modules(*, but: tuple[str, ...]) -> list[Path]:
    found = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in but]
    assert len(found) > 100
    return found


@pytest.mark.parametrize("name", WIRE)
def test_a_name_of_the_wire_is_written_in_api_alone(name: str) -> None:
    """What is sent and what comes back has Python's names everywhere else."""
    assert [path.name for path in _modules(but=("api",)) if name in path.read_text(encoding="utf-8")] == []
    assert any(name in path.read_text(encoding="utf-8") for path in (PACKAGE / "api").glob("*.py"))


def test_whether_to_stay_offline_is_read_once() -> None:
    """The settings of the Hub are read by the world that is opened, and by nobody else below the command line."""
    reads = re.compile(r"read_hub_settings\(|settings\.offline")
    readers = {
        path.relative_to(PACKAGE).as_posix()
        for path in _modules(but=("api",))
        if reads.search(path.read_text(encoding="utf-8"))
    }
    assert readers == {"plan/workspace.py"}


def test_the_environment_is_read_where_a_world_is_opened() -> None:
    """Below the command line ``os.environ`` is named by the one constructor, and by what starts other programs.

    The classes of the Jobs API stand alone: what is not given to them they find as ``huggingface_hub`` does.
    """
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in _modules(but=("cli", "api"))
        if "os.environ" in path.read_text(encoding="utf-8")
    }
    assert users <= {"plan/workspace.py", "specs/at_revision.py", "extension.py"}
    assert "plan/workspace.py" in users
