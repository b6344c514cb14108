"""``hfplanner hook``."""

import sys
from pathlib import Path

from hfplanner.cli.command import Command
from hfplanner.cli.hook_answer import Asked, answer_question, decide
from hfplanner.cli.options.build import Positional
from hfplanner.cli.quick_hook import read_whole
from hfplanner.cli.show.output import note
from hfplanner.errors import UsageError, did_you_mean, quoted
from hfplanner.plan.arguments import Argument, find_arguments, flag
from hfplanner.specs.agent_hook import AGENTS, ASK_NOBODY, names_gate

_ACTIONS = ("install", "uninstall", "try")
_SAMPLES = (
    "git status && pytest -q",
    "hf jobs ps -a",
    "hf jobs run --flavor cpu-basic --timeout 10m python:3.12 python -V",
    "hf jobs run --flavor h200x8 --timeout 24h python:3.12 python train.py",
    "for i in 1 2 3; do hf jobs run python:3.12 python $i.py; done",
    "hf jobs run --flavor $FLAVOR python:3.12 python train.py",
    "hf sandbox create --flavor a10g-small --idle-timeout 30m",
    "hfplanner run --flavor a100-large --timeout 4h python:3.12 python train.py",
    "hfplanner approve 1a2b3c4d",
)


def hook(
    *,
    action: str | None,
    agent: str | None,
    yes: bool,
    policy: str | None,
    ledger: str | None,
    shown: str,  # noqa: ARG001 - an agent's own JSON is the only format
) -> int:
    """Answer a coding agent that is about to run a shell command: may it, given what its jobs cost.

    Reads the agent's JSON on standard input and answers in the agent's own: a command that names no paid job gets no
    answer, so the agent's own rules hold. Jobs are priced under the policy, offline unless a budget depends on who
    pays: what a budget refuses is denied; what cannot be read or priced, and what no policy limits, is asked of a
    person, or denied where the agent knows no question (Codex, Gemini). The agent is held to its [[agent]] of the
    policy. A job that is hidden in a program or a variable
    is not seen: `sync` still counts it. `hook install --agent NAME` shows the entry for the agent's settings in this
    folder and, with --yes, writes it; `hook uninstall` takes it out again. `hook try` shows what is answered to a few
    commands.
    """
    if action is None:
        return answer_question(read_whole(), agent, policy, ledger)
    if action not in _ACTIONS:
        hint = f"{did_you_mean(action, _ACTIONS)}Without an action it answers an agent."
        raise UsageError(f"{quoted(action)} is no action of hook.", hint=hint)
    return _try(agent, policy, ledger) if action == "try" else _settle(agent, yes=yes, installs=action == "install")


def _settle(agent: str | None, *, yes: bool, installs: bool) -> int:
    """Put the entry of an agent into its settings, or take it out; without ``yes`` it is only shown."""
    from hfplanner.specs.agent_settings import hook_entry, with_entry, without_entry  # noqa: PLC0415 - as above

    if agent is None:
        raise UsageError("Which agent is it?", hint=f"Accepted: --agent {', --agent '.join(AGENTS)}.")
    entry = hook_entry(agent)
    text = entry.path.read_text(encoding="utf-8") if entry.path.is_file() else None
    wanted = with_entry(text, entry) if installs else without_entry(text, entry)
    if wanted is None:
        note(f"{entry.path} has the entry already." if installs else f"{entry.path} does not have the entry.")
        return 0
    sys.stdout.write(wanted)
    if not yes:
        note(f"This would be {entry.path}; --yes writes it." if wanted else f"--yes deletes {entry.path}.")
        return 0
    if not wanted:
        entry.path.unlink()
        note(f"{entry.path} had nothing else in it, and is deleted.")
        return 0
    from hfplanner.files import write_output  # noqa: PLC0415 - as above

    entry.path.parent.mkdir(parents=True, exist_ok=True)
    write_output(entry.path, wanted.encode())
    note(f"Written to {entry.path}.")
    return 0


def _try(agent: str | None, policy: str | None, ledger: str | None) -> int:
    for command in _SAMPLES:
        asked = Asked(command, Path.cwd(), agent or "")
        decided = decide(asked, policy, ledger) if names_gate(command) else None
        said = "no answer: it starts no paid job"
        if decided is not None:
            asks_nobody = decided.permission == "ask" and agent in ASK_NOBODY
            permission = f"deny, as {agent} cannot ask a person" if asks_nobody else decided.permission
            said = f"{permission}: {decided.reason}"
        sys.stdout.write(f"{command}\n  {said}\n")
    return 0


COMMAND = Command(
    call=hook,
    acts=True,
    positionals=(
        Positional(
            name="action",
            metavar="[install|uninstall|try]",
            is_required=False,
            help="Without one it answers an agent's question.",
        ),
    ),
    options=(
        Argument(
            name="agent",
            group="Options",
            metavar="NAME",
            choices=tuple(AGENTS),
            help=f"Whose question it is: {', '.join(AGENTS)}; told by its shape where it can be.",
        ),
        flag(
            name="yes",
            short="-y",
            group="Options",
            help="Write what `install` or `uninstall` shows.",
        ),
        *find_arguments("policy", "ledger"),
    ),
    names="as ever: the answer is the agent's own JSON",
    examples=[
        "hfplanner hook install --agent claude-code",
        "hfplanner hook uninstall --agent claude-code --yes",
        "hfplanner hook try",
    ],
)
