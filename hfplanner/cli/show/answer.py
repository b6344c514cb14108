"""What a command found, and the one place where it is shown in the format asked for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hfplanner.cli.show.output import hint, note, print_document, print_error, print_json, print_lines, print_tsv, warn
from hfplanner.errors import HfplannerError, UsageError

__all__ = ["FORMATS", "Answer", "Remark", "choose_format", "show"]

FORMATS = ("auto", "human", "agent", "json", "quiet")
"""The formats of every command, as ``hf`` names them."""

# The variables by which agent harnesses announce themselves to any program.
_AGENT_VARIABLES = ("AI_AGENT", "AGENT")


class Remark(NamedTuple):
    """A sentence on stderr, beside an answer.

    Args:
        kind: how it is said.
        text: the sentence.
    """

    kind: Literal["note", "warning", "hint", "error"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command found, with what each format shows of it; only what is shown is computed.

    Args:
        document: what ``--json`` prints.
        names: what ``--quiet`` prints, a line each.
        columns: the header of the table for agents.
        rows: its rows, by column; what a row lacks is empty.
        people: prints it for people.
        documents: other formats of this command, each a text.
        code: the exit code.
        remarks: what else to say.
        against: reasons that people read in the answer itself, said to programs on stderr.
        error: why the answer is none, beside it.
    """

    document: Callable[[], object]
    names: Callable[[], Iterable[str]]
    columns: Sequence[str] = ()
    rows: Callable[[], Iterable[Mapping[str, object]]] = tuple
    people: Callable[[], None]
    documents: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    code: int = 0
    remarks: Sequence[Remark] = ()
    against: Sequence[Remark] = ()
    error: HfplannerError | None = None


def choose_format(chosen: str, *, json: bool, quiet: bool, environ: Mapping[str, str]) -> str:
    """Return the one format that was asked for.

    Args:
        chosen: the value of ``--format``.
        json: whether ``--json`` was given.
        quiet: whether ``--quiet`` was.
        environ: the environment.

    Raises:
        UsageError: two different ones were.

    >>> choose_format("auto", json=True, quiet=False, environ={})
    'json'
    """
    asked = {*([chosen] if chosen != "auto" else []), *(["json"] if json else []), *(["quiet"] if quiet else [])}
    if len(asked) > 1:
        names = " and ".join(sorted(asked))
        raise UsageError(f"Two formats are asked for: {names}.", hint="Use one of --format, --json and --quiet.")
    if asked:
        return asked.pop()
    return "agent" if any(environ.get(variable) for variable in _AGENT_VARIABLES) else "human"


def show(answer: Answer, shown: str) -> int:
    """Show an answer in a format of :data:`FORMATS`, or one of its own documents, and return its exit code.

    Raises:
        UsageError: the command has such a document, but not of this answer.
    """
    match shown:
        case "json":
            print_json(answer.document())
        case "quiet":
            print_lines(answer.names())
        case "agent" if answer.columns:
            print_tsv(answer.columns, ([row.get(name) for name in answer.columns] for row in answer.rows()))
        case "human":
            answer.people()
        case "agent" if shown not in answer.documents:
            pass
        case _ if shown not in answer.documents:
            raise UsageError(
                f"--format {shown} shows another question of this command, not this one.",
                hint="Use human, agent, json or quiet; `--help` says what each is.",
            )
        case _:
            print_document(answer.documents[shown]())
    for remark in (*answer.remarks, *(answer.against if shown != "human" else ())):
        _SAY[remark.kind](remark.text)
    if answer.error is not None:
        print_error(answer.error, json=False)
    return answer.code


def _say_error(text: str) -> None:
    note(f"Error: {text}")


_SAY: Mapping[str, Callable[[str], None]] = {"note": note, "warning": warn, "hint": hint, "error": _say_error}
