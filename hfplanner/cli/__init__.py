"""The command line: parse, call, show. Nothing is computed here."""

import gc
import sys

__all__ = ["main"]


def main() -> None:
    """Run ``hfplanner`` with the process's arguments and exit with the documented code."""
    from hfplanner.cli.app import run  # noqa: PLC0415 - importing the package must not cost what the program does

    code = run(sys.argv[1:])
    # Spares the interpreter its last searches for garbage, an eighth of a quick answer's time.
    gc.freeze()
    sys.exit(code)
