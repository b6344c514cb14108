"""Which listing is used, over a real connection: asked now, kept from before, or shipped; and what is said about it."""

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from hfplanner.catalog.cache import ListingCache
from hfplanner.catalog.load import FRESH_FOR, ListingRequest, load_listing
from hfplanner.catalog.prices import price_book
from hfplanner.errors import UsageError

MakeRow = Callable[..., dict[str, Any]]
SHIPPED = "Using the listing shipped with hfplanner, of 2026-08-31 instead."
MEGABYTE = 10**6
ROW: dict[str, Any] = {"name": "l4x1", "unitCostMicroUSD": 13333, "unitLabel": "minute"}


class Hub(Protocol):
    """The loopback Hub of the fixtures."""

    endpoint: str
    asked: list[tuple[str, dict[str, str]]]
    answer: Callable[[BaseHTTPRequestHandler], None]

    def serve(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Answer every question with this body."""

    def serve_rows(self, rows: object) -> None:
        """Answer every question with these rows."""


class Hasty(httpx.BaseTransport):
    """The real network, with less patience than the client has."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.network = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with shorter time-outs."""
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), self.seconds)
        return self.network.handle_request(request)


@pytest.fixture
def kept(hub: Hub, tmp_path: Path) -> ListingCache:
    """Return the cache for the loopback Hub, still empty."""
    return ListingCache(tmp_path / "cache", hub.endpoint)


def keep(cache: ListingCache, row: dict[str, Any], checked: datetime) -> bytes:
    """Keep a listing of one row and return the file's bytes."""
    cache.write(json.dumps([row]).encode(), checked)
    return cache.path.read_bytes()


def test_the_first_question_goes_to_the_hub_and_its_answer_is_kept(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """Live, dated now, without a token or a cookie."""
    hub.serve_rows([make_row()])
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert (listing.source, listing.live, listing.checked, listing.origin) == ("hub", True, now, hub.endpoint)
    assert listing.warnings == ()
    ((path, headers),) = hub.asked
    assert path == "/api/jobs/hardware"
    assert not {"authorization", "cookie"} & {name.lower() for name in headers}
    again = kept.read()
    assert again is not None
    assert again.flavors == listing.flavors


def test_a_fresh_answer_is_used_again_without_asking(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """For an hour, and its age is the time since."""
    keep(kept, make_row(), now)
    later = now + FRESH_FOR - timedelta(seconds=1)
    listing = load_listing(ListingRequest(cache=kept), now=later)
    assert (listing.source, listing.age(later), listing.warnings) == ("cache", timedelta(seconds=3599), ())
    assert hub.asked == []


@pytest.mark.parametrize(("age", "refresh"), [(FRESH_FOR, False), (timedelta(days=400), False), (timedelta(0), True)])
def test_a_stale_answer_or_a_wish_to_refresh_asks_again(
    hub: Hub, kept: ListingCache, now: datetime, age: timedelta, refresh: object
) -> None:
    """The new answer takes the place of the old one."""
    keep(kept, ROW | {"name": "old"}, now - age)
    hub.serve_rows([ROW | {"name": "new"}])
    listing = load_listing(ListingRequest(cache=kept, refresh=bool(refresh)), now=now)
    assert (listing.source, [flavor.name for flavor in listing.flavors]) == ("hub", ["new"])
    again = kept.read()
    assert again is not None
    assert [flavor.name for flavor in again.flavors] == ["new"]


@pytest.mark.parametrize(
    ("age", "source"),
    [
        (timedelta(minutes=1), "cache"),
        (timedelta(days=10), "cache"),
        (timedelta(days=100), "shipped"),
        (None, "shipped"),
    ],
)
def test_offline_takes_the_newer_of_the_kept_and_the_shipped_and_asks_nobody(
    hub: Hub, kept: ListingCache, now: datetime, age: timedelta | None, source: str
) -> None:
    """An answer kept from before the release does not hide the newer snapshot; nothing is wrong, so nothing is said."""
    if age is not None:
        keep(kept, ROW, now - age)
    listing = load_listing(ListingRequest(cache=kept, offline=True), now=now)
    assert (listing.source, listing.warnings, listing.live) == (source, (), False)
    assert hub.asked == []


def test_offline_and_refresh_contradict_each_other(kept: ListingCache) -> None:
    """Refused before anything is read."""
    with pytest.raises(UsageError, match="--refresh"):
        ListingRequest(cache=kept, offline=True, refresh=True)


STATUSES = [204, 206, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 406, 418, 429, 500, 502, 503, 504, 599]


@pytest.mark.parametrize("status", STATUSES)
def test_any_status_but_200_is_no_answer(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow, status: int
) -> None:
    """Whatever the body is: the kept answer is used, left untouched, and the status is named."""
    before = keep(kept, make_row(name="kept"), now - timedelta(days=2))
    body = b"" if status in {204, 304} else json.dumps([make_row(name="not-this")]).encode()
    hub.serve(body, status, Location=f"{hub.endpoint}/elsewhere")
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert [flavor.name for flavor in listing.flavors] == ["kept"]
    assert listing.warnings[0].startswith(f"{hub.endpoint} answered {status}")
    assert listing.warnings[1] == "Using the answer kept from 2026-09-13 instead."
    assert kept.path.read_bytes() == before
    assert [path for path, _ in hub.asked] == ["/api/jobs/hardware"]


def cut_body(handler: BaseHTTPRequestHandler) -> None:
    """Promise 1000 bytes and send ten."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'[{"name": ')


def cut_chunks(handler: BaseHTTPRequestHandler) -> None:
    """Stop in the middle of a chunk."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n[1,2")


def not_http(handler: BaseHTTPRequestHandler) -> None:
    """Answer in another protocol."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


def silence(handler: BaseHTTPRequestHandler) -> None:
    """Close without a word."""
    handler.close_connection = True


def endless_head(handler: BaseHTTPRequestHandler) -> None:
    """Send a head of 10 MB."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(1000):
        handler.wfile.write(b"X-Pad: " + b"x" * 10_000 + b"\r\n")


def wrong_gzip(handler: BaseHTTPRequestHandler) -> None:
    """Claim gzip and send JSON."""
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"[]")


