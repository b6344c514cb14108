"""``hfplanner check``: what one job, or every job in files, costs at worst, and whether it may run."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfplanner.cli.commands.budget_check import COMMAND as BUDGET_CHECK
from hfplanner.cli.commands.budget_check import check as check_one
from hfplanner.cli.options.build import Positional
from hfplanner.cli.options.submission import taken_workspace
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.check import blocked_answer
from hfplanner.cli.show.output import print_document
from hfplanner.errors import BudgetError, HistoryError, UsageError
from hfplanner.plan.arguments import FILES, JOB, LIMITS, MODEL, NEEDS, TIME, as_option, flag
from hfplanner.plan.spec_paths import is_spec_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OF_A_JOB = {argument.name: argument for argument in (*JOB, *NEEDS, *MODEL, *TIME, *LIMITS)}


def check(
    *,
    image: str | None,
    command: "Sequence[str]",
    compare: str | None,
    max_increase: Decimal | None,
    allow_unchecked: bool,
    schema: bool,
    **given: Any,  # noqa: ANN401 - the options of a job
) -> Answer:
    """Say what one job, or every job in files and folders, costs at worst, and whether it may run. Nothing is sent.

    A PATH is a script with [tool.hf-jobs] in its header, a JSON job, a .toml or .yaml file with jobs, a workflow that
    calls `hf jobs`, or a folder of these. Without PATH the job is said with the options of `run`, as in
    `hfplanner budget check`. What may start a job and cannot be priced is listed, is never free, and blocks unless
    --allow-unchecked is given. --namespace says who pays for jobs of files that do not say it.

    Exit code 0: it may. 3: a limit refuses it, something that decides is not known, or --max-increase is broken.
    """
    if schema:
        return _schema()
    if image is None or not is_spec_path(image):
        _refuse(compare=compare, max_increase=max_increase)
        return check_one(image=image, command=command, **given)
    namespace = given.pop("namespace", None)
    typed = [name for name, value in given.items() if name in _OF_A_JOB and value != _OF_A_JOB[name].default]
    if typed:
        raise UsageError(f"{as_option(typed[0])} is for a job that is typed; {image} says it itself.")
    asked = {"compare": compare, "max_increase": max_increase, "allow_unchecked": allow_unchecked}
    asked |= {"namespace": namespace}
    try:
        return _files([Path(path) for path in (image, *command)], asked, given)
    except (BudgetError, HistoryError) as error:
        return _blocked(error)


def _blocked(error: "BudgetError | HistoryError") -> Answer:
    """Return that nothing could be decided, also as the comment."""
    from hfplanner.cli.show.specs import undecided_markdown  # noqa: PLC0415 - pydantic and more, for those with files

    return replace(blocked_answer(error), documents={"markdown": lambda: undecided_markdown(error)})


def _files(paths: "list[Path]", asked: "Mapping[str, Any]", given: "Mapping[str, Any]") -> Answer:
    from hfplanner.cli.show.specs import specs_answer  # noqa: PLC0415 - pydantic and more, for those who have files
    from hfplanner.plan.spec_paths import check_files  # noqa: PLC0415 - as above

    with taken_workspace(dict(given)) as workspace:
        return specs_answer(check_files(paths, workspace, **asked))


def _refuse(**given: object) -> None:
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{as_option(name)} is for jobs in files.", hint="For example: hfplanner check jobs.toml")


def _schema() -> Answer:
    from hfplanner.specs.jobs_file import jobs_file_schema  # noqa: PLC0415 - pydantic, only where it is asked for

    document = jobs_file_schema()
    text = json.dumps(document, indent=2) + "\n"
    return Answer(document=lambda: document, names=text.splitlines, people=lambda: print_document(text))


COMMAND = replace(
    BUDGET_CHECK,
    call=check,
    positionals=(
        Positional(
            name="image", metavar="[PATH|IMAGE]", is_required=False, help="Files and folders of jobs, or one image."
        ),
        Positional(
            name="command",
            metavar="[PATH|COMMAND]...",
            is_required=False,
            takes_rest=True,
            help="More files and folders; after an image what it runs.",
        ),
    ),
    options=(
        *BUDGET_CHECK.options,
        *FILES,
        flag(
            name="schema",
            group="Output",
            help="Print the JSON Schema of a file of jobs.",
        ),
    ),
    documents=("markdown",),
    documents_help="markdown is one comment for a pull request.",
    takes_options_after=is_spec_path,
    examples=[
        "hfplanner check train.py",
        "hfplanner check . --compare origin/main --max-increase 10%",
        "hfplanner check jobs.toml --format markdown",
        *(line.replace("budget check", "check") for line in BUDGET_CHECK.examples[:2]),
    ],
)
