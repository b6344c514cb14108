"""``hfplanner extension``: the real ``hf`` finds the program, and loses it again."""

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

from hfplanner import extension
from tests.program import Program, Result

HF = str(Path(sysconfig.get_path("scripts")) / "hf")


@pytest.fixture
def offline(program: Program) -> Program:
    """Return a home in which ``hf`` asks nobody whether there is a newer version of anything."""
    return Program(program.home, environ=(("HF_HUB_DISABLE_UPDATE_CHECK", "1"),))


def hf(home: Program, *args: str) -> Result:
    """Run the real ``hf``."""
    return home.run_command([HF, *args])


@pytest.mark.process
def test_hf_planner_is_the_program_until_it_is_removed(offline: Program) -> None:
    """The same output and exit code as without ``hf``; afterwards ``hf`` knows no such command."""
    assert hf(offline, "planner", "--version").code != 0
    assert offline.run("extension", "install").code == 0
    for size, code in (("40GB", 0), ("2TB", 4)):
        line = ("recommend", "--vram", size, "--quiet")
        through_hf = hf(offline, "planner", *line)
        assert through_hf == offline.run(*line)
        assert through_hf.code == code
    listed = json.loads(hf(offline, "extensions", "list", "--format", "json").out)
    assert [(one["command"], one["source"]) for one in listed] == [("hf planner", "this_machine/hf-planner")]
    assert offline.run("extension", "remove").code == 0
    assert hf(offline, "planner", "--version").code != 0


@pytest.mark.process
def test_hf_shows_what_it_is_for(offline: Program) -> None:
    """In the help of ``hf``."""
    offline.run("extension", "install", "--quiet")
    assert "Plan the cost and hardware of Hugging Face Jobs." in " ".join(hf(offline, "--help").out.split())


def test_done_twice_it_is_done(offline: Program) -> None:
    """The second time says the same; so does ``--json``, in one document."""
    first, second = (offline.run("extension", "install") for _ in range(2))
    assert first == second
    document = json.loads(offline.run("extension", "install", "--json").out)
    manifest = offline.home / ".local" / "share" / "hf" / "extensions" / "hf-planner" / "manifest.json"
    assert (document["command"], document["manifest"]) == ("hf planner", str(manifest))
    assert json.loads(manifest.read_text())["executable_path"] == document["executable"]


def test_an_extension_from_elsewhere_is_not_replaced_unless_told(offline: Program) -> None:
    """It may be a newer one, and whoever installed it decides."""
    folder = offline.home / ".local" / "share" / "hf" / "extensions" / "hf-planner"
    folder.mkdir(parents=True)
    theirs = '{"owner": "acme", "executable_path": "/bin/true"}'
    (folder / "manifest.json").write_text(theirs)
    (folder / "venv").mkdir()
    refused, kept = offline.run("extension", "install"), offline.run("extension", "remove")
    assert (refused.code, kept.code) == (2, 2)
    assert "--force" in refused.err
    assert (folder / "manifest.json").read_text() == theirs
    assert offline.run("extension", "install", "--force").code == 0
    assert not (folder / "venv").exists()
    assert offline.run("extension", "remove").code == 0
    assert not folder.exists()


def test_what_is_not_there_cannot_be_removed(offline: Program) -> None:
    """A usage error that says how to see what is there."""
    done = offline.run("extension", "remove")
    assert done.code == 2
    assert "`hf extensions list`" in done.err


@pytest.mark.process
def test_without_a_console_script_a_launcher_is_written(tmp_path: Path) -> None:
    """Run from a checkout, with an interpreter that has no script: what ``hf`` runs is a launcher of the module."""
    written = extension._launcher(tmp_path)  # noqa: SLF001 - where a script is installed, nothing else calls it
    environ = {"PATH": "/usr/bin:/bin"}
    done = subprocess.run([written, "--version"], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.startswith("hfplanner ")
