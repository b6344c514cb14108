"""``hook``: a coding agent asks before it runs a command, and is answered in its own JSON."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from hfplanner.specs.agent_hook import AGENTS, jobs_of_line
from hfplanner.specs.agent_settings import hook_entry
from tests.program import Program

POLICY = '[limits]\nmax_job_usd = "5.00"\n'
CHEAP = "hf jobs run --flavor l4x1 --timeout 1h python:3.12 python train.py"
DEAR = "hf jobs run --flavor a100-large --timeout 8h python:3.12 python train.py"
UNREAD = "for seed in 1 2 3; do hf jobs run --flavor l4x1 python:3.12 python $seed.py; done"
HEADER = '# /// script\n# [tool.hf-jobs]\n# flavor = "a100-large"\n# timeout = "8h"\n# ///\n'
# What each agent sends, as its documentation has it.
_COMMON = {"session_id": "s1", "transcript_path": "t.jsonl", "permission_mode": "default"}
QUESTIONS: dict[str, Any] = {
    # code.claude.com/docs/en/hooks
    "claude-code": lambda command: (
        _COMMON
        | {
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_input": {"command": command, "description": "Train", "timeout": 120000, "run_in_background": False},
            "tool_use_id": "toolu_01ABC",
        }
    ),
    # developers.openai.com/codex/hooks: as Claude Code, with the turn
    "codex": lambda command: (
        _COMMON
        | {
            "hook_event_name": "PreToolUse",
            "turn_id": "t-1",
            "model": "gpt-5",
            "tool_name": "Bash",
            "tool_use_id": "call-1",
            "tool_input": {"command": command},
        }
    ),
    # docs.github.com/copilot/reference/hooks-reference
    "copilot": lambda command: {
        "sessionId": "s1",
        "timestamp": 1704614600000,
        "toolName": "bash",
        "toolArgs": json.dumps({"command": command, "description": "Train"}),
    },
    # cursor.com/docs/hooks
    "cursor": lambda command: {
        "conversation_id": "s1",
        "generation_id": "g1",
        "hook_event_name": "beforeShellExecution",
        "cursor_version": "2.1.0",
        "workspace_roots": ["/project"],
        "command": command,
        "sandbox": False,
    },
    # geminicli.com/docs/hooks/reference
    "gemini": lambda command: {
        "session_id": "s1",
        "hook_event_name": "BeforeTool",
        "timestamp": "2026-09-09T12:00:00Z",
        "tool_name": "run_shell_command",
        "tool_input": {"command": command, "description": "Train"},
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
    if not done.out or json.loads(done.out) == {}:
        # An empty object for the two that read every answer as JSON, nothing for the others.
        assert bool(done.out) == (agent in {"cursor", "gemini"})
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
        "hf sandbox create --pool pool-ab12",
        "hf sandbox create --flavor $FLAVOR",
        "hf sandbox create --unheard-of",
        "hf sandbox create --idle-timeout soon",
        "hf sandbox pool create --max-hosts",
        "hf sandbox conjure",
        "hfplanner sweep --run --trials 8 img id",
        f"HFPLANNER_AGENT=other {CHEAP}",
        f"env -u CLAUDECODE {CHEAP}",
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


@pytest.mark.parametrize("agent", AGENTS)
def test_an_agent_is_told_by_the_shape_of_its_question(home: Program, agent: str) -> None:
    """Without --agent the answer is the same; Codex is never told "ask", which it takes for a yes."""
    for command in ("git status", "hf jobs ps", CHEAP, UNREAD):
        question = json.dumps(QUESTIONS[agent](command))
        named, told = home.run("hook", "--agent", agent, stdin=question), home.run("hook", stdin=question)
        assert (told.code, told.out, told.err) == (named.code, named.out, named.err)


@pytest.mark.parametrize("agent", AGENTS)
def test_what_was_installed_is_taken_out_again(home: Program, agent: str) -> None:
    """Also as an earlier version wrote it, and nothing else; a file that held nothing else is deleted."""
    entry = hook_entry(agent)
    file = home.home / entry.path
    assert "does not have the entry" in home.run("hook", "uninstall", "--agent", agent).err
    assert home.run("hook", "install", "--agent", agent, "--yes").code == 0
    assert home.run("hook", "uninstall", "--agent", agent).code == 0
    assert file.exists()
    assert home.run("hook", "uninstall", "--agent", agent, "--yes").code == 0
    assert not file.exists()
    older = {"command": f"/opt/bin/hfplanner hook --agent {agent}"}
    mine = {"mine": 1, "hooks": {entry.event: [{"command": "x"}]}}
    file.write_text(json.dumps({**mine, "hooks": {entry.event: [{"command": "x"}, older]}}), encoding="utf-8")
    assert home.run("hook", "install", "--agent", agent, "--yes").code == 0
    kept = json.loads(file.read_text(encoding="utf-8"))["hooks"][entry.event]
    assert kept == [{"command": "x"}, dict(entry.entry)]
    assert home.run("hook", "uninstall", "--agent", agent, "--yes").code == 0
    assert json.loads(file.read_text(encoding="utf-8")) == {**entry.more, **mine}


def test_a_line_with_two_jobs_counts_both(tmp_path: Path) -> None:
    """Each is found."""
    assert len(jobs_of_line(f"{CHEAP} && {DEAR}", tmp_path).jobs) == 2


def test_a_sandbox_is_priced_by_its_idle_timeout_and_by_its_longest_time(home: Program) -> None:
    """What passes five dollars only where it is used for a day is for a person to allow."""
    said, why = asked(home, "claude-code", "hf sandbox create python:3.12 --idle-timeout=30m")
    assert (said, "It costs $0.01" in why) == ("allow", True)
    # Half an hour of $1.00, and a day of it.
    said, why = asked(home, "claude-code", "hf sandbox create --flavor a10g-small --idle-timeout 30m -l team=nlp")
    assert (said, "$0.51 at worst" in why, "for up to 24 h" in why, "$24.24" in why) == ("ask", True, True, True)
    assert asked(home, "claude-code", "hf sandbox pool create --flavor h200x8")[0] == "deny"
    for free in ("exec abc -- hf version", "ls", "kill --all", "pool ls", "cp a abc:/b", "create --help"):
        assert asked(home, "claude-code", f"hf sandbox {free}")[0] == "silent"


AGENTS_POLICY = """
[[agent]]
name = "claude-code"
max_usd_per_session = "2.00"
approve_above_usd = "1.00"
"""


def test_an_agent_is_held_to_its_own_limits(home: Program) -> None:
    """Within them allowed; above the threshold a person is asked, save where `run` asks for the code itself."""
    (home.home / "hfplanner.toml").write_text(AGENTS_POLICY, encoding="utf-8")
    hours = CHEAP.replace("1h", "2h")
    assert asked(home, "claude-code", CHEAP)[0] == "allow"
    said, why = asked(home, "claude-code", hours)
    assert (said, "approve_above_usd" in why) == ("ask", True)
    said, why = asked(home, "claude-code", hours.replace("hf jobs", "hfplanner"))
    assert (said, "gives the code" in why) == ("allow", True)
    said, why = asked(home, "claude-code", CHEAP.replace("1h", "3h"))
    assert (said, "this session" in why) == ("deny", True)
    # Each fits the session, and both together do not.
    assert asked(home, "claude-code", f"{CHEAP} && {CHEAP} && {CHEAP}")[0] == "deny"
    said, why = asked(home, "cursor", CHEAP)
    assert (said, "names no" in why) == ("ask", True)
    assert asked(home, "codex", CHEAP)[0] == "deny"


def test_a_question_too_long_to_be_read_is_not_let_through(home: Program) -> None:
    """A job may stand behind what is read."""
    long = json.dumps(QUESTIONS["claude-code"]("echo " + "x" * 2**20 + f"; {CHEAP}"))
    assert home.run("hook", stdin=long).code == 2


@pytest.mark.process
@pytest.mark.parametrize(
    ("command", "is_read"),
    [("git status", False), ('h"f" jobs run img id', True), ("h\\\nf jobs run img id", True), ("hf jobs ps", True)],
)
def test_what_is_answered_before_anything_is_loaded_names_no_job(home: Program, command: str, *, is_read: bool) -> None:
    """The letters of a name are looked for however they are quoted; only without them nothing else is loaded."""
    done = home.run_command([sys.executable, "-c", _LOADED, "hook", "--agent", "claude-code"], stdin=_asks(command))
    code, *loaded = done.err.split()
    assert (code, "hfplanner.specs.agent_hook" in loaded) == ("0", is_read)


@pytest.mark.process
def test_a_job_that_names_its_flavor_is_priced_with_little_loaded(home: Program) -> None:
    """An agent waits: neither click, nor models of data, nor what chooses flavors is needed for an answer."""
    done = home.run_command([sys.executable, "-c", _LOADED, "hook", "--agent", "claude-code"], stdin=_asks(CHEAP))
    assert json.loads(done.out)["hookSpecificOutput"]["permissionDecision"] == "allow"
    heavy = {"click", "pydantic", "polars", "httpx", "rich", "numpy", "huggingface_hub", "hfplanner.recommend"}
    assert not heavy & set(done.err.split())


@pytest.mark.process
def test_an_answer_that_cannot_be_written_blocks(home: Program) -> None:
    """No answer at all would leave the job to the agent's own rules."""
    command = ["sh", "-c", 'exec "$0" -m hfplanner hook --agent cursor > /dev/full', sys.executable]
    assert home.run_command(command, stdin=json.dumps(QUESTIONS["cursor"](CHEAP))).code == 2


