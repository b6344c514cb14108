"""The command line: parse, call, show. Nothing is computed here."""

import gc
import os
import sys

from hfplanner.cli.interrupted import INTERRUPTED

__all__ = ["main"]

_OBJECTS_BETWEEN_SEARCHES = 100_000


def main() -> None:
    """Run ``hfplanner`` with the process's arguments and exit with the documented code."""
    # Spares pydantic the search for plugins among all that is installed; none of them is of use to a command line.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # Modules and what they define stay until the end: to look through them for garbage while they load is in vain.
    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        # While modules are still being imported; later it is caught where it can be.
        code = INTERRUPTED
    # Spares the interpreter its last searches for garbage, an eighth of a quick answer's time. Where torch was loaded
    # that is nothing, and what comes with it complains on stderr of objects that nobody took away.
    if "torch" not in sys.modules:
        gc.freeze()
    sys.exit(code)


def _run(args: list[str]) -> int:
    # Importing the package must not cost what the program does, nor a hook what almost no question needs.
    if args[:1] == ["hook"]:
        from hfplanner.cli.quick_hook import answer_at_once  # noqa: PLC0415 - as above

        code = answer_at_once(args)
        if code is not None:
            return code
    from hfplanner.cli.app import run  # noqa: PLC0415 - as above

    return run(args)
