"""A file that cannot be meant gets one sentence that names the file, and is never taken for free."""

import os
import re
import time
from pathlib import Path

import pytest

from hfplanner.errors import JobSpecError
from hfplanner.specs.discover import find_specs, read_spec

_HEADER = "# /// script\n# [tool.hf-jobs]\n# {}\n# ///\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.py", _HEADER.format('flavour = "l4x1"'), "a.py:3: [tool.hf-jobs] has no key 'flavour'."),
        ("a.py", _HEADER.format("flavor = 3"), "a.py:3: flavor in [tool.hf-jobs] must be a string, not '3'."),
        (
            "a.py",
            _HEADER.format('timeout = "8 hours"'),
            "a.py:3: timeout in [tool.hf-jobs]: '8 hours' is not a duration",
        ),
        ("a.py", _HEADER.format("secrets = {A = 'x'}"), "must be a list of names, not a table."),
        ("a.py", _HEADER.format("env = {A = 1}"), "env in [tool.hf-jobs]: A must be a string"),
        ("a.py", _HEADER.format("flavor = "), "a.py:3: no TOML"),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncomand = 'id'", "a.toml:3: jobs.a.comand: there is no such key."),
        ("a.toml", "[jobs.a]\nflavor = 'l4x1'", "a job has an image or a script, one of the two."),
        ("a.toml", "[jobs.a]\nimage = 'x'", "an image needs a command."),
        (
            "a.toml",
            "[jobs.a]\nimage = 'x'\ncommand = 'id'\ntimeout = '8 hours'",
            "a.toml:4: jobs.a.timeout: '8 hours' is",
        ),
        ("a.toml", "[jobs.a]\nimage = 'x'\n[jobs.a]\n", "a.toml:3: no TOML: Cannot declare"),
        (
            "a.toml",
            "[[jobs]]\nname = 'a'\n[[jobs]]\nname = 'b'\nflavor = 3",
            "a.toml:5: jobs.b.flavor: input should be",
        ),
        (
            "a.toml",
            "[jobs.a]\nimage = 'x'\ncommand = 'id'\nattempts = 1.5",
            "a.toml:4: jobs.a.attempts: input should be a valid",
        ),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncommand = 'id'\n" + "a." * 40 + "b = 1", "its key has too many parts"),
        ("a.yaml", "jobs:\n  a:\n    image: x\n    image: y", "a.yaml:4: the key 'image' stands twice."),
        ("a.yaml", "jobs:\n  a: {image: x, command: 'id', flavour: h200}", "a.yaml:2: jobs.a.flavour: there is no"),
        ("a.yaml", "jobs:\n  a: [", "a.yaml:2: no YAML"),
        ("a.yaml", "jobs: " + "[" * 500 + "]" * 500, "nests too deeply"),
        ("a.json", '{"dockerImage": "x",\n"timeoutSeconds": 0}', "a.json:2: the timeout '0' is not a whole number"),
        ("a.json", '{"dockerImage": "x", "timeoutSeconds": "8 hours"}', "'8 hours' is not a duration"),
        ("a.json", '{"dockerImage": "x", "flavour": "h200"}', "a.json:1: there is no key 'flavour'."),
        ("a.json", '{"jobSpec": {"dockerImage": "x"},\n"shedule": "@daily"}', "a.json:2: there is no key 'shedule'."),
        ("a.json", '{"dockerImage": "x", "command": [', "a.json:1: no JSON"),
        ("a.json", '{"dockerImage": "x", "flavor": 3}', "flavor must be a string"),
        (
            "a.json",
            '{"dockerImage": "x",\n"dockerImage": "y"}',
            "a.json:2: no JSON: the key 'dockerImage' stands twice",
        ),
        ("a.json", '{"dockerImage": "x", "retry": 1.5}', "'1.5' is no number of attempts"),
    ],
)
def test_a_file_that_cannot_be_meant_is_one_sentence(name: str, text: str, said: str) -> None:
    """The sentence begins with the file, and says what is wrong in it."""
    with pytest.raises(JobSpecError) as caught:
        read_spec(name, text)
    assert caught.value.exit_code == 2
    # The file and the line, as compilers write them.
    assert re.match(rf"{re.escape(name)}:[1-9][0-9]*: ", caught.value.message)
    assert said in caught.value.message
    assert "\n" not in caught.value.message


def test_aliases_that_multiply_are_refused() -> None:
    """Nine lists of nine aliases each would be 387 million values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(JobSpecError, match="aliases make it too large"):
        read_spec("bomb.yaml", "\n".join(lines))


def test_a_file_of_10_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Nothing parses what no person wrote."""
    path = tmp_path / "jobs.yaml"
    path.write_text("jobs: " + "x" * 10_000_000, encoding="utf-8")
    with pytest.raises(JobSpecError, match="longer than 1048576 bytes"):
        find_specs([path])


