"""From a file of ``hf jobs ps`` to a report: import and report as a user runs them, one after the other."""

import gzip
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.program import REPOSITORY, Program

JOBS = REPOSITORY / "tests" / "readme_jobs.json"
SEPTEMBER = ("--since", "2026-09", "--until", "2026-10", "--json")


def report(program: Program, *args: str) -> dict[str, object]:
    """Return the JSON of a report that is complete."""
    done = program.run("report", *SEPTEMBER, *args)
    assert done.code == 0, done.err
    answer: dict[str, object] = json.loads(done.out)
    return answer


def test_an_imported_file_is_what_the_report_counts(program: Program) -> None:
    """24 jobs of September; the parts of every grouping sum to the whole, to the micro-USD."""
    assert program.run("import", str(JOBS)).code == 0
    total = report(program)["cost_micro_usd"]
    for key in ("flavor", "owner", "initiator", "stage", "day", "week", "month", "name", "label:team", "label:none"):
        answer = report(program, "--by", key)
        groups = answer["groups"]
        assert answer["jobs"] == 24
        assert isinstance(groups, list)
        assert sum(group["cost_micro_usd"]["low"] for group in groups) == total["low"]  # type: ignore[index] - JSON
        assert sum(group["jobs"] for group in groups) == 24


def test_importing_again_changes_nothing(program: Program) -> None:
    """Neither the same file, nor the same jobs as lines, gzipped, or from standard input."""
    first = json.loads(program.run("import", str(JOBS), "--json").out)
    assert (first["jobs"]["new"], first["jobs"]["bad"]) == (24, 0)
    before = report(program)["cost_micro_usd"]
    lines = "\n".join(json.dumps(job) for job in json.loads(JOBS.read_text(encoding="utf-8")))
    (program.home / "jobs.bin").write_bytes(gzip.compress(lines.encode()))
    for args, stdin in (((str(JOBS),), ""), (("jobs.bin",), ""), (("-",), lines)):
        again = json.loads(program.run("import", *args, "--json", stdin=stdin).out)
        assert (again["jobs"]["new"], again["jobs"]["read"]) == (0, 24)
    assert report(program)["cost_micro_usd"] == before


def test_a_bad_file_does_not_cost_a_good_one(program: Program) -> None:
    """The good one is imported, the bad one named, and the exit code says that not all was done."""
    (program.home / "bad.json").write_text("<html>", encoding="utf-8")
    done = program.run("import", "bad.json", str(JOBS), "missing.json", "--json")
    assert done.code == 1
    assert json.loads(done.out)["jobs"]["new"] == 24
    assert "bad.json" in done.err
    assert "missing.json" in done.err


def test_an_unpriced_job_has_no_share_and_no_cost(program: Program) -> None:
    """A flavor nobody has a price for is counted apart, in every format, never as zero."""
    jobs = json.loads(JOBS.read_text(encoding="utf-8"))
    jobs[0]["flavor"] = "tpu-v9"
    (program.home / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    program.run("import", "jobs.json")
    groups = {group["key"]["flavor"]: group for group in report(program)["groups"]}  # type: ignore[attr-defined] - JSON
    assert (groups["tpu-v9"]["share"], groups["tpu-v9"]["unpriced_jobs"]) == (None, 1)
    shown = program.run("report", *SEPTEMBER[:-1]).out
    assert "1 job without a known price" in shown


@pytest.mark.slow
def test_the_output_folder_holds_the_page_and_nothing_outside_it_is_written(program: Program, tmp_path: Path) -> None:
    """A page without script or address of elsewhere, pictures, and data; nothing beside the folder."""
    program.run("import", str(JOBS))
    before = set(tmp_path.iterdir())
    done = program.run("report", "--output", "out", "--focus", "focus.csv", "--quiet")
    assert done.code == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "report.md", "report.json", "jobs.parquet", "jobs.csv", "groups.csv"} <= names
    assert {path.name for path in set(tmp_path.iterdir()) - before} <= {"out", "focus.csv", "matplotlib"}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "Content-Security-Policy" in page


@pytest.mark.process
@pytest.mark.parametrize(("name", "file"), [("csv", "groups.csv"), ("markdown", "report.md"), ("html", "report.html")])
def test_a_document_on_stdout_is_the_file_the_folder_gets(name: str, file: str, program: Program) -> None:
    """To the byte, in UTF-8 whatever the terminal speaks, and with nothing else beside it; talk goes to stderr."""
    program.run("import", str(JOBS))
    latin = replace(program, environ=(("PYTHONIOENCODING", "latin-1"), ("PYTHONUTF8", "0")))
    done = latin.run_command(
        ["sh", "-c", f"'{sys.executable}' -m hfplanner report --output out --format {name} > document"]
    )
    assert (done.code, done.out) == (0, "")
    assert "Wrote out" in done.err
    document = (program.home / "document").read_bytes()
    assert document == (program.home / "out" / file).read_bytes()
    assert len(document.decode("utf-8")) > 200


def test_two_formats_are_refused_whichever_they_are(program: Program) -> None:
    """A document and JSON at once cannot be, nor an unknown format; JSON is what the error is told in."""
    done = program.run("report", "--format", "html", "--json")
    assert (done.code, json.loads(done.out)["error"]["message"]) == (2, "Two formats are asked for: html and json.")
    assert program.run("report", "--format", "pdf").code == 2
    assert program.run("hardware", "--format", "html").code == 2


@pytest.mark.slow
@pytest.mark.parametrize("args", [("--output", "file"), ("--focus", "missing/focus.csv")])
def test_what_cannot_be_written_is_a_known_error(args: tuple[str, str], program: Program) -> None:
    """One sentence and exit code 1, or one document where JSON is asked for."""
    program.run("import", str(JOBS))
    (program.home / "file").touch()
    done = program.run("report", *args, "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["exit_code"] == 1


def test_a_history_that_cannot_be_read_is_a_known_error(program: Program) -> None:
    """A damaged or newer manifest is named; nothing is guessed, nothing overwritten."""
    program.run("import", str(JOBS))
    manifest = program.home / "history" / "manifest.json"
    for content in ("{", '{"version": 999}', "[]"):
        manifest.write_text(content, encoding="utf-8")
        for command in (("report",), ("import", str(JOBS))):
            done = program.run(*command)
            assert done.code == 1
            assert done.err.splitlines()[-2 if "Hint" in done.err else -1].startswith("Error: ")
        assert manifest.read_text(encoding="utf-8") == content


def test_without_a_home_the_users_folder_is_used(program: Program) -> None:
    """Where ``HFPLANNER_HOME`` is not set, the platform says where data of users goes."""
    bare = replace(program, environ=(("HFPLANNER_HOME", ""), ("XDG_DATA_HOME", str(program.home / "data"))))
    assert bare.run("import", str(JOBS)).code == 0
    assert (program.home / "data" / "hfplanner" / "history" / "manifest.json").exists()
