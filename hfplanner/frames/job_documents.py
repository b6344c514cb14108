"""What people have: bytes of a listing, of one job, of lines, gzipped or not, in parts that can be decoded alone.

Nothing is told by a file's name. An array of objects that all begin with the same key is cut by looking for what stands
between the first two, which inside a JSON text can only stand between two objects; if it stands between inner ones
somewhere, the parts are not JSON, and the document is decoded as a whole.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["MAX_DOCUMENT_BYTES", "Document", "DocumentFormat", "DocumentUnreadable", "open_document"]

from hfplanner.units import GiB, MiB

MAX_DOCUMENT_BYTES = GiB
"""The largest document that is read, unpacked: about a million jobs as the API lists them."""

DocumentFormat = Literal["array", "object", "lines", "documents"]

# Small enough to stay in a core's own cache, with what is decoded from it, until it stands in columns.
_BLOCK_BYTES = MiB // 4
_HEAD_BYTES = MiB
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WHITE = b" \t\r\n"
_BETWEEN = re.compile(r'\s*,\s*\{\s*"(?:[^"\\\n]|\\.)*"\s*:')
_FIRST_LINES = 3


class DocumentUnreadable(ValueError):
    """Bytes that are no document of jobs, with the reason as a sentence."""


@dataclass(frozen=True, slots=True)
class Document:
    """Unpacked UTF-8 bytes of jobs.

    Args:
        data: the bytes.
        format: an array, one object, lines of objects, or documents one after the other.
        between: what stands between two objects of an array, where that is known.
    """

    data: bytes
    format: DocumentFormat
    between: bytes | None = None

    def blocks(self) -> Iterator[bytes]:
        """Return the document in parts that can be decoded alone: arrays of an array, lines of lines, else as it is."""
        if self.format == "lines":
            yield from map(bytes, _cut(self.data, 0, len(self.data), b"\n", _BLOCK_BYTES))
        elif self.between is None:
            yield self.data
        else:
            start, end = self.data.index(b"[") + 1, _end_of(self.data) - 1
            for part in _cut(self.data, start, end, b"}" + self.between, _BLOCK_BYTES):
                yield b"".join((b"[", part, b"]"))


def _cut(data: bytes, start: int, end: int, mark: bytes, size: int) -> Iterator[memoryview]:
    """Return slices that end with the first byte of ``mark``, and leave out what follows up to the next object."""
    view = memoryview(data)
    skip = max(mark.find(b"{"), 1)
    while start < end:
        stop = min(start + size, end)
        if stop < end:
            found = data.rfind(mark, start, stop)
            found = data.find(mark, stop, end) if found < 0 else found
            stop = end if found < 0 else found + 1
        yield view[start:stop]
        start = stop + skip - 1 if stop < end else end


def open_document(raw: bytes, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> Document:
    r"""Unpack bytes, find out what they are, and return them as a document.

    Raises:
        DocumentUnreadable: empty, too large, not gzip although it begins so, not UTF-8 or UTF-16, not JSON.

    >>> open_document(b'[{"id": "a"}, {"id": "b"}]').format, open_document(b'{"id": "a"}\n{"id": "b"}').format
    ('array', 'lines')
    """
    data = _as_utf8(_unpacked(raw, max_bytes), max_bytes)
    stripped = data.lstrip(_WHITE)
    if not stripped:
        raise DocumentUnreadable("it is empty")
    if stripped[:1] == b"[":
        return _array(data)
    if stripped[:1] != b"{":
        raise DocumentUnreadable("it is not JSON: neither an array nor an object of jobs")
    if _is_one_object(stripped):
        return Document(data, "object")
    return Document(data, "lines" if _is_lines(stripped) else "documents")


def _unpacked(raw: bytes, max_bytes: int) -> bytes:
    if raw[:2] == _GZIP:
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(max_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise DocumentUnreadable("its gzip data is cut off or damaged") from error
    if len(raw) > max_bytes:
        raise DocumentUnreadable(f"it is larger than {max_bytes} bytes")
    return raw


def _as_utf8(raw: bytes, max_bytes: int) -> bytes:
    """Return text as UTF-8 without its mark; PowerShell writes UTF-16 where a program's output goes to a file."""
    if raw[:2] in _UTF16_MARKS:
        try:
            raw = raw.decode("utf-16").encode("utf-8")
        except UnicodeError as error:
            raise DocumentUnreadable("it is not UTF-16, although it begins so") from error
        if len(raw) > max_bytes:
            raise DocumentUnreadable(f"it is larger than {max_bytes} bytes")
    return raw.removeprefix(_UTF8_MARK)


def _end_of(data: bytes) -> int:
    """Return where the white space at the end begins; stripping it would copy all that stands before."""
    end = len(data)
    while end and data[end - 1] in _WHITE:
        end -= 1
    return end


def _array(data: bytes) -> Document:
    """Return an array with what stands between its objects, if its first two tell and nothing follows its end."""
    ends = data[_end_of(data) - 1 : _end_of(data)] == b"]"
    start = data.index(b"[") + 1
    head = data[start : start + _HEAD_BYTES].decode("utf-8", "ignore")
    try:
        _, end = json.JSONDecoder().raw_decode(head, len(head) - len(head.lstrip()))
    except (ValueError, RecursionError):
        return Document(data, "array")
    match = _BETWEEN.match(head, end)
    if not ends or match is None:
        return Document(data, "array")
    return Document(data, "array", match[0].encode())


def _is_one_object(stripped: bytes) -> bool:
    if len(stripped) > _HEAD_BYTES:
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def _is_lines(stripped: bytes) -> bool:
    """Whether one of the first lines is a JSON object by itself."""
    first = stripped[:_HEAD_BYTES].split(b"\n", _FIRST_LINES)[:_FIRST_LINES]
    return any(line.strip().startswith(b"{") and _is_one_object(line) for line in first)
