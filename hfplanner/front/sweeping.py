"""``hp.sweep(run=True)``: a sweep is reserved whole and sent, without a question."""

from typing import TYPE_CHECKING

from hfplanner.errors import UsageError
from hfplanner.front.answers.sweeps import SweepPlanned, SweepSent
from hfplanner.front.calling import Given
from hfplanner.plan.asked import AskedJob, JobNeeds
from hfplanner.plan.request import read_job
from hfplanner.plan.sending import bring_up_to_date, refuse_empty_key
from hfplanner.plan.sweep_run import AskedSweepRun, SweepRunner, new_sweep_key
from hfplanner.plan.sweeping import AskedSweep

if TYPE_CHECKING:
    from hfplanner.plan.workspace import Workspace

__all__ = ["run_sweep"]


def run_sweep(asked: AskedSweep, needs: JobNeeds, given: Given, workspace: "Workspace") -> SweepPlanned | SweepSent:
    """Return what became of a sweep, or with ``dry_run`` what would be sent."""
    job, key = given.pack(AskedJob), given["key"]
    if not (job.image or "").strip():
        raise UsageError("No image is given.", hint='For example image="python:3.12", command=["python", "trials.py"].')
    refuse_empty_key(key)
    request = read_job(job, workspace.variables, values=not given["dry_run"], token=workspace.token)
    run = AskedSweepRun(sweep=asked, needs=needs, request=request, key=key or new_sweep_key())
    if given["dry_run"]:
        return SweepPlanned(SweepRunner(run, workspace, None).plan())
    now = bring_up_to_date(workspace, workspace.listing())
    runner = SweepRunner(run, workspace, now.books)
    planned = runner.plan()
    done = runner.send(planned)
    if done.stopped is not None:
        done.stopped.hint = f"The same call with key={run.key!r} goes on."
        raise done.stopped
    return SweepSent(done, (*now.warnings, *planned.warnings, *done.warnings))
