"""A file that cannot be meant gets one sentence that names the file, and is never taken for free."""

from pathlib import Path

import pytest

from hfplanner.errors import JobSpecError
from hfplanner.specs.discover import find_specs, read_spec

_HEADER = "# /// script\n# [tool.hf-jobs]\n# {}\n# ///\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.py", _HEADER.format('flavour = "l4x1"'), "a.py:1: [tool.hf-jobs] has no key 'flavour'."),
        ("a.py", _HEADER.format("flavor = 3"), "a.py:1: flavor in [tool.hf-jobs] must be a string, not '3'."),
        (
            "a.py",
            _HEADER.format('timeout = "8 hours"'),
            "a.py:1: timeout in [tool.hf-jobs]: '8 hours' is not a duration",
        ),
        ("a.py", _HEADER.format("secrets = {A = 'x'}"), "must be a list of names, not a table."),
        ("a.py", _HEADER.format("env = {A = 1}"), "env in [tool.hf-jobs]: A must be a string"),
        ("a.py", _HEADER.format("flavor = "), "is no TOML"),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncomand = 'id'", "jobs.a.comand: there is no such key."),
        ("a.toml", "[jobs.a]\nflavor = 'l4x1'", "a job has an image or a script, one of the two."),
        ("a.toml", "[jobs.a]\nimage = 'x'", "an image needs a command."),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncommand = 'id'\ntimeout = '8 hours'", "'8 hours' is not a duration"),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncommand = 'id'\nattempts = 1.5", "jobs.a.attempts: input should be a valid"),
        ("a.toml", "[jobs.a]\nimage = 'x'\ncommand = 'id'\n" + "a." * 40 + "b = 1", "its key has too many parts"),
        ("a.yaml", "jobs:\n  a:\n    image: x\n    image: y", "a.yaml:4: the key 'image' stands twice."),
        ("a.yaml", "jobs:\n  a: {image: x, command: 'id', flavour: h200}", "a.yaml:2: jobs.a.flavour: there is no"),
        ("a.yaml", "jobs:\n  a: [", "a.yaml:2: no YAML"),
        ("a.yaml", "jobs: " + "[" * 500 + "]" * 500, "nests too deeply"),
        ("a.json", '{"dockerImage": "x", "timeoutSeconds": 0}', "the timeout '0' is not a whole number"),
        ("a.json", '{"dockerImage": "x", "timeoutSeconds": "8 hours"}', "'8 hours' is not a duration"),
        ("a.json", '{"dockerImage": "x", "flavor": 3}', "flavor must be a string"),
        ("a.json", '{"dockerImage": "x", "dockerImage": "y"}', "stands twice"),
        ("a.json", '{"dockerImage": "x", "retry": 1.5}', "'1.5' is no number of attempts"),
    ],
)
def test_a_file_that_cannot_be_meant_is_one_sentence(name: str, text: str, said: str) -> None:
    """The sentence begins with the file, and says what is wrong in it."""
    with pytest.raises(JobSpecError) as caught:
        read_spec(name, text)
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(name)
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
