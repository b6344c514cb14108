"""The emulator's clock: it stands still, is set, is advanced, or runs at any speed."""

import time
from datetime import UTC, datetime

__all__ = ["START_MS", "Clock", "date_header", "iso"]

# 2026-09-01T00:00:00Z, the first day after the listing of data/hardware.json was checked.
START_MS = int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) * 1000


def iso(when_ms: int) -> str:
    """Show milliseconds since 1970 as the Hub does.

    >>> iso(START_MS)
    '2026-09-01T00:00:00.000Z'
    """
    whole, rest = divmod(when_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def date_header(when_ms: int) -> str:
    """Show milliseconds since 1970 as the header ``Date`` does.

    >>> date_header(START_MS)
    'Tue, 01 Sep 2026 00:00:00 GMT'
    """
    return f"{datetime.fromtimestamp(when_ms // 1000, UTC):%a, %d %b %Y %H:%M:%S} GMT"


class Clock:
    """Milliseconds since 1970, ``speed`` of them passing in each real millisecond."""

    def __init__(self) -> None:
        self._base_ms = START_MS
        self._since = time.monotonic()
        self.speed = 0.0

    def now(self) -> int:
        """Return the emulated moment."""
        return self._base_ms + int((time.monotonic() - self._since) * 1000 * self.speed)

    def set(self, when_ms: int) -> None:
        """Jump to a moment, forwards or backwards; the speed stays."""
        self._base_ms, self._since = when_ms, time.monotonic()

    def advance(self, secs: float) -> None:
        """Jump forwards."""
        self.set(self.now() + round(secs * 1000))

    def run(self, speed: float) -> None:
        """Let emulated time pass; 0 stops it."""
        self.set(self.now())
        self.speed = speed
