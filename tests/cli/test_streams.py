"""Who reads the program: people, agents, shells, full disks, and nobody."""

import json
import sys
from dataclasses import replace

import pytest

from tests.program import Program

PROGRAM = f'"{sys.executable}" -m hfplanner'
COMMANDS = (
    "hardware",
    "hardware --json",
    "recommend --vram 40GB",
    "recommend --vram 40GB --json",
    "--help",
    "--version",
)


@pytest.mark.parametrize("variable", ["AI_AGENT", "AGENT"])
def test_an_agent_gets_the_format_for_agents(variable: str, program: Program) -> None:
    """A harness that announces itself gets tab-separated lines, unless a format is asked for."""
    agent = replace(program, environ=((variable, "some-harness"),))
    shown = agent.run("recommend", "--vram", "40GB")
    assert shown.out == program.run("recommend", "--vram", "40GB", "--format", "agent").out
    assert shown.out.startswith("rank\tflavor\t")
    assert agent.run("recommend", "--vram", "40GB", "--format", "human").out.startswith("l40sx1: $1.80 an hour")


@pytest.mark.process
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("hfplanner rec", ["recommend"]),
        ("hfplanner recommend --v", ["--vram", "--vocab", "--vllm-sleep"]),
        ("hfplanner run --flavor h200x", ["h200x2", "h200x4", "h200x8"]),
        ("hfplanner estimate memory --model qwen/qwen3-8", ["Qwen/Qwen3-8B", "Qwen/Qwen3-8B-Base"]),
        ("hfplanner recommend --accelerator A1", ["A100", "A10G"]),
        ("hfplanner recommend --objective ", ["cost", "time"]),
        ("hfplanner hardware --format j", ["json"]),
    ],
)
def test_the_shell_completes_commands_options_and_values(typed: str, offered: list[str], program: Program) -> None:
    """What bash asks for after a press of Tab."""
    words = typed.split()
    variables = {
        "_HFPLANNER_COMPLETE": "bash_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - (0 if typed.endswith(" ") else 1)),
    }
    done = replace(program, environ=tuple(variables.items())).run_command(["bash", "-c", _as_program("hfplanner")])
    assert done.out.split() == [f"plain,{word}" for word in offered]


@pytest.mark.parametrize(("shell", "file"), [("bash", ".bashrc"), ("zsh", ".zshrc")])
def test_completion_is_installed_once(shell: str, file: str, program: Program) -> None:
    """One line in the file the shell starts with, however often; what was there stays."""
    (program.home / file).write_text("alias hf=hf", encoding="utf-8")
    at_home = replace(program, environ=(("SHELL", f"/bin/{shell}"), ("HOME", str(program.home))))
    for _ in range(2):
        assert at_home.run("--install-completion").code == 0
    line = f'eval "$(_HFPLANNER_COMPLETE={shell}_source hfplanner)"'
    assert (program.home / file).read_text(encoding="utf-8") == f"alias hf=hf\n{line}\n"


def test_fish_reads_a_file_of_its_own(program: Program) -> None:
    """What is printed is what is installed."""
    at_home = replace(program, environ=(("SHELL", "/usr/bin/fish"), ("HOME", str(program.home))))
    assert at_home.run("--install-completion").code == 0
    installed = (program.home / ".config" / "fish" / "completions" / "hfplanner.fish").read_text(encoding="utf-8")
    assert at_home.run("--show-completion").out.strip() == installed.strip()


def test_a_shell_that_nobody_completes_is_said(program: Program) -> None:
    """One sentence, exit code 2."""
    done = replace(program, environ=(("SHELL", "/bin/tcsh"),)).run("--show-completion")
    assert done.code == 2
    assert done.err.startswith("Error: 'tcsh' is a shell that cannot be completed.")


def _as_program(name: str) -> str:
    """Run the program under a name: completion variables are called by it."""
    code = f"import sys; sys.argv[0] = '{name}'; from hfplanner.cli import main; main()"
    return f'"{sys.executable}" -c "{code}"'


@pytest.mark.process
@pytest.mark.parametrize("line", COMMANDS)
def test_a_full_disk_is_one_sentence(line: str, program: Program) -> None:
    """Exit code 1 and no traceback where stdout cannot be written."""
    done = program.run_command(["bash", "-c", f"{PROGRAM} {line} >/dev/full"])
    assert (done.code, done.err) == (1, "Error: The answer could not be written (No space left on device).\n")


@pytest.mark.process
@pytest.mark.parametrize("line", COMMANDS)
def test_a_closed_stdout_is_nobody_listening(line: str, program: Program) -> None:
    """``>&-`` leaves no traceback and no error."""
    done = program.run_command(["bash", "-c", f"{PROGRAM} {line} >&-"])
    assert (done.code, done.err) == (0, "")


@pytest.mark.process
@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2>/dev/null"])
@pytest.mark.parametrize(("line", "code"), [("--vram 999GB", 4), ("--vram soon", 2), ("--vram 40GB", 0)])
def test_what_cannot_be_said_on_stderr_is_not_said_on_stdout(
    stderr: str, line: str, code: int, program: Program
) -> None:
    """Stdout stays one JSON document, and the exit code says what happened."""
    done = program.run_command(["bash", "-c", f"{PROGRAM} recommend {line} --json {stderr}"])
    assert done.code == code
    assert isinstance(json.loads(done.out), dict)


@pytest.mark.parametrize(
    "environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LANG": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}]
)
def test_a_poor_terminal_gets_the_same_words(environ: dict[str, str], program: Program) -> None:
    """No colour, no cursor, no Unicode: the figures are the same."""
    done = replace(program, environ=tuple(environ.items())).run("recommend", "--vram", "40GB")
    assert done.code == 0
    assert done.out == program.run("recommend", "--vram", "40GB").out
    assert "\x1b" not in done.out
