"""The jobs of an earlier version of a repository, read from git's own store: nothing is checked out."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from hfplanner.errors import JobSpecError, quoted
from hfplanner.sanitize import sanitize
from hfplanner.specs.discover import SPEC_ENDINGS, read_spec
from hfplanner.specs.documents import MAX_SPEC_BYTES, decoded
from hfplanner.specs.found import FoundSpecs

__all__ = ["find_specs_at"]

_LONGEST_SECS = 60


def find_specs_at(revision: str, paths: Sequence[Path], folder: Path) -> FoundSpecs:
    """Return the jobs that files and folders held at a revision; a file that cannot be read then held none.

    Args:
        revision: as git takes it: ``origin/main``, ``HEAD~3``.
        paths: files and folders, relative to ``folder`` or absolute.
        folder: inside the repository.

    Raises:
        JobSpecError: this is no repository, git has no such revision, or git is missing.
    """
    if revision.startswith("-"):
        raise JobSpecError(f"{quoted(revision)} is no revision.", hint="For example --compare origin/main.")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    names = [str(path) for path in paths]
    listed = _git(folder, "ls-tree", "-r", "-z", "--name-only", commit, "--", *names).decode("utf-8", "surrogateescape")
    found = FoundSpecs()
    for name in listed.split("\0"):
        if not name.endswith(SPEC_ENDINGS):
            continue
        source = _as_named(name, paths, folder)
        raw = _git(folder, "cat-file", "blob", f"{commit}:./{name}")
        if len(raw) <= MAX_SPEC_BYTES:
            found += _readable(source, raw)
    return found


def _readable(source: str, raw: bytes) -> FoundSpecs:
    try:
        return read_spec(source, decoded(raw, source))
    except JobSpecError:
        return FoundSpecs()


def _as_named(name: str, paths: Sequence[Path], folder: Path) -> str:
    """Return a file's name as the present version calls it, so that both versions of a job have one key."""
    for path in paths:
        given = path if path.is_absolute() else folder / path
        here = folder / name
        if here == given:
            return str(path)
        if given in here.parents:
            return str(path / here.relative_to(given))
    return name


def _git(folder: Path, *args: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - git, with arguments that are no options
            ["git", "-C", str(folder), *args],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            timeout=_LONGEST_SECS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JobSpecError(f"git could not be asked ({type(error).__name__}).", hint="Is it installed?") from error
    if done.returncode:
        why = sanitize(done.stderr.decode("utf-8", "replace").strip()) or "there is no such revision"
        raise JobSpecError(f"git {args[0]}: {why}.", hint="Fetch the revision first: git fetch origin.")
    return done.stdout