def test_a_named_file_without_a_job_is_an_error_and_one_in_a_folder_is_passed_over(tmp_path: Path) -> None:
    """Who names a file wants it checked."""
    path = tmp_path / "util.py"
    path.write_text("print(1)\n", encoding="utf-8")
    with pytest.raises(JobSpecError, match="holds no job"):
        find_specs([path])
    assert find_specs([tmp_path]) == find_specs([])


def test_a_file_in_a_folder_that_names_jobs_and_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    """It is listed, and never counted as nothing."""
    (tmp_path / "train.py").write_text(_HEADER.format('flavour = "h200x8"'), encoding="utf-8")
    found = find_specs([tmp_path])
    assert found.jobs == ()
    assert "no key 'flavour'" in found.not_checked[0].reason


_JOB = "jobs:\n  a:\n    image: x\n    command: id\n"


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("jobs.yaml", _JOB + "    flavour: h200x8\n", 5),
        ("jobs.yaml", _JOB + "    timeout: 8 hours\n", 5),
        ("jobs.yaml", _JOB + "  a: {image: y}\n", 5),
        ("jobs.yaml", _JOB + "  b: [\n", 6),
        ("jobs.toml", "[jobs.a]\nimage = 'x'\ncommand = 'id'\nflavour = 'h200x8'\n", 4),
        ("jobs.toml", "[jobs.a]\nimage = 'x'\n[jobs.a]\n", 3),
        ("jobs.toml", "[[jobs]]\nimage = 'x'\n", 1),
        ("job.json", '{"dockerImage": "x",\n"flavour": "h200x8"}', 2),
        ("job.json", '{"dockerImage": "x",\n', 2),
    ],
)
def test_a_broken_file_of_jobs_in_a_folder_is_not_checked(tmp_path: Path, name: str, text: str, line: int) -> None:
    """A slip of the keyboard never makes jobs vanish from a check of the whole repository."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    (found,) = find_specs([tmp_path]).not_checked
    assert (found.source, found.line) == (str(tmp_path / name), line)


@pytest.mark.parametrize(
    "text",
    [
        "version: 2.1\njobs:\n  build:\n    docker: [{image: cimg/base}]\n    steps: [{run: {command: make}}]\n",
        "jobs:\n- job: A\n  steps:\n  - script: make\n",
        "jobs: 3\n",
        "image: registry.example/app\nscript: [make]\n",
    ],
)
def test_what_is_another_tools_is_passed_over(tmp_path: Path, text: str) -> None:
    """CircleCI, Azure Pipelines and the like have jobs too, and none of them is ours."""
    (tmp_path / "ci.yml").write_text(text, encoding="utf-8")
    assert find_specs([tmp_path]) == find_specs([])


def test_a_long_file_in_a_folder_is_passed_over_unless_it_names_jobs(tmp_path: Path) -> None:
    """Data is no job; what names one, wherever in it, is listed."""
    (tmp_path / "rows.json").write_text("[" + "1, " * 700_000 + "1]", encoding="utf-8")
    assert find_specs([tmp_path]) == find_specs([])
    (tmp_path / "jobs.json").write_text("[" + "1, " * 700_000 + '{"dockerImage": "x"}]', encoding="utf-8")
    (found,) = find_specs([tmp_path]).not_checked
    assert "longer than 1048576 bytes" in found.reason


def test_a_folder_below_that_cannot_be_read_is_not_checked(tmp_path: Path) -> None:
    """The others are checked all the same, and the folder is listed."""
    (tmp_path / "train.py").write_text(_HEADER.format('flavor = "l4x1"'), encoding="utf-8")
    here = os.open(tmp_path, os.O_RDONLY)
    # A path that is too long for the system can be read by nobody, whoever runs this.
    deep, name = tmp_path, "d" * 250
    try:
        while len(str(deep)) < 4100:
            os.mkdir(name, dir_fd=here)
            below = os.open(name, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here, deep = below, deep / name
    finally:
        os.close(here)
    found = find_specs([tmp_path])
    assert [job.title for job in found.jobs] == ["train"]
    assert ["cannot be read" in one.reason for one in found.not_checked] == [True]


def test_a_large_document_without_jobs_is_not_even_parsed(tmp_path: Path) -> None:
    """A repository has data: what no job can be in takes no time; a word that is written by numbers is read."""
    (tmp_path / "api.yaml").write_text("paths:\n" + "  a: {b: [c, d, e]}\n" * 40_000, encoding="utf-8")
    begun = time.process_time()
    assert find_specs([tmp_path]) == find_specs([])
    assert time.process_time() - begun < 1.0
    (tmp_path / "job.json").write_text(
        '{"\\u0064ockerImage": "x", "flavor": "l4x1", "command": ["id"]}', encoding="utf-8"
    )
    assert [job.flavor for job in find_specs([tmp_path]).jobs] == ["l4x1"]
