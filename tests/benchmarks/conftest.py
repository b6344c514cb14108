"""What pytest must not import here."""

# They run in processes of their own, and need what not every machine with the tests has: gpuhunt, DuckDB, torch, POSIX.
collect_ignore = ["query_gpuhunt.py", "rank_needs.py", "report_duckdb.py", "saved_tensors.py"]
