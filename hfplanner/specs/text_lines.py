"""Where in a text its parts stand, for formats whose parsers do not tell: TOML and JSON."""

import re
from collections.abc import Iterator

__all__ = ["line_of_json_key", "toml_lines"]

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[(?P<list>\[?)\s*(?P<key>{_DOTTED})\s*\]")
_PAIR = re.compile(rf"\s*(?P<key>{_DOTTED})\s*=\s*(?P<value>.*)")
_PARTS = re.compile(_PART)
_LONG = ('"""', "'''")


def toml_lines(text: str, first: int = 1) -> dict[tuple[str | int, ...], int]:
    r"""Return the lines of the tables and keys of a TOML document, by the keys that lead to them.

    Keys of a table that is written on one line stand where the table does.

    Args:
        text: a document; what is no TOML gives what could be made of it.
        first: the number of its first line.

    >>> toml_lines('[jobs.train]\nimage = "x"\n\nlabels.team = "nlp"')  # doctest: +ELLIPSIS
    {('jobs',): 1, ('jobs', 'train'): 1, ('jobs', 'train', 'image'): 2, ('jobs', 'train', 'labels'): 4, ...}
    """
    lines: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    lists: dict[tuple[str | int, ...], int] = {}
    for number, row in _rows_of_keys(text, first):
        header = _TABLE.match(row)
        if header is not None:
            table = _keys(header["key"])
            if header["list"]:
                place = lists[table] = lists.get(table, -1) + 1
                _note(lines, table, number)
                table = (*table, place)
            _note(lines, table, number)
            continue
        pair = _PAIR.match(row)
        if pair is not None:
            _note(lines, (*table, *_keys(pair["key"])), number)
    return lines


def _rows_of_keys(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Give the rows that may begin a table or a pair: none within a text of several rows."""
    open_mark = None
    for number, row in enumerate(text.split("\n"), start=first):
        if open_mark is None:
            yield number, row
        for mark in _LONG if open_mark is None else (open_mark,):
            if row.count(mark) % 2:
                open_mark = mark if open_mark is None else None
                break


def _note(lines: dict[tuple[str | int, ...], int], keys: tuple[str | int, ...], number: int) -> None:
    for end in range(1, len(keys) + 1):
        lines.setdefault(keys[:end], number)


def _keys(dotted: str) -> tuple[str | int, ...]:
    return tuple(part.strip("\"'") if part[0] in "\"'" else part for part in _PARTS.findall(dotted))


def line_of_json_key(text: str, *names: str, nth: int = 1) -> int | None:
    r"""Return the line of the nth key of one of these names in a JSON document; ``None`` where there is none.

    >>> line_of_json_key('{"a": 1,\n "b": 2,\n "a": 3}', "a", nth=2), line_of_json_key("{}", "a")
    (3, None)
    """
    key = re.compile("|".join(rf'"{re.escape(name)}"\s*:' for name in names))
    found = [match.start() for match, _ in zip(key.finditer(text), range(nth), strict=False)]
    return text.count("\n", 0, found[-1]) + 1 if len(found) == nth else None
