"""How a program that was interrupted ends."""

__all__ = ["INTERRUPTED"]

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells count it: 128 and the number of the signal."""
