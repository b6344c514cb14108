"""Which flavor: every flavor of a listing, for what is asked and known of a job."""

import shlex
from collections.abc import Collection
from dataclasses import replace

from hfplanner.catalog.listing import Listing
from hfplanner.plan.asked import JobNeeds
from hfplanner.plan.durations import durations_of
from hfplanner.plan.inputs import inputs_of_request
from hfplanner.plan.known import KnownJob, know_job
from hfplanner.plan.memory import memory_on
from hfplanner.plan.nearest import known_with
from hfplanner.plan.workspace import Workspace
from hfplanner.recommend.choose import recommend
from hfplanner.recommend.estimates import Estimates
from hfplanner.recommend.result import Recommendation

__all__ = ["estimates_on", "recommend_for", "recommend_known", "with_inputs"]


def recommend_for(
    needs: JobNeeds, workspace: Workspace, listing: Listing | None = None, *, refresh: bool = False
) -> Recommendation:
    """Return every flavor, ranked where it meets the needs and with its reasons where it does not.

    Args:
        needs: what is asked.
        workspace: where prices, models and history are.
        listing: what can be rented; by default that of the workspace, loaded after the needs were understood.
        refresh: ask for that one now, even where a kept one is fresh.

    Raises:
        UsageError: what was asked contradicts itself, or names what there is not.
        ModelError: the model cannot be had, or read.
        HistoryError: the history cannot be read.
        NoSuchJobs: it has no job like the one named.

    >>> from hfplanner.plan.asked import AskedMachine
    >>> needs = JobNeeds(machine=AskedMachine(vram=40 * 10**9))
    >>> recommend_for(needs, Workspace(offline=True)).options[0].flavor.name
    'l40sx1'
    """
    known = know_job(needs, workspace)
    return recommend_known(known, listing or workspace.listing(refresh=refresh))


def recommend_known(known: KnownJob, listing: Listing, *, with_max_cost: bool = True) -> Recommendation:
    """Return every flavor of a listing for a job of which is known what can be.

    Args:
        known: the job.
        listing: what can be rented.
        with_max_cost: whether the money for the job is compared with its likely cost.

    Raises:
        UsageError: an accelerator that no flavor has, or a limit on what nothing is known about.
        NoSuchJobs: no job like the one named ran to its end.
    """
    answer = _as_asked(known, listing, with_max_cost=with_max_cost)
    return answer if answer.options else _with_nearest(answer, known, with_max_cost=with_max_cost)


def _as_asked(known: KnownJob, listing: Listing, *, with_max_cost: bool) -> Recommendation:
    needs = known.flavor_needs(with_max_cost=with_max_cost)
    answer = recommend(needs, listing, estimates_on(known, listing), runs=known.runs)
    return replace(answer, checkpoint_secs=known.needs.time.checkpoint_every)


def _with_nearest(answer: Recommendation, known: KnownJob, *, with_max_cost: bool) -> Recommendation:
    """Return an answer in which nothing fits with the whole answer to what its nearest miss would have asked."""
    miss = answer.nearest_miss
    if miss is None:
        return answer
    changed = known_with(known, shlex.split(" ".join(miss.options)))
    nearest = _as_asked(changed, answer.listing, with_max_cost=with_max_cost)
    if not nearest.options:
        return answer
    return replace(answer, nearest_miss=replace(miss, flavor=nearest.options[0].flavor), nearest_answer=nearest)


def with_inputs(answer: Recommendation, needs: JobNeeds, said: Collection[str]) -> Recommendation:
    """Return an answer that says where each of its inputs came from.

    Args:
        answer: the recommendation.
        needs: what was asked.
        said: the names of the arguments that were typed.
    """
    return replace(answer, inputs=inputs_of_request(needs, said, answer.estimates))


def estimates_on(known: KnownJob, listing: Listing) -> Estimates:
    """Return what is estimated of a job on every flavor of a listing.

    Raises:
        UsageError: a run was measured on a flavor that is not listed.
        NoSuchJobs: no job like the one named ran to its end.
    """
    return Estimates(memory=memory_on(known, listing), durations=durations_of(known, listing), waits=known.waits)
