"""What pytest must not import here."""

# It runs in a process of its own, and needs what only `pip install '.[bench]'` brings.
collect_ignore = ["query_gpuhunt.py"]
