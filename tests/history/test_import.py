"""``hfplanner import``, as a user runs it."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from hfplanner.history.store import HistoryStore
from tests.program import Program

JOB: dict[str, Any] = {
    "id": "687fb701029421ae5549d998",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "environment": {"TOKEN": "kept-out"},
    "secrets": ["ALSO_KEPT_OUT"],
    "status": {"stage": "COMPLETED", "message": None},
}
BAD = {"id": "687fb701029421ae5549d999"}


@pytest.fixture
def home(program: Program) -> Path:
    """Return the program's home with a file of one job."""
    (program.home / "jobs.json").write_text(json.dumps([JOB]))
    return program.home


def kept(home: Path) -> list[str]:
    """Return the ids in the history."""
    return HistoryStore(home / "history").scan().collect()["id"].to_list()


def counts(out: str) -> dict[str, int]:
    """Return how many jobs an answer in JSON tells of."""
    jobs: dict[str, int] = json.loads(out)["jobs"]
    return jobs


def test_a_file_goes_into_the_history_once(program: Program, home: Path) -> None:
    """The second time nothing is new."""
    first, second = (program.run("import", "jobs.json", "--json") for _ in range(2))
    empty = {"read": 1, "new": 0, "updated": 0, "unchanged": 0, "repeated": 0, "bad": 0}
    assert (first.code, second.code) == (0, 0)
    assert counts(first.out) == {**empty, "new": 1}
    assert counts(second.out) == {**empty, "unchanged": 1}
    assert kept(home) == [JOB["id"]]


def test_standard_input_is_a_file(program: Program, home: Path) -> None:
    """As in ``hf jobs inspect ID --json | hfplanner import -``."""
    done = program.run("import", "-", "--quiet", stdin=json.dumps(JOB))
    assert (done.code, done.out) == (0, "1\n")
    assert kept(home) == [JOB["id"]]


def test_nothing_a_job_ran_with_is_written(program: Program, home: Path) -> None:
    """No file of the history holds the environment or the names of secrets."""
    program.run("import", "jobs.json")
    written = b"".join(path.read_bytes() for path in (home / "history").rglob("*") if path.is_file())
    assert b"kept-out" not in written
    assert b"KEPT_OUT" not in written


def test_a_file_that_cannot_be_read_costs_the_others_nothing(program: Program, home: Path) -> None:
    """Exit code 1, each of them named, the good one imported."""
    (home / "page.html").write_text("<html>")
    done = program.run("import", "page.html", "jobs.json", "nowhere.json", ".", "--json")
    files = json.loads(done.out)["files"]
    assert done.code == 1
    assert [(file["path"], file["error"] is None) for file in files] == [
        ("page.html", False),
        ("jobs.json", True),
        ("nowhere.json", False),
        (".", False),
    ]
    assert "Hint: Name its files: ./*.json" in done.err
    assert kept(home) == [JOB["id"]]


def test_nothing_readable_leaves_no_history(program: Program, home: Path) -> None:
    """Exit code 1, and not even a folder."""
    (home / "bad.json").write_text(json.dumps([BAD]))
    done = program.run("import", "nowhere.json", "bad.json")
    assert done.code == 1
    assert "bad.json holds no jobs: record 0" in done.err
    assert not (home / "history").exists()


def test_bad_records_are_counted_and_told(program: Program, home: Path) -> None:
    """Exit code 0 with a warning; the source is kept as incomplete, with the reasons."""
    (home / "some.json").write_text(json.dumps([BAD, JOB, 5]))
    done = program.run("import", "some.json", "--json")
    assert (done.code, counts(done.out)["bad"]) == (0, 2)
    assert "Warning: some.json: 2 of 3 records were not taken." in done.err
    (file,) = json.loads(done.out)["files"]
    assert [(row["position"], row["code"]) for row in file["bad_records"]] == [
        (0, "no_creation_time"),
        (2, "not_a_job"),
    ]
    (pull,) = HistoryStore(home / "history").sources()
    assert (pull.source, pull.complete, dict(pull.bad)) == (
        "file:some.json",
        False,
        {"no_creation_time": 1, "not_a_job": 1},
    )


def test_a_form_is_told_by_content_not_by_name(program: Program, home: Path) -> None:
    """A gzipped file of lines called .txt."""
    (home / "jobs.txt").write_bytes(gzip.compress(json.dumps(JOB).encode() + b"\n" + json.dumps(JOB).encode()))
    done = program.run("import", "jobs.txt", "--json")
    assert (counts(done.out)["new"], counts(done.out)["repeated"]) == (1, 1)
    assert json.loads(done.out)["files"][0]["format"] == "lines"


def test_no_control_byte_of_a_file_reaches_the_terminal(program: Program, home: Path) -> None:
    """Neither from its name nor from an id that is shown with a reason."""
    name = "\x1b[31mred.json"
    (home / name).write_text(json.dumps([{"id": "\x1b]0;title\x07"}, JOB]))
    for args in ((), ("--format", "agent"), ("--json",)):
        done = program.run("import", name, *args)
        assert done.code == 0
        assert "\x1b" not in done.out + done.err
        assert "\x07" not in done.out + done.err


@pytest.mark.parametrize("form", ["human", "agent", "quiet", "json"])
def test_every_format_answers(program: Program, home: Path, form: str) -> None:
    """On stdout, and nothing on stderr when all went well."""
    done = program.run("import", "jobs.json", "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()
    assert kept(home) == [JOB["id"]]


def test_without_a_file_the_usage_is_told(program: Program) -> None:
    """Exit code 2."""
    assert program.run("import").code == 2


def test_a_history_of_a_newer_version_is_left_alone(program: Program, home: Path) -> None:
    """Exit code 1 and one clear sentence."""
    (home / "history").mkdir()
    (home / "history" / "manifest.json").write_text('{"version": 99}')
    done = program.run("import", "jobs.json", "--json")
    assert (done.code, json.loads(done.out)["error"]["code"]) == (1, "history")
