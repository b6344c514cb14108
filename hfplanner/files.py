"""Where a user's files are, and how one is written so that nobody ever sees half of it."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from hfplanner.errors import UsageError

__all__ = ["data_folder", "home_folder", "write_atomically"]


def home_folder(environ: Mapping[str, str]) -> Path | None:
    """Return ``HFPLANNER_HOME``, ``None`` where it is not set.

    Raises:
        UsageError: it begins with the home of a user who does not exist.

    >>> home_folder({"HFPLANNER_HOME": "/srv/plans"}).as_posix()
    '/srv/plans'
    """
    home = environ.get("HFPLANNER_HOME")
    if not home:
        return None
    try:
        return Path(home).expanduser()
    except RuntimeError as error:
        hint = "Set HFPLANNER_HOME to a folder that can be written."
        raise UsageError(f"HFPLANNER_HOME is {home!r}, but there is no such user.", hint=hint) from error


def data_folder(environ: Mapping[str, str]) -> Path:
    """Return where what a user must not lose is kept: ``HFPLANNER_HOME``, or the platform's folder for user data.

    Raises:
        UsageError: ``HFPLANNER_HOME`` begins with the home of a user who does not exist.
    """
    home = home_folder(environ)
    if home is not None:
        return home
    import platformdirs  # noqa: PLC0415 - not needed where HFPLANNER_HOME is set

    return Path(platformdirs.user_data_dir("hfplanner", appauthor=False))


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file: whoever reads it meanwhile, or after a crash, finds the old content or the new.

    A link in its place is replaced, not followed. The new content stands beside the file until it is complete, under a
    name that no other writer uses.

    Raises:
        OSError: it cannot be written; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomically(Path(folder, "a"), b"new")
    ...     [file.read_bytes() for file in Path(folder).iterdir()]
    [b'new']
    """
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
