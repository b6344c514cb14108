"""What a job will need: spans (low, likely, high) with their basis, and what they cost. Plain arithmetic, no I/O."""
