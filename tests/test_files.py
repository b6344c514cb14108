"""Files that are written: what is no file stays what it is, and what is the program's own is for its user alone."""

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from hfplanner.files import keep_private, make_private_folder, output_file, write_output, write_private
from tests.program import Program

BEFORE, AFTER = b"before", b"after"


def reading(path: Path) -> Callable[[], bytes]:
    """Read a pipe to its end meanwhile; return what asks for what came."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(path.read_bytes()))
    thread.start()

    def answer() -> bytes:
        thread.join(10)
        return found[0]

    return answer


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Return a named pipe."""
    path = tmp_path / "pipe.csv"
    os.mkfifo(path)
    return path


def test_a_pipe_is_written_into(pipe: Path) -> None:
    """Who reads it gets all of it, and it is a pipe afterwards."""
    read = reading(pipe)
    write_output(pipe, AFTER)
    assert (read(), stat.S_ISFIFO(pipe.stat().st_mode)) == (AFTER, True)


def test_a_link_to_a_pipe_is_followed(pipe: Path, tmp_path: Path) -> None:
    """As ``/dev/stdout`` is one; the link stays."""
    link = tmp_path / "link"
    link.symlink_to(pipe)
    read = reading(pipe)
    write_output(link, AFTER)
    assert (read(), link.is_symlink()) == (AFTER, True)


def test_a_device_is_written_into() -> None:
    """A terminal, here; it is one afterwards."""
    ours, theirs = os.openpty()
    try:
        path = Path(os.ttyname(theirs))
        write_output(path, AFTER)
        assert (os.read(ours, 100), stat.S_ISCHR(path.stat().st_mode)) == (AFTER, True)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_link_to_a_file_is_replaced(tmp_path: Path) -> None:
    """What it led to is as it was: a report's folder does not write elsewhere."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(BEFORE)
    link.symlink_to(target)
    write_output(link, AFTER)
    assert (link.is_symlink(), link.read_bytes(), target.read_bytes()) == (False, AFTER, BEFORE)


def write_half(path: Path) -> None:
    """Be interrupted while writing."""
    with output_file(path) as part:
        part.write_bytes(AFTER)
        raise KeyboardInterrupt


def test_what_is_written_half_is_not_there(tmp_path: Path) -> None:
    """The old content stays, and nothing lies beside it."""
    path = tmp_path / "a.csv"
    path.write_bytes(BEFORE)
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("a.csv", BEFORE)]


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    """A report that its owner keeps from others is not opened to them; a new one is as the user's other files are."""
    path = tmp_path / "a.csv"
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    write_output(path, AFTER)
    usual = tmp_path / "usual"
    usual.write_bytes(BEFORE)
    write_output(tmp_path / "new", AFTER)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, tmp_path / "new")] == [
        0o640,
        stat.S_IMODE(usual.stat().st_mode),
    ]


def modes(folder: Path) -> set[str]:
    """Return what others may do with a folder and with all in it, beside what it is."""
    return {f"{'folder' if one.is_dir() else 'file'} {one.stat().st_mode & 0o077:o}" for one in folder.rglob("*")}


def test_what_is_the_programs_own_is_for_its_user_alone(tmp_path: Path) -> None:
    """Every folder that is made, every file, whatever the umask; what is there already is closed."""
    before = os.umask(0)
    try:
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "a").write_bytes(BEFORE)
        make_private_folder(tmp_path / "new" / "inner")
        write_private(tmp_path / "new" / "inner" / "a", AFTER)
        keep_private(tmp_path / "old")
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"folder 0", "file 0"}


def test_history_and_cache_are_for_their_user_alone(tmp_path: Path) -> None:
    """Those of an earlier version too, at the next command that only reads them."""
    home = tmp_path / "home"
    program = Program(home, environ=(("HFPLANNER_HOME", str(home / "kept")),))
    home.mkdir()
    job = '{"id": "a", "createdAt": "2026-01-01T00:00:00.000Z", "status": {"stage": "COMPLETED"}}'
    before = os.umask(0o022)
    try:
        assert program.run("import", "-", stdin=job).code == 0
        assert modes(home / "kept") == {"folder 0", "file 0"}
        for path in (home / "kept").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        assert program.run("report", "--json").code == 0
    finally:
        os.umask(before)
    assert modes(home / "kept") == {"folder 0", "file 0"}
