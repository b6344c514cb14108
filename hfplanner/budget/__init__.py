"""May it run: the policy, the ledger and the check.

Where data comes from and goes. :mod:`hfplanner.budget.policy_find` reads ``hfplanner.toml`` into budgets with scopes
and periods, and limits per job. For one job (:class:`~hfplanner.budget.terms.JobTerms`) at one moment
:func:`~hfplanner.budget.policy.applied_budgets` says which budgets it falls under, each as a
:class:`~hfplanner.budget.ledger.limits.BudgetWindow`. :mod:`hfplanner.budget.off_ledger` says what is spent or
committed outside the ledger: jobs of the history, runs of schedules. :func:`~hfplanner.budget.check.check_job` takes
the windows' balances from the ledger, and decides. :mod:`hfplanner.budget.ledger` keeps the money: one transaction that
decides and reserves, an append-only list of entries, and counters that are their sums. ``hfplanner.submit`` sends what
was reserved.
"""
