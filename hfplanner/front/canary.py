"""A run that measures first, from Python: nobody is asked, and it returns when the job was sent."""

from typing import TYPE_CHECKING

from hfplanner.front.answers.jobs import Planned, Sent
from hfplanner.plan.canary import NotMeasured, choose_canary, plan_with_canary
from hfplanner.plan.canary_run import CanaryRun, known_canary
from hfplanner.plan.sending import bring_up_to_date, sent_before

if TYPE_CHECKING:
    from hfplanner.plan.job_plan import KnownRequest
    from hfplanner.plan.workspace import Workspace

__all__ = ["plan_measured", "send_measured"]


def plan_measured(asked: "KnownRequest", key: str | None, workspace: "Workspace") -> Sent | Planned:
    """Return what would be sent with its canary, or what became of a key that was used."""
    sent = sent_before(asked, key, workspace)
    if sent is not None:
        return Sent(sent, dry_run=True, canary=known_canary(key, workspace))
    listing = workspace.listing()
    chosen = choose_canary(asked, listing)
    if isinstance(chosen, NotMeasured):
        return Planned(asked.plan(workspace, listing), canary=chosen)
    both = plan_with_canary(asked, chosen, workspace, listing)
    return Planned(both.run, canary=both)


def send_measured(
    asked: "KnownRequest", key: str | None, workspace: "Workspace", *, plans_anew: bool = False
) -> "tuple[Sent, KnownRequest] | NotMeasured":
    """Measure a job and send it; go on where that was interrupted. Where nothing is to be measured nothing is sent.

    Args:
        asked: the job.
        key: the user's own, to make a retry safe.
        workspace: where both are sent from.
        plans_anew: whether the job may have to be planned again, for another flavor: it comes as it was measured.

    Raises:
        BudgetError: both together may not run, or the job may not as it was measured.
        NothingFits: as it was measured, no flavor meets the needs.
        CanaryFailed: the canary told nothing.
        SubmissionUnknown: the canary or the job was sent, and nobody knows whether it exists.
    """
    now = bring_up_to_date(workspace, workspace.listing())
    sent = sent_before(asked, key, workspace)
    if sent is not None:
        job = asked
        if plans_anew:
            job = CanaryRun(asked, key, now.books, workspace).measured_before(workspace.listing())
        return Sent(sent, now.warnings, canary=known_canary(key, workspace)), job
    canary = CanaryRun(asked, key, now.books, workspace)
    begun = canary.begun()
    if begun is None:
        both = canary.plan(workspace.listing())
        if isinstance(both, NotMeasured):
            return both
        begun = canary.send(both)
    ended = canary.follow(begun)
    sender, plan = canary.job_after(ended, workspace.listing())
    submitted = sender.send(plan)
    warnings = (*now.warnings, *begun.warnings, *ended.warnings, *plan.warnings, *submitted.warnings)
    return Sent(submitted, warnings, canary=ended.to_json()), canary.measured(ended, workspace.listing())
