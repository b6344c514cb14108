"""Files that nobody trusts, to plain values with their lines: YAML, TOML, text; size, depth and number capped."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfplanner.errors import JobSpecError, quoted
from hfplanner.sanitize import sanitize
from hfplanner.specs.text_lines import toml_lines

__all__ = ["MAX_SPEC_BYTES", "Document", "load_toml", "load_yaml", "read_spec_text"]

MAX_SPEC_BYTES = 1024 * 1024
# A file of jobs nests five levels, a workflow ten.
_MAX_DEPTH = 32
_MAX_VALUES = 50_000
# A key of some thousand dotted parts costs Python 3.11's tomllib gigabytes.
_MAX_DOTS = 8
_MAX_LINE = 10_000

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value and where its parts stand.

    Args:
        source: the file, as it was named.
        value: mappings, lists, texts, numbers, truth values and ``None``.
        lines: the line of a part, by the keys and places that lead to it.
    """

    source: str
    value: Any
    lines: Mapping[Path_, int]

    def line(self, *keys: str | int) -> int | None:
        """Return the line of a part, or that of the nearest part around it."""
        for end in range(len(keys), -1, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return None

    def where(self, *keys: str | int) -> str:
        """Return the file and line of a part, and what leads to it: how every sentence about it begins."""
        line = self.line(*keys)
        place = self.source if line is None else f"{self.source}:{line}"
        return f"{place}: {'.'.join(map(str, keys))}" if keys else place


def read_spec_text(path: Path, source: str | None = None) -> str:
    """Return the text of a file of at most 1 MiB.

    Raises:
        JobSpecError: it cannot be read, is no regular file, is too long, or is not UTF-8.
    """
    name = source or str(path)
    try:
        if not path.is_file():
            raise JobSpecError(f"{name} is no file that can be read.")
        with path.open("rb") as file:
            raw = file.read(MAX_SPEC_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise JobSpecError(f"{name} cannot be read ({why}).") from error
    return decoded(raw, name)


def decoded(raw: bytes, source: str) -> str:
    """Return bytes as text.

    Raises:
        JobSpecError: too long, or not UTF-8.
    """
    if len(raw) > MAX_SPEC_BYTES:
        raise JobSpecError(f"{source} is longer than {MAX_SPEC_BYTES} bytes.", hint="A file of jobs is a small file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JobSpecError(f"{source} is not UTF-8.", hint="Save it as UTF-8.") from error


def load_toml(text: str, source: str, first: int = 1) -> Document:
    r"""Return the value of a TOML document.

    Args:
        text: the document.
        source: the file it is of.
        first: the number of its first line there.

    Raises:
        JobSpecError: it is none.

    >>> load_toml('[jobs.train]\nflavor = "l4x1"', "jobs.toml").value
    {'jobs': {'train': {'flavor': 'l4x1'}}}
    """
    rows = text.split("\n")
    for number, row in enumerate(rows, start=first):
        key = row.split("=", 1)[0]
        if len(row) > _MAX_LINE or key.count(".") > _MAX_DOTS:
            raise JobSpecError(f"{source}:{number}: the line is too long, or its key has too many parts.")
    try:
        return Document(source, tomllib.loads(text), toml_lines(text, first))
    except RecursionError as error:
        raise JobSpecError(f"{source}:{first}: it nests too deeply.") from error
    except ValueError as error:
        why, line = _toml_problem(str(error), len(rows))
        raise JobSpecError(f"{source}:{line + first - 1}: no TOML: {sanitize(why)}.") from error


_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


def _toml_problem(text: str, last: int) -> tuple[str, int]:
    """Return what the parser says is wrong, and the line it says it of; the last one at the end of the document."""
    place = _TOML_PLACE.search(text)
    if place is None:
        return text, 1
    return text[: place.start()], last if place[1] is None else int(place[1])


def load_yaml(text: str, source: str) -> Document:
    r"""Return the value of a YAML document: plain words stay texts, but for numbers, true, false and null.

    So ``1:30`` is a text and not 90, ``on`` is a text and not true, and a date is a text.

    Raises:
        JobSpecError: it is none, a key stands twice, it nests too deeply, or its aliases make it too large.

    >>> document = load_yaml("on: push\njobs:\n  a: {timeout: 1:30}", "ci.yml")
    >>> document.value, document.line("jobs", "a", "timeout")
    ({'on': 'push', 'jobs': {'a': {'timeout': '1:30'}}}, 3)
    """
    import yaml  # noqa: PLC0415 - for those who have YAML

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        reader = _YamlReader(source)
        value = None if root is None else reader.read(root, ())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = source if mark is None else f"{source}:{mark.line + 1}"
        why = getattr(error, "problem", None) or "it cannot be parsed"
        raise JobSpecError(f"{place}: no YAML: {sanitize(str(why))}.") from error
    except RecursionError as error:
        raise JobSpecError(f"{source}:1: it nests too deeply.") from error
    return Document(source, value, reader.lines if root is not None else {})


class _YamlReader:
    """Composed nodes to plain values; counts them, since aliases multiply."""

    def __init__(self, source: str) -> None:
        self.lines: dict[Path_, int] = {}
        self._source, self._values = source, 0

    def read(self, node: Any, path: Path_) -> Any:  # noqa: ANN401 - nodes of a library without types, any plain value
        import yaml  # noqa: PLC0415 - as above

        self._values += 1
        line = node.start_mark.line + 1
        if self._values > _MAX_VALUES or len(path) > _MAX_DEPTH:
            raise JobSpecError(f"{self._source}:{line}: it nests too deeply, or its aliases make it too large.")
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node)

    def _pairs(self, node: Any, path: Path_) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - as above
        seen: set[str] = set()
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line + 1
            if not isinstance(key, str):
                raise JobSpecError(f"{self._source}:{line}: a key is no text.")
            if key in seen:
                raise JobSpecError(f"{self._source}:{line}: the key {quoted(key)} stands twice.")
            seen.add(key)
            self.lines[*path, key] = line
            yield key, self.read(value_node, (*path, key))


_CONSTANTS = {"": None, "~": None, "null": None, "true": True, "false": False}


def _scalar(node: Any) -> Any:  # noqa: ANN401 - as above
    text: str = node.value
    if node.style is not None:
        return text
    if text.lower() in _CONSTANTS:
        return _CONSTANTS[text.lower()]
    for kind in (int, float):
        if text.lstrip("+-")[:1].isdigit() and "_" not in text:
            try:
                return kind(text)
            except ValueError:
                continue
    return text
