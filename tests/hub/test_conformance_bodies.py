"""The same command lines through the real ``hf`` (2.4.0) and through ours: the Hub is asked for the same.

Ours carries the labels of its ledger and says timeout and attempts where ``hf`` leaves them to the Hub: 1800 seconds,
once. Nothing else differs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shlex import split
from threading import Thread
from typing import Any

import pytest

from tests.hub.control import Hub
from tests.program import REPOSITORY

pytestmark = [pytest.mark.process, pytest.mark.slow]

HEADER = """\
# /// script
# dependencies = ["trl"]
# [tool.hf-jobs]
# image = "acme/uv:1"
# flavor = "t4-small"
# python = "3.11"
# timeout = "2h"
# name = "from-header"
# env = { SEED = "1", LEVEL = "info # no comment" }
# secrets = ["WANDB_API_KEY"]
# labels = { team = "nlp", stage = "dev" }
# volumes = ["hf://acme/model:/model", "hf://buckets/acme/out:/out"]
# ///
print("training")
"""
GROUPED = """\
# /// script
# [tool.hf-jobs]
# network_group = "train"
# network_aliases = ["worker"]
# ///
"""
# hf's own words; @URL is a server of this test.
JOBS = """
run -d python:3.12 python -V
run -d --flavor l4x1 python:3.12 python train.py --epochs 3
run -d --flavor l4x1 --timeout 2h python:3.12 python train.py
run -d --flavor l4x1 --timeout 90 python:3.12 python train.py
run -d --flavor l4x1 --timeout 1.5h python:3.12 python train.py
run -d --flavor l4x1 --timeout 2d --attempts 1 python:3.12 sleep 1
run -d --flavor t4-small --attempts 3 python:3.12 python train.py
run -d --flavor t4-small --name demo python:3.12 python train.py
run -d --flavor t4-small -l team=nlp -l stage=dev python:3.12 python train.py
run -d --flavor t4-small -l draft python:3.12 python train.py
run -d --flavor t4-small -l name=labelled python:3.12 python train.py
run -d --flavor t4-small -l team=a -l team=b python:3.12 python train.py
run -d --flavor t4-small -e MODE=fast -e LR=3e-4 python:3.12 python train.py
run -d --flavor t4-small -e EMPTY= python:3.12 python train.py
run -d --flavor t4-small -e FROM_HERE python:3.12 python train.py
run -d --flavor t4-small -e 'QUOTED="a b"' python:3.12 python train.py
run -d --flavor t4-small -s KEY=hush python:3.12 python train.py
run -d --flavor t4-small -s WANDB_API_KEY python:3.12 python train.py
run -d --flavor t4-small -s HF_TOKEN python:3.12 python train.py
run -d --flavor t4-small --env-file job.env python:3.12 python train.py
run -d --flavor t4-small --env-file job.env -e MODE=typed python:3.12 python train.py
run -d --flavor t4-small --secrets-file job.env python:3.12 python train.py
run -d --flavor t4-small --secrets-file job.env -s MODE=typed python:3.12 python train.py
run -d --flavor t4-small -v hf://buckets/acme/data:/data python:3.12 ls /data
run -d --flavor t4-small -v hf://buckets/acme/data/deep/er:/data:ro python:3.12 ls /data
run -d --flavor t4-small -v hf://acme/model:/model -v hf://datasets/acme/set:/set:ro python:3.12 ls
run -d --flavor t4-small -v hf://spaces/acme/app:/app python:3.12 ls
run -d --flavor t4-small -v ./data:/data python:3.12 ls /data
run -d --flavor t4-small -v ./data:/data:rw python:3.12 ls /data
run -d --flavor t4-small --expose 8000 python:3.12 python serve.py
run -d --flavor t4-small --expose 8000 --expose 8001 --expose-public 9000 python:3.12 python serve.py
run -d --flavor t4-small --ssh python:3.12 sleep 1
run -d --flavor t4-small --network-group train python:3.12 sleep 1
run -d --flavor t4-small --network-group train --network-alias a --network-alias b python:3.12 sleep 1
run -d --flavor t4-small --resource-group-id aaaaaaaaaaaaaaaaaaaaaaaa python:3.12 sleep 1
run -d --flavor t4-small --namespace alice python:3.12 sleep 1
run -d --flavor t4-small hf.co/spaces/acme/app python app.py
run -d --flavor t4-small https://huggingface.co/spaces/acme/app python app.py
run -d --flavor t4-small ghcr.io/acme/image:1.2-cuda python -c 'print("a b", 1)'
run -d --flavor cpu-basic python:3.12 bash -c 'echo "$HOME" && exit 3'
run -d --flavor t4-small -v hf://models/acme/model@refs/pr/1:/model python:3.12 ls /model
run -d --flavor t4-small -v hf://datasets/acme/set/train:/set python:3.12 ls /set
run -d --flavor t4-small --timeout 45m -e AA=1 -s KEY=hush -l team=nlp -v hf://acme/model:/m --name all python:3.12 id
run -d --flavor t4-small --timeout 3600 --namespace alice --secrets-file job.env python:3.12 python train.py
uv run -d lighteval baseline
uv run -d --python 3.13 --with torch==2.9.0 --with 'trl[vllm]>=1.0' plain.py
uv run -d --env-file job.env --secrets-file job.env plain.py
uv run -d --namespace alice --timeout 1d --attempts 2 train.py
uv run -d --ssh --expose-public 9000 plain.py
uv run -d -v ./data:/in plain.py --data /in
uv run -d --with torch --with trl lighteval baseline --tasks gsm8k
uv run -d --flavor l4x1 --timeout 2h --python 3.12 lighteval
uv run -d -p 3.11 --image acme/uv:2 lighteval
uv run -d --flavor t4-small -e AA=1 -s KEY=hush -l team=nlp --name tool lighteval
uv run -d --flavor t4-small -v hf://buckets/acme/data:/in --expose 8000 lighteval
uv run -d --attempts 2 --resource-group-id aaaaaaaaaaaaaaaaaaaaaaaa lighteval
uv run -d plain.py
uv run -d --flavor l4x1 --timeout 1h plain.py --lr 3
uv run -d plain.py configs/one.yaml
uv run -d train.py
uv run -d --flavor l4x1 --timeout 30m train.py --epochs 2
uv run -d -e SEED=2 -l stage=prod -s WANDB_API_KEY=typed train.py
uv run -d -v hf://acme/other:/model --python 3.12 --image acme/uv:3 train.py
uv run -d --name typed train.py
uv run -d grouped.py
uv run -d --network-group other --network-alias chief grouped.py
uv run -d @URL/plain.py
uv run -d --flavor t4-small @URL/train.py --epochs 2
uv run -d @URL/grouped.py
scheduled run @daily python:3.12 python -V
scheduled run --suspend @daily python:3.12 python -V
scheduled run --no-suspend --no-concurrency @weekly python:3.12 python -V
scheduled run --concurrency '0 9 * * 1' python:3.12 python -V
scheduled run --flavor l4x1 --timeout 1h --attempts 2 @monthly python:3.12 python train.py
scheduled run --name nightly -l team=nlp -e AA=1 -s KEY=hush '0 3 * * *' python:3.12 python train.py
scheduled run -v hf://buckets/acme/data:/data --expose 8000 --expose-public 9000 @daily python:3.12 python serve.py
scheduled run --env-file job.env --namespace alice @daily hf.co/spaces/acme/app python app.py
scheduled run --resource-group-id aaaaaaaaaaaaaaaaaaaaaaaa @yearly python:3.12 python -V
scheduled uv run @daily lighteval baseline
scheduled uv run --with trl --python 3.12 --concurrency --flavor t4-small @weekly lighteval
scheduled uv run --suspend --timeout 20m @daily plain.py --lr 3
scheduled uv run @daily train.py
scheduled uv run --namespace alice --env-file job.env --attempts 2 '15 6 * * 1-5' plain.py
scheduled uv run -v hf://buckets/acme/data:/in -s KEY=hush --python 3.11 --image acme/uv:2 @hourly train.py
scheduled run -v ./data:/in --secrets-file job.env --timeout 10m @hourly python:3.12 ls /in
scheduled uv run -l stage=prod -e SEED=2 '30 2 * * 0' train.py --epochs 2
""".strip().splitlines()
OURS = {"hfplanner-sid", "hfplanner-ledger"}
GROUPS = ("run", "uv run", "scheduled run", "scheduled uv run")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Return a folder with scripts, a file of variables and data, and where it is served."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "train.py").write_text(HEADER, encoding="utf-8")
    (folder / "grouped.py").write_text(GROUPED, encoding="utf-8")
    (folder / "plain.py").write_text("print(1)\n", encoding="utf-8")
    (folder / "configs").mkdir()
    (folder / "configs" / "one.yaml").write_text("a: 1\n", encoding="utf-8")
    (folder / "data").mkdir()
    (folder / "data" / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    (folder / "job.env").write_text('# of a job\nMODE=fast\nWORDS="a b"\nFROM_HERE\n', encoding="utf-8")

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:  # noqa: ANN401 - the server's interface
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - as above
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def answers_of(program: str, lines: list[list[str]], hub: Hub, folder: Path, home: Path) -> None:
    """Run every line in one process, and hold it to exit code 0."""
    home.mkdir()
    environ = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        **dict.fromkeys(("HOME", "HF_HOME", "HFPLANNER_HOME"), str(home)),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": hub.token,
        "PYTHONPATH": str(REPOSITORY),
        "NO_COLOR": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "PYTHONUTF8": "1",
        "FROM_HERE": "here",
        "WANDB_API_KEY": "wandb",
    }
    asked = {"program": program, "lines": lines, "hub": hub.url}
    done = subprocess.run(
        [sys.executable, "-m", "tests.hub.lines"],
        input=json.dumps(asked),
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for words, told in zip(lines, json.loads(done.stdout), strict=True):
        assert told["code"] == 0, (words, told)


def bodies(program: str, lines: list[list[str]], hub: Hub, folder: Path, home: Path) -> list[dict[str, Any]]:
    """Return what each line asked the Hub for, after all of them ran in one process."""
    since = len(hub.requests())
    answers_of(program, lines, hub, folder, home)
    found: dict[int, list[dict[str, Any]]] = {}
    number = -1
    for one in hub.requests(since):
        if "?line=" in one.target:
            number = int(one.target.rpartition("=")[2])
        elif one.method == "POST" and one.path in {"/api/jobs/alice", "/api/scheduled-jobs/alice"}:
            found.setdefault(number, []).append(one.json())
    assert [len(found.get(line, ())) for line in range(len(lines))] == [1] * len(lines)
    return [found[line][0] for line in range(len(lines))]


def explicit(body: dict[str, Any]) -> dict[str, Any]:
    """Return what ``hf`` asks for, with what it leaves to the Hub."""
    if "jobSpec" in body:
        return {**body, "jobSpec": explicit(body["jobSpec"])}
    return {"timeoutSeconds": 1800, "attempts": 1, **without_content(body)}


def unlabelled(body: dict[str, Any]) -> dict[str, Any]:
    """Return what ours asks for, without the labels of the ledger, which are there."""
    if "jobSpec" in body:
        return {**body, "jobSpec": unlabelled(body["jobSpec"])}
    assert set(body["labels"]) >= OURS
    labels = {key: value for key, value in body["labels"].items() if key not in OURS}
    return {**without_content(body), "labels": labels}


def without_content(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the name of the folder a script was uploaded to: a time for ``hf``, a digest for ours."""
    if "volumes" not in body:
        return body
    volumes = [
        {key: value for key, value in volume.items() if key != "path" or volume["mountPath"] != "/data"}
        if volume["source"].endswith("/jobs-artifacts") and not volume.get("readOnly")
        else volume
        for volume in body["volumes"]
    ]
    return {**body, "volumes": volumes}


