"""``hfplanner ledger``: a group of commands, the books."""

from hfplanner.cli.groups import LazyCommand, LazyGroup

COMMAND = LazyGroup(
    {
        "show": LazyCommand("ledger_show", "List submissions, or the entries of one."),
        "verify": LazyCommand("ledger_verify", "Prove that the books add up."),
        "reconcile": LazyCommand("ledger_reconcile", "Bring the books up to what the Hub says."),
        "resolve": LazyCommand("ledger_resolve", "Say what became of a submission nobody can prove."),
        "rebuild": LazyCommand("ledger_rebuild", "Make lost books again from the labels of the jobs."),
    },
    "Look after the books: what was reserved, sent, launched and spent.",
)
