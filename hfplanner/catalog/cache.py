"""The last good answer of the Hub, kept in one file per endpoint."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hfplanner.api.public import MAX_LISTING_BYTES
from hfplanner.api.strict_json import MAX_DEPTH, loads
from hfplanner.catalog.listing import Listing, parse_listing
from hfplanner.catalog.price_point import PricePoint
from hfplanner.errors import ListingUnreadable
from hfplanner.files import home_folder, is_private, keep_private, make_private_folder, write_private
from hfplanner.times import json_moment, read_json_moment

__all__ = ["ListingCache", "default_cache_folder"]

# The listing plus what is written around it.
_MAX_FILE_BYTES = MAX_LISTING_BYTES + 4096
_MAX_FILE_DEPTH = MAX_DEPTH + 1
_VERSION = 1
_MOST_SIGHTINGS = 5000


def default_cache_folder(environ: Mapping[str, str]) -> Path:
    """Return ``$HFPLANNER_HOME/cache``, or the platform's cache folder.

    Raises:
        UsageError: ``HFPLANNER_HOME`` begins with the home of a user who does not exist.

    >>> default_cache_folder({"HFPLANNER_HOME": "/srv/plans"}).as_posix()
    '/srv/plans/cache'
    """
    home = home_folder(environ)
    if home is not None:
        return home / "cache"
    import platformdirs  # noqa: PLC0415 - not needed where HFPLANNER_HOME is set

    return Path(platformdirs.user_cache_dir("hfplanner", appauthor=False))


@dataclass(frozen=True, slots=True)
class ListingCache:
    """The cached listing of one endpoint.

    Args:
        folder: where the files are; made when first written.
        endpoint: whose listing this is.
    """

    folder: Path
    endpoint: str

    @property
    def path(self) -> Path:
        """The file of this endpoint."""
        digest = hashlib.sha256(self.endpoint.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self.folder / f"hardware-{digest}.json"

    @property
    def _silence(self) -> Path:
        return self.path.with_suffix(".silent")

    def was_silent(self, now: datetime, within: timedelta) -> bool:
        """Whether the Hub was asked within that time and did not answer in time."""
        try:
            noted = datetime.fromtimestamp(self._silence.stat().st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            return False
        return timedelta(0) <= now - noted < within

    def note_silence(self, now: datetime) -> None:
        """Note that the Hub was asked and did not answer in time; where that cannot be kept, it is asked again."""
        with suppress(OSError):
            make_private_folder(self.folder)
            write_private(self._silence, b"")
            os.utime(self._silence, (int(now.timestamp()),) * 2)

    @property
    def _sightings(self) -> Path:
        return self.path.with_name(self.path.name.replace("hardware", "prices", 1))

    def sightings(self) -> tuple[PricePoint, ...]:
        """Return the prices that were seen to move, oldest first; none where none was noted or can be read."""
        try:
            rows = loads(self._sightings.read_bytes(), max_bytes=_MAX_FILE_BYTES)
            return tuple(PricePoint(**{**row, "seen": date.fromisoformat(row["seen"])}) for row in rows)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return ()

    def note_sightings(self, points: Iterable[PricePoint]) -> None:
        """Keep what was seen of prices that moved: the next listing takes the place of this one.

        Raises:
            OSError: the folder cannot be written.
        """
        every = sorted({*self.sightings(), *points}, key=lambda point: (point.seen, point.flavor))
        rows = [{**asdict(point), "seen": point.seen.isoformat()} for point in every[-_MOST_SIGHTINGS:]]
        make_private_folder(self.folder)
        write_private(self._sightings, json.dumps(rows).encode())

    def read(self) -> Listing | None:
        """Return the kept listing, ``None`` where nothing is kept.

        Raises:
            ListingUnreadable: a file is there, but it cannot be read as a listing. It is left as it is.
        """
        if not is_private(self.folder):
            keep_private(self.folder)
        try:
            with self.path.open("rb") as file:
                raw = file.read(_MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ListingUnreadable(f"The cached listing {self.path} cannot be read ({error.strerror}).") from error
        try:
            document = loads(raw, max_bytes=_MAX_FILE_BYTES, max_depth=_MAX_FILE_DEPTH)
            return self._from_document(document)
        except (ListingUnreadable, ValueError, TypeError, KeyError, OverflowError) as error:
            raise ListingUnreadable(f"The cached listing {self.path} is damaged and was left aside.") from error

    def _from_document(self, document: Any) -> Listing:  # noqa: ANN401 - a JSON document
        if document["version"] != _VERSION or document["endpoint"] != self.endpoint:
            raise ValueError("another version or endpoint")
        checked = read_json_moment(document["checked"])
        return parse_listing(document["listing"], source="cache", origin=self.endpoint, checked=checked)

    def write(self, raw: bytes, checked: datetime) -> None:
        """Keep an answer that was read successfully; a reader sees the old file or the new one, never half of it.

        Raises:
            OSError: the folder cannot be written.
        """
        # The body goes in as it came: it has just been parsed, and is a JSON document.
        head = json.dumps({"version": _VERSION, "endpoint": self.endpoint, "checked": json_moment(checked)})
        content = head[:-1].encode() + b', "listing": ' + raw + b"}\n"
        make_private_folder(self.folder)
        keep_private(self.folder)
        write_private(self.path, content)
        self._silence.unlink(missing_ok=True)