@pytest.mark.parametrize("group", GROUPS)
def test_both_ask_for_the_same(hub: Hub, site: tuple[Path, str], tmp_path: Path, group: str) -> None:
    """Every line of a command: the bodies are equal."""
    folder, url = site
    lines = [split(line.replace("@URL", url)) for line in JOBS if line.startswith(f"{group} ")]
    size = len(group.split())
    theirs = bodies("hf", [["jobs", *words] for words in lines], hub, folder, tmp_path / "theirs")
    yes = [[*words[:size], "--yes", *words[size:]] for words in lines]
    ours = bodies("hfplanner", yes, hub, folder, tmp_path / "ours")
    for words, their_body, our_body in zip(lines, theirs, ours, strict=True):
        assert (words, unlabelled(our_body)) == (words, explicit(their_body))


def test_both_run_again_what_was_run(hub: Hub, site: tuple[Path, str], tmp_path: Path) -> None:
    """``rerun`` of every job of ``run``: the Hub's own copy, which ``hf`` asks for, equals what ours sends."""
    lines = [split(line) for line in JOBS if line.startswith("run ")]
    bodies("hf", [["jobs", *words] for words in lines], hub, site[0], tmp_path / "first")
    ids, had = [job["id"] for job in hub.jobs()], hub.specs()
    secrets = [[word for pair in spec.get("secrets", {}).items() for word in ("-s", "=".join(pair))] for spec in had]
    answers_of("hf", [["jobs", "rerun", "-d", own_id] for own_id in ids], hub, site[0], tmp_path / "theirs")
    ours = [["rerun", "-d", "--yes", *given, own_id] for given, own_id in zip(secrets, ids, strict=True)]
    answers_of("hfplanner", ours, hub, site[0], tmp_path / "ours")
    count, specs = len(lines), hub.specs()
    assert len(specs) == 3 * count
    for words, their_body, our_body in zip(lines, specs[count : 2 * count], specs[2 * count :], strict=True):
        assert (words, unlabelled(our_body)) == (words, explicit(their_body))


def test_there_are_enough() -> None:
    """Sixty command lines at least, of all four commands, each once."""
    assert len(set(JOBS)) == len(JOBS) >= 60
    assert all(any(line.startswith(f"{group} ") for line in JOBS) for group in GROUPS)