@pytest.mark.parametrize(
    "fault", [cut_body, cut_chunks, not_http, silence, endless_head], ids=lambda fault: fault.__name__
)
def test_a_broken_connection_falls_back_and_says_so(
    hub: Hub, kept: ListingCache, now: datetime, fault: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    """Without a kept answer the shipped snapshot serves, and nothing is kept of the broken one."""
    hub.answer = fault
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert (listing.source, len(listing.flavors)) == ("shipped", 26)
    assert len(listing.warnings) == 2
    assert hub.endpoint in listing.warnings[0]
    assert listing.warnings[1] == SHIPPED
    assert not kept.path.exists()


GARBAGE = {
    "no json": b"<html>Bad gateway</html>",
    "nothing": b"",
    "an object": b'{"error": "rate limited"}',
    "an empty list": b"[]",
    "no row": b"[1, 2, 3]",
    "deep": b"[" * 100_000,
    "not utf-8": b'[{"name": "\xff"}]',
    "twice": b'[{"name": "a", "name": "b"}]',
    "nan": b'[{"name": "a", "unitCostMicroUSD": NaN}]',
    "escapes": b'{"error": "\\u001b]0;x\\u0007"}',
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
def test_an_answer_that_is_no_listing_never_replaces_a_kept_one(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow, body: bytes
) -> None:
    """The cache holds what was read successfully, byte for byte as before."""
    before = keep(kept, make_row(), now - timedelta(days=2))
    hub.serve(body)
    listing = load_listing(ListingRequest(cache=kept, refresh=True), now=now)
    assert listing.source == "cache"
    assert listing.warnings[0].startswith(f"The hardware listing of {hub.endpoint} ")
    assert kept.path.read_bytes() == before
    assert [entry.name for entry in kept.folder.iterdir()] == [kept.path.name]


def test_an_answer_of_100_mb_is_left_after_4(hub: Hub, kept: ListingCache, now: datetime) -> None:
    """The rest is never sent: the connection is closed at the cap."""
    sent = 0

    def pour(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Length", str(100 * MEGABYTE))
        handler.end_headers()
        for _ in range(100):
            handler.wfile.write(b"[" + b" " * (MEGABYTE - 1))
            sent += 1

    hub.answer = pour
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert listing.source == "shipped"
    assert "longer than" in listing.warnings[0]
    assert sent < 50


def test_a_small_body_that_unfolds_is_refused(hub: Hub, kept: ListingCache, now: datetime) -> None:
    """Compression was not asked for; 50 MB of spaces in 50 KB are too much all the same."""
    hub.serve(gzip.compress(b"[" + b" " * (50 * MEGABYTE)), Content_Encoding="gzip")
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert (listing.source, listing.warnings[-1]) == ("shipped", SHIPPED)


def test_a_body_that_is_not_compressed_as_it_claims_is_refused(hub: Hub, kept: ListingCache, now: datetime) -> None:
    """Neither guessed at nor kept."""
    hub.answer = wrong_gzip
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert (listing.source, listing.warnings[-1]) == ("shipped", SHIPPED)
    assert not kept.path.exists()


def test_a_hub_that_does_not_answer_in_time_is_given_up(hub: Hub, kept: ListingCache, now: datetime) -> None:
    """The time-out is a sentence, and the snapshot serves."""
    hub.answer = lambda _: time.sleep(0.5)
    listing = load_listing(ListingRequest(cache=kept), now=now, transport=Hasty(0.1))
    assert listing.warnings == (f"{hub.endpoint} did not answer in time.", SHIPPED)


def test_a_hub_that_stops_in_the_middle_is_given_up(hub: Hub, kept: ListingCache, now: datetime) -> None:
    """Half a body and then nothing."""

    def stall(handler: BaseHTTPRequestHandler) -> None:
        cut_body(handler)
        handler.wfile.flush()
        time.sleep(0.5)

    hub.answer = stall
    listing = load_listing(ListingRequest(cache=kept), now=now, transport=Hasty(0.1))
    assert listing.warnings == (f"{hub.endpoint} did not answer in time.", SHIPPED)


def test_a_hub_that_is_silent_is_asked_once_a_minute(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """It costs three seconds at most, once; who asks for its answer by name asks it again."""
    done = threading.Event()
    hub.answer = lambda _: done.wait(20) and None
    began = time.monotonic()
    first = load_listing(ListingRequest(cache=kept), now=now)
    asked, took = len(hub.asked), time.monotonic() - began
    second = load_listing(ListingRequest(cache=kept), now=now + timedelta(seconds=59))
    done.set()
    assert (first.source, second.source, took < 3.5, len(hub.asked) - asked) == ("shipped", "shipped", True, 0)
    assert second.warnings == (
        f"{hub.endpoint} did not answer in time less than a minute ago and was not asked again.",
        SHIPPED,
    )
    hub.serve_rows([make_row()])
    assert load_listing(ListingRequest(cache=kept), now=now + timedelta(seconds=60)).live
    assert load_listing(ListingRequest(cache=kept, refresh=True), now=now + timedelta(seconds=30)).live
    assert [entry.name for entry in kept.folder.iterdir()] == [kept.path.name]


def test_a_price_that_moved_is_said_once_and_holds_from_the_day_it_was_seen(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """Also for the jobs between two listings that came later: the one before is replaced, what it said is kept."""
    hub.serve_rows([make_row()])
    load_listing(ListingRequest(cache=kept), now=now)
    hub.serve_rows([make_row(unitCostMicroUSD=15_000)])
    moved = load_listing(ListingRequest(cache=kept), now=now + timedelta(days=10))
    said = "Prices changed since 2026-09-15: l4x1 from $0.80 to $0.90 an hour (+13 %)."
    assert moved.warnings == (f"{said} `hfplanner prices` says what it means.",)
    later = load_listing(ListingRequest(cache=kept), now=now + timedelta(days=20))
    book = price_book(load_listing(ListingRequest(cache=kept, offline=True), now=now + timedelta(days=30)))
    days = [now.date() + timedelta(days=n) for n in (0, 9, 10, 15, 20)]
    assert (later.warnings, [book.price_on("l4x1", day) for day in days]) == ((), [13_333, 13_333, *[15_000] * 3])


def test_nobody_at_the_endpoint_is_a_sentence(tmp_path: Path, now: datetime) -> None:
    """Port 1 of loopback refuses."""
    listing = load_listing(ListingRequest(cache=ListingCache(tmp_path, "http://127.0.0.1:1")), now=now)
    assert listing.warnings == ("http://127.0.0.1:1 could not be reached (ConnectError).", SHIPPED)


@pytest.mark.parametrize(
    "endpoint",
    ["http://hub.example", "ftp://127.0.0.1", "https://", "hub.example", "https://u:p@hub.example", "http://[::1"],
)
def test_an_endpoint_not_to_talk_to_is_a_usage_error(tmp_path: Path, now: datetime, endpoint: str) -> None:
    """What was typed into HF_ENDPOINT is wrong: falling back would hide it. Offline nobody is talked to."""
    cache = ListingCache(tmp_path, endpoint)
    with pytest.raises(UsageError, match="endpoint"):
        load_listing(ListingRequest(cache=cache), now=now)
    assert load_listing(ListingRequest(cache=cache, offline=True), now=now).source == "shipped"


def test_a_damaged_kept_answer_is_named_and_replaced_by_a_good_one(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """The Hub's answer is used and kept; the damage is told once."""
    kept.folder.mkdir()
    kept.path.write_bytes(b'{"version": 1, "endp')
    hub.serve_rows([make_row()])
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert listing.source == "hub"
    assert listing.warnings == (f"The cached listing {kept.path} is damaged and was left aside.",)
    assert load_listing(ListingRequest(cache=kept), now=now).warnings == ()


def test_a_damaged_kept_answer_and_no_network_leave_the_shipped_one(
    hub: Hub, kept: ListingCache, now: datetime
) -> None:
    """Both failures are told, in their order; the damaged file stays for who wants to look at it."""
    kept.folder.mkdir()
    kept.path.write_bytes(b"?")
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert listing.source == "shipped"
    assert [text.split(" ")[0] for text in listing.warnings] == ["The", hub.endpoint, "Using"]
    assert kept.path.read_bytes() == b"?"
    offline = load_listing(ListingRequest(cache=kept, offline=True), now=now)
    assert offline.warnings == (f"The cached listing {kept.path} is damaged and was left aside.",)


def test_a_folder_that_cannot_be_written_costs_only_the_keeping(
    hub: Hub, tmp_path: Path, now: datetime, make_row: MakeRow
) -> None:
    """The answer is used all the same, and it is said that it was not kept."""
    (tmp_path / "cache").write_text("a file where the folder should be")
    hub.serve_rows([make_row()])
    listing = load_listing(ListingRequest(cache=ListingCache(tmp_path / "cache", hub.endpoint)), now=now)
    assert listing.source == "hub"
    assert [text.split(" (")[0] for text in listing.warnings] == [
        f"The cached listing {ListingCache(tmp_path / 'cache', hub.endpoint).path} cannot be read",
        f"The listing could not be kept in {tmp_path / 'cache'}",
    ]


def test_an_answer_from_the_future_is_asked_for_again(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """A clock that went backwards does not make a kept answer fresh for ever."""
    keep(kept, make_row(name="old"), now + timedelta(days=365))
    hub.serve_rows([make_row(name="new")])
    listing = load_listing(ListingRequest(cache=kept), now=now)
    assert ([flavor.name for flavor in listing.flavors], listing.checked) == (["new"], now)


@pytest.mark.parametrize("offline", [True, False])
def test_an_answer_from_the_future_says_so_where_nothing_better_is_to_be_had(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow, offline: object
) -> None:
    """It is used, with age 0, but nobody takes it for new."""
    keep(kept, make_row(), now + timedelta(days=365))
    listing = load_listing(ListingRequest(cache=kept, offline=bool(offline)), now=now)
    assert (listing.source, listing.age(now)) == ("cache", timedelta(0))
    assert "dated in the future" in listing.warnings[-1]
    assert len(hub.asked) == (0 if offline else 1)


def test_bad_rows_are_reported_and_kept_as_they_came(
    hub: Hub, kept: ListingCache, now: datetime, make_row: MakeRow
) -> None:
    """The same rows are reported again from the cache."""
    hub.serve_rows([make_row(), None, make_row(ram="much"), make_row()])
    served = load_listing(ListingRequest(cache=kept), now=now)
    again = load_listing(ListingRequest(cache=kept), now=now)
    assert (served.source, again.source) == ("hub", "cache")
    assert [problem.code for problem in served.problems] == ["unreadable", "unreadable", "duplicate"]
    assert again.problems == served.problems


@pytest.mark.process
def test_an_answer_without_the_network_needs_no_network_library(tmp_path: Path) -> None:
    """Half of the start-up is imports: offline neither httpx nor polars, rich or the hub client is loaded."""
    script = (
        "import sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from hfplanner.catalog.cache import ListingCache, default_cache_folder\n"
        "from hfplanner.catalog.load import ListingRequest, load_listing\n"
        "cache = ListingCache(default_cache_folder({'HFPLANNER_HOME': sys.argv[1]}), 'https://hub.example')\n"
        "load_listing(ListingRequest(cache=cache, offline=True), now=datetime.now(UTC))\n"
        "heavy = {'httpx', 'polars', 'rich', 'typer', 'matplotlib', 'huggingface_hub', 'platformdirs', 'numpy'}\n"
        "print(*sorted(heavy & sys.modules.keys()))\n"
    )
    run = [sys.executable, "-c", script, str(tmp_path)]
    assert subprocess.run(run, capture_output=True, text=True, check=True, timeout=60).stdout == "\n"
