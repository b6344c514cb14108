"""The kept answer: never half of one, never somebody else's, and never a traceback."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from hfplanner.api.strict_json import MAX_DEPTH
from hfplanner.catalog.cache import ListingCache, default_cache_folder
from hfplanner.errors import ListingUnreadable, UsageError

MakeRow = Callable[..., dict[str, Any]]
ENDPOINT = "https://hub.example"


def names(cache: ListingCache) -> list[str] | None:
    """Return the flavors of the kept listing."""
    listing = cache.read()
    return None if listing is None else [flavor.name for flavor in listing.flavors]


def keep(cache: ListingCache, now: datetime, *rows: object) -> bytes:
    """Keep an answer with these rows and return what the file then holds."""
    cache.write(json.dumps(list(rows)).encode(), now)
    return cache.path.read_bytes()


def test_nothing_kept_is_none(cache: ListingCache) -> None:
    """Not an error: this is how every user begins."""
    assert cache.read() is None


def test_what_is_kept_is_read_back_with_its_time_and_its_endpoint(
    cache: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """The same rows, the same complaints, marked as kept."""
    keep(cache, now, make_row(), 5)
    listing = cache.read()
    assert listing is not None
    assert (listing.source, listing.origin, listing.checked, listing.live) == ("cache", ENDPOINT, now, False)
    assert [flavor.price_micro_usd_per_minute for flavor in listing.flavors] == [13333]
    assert [problem.position for problem in listing.problems] == [1]


def test_a_time_of_another_zone_is_read_as_utc(cache: ListingCache, make_row: MakeRow) -> None:
    """Times inside are UTC."""
    keep(cache, datetime(2026, 9, 15, 14, 0, tzinfo=timezone(timedelta(hours=2))), make_row())
    listing = cache.read()
    assert listing is not None
    assert listing.checked.isoformat() == "2026-09-15T12:00:00+00:00"


def test_each_endpoint_has_its_own_file(tmp_path: Path, now: datetime, make_row: MakeRow) -> None:
    """Prices of a test server never pass for the Hub's."""
    mine, other = ListingCache(tmp_path, ENDPOINT), ListingCache(tmp_path, "http://127.0.0.1:8000")
    keep(mine, now, make_row(name="mine"))
    assert (names(mine), names(other)) == (["mine"], None)
    keep(other, now, make_row(name="other"))
    assert (names(mine), names(other)) == (["mine"], ["other"])


def test_a_listing_as_deep_as_an_answer_may_be_is_kept(cache: ListingCache, now: datetime, make_row: MakeRow) -> None:
    """The file wraps the answer in one level more."""
    deep: list[Any] = []
    for _ in range(MAX_DEPTH - 3):
        deep = [deep]
    keep(cache, now, make_row(extra=deep))
    assert names(cache) == ["l4x1"]


def test_a_file_cut_at_any_byte_is_refused_and_left_aside(
    cache: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """A full disk or a crash of the machine costs the kept answer, and nothing else."""
    whole = keep(cache, now, make_row())
    for length in range(len(whole) - 1):
        cache.path.write_bytes(whole[:length])
        with pytest.raises(ListingUnreadable, match="is damaged and was left aside"):
            cache.read()
        assert cache.path.stat().st_size == length


@pytest.mark.slow
def test_a_file_with_any_one_byte_changed_is_read_or_refused(
    cache: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """No damage of one byte raises anything but the one error."""
    whole = keep(cache, now, make_row())
    for position in range(len(whole)):
        for byte in (b"\x00", b"\xff", b'"', b"9", b"-", b"]"):
            cache.path.write_bytes(whole[:position] + byte + whole[position + 1 :])
            try:
                cache.read()
            except ListingUnreadable:
                continue


DAMAGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another version": lambda whole: whole | {"version": 2},
    "a version that is no number": lambda whole: whole | {"version": "1"},
    "another endpoint": lambda whole: whole | {"endpoint": "https://evil.example"},
    "no endpoint": lambda whole: {key: value for key, value in whole.items() if key != "endpoint"},
    "no time": lambda whole: {key: value for key, value in whole.items() if key != "checked"},
    "a time that is none": lambda whole: whole | {"checked": "yesterday"},
    "a time that is a number": lambda whole: whole | {"checked": 1_790_000_000},
    "a time without a zone": lambda whole: whole | {"checked": "2026-09-15T12:00:00"},
    "a time before time": lambda whole: whole | {"checked": "0001-01-01T00:00:00+23:59"},
    "a time after time": lambda whole: whole | {"checked": "9999-12-31T23:59:59-23:59"},
    "a listing that is none": lambda whole: whole | {"listing": {"error": "no"}},
    "an empty listing": lambda whole: whole | {"listing": []},
    "no readable row": lambda whole: whole | {"listing": [1, 2, 3]},
    "a list": lambda whole: [whole],
    "null": lambda _: None,
    "a number": lambda _: 5,
    "a text": lambda _: "version",
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_file_that_is_not_ours_is_refused_in_one_sentence(
    cache: ListingCache, now: datetime, make_row: MakeRow, damage: Callable[[dict[str, Any]], object]
) -> None:
    """Whatever wrote it: refused, named by its path, and left as it was."""
    broken = json.dumps(damage(json.loads(keep(cache, now, make_row())))).encode()
    cache.path.write_bytes(broken)
    with pytest.raises(ListingUnreadable, match="is damaged") as caught:
        cache.read()
    assert str(cache.path) in caught.value.message
    assert cache.path.read_bytes() == broken


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 4096, b"[" * 100_000, b"\xff" * 5_000_000, b"PK\x03\x04"],
    ids=["empty", "zeros", "deep", "5 MB", "zip"],
)
def test_bytes_that_are_no_json_are_refused(cache: ListingCache, content: bytes) -> None:
    """Zeros after a crash, a deep nest, megabytes of nothing."""
    cache.folder.mkdir()
    cache.path.write_bytes(content)
    with pytest.raises(ListingUnreadable, match="is damaged"):
        cache.read()


