"""Writing a file so that nobody ever sees half of it."""

import os
import secrets
from pathlib import Path

__all__ = ["write_atomically"]


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
