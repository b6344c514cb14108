"""The GitHub Action: its steps in their order, as a runner runs them, against a server that plays the comment API."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_HEADER = '# /// script\n# [tool.hf-jobs]\n# flavor = "a100-large"\n# timeout = "8h"\n# ///\n'


class Comments(ThreadingHTTPServer):
    """The comments of one pull request, as the API of GitHub lists, makes and changes them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[str] = [f"comment {number}" for number in range(130)]
        self.asked: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Comments

    def _answer(self, value: Any) -> None:  # noqa: ANN401 - a JSON value
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _sent(self) -> str:
        self.server.asked.append(f"{self.command} {self.headers['Authorization']}")
        body: str = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        return body

    def do_GET(self) -> None:
        page = int(re.search(r"[?&]page=(\d+)", self.path)[1])  # type: ignore[index] # the step always asks for one
        rows = [{"id": number, "body": body} for number, body in enumerate(self.server.bodies)]
        self._answer(rows[100 * (page - 1) : 100 * page])

    def do_POST(self) -> None:
        self.server.bodies.append(self._sent())
        self._answer({})

    def do_PATCH(self) -> None:
        self.server.bodies[int(self.path.rpartition("/")[2])] = self._sent()
        self._answer({})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name the base class gives it
        """Keep the test's output clean."""


@pytest.fixture
def comments() -> Iterator[Comments]:
    """Return a running comment API."""
    server = Comments()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


