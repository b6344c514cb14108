"""``hfplanner check``: the same as ``hfplanner budget check``, by the name that is typed most."""

from dataclasses import replace

from hfplanner.cli.commands.budget_check import COMMAND as BUDGET_CHECK

COMMAND = replace(BUDGET_CHECK, examples=[line.replace("budget check", "check") for line in BUDGET_CHECK.examples])
