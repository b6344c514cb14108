"""A script's job: what is typed, merged with what the script carries, and the files that go up with it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hfplanner.errors import JobSpecError, UsageError
from hfplanner.plan.asked import AskedJob
from hfplanner.plan.request import JobRequest
from hfplanner.plan.script_run import ScriptRun, load_script, read_script_run
from hfplanner.plan.uploads import LocalFolder

HEADER = """\
# /// script
# [tool.hf-jobs]
# image = "acme/uv:1"
# flavor = "a100-large"
# timeout = "8h"
# namespace = "acme"
# env = { SEED = "1", LEVEL = "info # not a comment" }
# secrets = ["WANDB_API_KEY", "HF_TOKEN"]
# labels = { team = "nlp", stage = "dev" }
# volumes = ["hf://acme/model:/model", "hf://buckets/acme/out:/out"]
# ///
"""


class Recorder:
    """An uploader that remembers what it was given."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.folders: list[tuple[str, LocalFolder]] = []

    def files(self, bucket: str, folder: str, files: Mapping[str, Path]) -> None:
        """Remember files with their content."""
        self.sent.append((bucket, folder, {name: path.read_text(encoding="utf-8") for name, path in files.items()}))

    def folder(self, namespace: str, folder: LocalFolder) -> None:
        """Remember a folder."""
        self.folders.append((namespace, folder))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def request(asked: AskedJob, script: str, *args: str) -> JobRequest:
    """Read a script's job, with two variables of the user's own."""
    run = load_script(ScriptRun(script=script, args=args), Path.cwd())
    return read_script_run(asked, run, {"WANDB_API_KEY": "w", "HF_TOKEN": "t", "SHELL": "sh"}, values=True)


def test_what_the_script_says_holds_where_nothing_is_typed(here: Path) -> None:
    """Every key of the header; values of secrets come from who runs it."""
    (here / "train.py").write_text(HEADER, encoding="utf-8")
    found = request(AskedJob(), "train.py")
    job = found.job
    assert (job.image, job.flavor, job.timeout_secs, found.namespace) == ("acme/uv:1", "a100-large", 8 * 3600, "acme")
    assert job.env == {"SEED": "1", "LEVEL": "info # not a comment"}
    assert job.secrets == {"WANDB_API_KEY": "w", "HF_TOKEN": "t"}
    assert {volume.mount_path for volume in job.volumes} == {"/model", "/out"}
    assert {key: value for key, value in job.labels.items() if key != "name"} == {"team": "nlp", "stage": "dev"}


def test_what_is_typed_wins_entry_by_entry(here: Path) -> None:
    """A variable, a label and a mount of the same name are the typed ones; the others stay."""
    (here / "train.py").write_text(HEADER, encoding="utf-8")
    typed = AskedJob(
        flavor="l4x1", timeout="1h", env=["SEED=2"], label=["stage=prod"], volume=["hf://acme/other:/model"], name="run"
    )
    job = request(typed, "train.py").job
    assert (job.flavor, job.timeout_secs, job.env["SEED"], job.env["LEVEL"][:4]) == ("l4x1", 3600, "2", "info")
    assert job.labels == {"team": "nlp", "stage": "prod", "name": "run"}
    assert {volume.mount_path: volume.source for volume in job.volumes}["/model"] == "acme/other"


def test_files_of_this_machine_go_up_and_are_named_as_they_lie_in_the_job(here: Path) -> None:
    """The script and a file among its arguments; the same content is the same folder, another one another."""
    (here / "train.py").write_text("print(1)\n", encoding="utf-8")
    (here / "configs").mkdir()
    (here / "configs" / "train.py").write_text("print(2)\n", encoding="utf-8")
    found = request(AskedJob(), "train.py", "configs/train.py", "--lr", "3")
    assert found.job.command == ("uv", "run", "/data/train.py", "/data/train(0).py", "--lr", "3")
    volume = found.explicit("l4x1", 60, "acme").volumes[0]
    assert (volume.source, volume.mount_path, volume.read_only) == ("acme/jobs-artifacts", "/data", False)

    uploader = Recorder()
    found.uploads.send("acme", uploader)
    assert uploader.sent == [
        ("acme/jobs-artifacts", volume.path, {"train.py": "print(1)\n", "train(0).py": "print(2)\n"})
    ]
    again = request(AskedJob(), "train.py", "configs/train.py", "--lr", "3")
    assert again.explicit("l4x1", 60, "acme").volumes == found.explicit("l4x1", 60, "acme").volumes
    (here / "train.py").write_text("print(3)\n", encoding="utf-8")
    assert request(AskedJob(), "train.py").uploads.content != found.uploads.content


def test_a_folder_of_this_machine_is_mounted_from_the_bucket(here: Path) -> None:
    """Read-only unless it is said otherwise."""
    (here / "inputs").mkdir()
    found = request(AskedJob(volume=["./inputs:/inputs", "inputs:/work:rw"]), "lighteval")
    mounted = {volume.mount_path: volume.read_only for volume in found.explicit("l4x1", 60, "acme").volumes}
    assert mounted == {"/inputs": True, "/work": False}
    uploader = Recorder()
    found.uploads.send("acme", uploader)
    assert [folder.source for _, folder in uploader.folders] == [here / "inputs"] * 2


@pytest.mark.parametrize(
    ("script", "args", "said"),
    [
        ("missing.py", (), "'missing.py': there is no such file here."),
        ("train.py", ("missing.yaml",), "'missing.yaml': there is no such file here."),
    ],
)
def test_a_file_that_is_not_there_is_said_before_anything_is_sent(
    here: Path, script: str, args: tuple[str, ...], said: str
) -> None:
    """A job that cannot find its script would be paid for."""
    (here / "train.py").write_text("print(1)\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        request(AskedJob(), script, *args)
    assert caught.value.message == said


def test_a_header_that_cannot_be_meant_and_a_taken_mount_are_refused(here: Path) -> None:
    """An unknown key is an error as it is for `hf`; the script's own place cannot be mounted over."""
    (here / "bad.py").write_text(HEADER.replace("flavor", "flavour"), encoding="utf-8")
    with pytest.raises(JobSpecError, match="has no key 'flavour'"):
        request(AskedJob(), "bad.py")
    (here / "train.py").write_text("print(1)\n", encoding="utf-8")
    with pytest.raises(UsageError, match="/data is where the script lies"):
        request(AskedJob(volume=["hf://acme/model:/data"]), "train.py")
