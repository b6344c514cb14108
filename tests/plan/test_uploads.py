"""Files of this machine go up by the real ``huggingface_hub`` and ``hf_xet``: a content once, in private."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.hub.control import Hub
from tests.program import REPOSITORY

pytestmark = pytest.mark.process

BUCKET = "alice/jobs-artifacts"
BATCH = f"/api/buckets/{BUCKET}/batch"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Return a script."""
    path = tmp_path / "train.py"
    path.write_text("print(1)\n", encoding="utf-8")
    return path


def uploaded(hub: Hub, home: Path, *paths: Path) -> tuple[int, str, str]:
    """Bring files up in a process of its own, and return its exit code, the name in the bucket, and what it said."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(home),
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-m", "tests.plan.upload_worker", hub.url, hub.token, *map(str, paths)]
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def batches(hub: Hub) -> int:
    """Return how often files were put into the bucket."""
    return sum(asked.path == BATCH and asked.effect for asked in hub.requests())


def test_the_same_content_goes_up_once(hub: Hub, tmp_path: Path, script: Path) -> None:
    """Into a private bucket; the second time nothing is sent, and another content is another folder."""
    code, folder, _ = uploaded(hub, tmp_path, script)
    assert (code, hub.bucket_files(BUCKET), batches(hub)) == (0, {f"{folder}/train.py": 1}, 1)
    assert uploaded(hub, tmp_path, script)[:2] == (0, folder)
    assert (hub.bucket_files(BUCKET), batches(hub)) == ({f"{folder}/train.py": 1}, 1)
    script.write_text("print(2)\n", encoding="utf-8")
    other = uploaded(hub, tmp_path, script)[1]
    assert other != folder
    assert hub.bucket_files(BUCKET) == {f"{folder}/train.py": 1, f"{other}/train.py": 1}
    (made,) = (asked for asked in hub.requests() if asked.path == f"/api/buckets/{BUCKET}" and asked.status == 200
               and asked.method == "POST")  # fmt: skip
    assert made.json() == {"visibility": "private"}


def test_a_folder_that_has_not_changed_stays(hub: Hub, tmp_path: Path, script: Path) -> None:
    """Its files are compared with those in the bucket; a new one goes up alone."""
    folder = tmp_path / "data"
    folder.mkdir()
    script.rename(folder / "train.py")
    code, name, _ = uploaded(hub, tmp_path, folder)
    assert (code, hub.bucket_files(BUCKET)) == (0, {f"{name}/train.py": 1})
    (folder / "more.txt").write_text("more", encoding="utf-8")
    assert uploaded(hub, tmp_path, folder)[0] == 0
    assert hub.bucket_files(BUCKET) == {f"{name}/train.py": 1, f"{name}/more.txt": 1}


def test_a_public_bucket_gets_nothing(hub: Hub, tmp_path: Path, script: Path) -> None:
    """Scripts and data in it would be public too."""
    token = {"Authorization": f"Bearer {hub.token}"}
    httpx.post(f"{hub.url}/api/buckets/{BUCKET}", json={"visibility": "public"}, headers=token).raise_for_status()
    code, _, said = uploaded(hub, tmp_path, script)
    assert (code, "is public" in said, hub.bucket_files(BUCKET)) == (2, True, {})


@pytest.mark.parametrize("path", ["/xet-write-token", "/cas/v1/xorbs", "/batch"])
def test_what_does_not_arrive_is_told_and_arrives_the_next_time(
    hub: Hub, tmp_path: Path, script: Path, path: str
) -> None:
    """Refused once at each step: no file is there, and the same again brings it, once."""
    hub.fault(path=path, status=403, before=True, times=0)
    code, _, said = uploaded(hub, tmp_path, script)
    assert (code, "could not be uploaded" in said, hub.bucket_files(BUCKET)) == (1, True, {})
    hub.clear_faults()
    code, folder, _ = uploaded(hub, tmp_path, script)
    assert (code, hub.bucket_files(BUCKET)) == (0, {f"{folder}/train.py": 1})
