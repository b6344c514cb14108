"""``hfplanner sync``."""

import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.api.settings import read_hub_settings
from hfplanner.cli import INTERRUPTED
from hfplanner.cli.command import Command
from hfplanner.cli.listing import now_utc
from hfplanner.cli.options.common import NAMESPACES
from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.synced import synced_answer
from hfplanner.errors import HubUnreachable, Outcome, TokenError
from hfplanner.plan.arguments import Argument, find_arguments
from hfplanner.plan.readers import read_flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfplanner.api.auth import Token
    from hfplanner.history.sync_walk import Watch


def sync(*, namespace: list[str] | None, full: bool, token: str | None, offline: bool) -> Answer:
    """Bring the local history up to date with the Hub: the jobs of namespaces, and the bill of the current period.

    After the first time only what can have changed is read. What was read is kept whatever happens then; exit code 6
    means that not all was read, and the next sync goes on there. Labels that were changed after a job had ended are
    seen by --full.
    """
    from hfplanner.api.client import JobsClient  # noqa: PLC0415 - httpx, not for a help text
    from hfplanner.history.store import HistoryStore, default_history_folder  # noqa: PLC0415 - polars
    from hfplanner.history.sync import SyncRequest, sync_history  # noqa: PLC0415 - the same

    settings = read_hub_settings(os.environ)
    if offline or settings.offline:
        raise HubUnreachable(
            "A sync asks the Hub, and the program is told to stay offline.",
            hint="Leave out --offline and HF_HUB_OFFLINE, or take jobs from a file: `hfplanner import`.",
            outcome=Outcome.NOT_SENT,
        )
    store = HistoryStore(default_history_folder(os.environ))
    request = SyncRequest(namespaces=tuple(namespace or ()), full=full)
    with JobsClient(settings.endpoint, token=_token(token)) as client, _progress() as watch:
        done = sync_history(client, store, request, clock=now_utc, watch=watch)
    answer = synced_answer(done)
    return replace(answer, code=INTERRUPTED) if done.interrupted else answer


def _token(given: str | None) -> "Token":
    from hfplanner.api.auth import Token, find_token  # noqa: PLC0415 - httpx

    token = find_token() if given is None else Token(given.strip())
    if token is None:
        raise TokenError("A sync needs a token, and there is none.", hint="Run `hf auth login`, or set HF_TOKEN.")
    return token


@contextmanager
def _progress() -> "Iterator[Watch | None]":
    if not sys.stderr.isatty():
        yield None
        return
    from hfplanner.cli.show.sync_progress import progress_bar  # noqa: PLC0415 - rich, for people only

    with progress_bar() as watch:
        yield watch


COMMAND = Command(
    call=sync,
    options=(
        replace(NAMESPACES, help="Whose jobs; repeatable.", shown_default="the token's user"),
        Argument(
            name="full",
            group="Options",
            read=read_flag,
            is_flag=True,
            default=False,
            help="Read everything again, not only what can have changed.",
        ),
        *find_arguments("token"),
        replace(*find_arguments("offline"), help="Refuse to ask the Hub. HF_HUB_OFFLINE=1 does too."),
    ),
    names="the number of jobs that are new or were updated",
    examples=[
        "hfplanner sync",
        "hfplanner sync --namespace acme --namespace ada",
        "hfplanner sync --full --json",
        "hfplanner sync && hfplanner report --since 30d",
    ],
)
