"""The books: who reserved, sent, launched and spent what, in SQLite on one machine or PostgreSQL for a team.

One set of statements for both. A transaction either decides and records, or leaves nothing. Entries are only ever
added; counters are sums of entries, kept beside them so that a decision reads one row for each budget, and a CHECK on
them refuses what no entry allows. See :mod:`hfplanner.budget.ledger.records` for what is kept.
"""
