"""Whether a sender lives: the lock tells, and where it cannot, the clock does; nothing else hinders or hides."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hfplanner.submit.machine import SENDING_SECS
from tests.submit.submitter import machine

NOW = datetime(2026, 9, 1, tzinfo=UTC)
SID = "a" * 32


@pytest.mark.parametrize("path", ["gone.lock", "/" + "a" * 300], ids=["not there", "may not be looked at"])
def test_without_a_lock_to_look_at_the_deadline_decides(tmp_path: Path, path: str) -> None:
    """Another container, or another user's folder: dead only once it may not send any more."""
    for elapsed, is_dead in ((SENDING_SECS - 1, False), (SENDING_SECS + 1, True)):
        sender = replace(machine(tmp_path, boot_clock=lambda: 0.0).sender(SID), lock_path=path)
        now = machine(tmp_path, boot_clock=lambda secs=elapsed: float(secs))
        assert now.is_dead(sender, marked_at=NOW, now=NOW) is is_dead


def test_the_lock_of_a_live_sender_outlasts_its_deadline(tmp_path: Path) -> None:
    """A slow answer is no death, and a lock nobody holds is one, at once."""
    here = machine(tmp_path, boot_clock=lambda: 1e9)
    sender = replace(here.sender(SID), deadline_boot_secs=0.0)
    with here.sending(SID):
        assert not here.is_dead(sender, marked_at=NOW, now=NOW)
    Path(sender.lock_path).touch()
    assert machine(tmp_path, boot_clock=lambda: 0.0).is_dead(sender, marked_at=NOW, now=NOW)


def test_a_machine_that_started_anew_has_no_old_sender(tmp_path: Path) -> None:
    """Another boot of this machine: dead. Another machine: only time tells."""
    sender = machine(tmp_path).sender(SID)
    assert machine(tmp_path, boot_id="2").is_dead(sender, marked_at=NOW, now=NOW)
    elsewhere = machine(tmp_path, host="there")
    assert not elsewhere.is_dead(sender, marked_at=NOW, now=NOW + timedelta(minutes=14))
    assert elsewhere.is_dead(sender, marked_at=NOW, now=NOW + timedelta(minutes=16))


def test_a_lock_is_found_from_any_folder() -> None:
    """A relative home: the ledger keeps the whole path."""
    assert Path(machine(Path("home")).sender(SID).lock_path).is_absolute()


def test_a_lock_that_cannot_be_cleared_away_changes_no_outcome(tmp_path: Path) -> None:
    """The file is no file any more: what was sent stays sent, and no error hides it."""
    here = machine(tmp_path)
    with here.sending(SID) as is_ours:
        lock = Path(here.sender(SID).lock_path)
        lock.unlink()
        lock.mkdir()
        assert is_ours
    assert lock.is_dir()
