"""The ledger's file: who may read it, what it is not, where it may be, and a disk that does not play along."""

import os
import pwd
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest

from hfplanner.budget.ledger.filesystems import network_filesystem
from hfplanner.budget.ledger.open import default_ledger_address, open_database, open_ledger
from hfplanner.budget.ledger.sqlite import APPLICATION_ID
from hfplanner.errors import LedgerError, UsageError
from hfplanner.history.store import default_history_folder
from tests.budget.books import CENT, reservation, reserve, window
from tests.program import REPOSITORY


@contextmanager
def as_nobody() -> Iterator[Path]:
    """Go on as a user whom permissions bind, in a folder of that user's; root is bound by none."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() != 0:
            yield Path(folder)
            return
        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, nobody, -1)
        os.seteuid(nobody)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_its_place_is_told_or_that_of_the_users_data(tmp_path: Path) -> None:
    """``HFPLANNER_LEDGER``, else beside the history."""
    home = {"HFPLANNER_HOME": str(tmp_path)}
    assert default_ledger_address({**home, "HFPLANNER_LEDGER": "/srv/books"}) == "/srv/books"
    assert default_ledger_address(home) == str(tmp_path / "ledger.sqlite3")
    assert Path(default_ledger_address({})).parent == default_history_folder({}).parent
    with pytest.raises(UsageError, match="no such user"):
        default_ledger_address({"HFPLANNER_HOME": "~nobody-of-that-name/plans"})


def test_a_new_ledger_is_its_owners_alone(tmp_path: Path) -> None:
    """Folders are made; the file is for its owner, whatever the umask; one that is there keeps its permissions."""
    path = tmp_path / "new" / "folder" / "ledger.sqlite3"
    before = os.umask(0)
    try:
        with open_ledger(path) as ledger:
            reserve(ledger)
            assert ledger.place == str(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o660)
    open_ledger(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


def test_a_commit_is_on_the_disk_when_it_returns(tmp_path: Path) -> None:
    """The journal is truncated and synced, and every connection says so by itself."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        reserve(ledger)
        assert (tmp_path / "ledger.sqlite3-journal").stat().st_size == 0
        assert not (tmp_path / "ledger.sqlite3-wal").exists()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


@pytest.mark.parametrize("size", [0, 1, 511])
def test_a_ledger_that_is_cut_to_almost_nothing_is_not_a_new_one(tmp_path: Path, size: int) -> None:
    """What it held and had spent is not forgotten in silence; the sentence says what to do, and the file stays."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        reserve(ledger)
    os.truncate(path, size)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3 is damaged: .* no books in it") as caught:
        open_ledger(path)
    assert "Restore it" in str(caught.value.hint)
    assert path.stat().st_size == size


def test_a_database_without_tables_is_no_new_ledger_either(tmp_path: Path) -> None:
    """A first start leaves all of its tables or no file."""
    path = tmp_path / "ledger.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("VACUUM")
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert path.stat().st_size >= 512
    with pytest.raises(LedgerError, match="no books in it"):
        open_ledger(path)


def test_a_first_start_leaves_one_file(tmp_path: Path) -> None:
    """The name it was made under is gone, and so is that of a start that cannot make it."""
    path = tmp_path / "ledger.sqlite3"
    open_ledger(path).close()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["ledger.sqlite3"]
    with pytest.raises(LedgerError):
        open_database(tmp_path / "another.sqlite3", steps=(lambda _: ["no statement"],))
    assert sorted(found.name for found in tmp_path.iterdir()) == ["ledger.sqlite3"]


def test_a_link_is_followed_and_one_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    """To itself, or to what is not there: no ledger is made elsewhere."""
    real = tmp_path / "real.sqlite3"
    open_ledger(real).close()
    for name, target in (("good", real), ("loop", tmp_path / "loop"), ("gone", tmp_path / "nowhere")):
        (tmp_path / name).symlink_to(target)
    open_ledger(tmp_path / "good").close()
    for name in ("loop", "gone"):
        with pytest.raises(LedgerError, match="cannot be opened"):
            open_ledger(tmp_path / name)


@pytest.mark.parametrize("text", [b"CREATE", b"submissions", b"counters_by_end", b"BEFORE UPDATE"])
def test_a_schema_whose_text_is_damaged_is_an_error(tmp_path: Path, text: bytes) -> None:
    """Bytes that are no text, in the middle of SQLite's own table."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        reserve(ledger)
    content = path.read_bytes()
    assert text in content
    path.write_bytes(content.replace(text, b"\xff\xfe\x00\x80"[: len(text)] + text[4:]))
    with pytest.raises(LedgerError), open_ledger(path) as ledger:
        reserve(ledger, "s2")


