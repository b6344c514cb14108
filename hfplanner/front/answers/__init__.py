"""The answers of the front door: each an engine's result, with the few lines and the table that people read."""
