"""A bucket: files by their paths, and how often each was added."""

from collections import Counter
from dataclasses import dataclass, field

__all__ = ["Bucket"]


@dataclass(slots=True)
class Bucket:
    """A bucket of the emulator.

    Args:
        private: whether only its owner sees it.
        created_ms: milliseconds since 1970.
        files: the hash of the content by path.
        sizes: bytes by path.
        mtimes: milliseconds since 1970 by path, as they were sent.
        added: how often each path was added.
    """

    private: bool
    created_ms: int
    files: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    mtimes: dict[str, int] = field(default_factory=dict)
    added: Counter[str] = field(default_factory=Counter)

    def remove(self, path: str) -> None:
        """Take a file away, if it is there."""
        for by_path in (self.files, self.sizes, self.mtimes):
            by_path.pop(path, None)

    def add(self, path: str, xet_hash: str, size: int, mtime: int | None) -> None:
        """Put a file there."""
        self.files[path], self.sizes[path] = xet_hash, size
        self.added[path] += 1
        if mtime is not None:
            self.mtimes[path] = mtime
