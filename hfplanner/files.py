"""Where a user's files are, and how one is written: whole, or not at all.

Two kinds of files are written. Those of the program's own (history, cache) are for nobody but their user. Those that a
user named as an output are as any program would write them, and may be a device or a pipe.
"""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from hfplanner.errors import UsageError

__all__ = [
    "create_private",
    "data_folder",
    "home_folder",
    "is_private",
    "keep_private",
    "make_private_folder",
    "output_file",
    "write_output",
    "write_private",
]

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_OTHERS = 0o077


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


def write_output(path: Path, content: bytes) -> None:
    """Write a file that a user named, as :func:`output_file` does.

    Raises:
        OSError: it cannot be written; what was there is as it was.
    """
    with output_file(path) as part:
        part.write_bytes(content)


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield where to write the new content of a file that a user named; it takes its place when all of it is there.

    Whoever reads the file meanwhile, or after a crash, finds the old content or the new. A link to a file is replaced,
    not followed, and the mode of a file that is replaced stays. What is no file is never replaced: a device or a pipe,
    or a link to one such as ``/dev/stdout``, is written into.

    Raises:
        OSError: it cannot be written; what was there is as it was.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with output_file(Path(folder, "a.csv")) as part:
    ...         _ = part.write_text("new")
    ...     [(file.name, file.read_text()) for file in Path(folder).iterdir()]
    [('a.csv', 'new')]
    """
    import shutil  # noqa: PLC0415 - only where something is written

    if _takes_a_stream(path):
        import tempfile  # noqa: PLC0415 - as above

        with tempfile.TemporaryDirectory(prefix="hfplanner-") as folder:
            part = Path(folder, "part")
            yield part
            with part.open("rb") as content, path.open("wb") as stream:
                shutil.copyfileobj(content, stream)
        return
    part = _beside(path)
    try:
        yield part
        _sync(part)
        if path.is_file() and not path.is_symlink():
            shutil.copymode(path, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _takes_a_stream(path: Path) -> bool:
    """Whether there is something that is neither a file nor a folder; links are followed."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except OSError:
        return False
    return kind not in {stat.S_IFREG, stat.S_IFDIR}


def write_private(path: Path, content: bytes) -> None:
    """Write a file of the program's own, which nobody but its user may read: whole, or not at all.

    A link in its place is replaced, not followed. The new content stands beside the file until it is complete, under a
    name that no other writer uses.

    Raises:
        OSError: it cannot be written; nothing is left behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_private(Path(folder, "a"), b"new")
    ...     [file.read_bytes() for file in Path(folder).iterdir()]
    [b'new']
    """
    part = _beside(path)
    try:
        with create_private(part) as file:
            file.write(content)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def create_private(path: Path) -> Iterator[IO[bytes]]:
    """Make a file that nobody but its user may read, and yield it to be written; at the end it is on the disk.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, _PRIVATE_FILE)) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def make_private_folder(folder: Path) -> None:
    """Make a folder of the program's own, and those above it that are missing, which nobody but its user may enter.

    Raises:
        OSError: it cannot be made.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))


def keep_private(folder: Path) -> None:
    """Take from others what they may do with a folder of the program's own and with all in it, where they may anything.

    Earlier versions left these readable. What belongs to somebody else stays as it is.
    """
    if os.name == "nt":
        return
    for path in (folder, *folder.rglob("*")):
        # A file may have been replaced meanwhile, and what is a link is somewhere else.
        with suppress(OSError):
            mode = path.lstat().st_mode
            if mode & _OTHERS and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)


def is_private(folder: Path) -> bool:
    """Whether nobody but its user may enter a folder, or it is not there."""
    try:
        return os.name == "nt" or not folder.stat().st_mode & _OTHERS
    except OSError:
        return True


def _beside(path: Path) -> Path:
    """Return a name in the same folder that nobody else uses."""
    import secrets  # noqa: PLC0415 - only where something is written

    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")


def _sync(path: Path) -> None:
    """Have the content of a file on the disk before it is given its name."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
