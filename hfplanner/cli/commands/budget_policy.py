"""``hfplanner budget policy``."""

import json

from hfplanner.cli.command import Command
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.output import print_document
from hfplanner.cli.show.policy import policy_answer
from hfplanner.plan.arguments import find_arguments, flag
from hfplanner.plan.workspace import Workspace


def policy(*, policy: str | None, schema: bool) -> Answer:
    """Show the policy that holds here, with where each part is from, or say what is wrong with it.

    Yours, tightened by hfplanner.toml in this folder; --policy names another. --schema prints the JSON Schema of the
    file, for editors: `#:schema FILE` in its first line.
    """
    if schema:
        return _schema()
    with Workspace.from_environ(policy=policy) as workspace:
        return policy_answer(workspace.policy())


def _schema() -> Answer:
    from hfplanner.budget.policy_tables import policy_schema  # noqa: PLC0415 - pydantic, only where it is asked for

    document = policy_schema()
    text = json.dumps(document, indent=2) + "\n"
    return Answer(document=lambda: document, names=text.splitlines, people=lambda: print_document(text))


COMMAND = Command(
    call=policy,
    options=(
        *find_arguments("policy"),
        flag(
            name="schema",
            group="Output",
            help="Print the JSON Schema of the file.",
        ),
    ),
    names="the names of the budgets, one a line",
    examples=[
        "hfplanner budget policy",
        "hfplanner budget policy --policy team.toml --json",
        "hfplanner budget policy --schema",
    ],
)
