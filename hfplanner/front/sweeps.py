"""The cheapest way to run many trials of one job, and run them."""

from hfplanner.errors import UsageError
from hfplanner.front.answers.flavors import Swept
from hfplanner.front.answers.sweeps import SweepPlanned, SweepSent
from hfplanner.front.asked import IMAGE, needs_of
from hfplanner.front.calling import Given, asks
from hfplanner.plan.arguments import (
    LIMITS,
    MODEL,
    NEEDS,
    RUN_SWEEP,
    SENDING,
    SWEEP,
    SWEEP_JOB,
    TIME,
    TRIALS,
    find_arguments,
)

__all__ = ["sweep"]


@asks(
    *TRIALS,
    *SWEEP,
    *NEEDS,
    *MODEL,
    *TIME,
    *LIMITS,
    *RUN_SWEEP,
    *IMAGE,
    *SWEEP_JOB,
    *SENDING,
    *find_arguments("policy", "ledger", "token", "refresh", "offline"),
)
def sweep(given: Given) -> Swept | SweepPlanned | SweepSent:
    """Return the cheapest way to run many trials of one job: flavors, trials in a job, jobs at once, timeouts.

    What one trial needs and takes is said as for :func:`recommend`; ``max_cost`` is for all trials together.

    With ``run=True``, ``image`` and ``command`` all jobs are reserved in one step or none, then each is sent once; it
    costs money, and nobody is asked. A job finds its trials in its variable ``HFPLANNER_TRIALS``. With ``parallel`` as
    many are sent as may run at once; the same call with the same ``key`` sends the next. With ``dry_run=True`` nothing
    is reserved or sent.

    Raises:
        NothingFits: no flavor fits, or nothing keeps the limits; the hint says what would.
        BudgetError: all of it together may not run; nothing is reserved.
        HubError: not all could be sent; the same call with the same key goes on.
        SubmissionUnknown: two jobs in a row were sent, and nobody knows whether they exist; their money is held.

    >>> import hfplanner as hp
    >>> plan = hp.sweep(trials=40, duration="20m@l4x1", vram="20GB", offline=True).plan
    >>> sum(row.jobs * row.trials_per_job for row in plan) >= 40
    True
    """
    from hfplanner.plan.sweeping import AskedSweep, plan_sweep  # noqa: PLC0415 - each function loads what it needs
    from hfplanner.plan.when import parse_when  # noqa: PLC0415 - as above

    if given["trials"] is None:
        raise UsageError("How many trials there are is not said.", hint="For example trials=40.")
    with given.open_workspace() as workspace:
        if given["refresh"]:
            workspace.listing(refresh=True)
        deadline = given["deadline"]
        asked = AskedSweep(
            trials=given["trials"],
            deadline=None if deadline is None else parse_when(deadline, workspace.now()),
            parallel=given["parallel"],
            startup_secs=given["startup"] or 0,
        )
        if given["run"]:
            from hfplanner.front.sweeping import run_sweep  # noqa: PLC0415 - not for a plan

            return run_sweep(asked, needs_of(given), given, workspace)
        return Swept(plan_sweep(asked, needs_of(given), workspace), workspace.now())