@pytest.mark.parametrize(
    "address",
    ["mysql://ada:hunter2@db/books", "sqlite:///home/ada:hunter2@x", "postgresql:/ada:hunter2@db/books"],
)
def test_an_address_of_an_unknown_kind_is_not_repeated(address: str) -> None:
    """It may hold a password: only its scheme is named."""
    with pytest.raises(UsageError) as caught:
        open_ledger(address)
    said = f"{caught.value} {caught.value.hint}"
    assert "hunter2" not in said
    assert address.partition(":")[0] in said


@pytest.mark.parametrize("content", [b"budgets: many", b"SQLite format 3\x00" + b"\xff" * 4096, b"\x00" * 8192])
def test_what_is_no_database_is_an_error_and_stays(tmp_path: Path, content: bytes) -> None:
    """A typing mistake in ``HFPLANNER_LEDGER`` must not cost a file."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=r"notes\.txt"):
        open_ledger(path)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_no_ledger(tmp_path: Path) -> None:
    """With tables of its own, or only with a mark of its own."""
    for name, statement in (
        ("a", "CREATE TABLE cookies (name)"),
        ("b", "PRAGMA application_id = 7; CREATE TABLE a (b)"),
    ):
        connection = sqlite3.connect(tmp_path / name)
        connection.executescript(statement)
        connection.close()
        before = (tmp_path / name).read_bytes()
        with pytest.raises(LedgerError, match="another program"):
            open_ledger(tmp_path / name)
        assert (tmp_path / name).read_bytes() == before


def test_a_ledger_cut_short_is_an_error(tmp_path: Path) -> None:
    """Half of the file is gone: opened, read or reserved in, it is a known error."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        reserve(ledger)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(LedgerError, match="damaged"), open_ledger(path) as ledger:
        ledger.reserve(reservation("s2"))


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    """Nor is a path below a file."""
    with pytest.raises(LedgerError, match="not a file"):
        open_ledger(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_ledger(tmp_path / "file" / "ledger.sqlite3")


def test_a_ledger_that_cannot_be_written_can_be_read_and_refuses_all_else() -> None:
    """Read-only media: the balance is shown, nothing is reserved."""
    with as_nobody() as folder:
        path = folder / "ledger.sqlite3"
        with open_ledger(path) as ledger:
            reserve(ledger)
        path.chmod(0o400)
        folder.chmod(0o500)
        with open_ledger(path) as ledger:
            assert ledger.balances([window()])[0].held_micro_usd == 100 * CENT
            with pytest.raises(LedgerError, match="read-only"):
                ledger.reserve(reservation("s2"))
        folder.chmod(0o700)


def test_a_ledger_of_another_user_is_an_error() -> None:
    """Neither read nor written."""
    with as_nobody() as folder:
        path = folder / "ledger.sqlite3"
        open_ledger(path).close()
        path.chmod(0)
        with pytest.raises(LedgerError, match="cannot be opened"):
            open_ledger(path)
        folder.chmod(0o500)
        with pytest.raises(LedgerError, match="Permission denied"):
            open_ledger(folder / "another.sqlite3")
        folder.chmod(0o700)


_FULL = """
import resource, signal, sys
from hfplanner.budget.ledger.open import open_ledger
from hfplanner.errors import LedgerError
from tests.budget.books import reservation
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with open_ledger(sys.argv[1]) as ledger:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    done = 0
    try:
        while True:
            ledger.reserve(reservation(f"s{done}", 1, windows=()))
            done += 1
    except LedgerError as error:
        print(done, error)
"""


@pytest.mark.process
def test_no_room_on_the_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """A file that must not grow any more: an error, and the books are those of the last success, from then on too."""
    path = tmp_path / "ledger.sqlite3"
    open_ledger(path).close()
    most = path.stat().st_size + 40_000
    command = [sys.executable, "-c", _FULL, str(path), str(most)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    count, _, sentence = done.stdout.partition(" ")
    assert sentence.startswith(f"The ledger {path} cannot be")
    with open_ledger(path) as ledger:
        assert len(list(ledger.submissions())) == int(count) > 0
        assert ledger.verify() == ()
        reserve(ledger, "after")


def test_a_ledger_that_is_busy_for_too_long_is_an_error(tmp_path: Path) -> None:
    """A program that holds the file for longer than one is ready to wait."""
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path, wait_secs=0.2) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LedgerError, match=r"busy for 0\.2 seconds"):
            ledger.reserve(reservation())
        with pytest.raises(LedgerError, match="busy"):
            ledger.get("s1")
        other.execute("ROLLBACK")
        other.close()
        reserve(ledger)


