"""The local history brought up to date with the Hub."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfplanner.errors import HubUnreachable, Outcome, TokenError
from hfplanner.plan.workspace import Workspace

if TYPE_CHECKING:
    from hfplanner.history.sync_result import Sync
    from hfplanner.history.sync_walk import Watch

__all__ = ["sync_jobs"]


def sync_jobs(
    workspace: Workspace,
    namespaces: Sequence[str] = (),
    *,
    full: bool = False,
    logs: bool = False,
    watch: "Watch | None" = None,
) -> "Sync":
    """Bring the history up to date: the jobs of namespaces, and the bill of the current period.

    Args:
        workspace: where the history and the Hub are.
        namespaces: whose jobs; by default those of the token's user.
        full: read everything again, not only what can have changed.
        logs: read how far the newest runs were that timed out, too.
        watch: is told how far it is.

    Raises:
        HubUnreachable: offline.
        TokenError: there is no token.
        HistoryError: the history cannot be written.
    """
    from hfplanner.history.sync import SyncRequest, sync_history  # noqa: PLC0415 - polars

    if workspace.offline:
        raise HubUnreachable(
            "A sync asks the Hub, and the program is told to stay offline.",
            hint="Leave out --offline and HF_HUB_OFFLINE, or take jobs from a file: `hfplanner import`.",
            outcome=Outcome.NOT_SENT,
        )
    hub = workspace.hub()
    if hub is None:
        raise TokenError("A sync needs a token, and there is none.", hint="Run `hf auth login`, or set HF_TOKEN.")
    request = SyncRequest(namespaces=tuple(namespaces), full=full)
    done = sync_history(hub, workspace.history(), request, clock=workspace.now, watch=watch)
    if not logs or done.interrupted:
        return done
    from hfplanner.plan.log_sync import sync_logs  # noqa: PLC0415 - polars

    return replace(done, logs=sync_logs(hub, workspace))