def test_a_huge_file_is_not_read_to_its_end(cache: ListingCache) -> None:
    """A sparse file of 100 GB is refused at the cap."""
    cache.folder.mkdir()
    with cache.path.open("wb") as file:
        file.truncate(100 * 10**9)
    with pytest.raises(ListingUnreadable, match="is damaged"):
        cache.read()


def test_a_folder_in_the_place_of_the_file_is_refused_and_not_removed(
    cache: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """Reading says why, writing fails as a file error and leaves nothing behind."""
    cache.path.mkdir(parents=True)
    with pytest.raises(ListingUnreadable, match="cannot be read"):
        cache.read()
    with pytest.raises(OSError, match=r"directory|exists"):
        keep(cache, now, make_row())
    assert [entry.name for entry in cache.folder.iterdir()] == [cache.path.name]


def test_a_file_in_the_place_of_the_folder_is_refused_and_not_removed(
    tmp_path: Path, now: datetime, make_row: MakeRow
) -> None:
    """The same one level up."""
    (tmp_path / "cache").write_text("mine")
    cache = ListingCache(tmp_path / "cache", ENDPOINT)
    with pytest.raises(ListingUnreadable, match="cannot be read"):
        cache.read()
    with pytest.raises(OSError, match=r"directory|exists"):
        keep(cache, now, make_row())
    assert (tmp_path / "cache").read_text() == "mine"


def test_a_symbolic_link_is_replaced_and_its_target_is_not_touched(
    cache: ListingCache, tmp_path: Path, now: datetime, make_row: MakeRow
) -> None:
    """A link in the cache folder is no way to have another file overwritten."""
    target = tmp_path / "precious"
    target.write_text("mine")
    cache.folder.mkdir()
    cache.path.symlink_to(target)
    with pytest.raises(ListingUnreadable):
        cache.read()
    keep(cache, now, make_row())
    assert (target.read_text(), cache.path.is_symlink(), names(cache)) == ("mine", False, ["l4x1"])


def test_a_link_to_nothing_is_nothing_kept_and_a_link_to_itself_is_refused(cache: ListingCache) -> None:
    """Neither hangs."""
    cache.folder.mkdir()
    cache.path.symlink_to(cache.folder / "nowhere")
    assert cache.read() is None
    cache.path.unlink()
    cache.path.symlink_to(cache.path)
    with pytest.raises(ListingUnreadable, match="cannot be read"):
        cache.read()


WRITER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from hfplanner.catalog.cache import ListingCache
folder, writer, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
cache = ListingCache(folder, "https://hub.example")
for turn in range(rounds):
    rows = [{"name": f"{writer}-{turn}", "pad": "x" * (turn * 997 % 50_000)}, {"name": f"{writer}-{turn}-end"}]
    cache.write(json.dumps(rows).encode(), datetime(2026, 9, 15, tzinfo=UTC))
"""


@pytest.mark.process
def test_processes_that_write_at_once_leave_whole_answers_only(
    cache: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """Four processes write 300 answers each while this one reads: every read is one writer's whole answer."""
    keep(cache, now, make_row(name="w-0"), make_row(name="w-0-end"))
    run = [sys.executable, "-c", WRITER, str(cache.folder)]
    writers = [subprocess.Popen([*run, name, "300"]) for name in "abcd"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        read = names(cache)
        assert read is not None
        first, last = read
        assert last == f"{first}-end"
        seen.add(first[0])
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert seen & set("abcd")
    assert [entry.name for entry in cache.folder.iterdir()] == [cache.path.name]


def test_the_folder_is_where_the_environment_says(tmp_path: Path) -> None:
    """``HFPLANNER_HOME`` wins; ``~`` is the home folder; without it the platform decides."""
    assert default_cache_folder({"HFPLANNER_HOME": str(tmp_path)}) == tmp_path / "cache"
    assert default_cache_folder({"HFPLANNER_HOME": "~/plans"}) == Path("~/plans/cache").expanduser()
    assert default_cache_folder({}).name == "hfplanner"
    assert default_cache_folder({"HFPLANNER_HOME": ""}) == default_cache_folder({})


def test_the_home_of_a_user_who_does_not_exist_is_refused() -> None:
    """A usage error, not a traceback of pathlib."""
    with pytest.raises(UsageError, match="no such user"):
        default_cache_folder({"HFPLANNER_HOME": "~nobody-of-that-name/plans"})


def test_an_endpoint_of_any_characters_has_a_file(tmp_path: Path, make_row: MakeRow) -> None:
    """Slashes, dots and bytes that are no text never reach the file's name."""
    for endpoint in ("../../etc/passwd", "https://h/\x00", "\udcff", "x" * 3000):
        cache = ListingCache(tmp_path, endpoint)
        keep(cache, datetime(2026, 9, 15, tzinfo=UTC), make_row())
        assert cache.path.parent == tmp_path
        assert os.fspath(cache.path.name).isascii()
        assert names(cache) == ["l4x1"]
