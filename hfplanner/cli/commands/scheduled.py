"""``hfplanner scheduled``: a group of commands, jobs that start by themselves."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "run": LazyCommand("scheduled_run", "Run a job on a schedule: check, reserve, make it once."),
        "uv": LazyCommand("scheduled_uv", "Run a script with uv on a schedule."),
        "ps": LazyCommand("scheduled_ps", "List schedules, and what a month of them costs at most."),
        "inspect": LazyCommand("scheduled_inspect", "Show one schedule, and what it costs."),
        "suspend": LazyCommand("scheduled_suspend", "Pause a schedule."),
        "resume": LazyCommand("scheduled_resume", "Let a paused schedule run again, if its budgets have room."),
        "trigger": LazyCommand("scheduled_trigger", "Run a schedule's job once now: check, reserve, start it once."),
        "reschedule": LazyCommand("scheduled_reschedule", "Change when a schedule runs, if its budgets have room."),
        "labels": LazyCommand("scheduled_labels", "Give a schedule other labels, if its budgets have room."),
        "delete": LazyCommand("scheduled_delete", "Delete a schedule; jobs that run go on."),
    },
    "Run jobs on a schedule, within budgets.",
    # As `hf jobs scheduled` has them.
    other_names={"list": "ps", "ls": "ps"},
)
