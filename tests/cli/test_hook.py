"""``hook``: a coding agent asks before it runs a command, and is answered in its own JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from hfplanner.specs.agent_hook import AGENTS, jobs_of_line
from tests.program import Program

POLICY = '[limits]\nmax_job_usd = "5.00"\n'
CHEAP = "hf jobs run --flavor l4x1 --timeout 1h python:3.12 python train.py"
DEAR = "hf jobs run --flavor a100-large --timeout 8h python:3.12 python train.py"
UNREAD = "for seed in 1 2 3; do hf jobs run --flavor l4x1 python:3.12 python $seed.py; done"
HEADER = '# /// script\n# [tool.hf-jobs]\n# flavor = "a100-large"\n# timeout = "8h"\n# ///\n'
# What each agent sends, as its documentation has it.
QUESTIONS: dict[str, Any] = {
    "claude-code": lambda command: {
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": command, "description": "Train"},
    },
    "codex": lambda command: {
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": command},
    },
    "copilot": lambda command: {"toolName": "bash", "toolArgs": json.dumps({"command": command})},
    "cursor": lambda command: {"hook_event_name": "beforeShellExecution", "command": command},
    "gemini": lambda command: {
        "hook_event_name": "BeforeTool",
        "tool_name": "run_shell_command",
        "tool_input": {"command": command},
    },
}


@pytest.fixture
def home(program: Program) -> Program:
    """Return the program with a policy: a job may cost five dollars."""
    (program.home / "hfplanner.toml").write_text(POLICY, encoding="utf-8")
    return program


def asked(program: Program, agent: str, command: str) -> tuple[str, str]:
    """Return what an agent may do, and why; ``"silent"`` where it gets no answer."""
    done = program.run("hook", "--agent", agent, stdin=json.dumps(QUESTIONS[agent](command)))
    if agent == "codex":
        assert (done.out, done.code in {0, 2}) == ("", True)
        return ("deny", done.err) if done.code else ("silent", "")
    assert (done.code, done.err) == (0, "")
    if not done.out:
        return "silent", ""
    answer = json.loads(done.out)
    answer = answer.get("hookSpecificOutput", answer)
    said = answer.get("permissionDecision") or answer.get("permission") or answer.get("decision")
    return said, answer.get("permissionDecisionReason") or answer.get("agent_message") or answer.get("reason")


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_is_answered_in_its_own_words(home: Program, agent: str) -> None:
    """Nothing for what is free; what fits is allowed, what is too dear denied, what cannot be read asked or denied."""
    asks = "ask" if agent in {"claude-code", "copilot", "cursor"} else "deny"
    assert asked(home, agent, "git status && pytest -q")[0] == "silent"
    assert asked(home, agent, "hf jobs ps -a && hf jobs logs abc")[0] == "silent"
    assert asked(home, agent, CHEAP)[0] == ("silent" if agent == "codex" else "allow")
    said, why = asked(home, agent, DEAR)
    assert (said, "$20.00" in why, "$5.00" in why) == ("deny", True, True)
    assert asked(home, agent, UNREAD)[0] == asks


@pytest.mark.parametrize(
    "command",
    [
        f"cd project && {DEAR}",
        f"bash -lc '{DEAR}'",
        f"HF_TOKEN=x nohup {DEAR} &",
        f"echo $({DEAR})",
        f"/usr/local/bin/{DEAR}",
        f'"hf" jobs {DEAR.removeprefix("hf jobs ")}',
        DEAR.replace("jobs run", "jobs \\\n  run"),
        DEAR.replace("hf jobs", "hfplanner"),
        "hf jobs scheduled run --flavor l4x1 --timeout 8h @daily img id",
        "hf jobs uv run train.py",
        "hfplanner approve 1a2b3c4d",
    ],
)
def test_a_job_is_seen_however_the_line_is_written(home: Program, command: str) -> None:
    """Chained, nested, quoted, continued, by its path, with a header that names the flavor: denied."""
    (home.home / "train.py").write_text(HEADER, encoding="utf-8")
    assert asked(home, "claude-code", command)[0] == "deny"


@pytest.mark.parametrize(
    "command",
    [
        'eval "$PREFIX hf jobs run img id"',
        "xargs -n1 hf jobs run img python < seeds",
        "hf jobs run --flavor $FLAVOR img id",
        "hf jobs run --unheard-of img id",
        "hf jobs run 'unbalanced",
        "hf jobs rerun 687fb701029421ae5549d998",
        "hf jobs scheduled resume 687fb701029421ae5549d998",
        "hf jobs uv run https://example.com/train.py",
        "hf sandbox create",
        "python -m hfplanner run img id",
        """python -c 'from huggingface_hub import run_job; run_job(image="a", command=["id"])'""",
    ],
)
def test_what_cannot_be_read_is_never_let_through(home: Program, command: str) -> None:
    """A person is asked."""
    assert asked(home, "claude-code", command)[0] == "ask"


def test_without_a_policy_a_person_is_asked(program: Program) -> None:
    """Nothing limits it, so nothing allows it; the cost is said."""
    said, why = asked(program, "claude-code", CHEAP)
    assert (said, "$0.80" in why) == ("ask", True)


@pytest.mark.parametrize(("raw", "code"), [("no JSON", 0), ("{hf jobs run", 2), ("[1]", 0), ("", 0)])
def test_a_question_that_is_none(home: Program, raw: str, code: int) -> None:
    """It is blocked where it names a paid job, and nobody's business otherwise."""
    assert home.run("hook", stdin=raw).code == code


def test_a_policy_that_cannot_be_read_lets_nothing_through(home: Program) -> None:
    """The reason names it."""
    (home.home / "hfplanner.toml").write_text("[limits\n", encoding="utf-8")
    assert asked(home, "claude-code", CHEAP)[0] == "deny"
    assert asked(home, "claude-code", "ls")[0] == "silent"


@pytest.mark.parametrize("agent", AGENTS)
def test_installing_shows_first_and_keeps_what_is_there(home: Program, agent: str) -> None:
    """Without --yes nothing is written; with it the entry is added once, beside what the file had."""
    shown = home.run("hook", "install", "--agent", agent)
    (path,) = [Path(word.rstrip(";")) for word in shown.err.split() if word.rstrip(";").endswith(".json")]
    file = home.home / path
    assert (shown.code, file.exists()) == (0, False)
    file.parent.mkdir(parents=True)
    file.write_text('{"mine": 1, "hooks": {"other": [{"command": "x"}]}}', encoding="utf-8")
    for _ in range(2):
        assert home.run("hook", "install", "--agent", agent, "--yes").code == 0
    document = json.loads(file.read_text(encoding="utf-8"))
    assert (document["mine"], document["hooks"]["other"]) == (1, [{"command": "x"}])
    (event,) = (name for name in document["hooks"] if name != "other")
    assert json.dumps(document["hooks"][event]).count(f"hfplanner hook --agent {agent}") >= 1
    assert len(document["hooks"][event]) == 1
    file.write_text("// a comment\n{}", encoding="utf-8")
    assert home.run("hook", "install", "--agent", agent, "--yes").code == 2
    assert file.read_text(encoding="utf-8") == "// a comment\n{}"


def test_a_line_with_two_jobs_counts_both(tmp_path: Path) -> None:
    """Each is found."""
    assert len(jobs_of_line(f"{CHEAP} && {DEAR}", tmp_path).jobs) == 2