class Runner:
    """A runner of one pull request: what its expressions mean, and the files that steps write to."""

    def __init__(self, folder: Path, api: str) -> None:
        self.checkout, self.temp = folder / "checkout", folder / "temp"
        self.checkout.mkdir(parents=True)
        programs = self.temp / "hfplanner" / "bin"
        programs.mkdir(parents=True)
        # What the first step would install: this very program.
        script = f'#!/bin/sh\nPYTHONPATH="{REPOSITORY}" exec "{sys.executable}" -m hfplanner "$@"\n'
        for name in ("hfplanner", "pip"):
            (programs / name).write_text(script if name == "hfplanner" else "#!/bin/sh\n", encoding="utf-8")
            (programs / name).chmod(0o755)
        self.action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
        self.outputs: dict[str, str] = {}
        self.inputs: dict[str, str] = {}
        self.known = {"github.api_url": api, "github.repository": "acme/jobs", "github.event.pull_request.number": "7"}
        self.known |= {"github.token": "a-token", "github.action_path": str(REPOSITORY)}

    def git(self, *args: str) -> str:
        """Run git in the checkout."""
        command = ["git", "-C", str(self.checkout), "-c", "user.name=A", "-c", "user.email=a@example.com", *args]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout.strip()

    def meant(self, text: str) -> str:
        """Return a text with its expressions replaced by what they mean."""
        inputs = {name: str(one["default"]) for name, one in self.action["inputs"].items()} | self.inputs
        assert inputs.keys() == self.action["inputs"].keys()

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name.startswith("inputs."):
                return self.meant(inputs[name.removeprefix("inputs.")])
            if name.startswith("steps."):
                return self.outputs[name.rpartition(".")[2]]
            return self.known.get(name, "")

        return _EXPRESSION.sub(value, text)

    def run(self) -> int:
        """Run the steps after the installation in their order, and return the exit code of the last one that ran."""
        output, summary = self.temp / "output", self.temp / "summary"
        for step in self.action["runs"]["steps"]:
            if step["name"] == "Install hfplanner":
                continue
            variables = {name: self.meant(text) for name, text in step["env"].items()}
            fixed = {"RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
            home = {"HOME": str(self.temp), "HFPLANNER_HOME": str(self.temp / "home"), "HF_HUB_OFFLINE": "1"}
            command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
            done = subprocess.run(
                command,
                cwd=self.checkout / self.meant(step.get("working-directory", ".")),
                env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", **home, **fixed, **variables},
                check=False,
            )
            if done.returncode:
                return done.returncode
            if output.exists():
                lines = output.read_text(encoding="utf-8").splitlines()
                self.outputs = dict(line.split("=", 1) for line in lines)
        return 0


@pytest.fixture
def runner(tmp_path: Path, comments: Comments) -> Runner:
    """Return a runner of a pull request that doubles a timeout."""
    found = Runner(tmp_path, f"http://127.0.0.1:{comments.server_address[1]}")
    script = found.checkout / "train.py"
    script.write_text(_HEADER, encoding="utf-8")
    (found.checkout / "hfplanner.toml").write_text('[limits]\nmax_price_age = "3650d"\n', encoding="utf-8")
    found.git("init", "-q")
    found.git("add", ".")
    found.git("commit", "-qm", "base")
    found.known["github.event.pull_request.base.sha"] = found.git("rev-parse", "HEAD")
    script.write_text(_HEADER.replace("8h", "16h"), encoding="utf-8")
    return found


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the steps are bash")
def test_the_action_comments_once_and_updates_its_comment(runner: Runner, comments: Comments) -> None:
    """The first push makes a comment, the second changes it, whatever number of others there are."""
    assert runner.run() == 0
    assert len(comments.bodies) == 131
    assert "+\\$20.00 against" in comments.bodies[-1]
    assert (runner.temp / "summary").read_text(encoding="utf-8").startswith("<!-- hfplanner check -->")
    (runner.checkout / "train.py").write_text(_HEADER.replace("8h", "24h"), encoding="utf-8")
    assert runner.run() == 0
    assert len(comments.bodies) == 131
    assert "+\\$40.00 against" in comments.bodies[-1]
    assert comments.asked == ["POST Bearer a-token", "PATCH Bearer a-token"]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the steps are bash")
def test_the_action_fails_where_the_check_refuses_and_comments_all_the_same(runner: Runner, comments: Comments) -> None:
    """A job above the limit is exit code 3, and the comment says why."""
    policy = runner.checkout / "hfplanner.toml"
    policy.write_text('[limits]\nmax_job_usd = "10.00"\nmax_price_age = "3650d"\n', encoding="utf-8")
    assert runner.run() == 3
    assert "**refused**" in comments.bodies[-1]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the steps are bash")
def test_the_action_comments_where_nothing_could_be_decided(runner: Runner, comments: Comments) -> None:
    """A policy with a misspelled key is exit code 3, and the comment names the key."""
    (runner.checkout / "hfplanner.toml").write_text('[limits]\nmax_job = "10.00"\n', encoding="utf-8")
    assert runner.run() == 3
    assert comments.bodies[-1].startswith("<!-- hfplanner check -->")
    assert "**Blocked.**" in comments.bodies[-1]
    assert "max\\_job" in comments.bodies[-1]


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the steps are bash")
def test_the_action_takes_what_a_team_says_of_its_check(runner: Runner, comments: Comments) -> None:
    """Who pays decides which budget counts; the folder, the bound of the increase and the forms of the result."""
    folder = runner.checkout / "training"
    folder.mkdir()
    (runner.checkout / "train.py").rename(folder / "train.py")
    budget = '[[budget]]\nname = "acme"\nlimit_usd = "1.00"\nscope = { namespace = "acme" }\n'
    limits = '[limits]\nmax_price_age = "3650d"\nunknown_spending = "warn"\n'
    (folder / "team.toml").write_text(budget + limits, encoding="utf-8")
    said = {"working-directory": "training", "policy": "team.toml", "offline": "true", "summary": "false"}
    runner.inputs = said | {"namespace": "other", "max-increase": "2000%"}
    assert runner.run() == 3
    assert "more than 2000" in comments.bodies[-1]
    runner.inputs = said | {"namespace": "other", "compare": ""}
    assert runner.run() == 0
    runner.inputs = said | {"namespace": "acme", "compare": "", "format": "quiet"}
    assert runner.run() == 3
    assert "Budget 'acme' has" in comments.bodies[-1]
    document = json.loads((runner.temp / "hfplanner-check.json").read_text(encoding="utf-8"))
    assert (document["decision"], document["jobs"][0]["budgets"]) == ("refused", ["acme"])
    assert not (runner.temp / "summary").exists()


def test_the_lines_to_copy_name_inputs_that_there_are() -> None:
    """The README's block is YAML, and what it gives the action the action takes."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    document = yaml.safe_load(block)
    inputs = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert set(document[1]["with"]) <= set(inputs)
