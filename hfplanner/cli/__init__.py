"""The command line: parse, call, show. Nothing is computed here."""

import sys

__all__ = ["main"]


def main() -> None:
    """Run ``hfplanner`` with the process's arguments and exit with the documented code."""
    from hfplanner.cli.app import run  # noqa: PLC0415 - importing the package must not cost what the program does

    sys.exit(run(sys.argv[1:]))
