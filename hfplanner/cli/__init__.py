"""The command line: parse, call, show. Nothing is computed here."""

import gc
import os
import sys

from hfplanner.cli.interrupted import INTERRUPTED

__all__ = ["main"]


def main() -> None:
    """Run ``hfplanner`` with the process's arguments and exit with the documented code."""
    # Spares pydantic the search for plugins among all that is installed; none of them is of use to a command line.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        # While modules are still being imported; later it is caught where it can be.
        code = INTERRUPTED
    # Spares the interpreter its last searches for garbage, an eighth of a quick answer's time.
    gc.freeze()
    sys.exit(code)


def _run(args: list[str]) -> int:
    # Importing the package must not cost what the program does, nor a hook what almost no question needs.
    if args[:1] == ["hook"]:
        from hfplanner.cli.quick_hook import is_answered  # noqa: PLC0415 - as above

        if is_answered(args):
            return 0
    from hfplanner.cli.app import run  # noqa: PLC0415 - as above

    return run(args)