def test_a_ledger_that_another_program_keeps_in_a_write_ahead_log_is_taken_back(tmp_path: Path) -> None:
    """The mode is in the file; the next who opens it sets it right, or says that it cannot."""
    path = tmp_path / "ledger.sqlite3"
    open_ledger(path).close()
    other = sqlite3.connect(path)
    assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    other.execute("SELECT * FROM meta").fetchall()
    with pytest.raises(LedgerError):
        open_ledger(path, wait_secs=0.2)
    other.close()
    with open_ledger(path) as ledger:
        reserve(ledger)
    assert not (tmp_path / "ledger.sqlite3-wal").exists()


MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
31 27 0:40 / /home rw,relatime shared:1 master:2 - nfs4 server:/home rw
32 31 0:41 / /home/ada/local rw,relatime - xfs /dev/vdb rw
33 27 0:42 / /mnt/my\040bucket rw,relatime - fuse.s3fs s3fs rw
34 27 0:43 / /mnt/usb rw,relatime - fuseblk /dev/sdb1 rw
a line that is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/hfplanner/ledger.sqlite3", None),
        ("/home/ada/ledger.sqlite3", "nfs4"),
        ("/home/ada/local/new/ledger.sqlite3", None),
        ("/mnt/my bucket/ledger.sqlite3", "fuse.s3fs"),
        ("/mnt/usb/ledger.sqlite3", None),
        ("/homer/ledger.sqlite3", None),
    ],
)
def test_a_network_file_system_is_recognised_by_the_mount_table(tmp_path: Path, path: str, kind: str | None) -> None:
    """The innermost mount of a path decides."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert network_filesystem(Path(path), mounts) == kind


def test_without_a_mount_table_nothing_is_refused(tmp_path: Path) -> None:
    """Other systems have none."""
    assert network_filesystem(tmp_path / "ledger.sqlite3", tmp_path / "no such table") is None


def test_many_that_open_a_new_file_at_once_make_one_ledger(tmp_path: Path) -> None:
    """Nobody takes a file whose tables another is making for that of another program; all see one id."""
    together = Barrier(8)

    def opened(path: Path) -> str:
        together.wait()
        with open_ledger(path) as ledger:
            return ledger.ledger_id

    with ThreadPoolExecutor(max_workers=8) as pool:
        for number in range(20):
            path = tmp_path / f"{number}.sqlite3"
            assert len(set(pool.map(opened, [path] * 8))) == 1