@pytest.mark.process
def test_an_agent_that_is_not_known_is_a_usage_error(home: Program) -> None:
    """Also where the question names a paid job: exit code 2 blocks, and the sentence says what is accepted."""
    done = home.run_command([sys.executable, "-m", "hfplanner", "hook", "--agent", "hal"], stdin=_asks(CHEAP))
    assert (done.code, "claude-code" in done.err) == (2, True)


# As the console script starts, and then what it loaded.
_LOADED = (
    "import sys; from hfplanner.cli import _run; code = _run(sys.argv[1:])\nprint(code, *sys.modules, file=sys.stderr)"
)


def _asks(command: str) -> str:
    return json.dumps(QUESTIONS["claude-code"](command))


def test_a_group_is_priced_by_its_file(home: Program) -> None:
    """All its jobs together; the others of the file are not of it; a file that cannot be read is for a person."""
    job = '[jobs.{}]\nimage = "i"\ncommand = "id"\nflavor = "l4x1"\ntimeout = "{}"\n{}'
    grouped = 'network_group = "g"\n'
    text = job.format("a", "2h", grouped) + job.format("b", "1h", grouped) + job.format("alone", "20h", "")
    (home.home / "jobs.toml").write_text(text, encoding="utf-8")
    said, why = asked(home, "claude-code", "hfplanner group run jobs.toml --yes")
    assert (said, "$2.40 at worst" in why) == ("allow", True)
    (home.home / "jobs.toml").write_text(text.replace("2h", "7h"), encoding="utf-8")
    assert asked(home, "claude-code", "hf planner group run --key k jobs.toml")[0] == "deny"
    assert asked(home, "claude-code", "hfplanner group run gone.toml")[0] == "ask"
    assert asked(home, "claude-code", "hfplanner group run --dry-run jobs.toml")[0] == "silent"


@pytest.mark.parametrize("agent", AGENTS)
def test_try_says_what_that_agent_is_told(program: Program, agent: str) -> None:
    """Codex and Gemini know no question: what is asked of a person elsewhere is denied there, and said so."""
    out = program.run("hook", "try", "--agent", agent).out
    asked = [line for line in out.splitlines() if line.startswith("  ask: ")]
    denied = f"  deny, as {agent} cannot ask a person: "
    assert bool(asked) is (agent not in {"codex", "gemini"})
    assert (denied in out) is (not asked)
