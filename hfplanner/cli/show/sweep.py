"""A sweep that was planned, in every format."""

from collections.abc import Callable
from datetime import datetime

from hfplanner.cli.show.answer import Answer
from hfplanner.cli.show.tables import Column, Screen, age_line, print_table, print_text, screen
from hfplanner.estimate.span import Estimate
from hfplanner.plan.sweeping import Sweep
from hfplanner.recommend.words import format_chance
from hfplanner.sanitize import sanitize
from hfplanner.units import format_about_duration, format_duration, format_usd

__all__ = ["print_sweep", "sweep_answer"]

_COLUMNS = (
    "flavor", "jobs", "trials_per_job", "rounds", "slots", "parallel", "secs", "timeout_secs", "cost_micro_usd",
    "worst_case_micro_usd",
)  # fmt: skip


def sweep_answer(sweep: Sweep, now: datetime) -> Answer:
    """Return a sweep: what to run where, what it costs, and how surely the limits are kept."""
    return Answer(
        document=sweep.to_json,
        names=lambda: [f"{row.flavor} {row.jobs}" for row in sweep.plan.rows],
        columns=_COLUMNS,
        rows=lambda: [row.to_json() for row in sweep.plan.rows],
        people=lambda: print_sweep(sweep, now),
    )


def print_sweep(sweep: Sweep, now: datetime) -> None:
    """Print what to run where, what it costs, and how surely the limits are kept."""
    out, plan = screen(), sweep.plan
    jobs = sum(row.jobs for row in plan.rows)
    count = f"{plan.trials} trial{'' if plan.trials == 1 else 's'} in {jobs} job{'' if jobs == 1 else 's'}"
    cost, ends = plan.cost_micro_usd, plan.makespan_secs
    print_text(out, f"{count}: about {format_about_duration(ends.likely)}, {format_usd(cost.likely)}", "bold")
    if cost.low < cost.high:
        bounds = f"{_span(ends, format_about_duration)}, {_span(cost, format_usd)}"
        print_text(out, f"9 of 10 times: {bounds}.", indent="  ")
    print_text(
        out, f"At most {format_usd(plan.worst_case_micro_usd)}, if every job runs until its timeout.", indent="  "
    )
    for line in _kept(sweep):
        print_text(out, line, indent="  ")
    out.write()
    _print_jobs(out, sweep)
    out.write()
    spare = cost.likely - plan.lower_bound_micro_usd
    if spare > 0 and cost.low == cost.high:
        print_text(out, f"No plan costs less than {format_usd(plan.lower_bound_micro_usd)}.")
    if sweep.unknown_waits:
        print_text(
            out, f"Not counted: the wait in the queue of {', '.join(sweep.unknown_waits)}, which nobody measured."
        )
    print_text(out, age_line(sweep.answer.listing, now), "dim")


def _kept(sweep: Sweep) -> list[str]:
    said = []
    within = sweep.plan.probability_within
    if "deadline" in within and sweep.asked.deadline is not None:
        moment = f"{sweep.asked.deadline:%Y-%m-%d %H:%M} UTC"
        said.append(f"Done by {moment} in {format_chance(within['deadline'])} of cases.")
    if "max_cost" in within:
        said.append(f"Within --max-cost in {format_chance(within['max_cost'])} of cases.")
    return said


def _span(span: Estimate, shown: Callable[[int], str]) -> str:
    return f"{shown(span.low)} to {shown(span.high)}"


def _print_jobs(out: Screen, sweep: Sweep) -> None:
    rows = sweep.plan.rows
    columns = [
        Column("FLAVOR", [sanitize(row.flavor) for row in rows], keep=10, right=False),
        Column("JOBS", [str(row.jobs) for row in rows], keep=9),
        Column("AT ONCE", [str(row.parallel) for row in rows], keep=4),
        Column("TRIALS EACH", [_trials(row.rounds, row.slots) for row in rows], keep=8),
        Column("TIME EACH", [format_about_duration(row.secs) for row in rows], keep=7),
        Column("TIMEOUT", [format_duration(row.timeout_secs) for row in rows], keep=5),
        Column("COST", [format_usd(row.cost_micro_usd) for row in rows], keep=9),
    ]
    print_table(out, columns)


def _trials(rounds: int, slots: int) -> str:
    return f"{rounds}" if slots == 1 else f"{rounds} x {slots} GPUs"
