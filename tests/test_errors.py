"""The error tree: what is drawn is what there is, and each error has its exit code."""

import re
from collections.abc import Iterator

from hfplanner import errors
from hfplanner.errors import HfplannerError

EXIT_CODES = {1, 2, 3, 4, 5, 6}
_DRAWN = re.compile(r"^ {4}(?P<lines>[│├└─ ]*)(?P<name>[A-Z]\w+) +(?P<code>\d)", re.MULTILINE)
_INDENT = 4


def walk(error: type[HfplannerError]) -> Iterator[type[HfplannerError]]:
    """Yield an error class and every class below it that the module defines."""
    yield error
    for child in error.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from walk(child)


def drawn_parents() -> dict[str, tuple[str | None, int]]:
    """Read the tree of the module's docstring: each name with its parent and its exit code."""
    parents: dict[str, tuple[str | None, int]] = {}
    branch: list[str] = []
    for match in _DRAWN.finditer(errors.__doc__ or ""):
        depth = len(match["lines"]) // _INDENT
        branch[depth:] = [match["name"]]
        parents[match["name"]] = (branch[depth - 1] if depth else None, int(match["code"]))
    return parents


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    """Each class stands under its base, with its exit code, and nothing is drawn that does not exist."""
    real = {
        error.__name__: (None if error is HfplannerError else error.__bases__[0].__name__, error.exit_code)
        for error in walk(HfplannerError)
    }
    assert drawn_parents() == real


def test_every_error_is_public_and_the_list_is_sorted() -> None:
    """What may be raised may be caught by name."""
    assert list(errors.__all__) == sorted(errors.__all__)
    assert set(errors.__all__) >= {error.__name__ for error in walk(HfplannerError)}


def test_every_exit_code_is_a_documented_one() -> None:
    """0 is success, so no error has it."""
    assert {error.exit_code for error in walk(HfplannerError)} <= EXIT_CODES


def test_machine_readable_codes_are_unique_words() -> None:
    """A script tells errors apart by their code alone."""
    codes = [error.code for error in walk(HfplannerError)]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", code) for code in codes)


def test_an_error_keeps_its_sentence_and_its_hint() -> None:
    """The sentence is the error's text, and a hint is optional."""
    assert str(errors.UsageError("No.", hint="Say yes.")) == "No."
    assert errors.UsageError("No.", hint="Say yes.").hint == "Say yes."
    assert errors.NothingFits("Nothing fits.").hint is None
