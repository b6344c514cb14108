"""What was run and what it cost, and what is left of the limits."""

from dataclasses import replace

from hfplanner.front.answers.history import Budgets, Reported, Synced
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import REPORT, SYNC, find_arguments

__all__ = ["budgets", "report", "sync"]


@asks(*SYNC, *find_arguments("token", "offline"))
def sync(given: Given) -> Synced:
    """Bring the local history up to date with the Hub: the jobs of namespaces, and the bill of the current period.

    What was read is kept whatever happens then; where not all was read, the next sync goes on there.
    """
    from hfplanner.plan.syncing import sync_jobs  # noqa: PLC0415 - each function loads what it needs

    with given.open_workspace() as workspace:
        return Synced(sync_jobs(workspace, given["namespace"] or (), full=given["full"], logs=given["logs"]))


@asks(*REPORT, *find_arguments("offline"))
def report(given: Given) -> Reported:
    """Return what the jobs of the local history cost, by what, and what of it was wasted.

    A cost is exact, or lies between two bounds; what has no known price is counted apart, never as zero.
    """
    from hfplanner.plan.reporting import AskedReport, report_history  # noqa: PLC0415 - as above

    asked = given.pack(AskedReport)
    with given.open_workspace() as workspace:
        spec = replace(asked, by=asked.by or ("flavor",)).spec(workspace.now())
        return Reported(report_history(spec, workspace))


@asks(*find_arguments("namespace", "policy", "ledger", "token", "offline"))
def budgets(given: Given) -> Budgets:
    """Return the limits, what is spent and held in the present period, and what is left."""
    from hfplanner.plan.budgets import overview_budgets  # noqa: PLC0415 - as above

    with given.open_workspace() as workspace:
        return Budgets(overview_budgets(workspace, given["namespace"]))
