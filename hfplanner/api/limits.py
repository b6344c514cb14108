"""How long and how large a conversation with the Hub may get; every wait and every buffer has its cap here."""

from dataclasses import dataclass

from hfplanner.units import GiB, KiB, MiB

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps of one client. Times are seconds.

    Args:
        connect_secs: until a connection stands, TLS included.
        read_secs: until the next bytes of an answer come.
        total_secs: for one request and its whole answer, however slowly it drips.
        idle_secs: without a byte on a stream of events, whose keep-alives come every 30 seconds.
        check_secs: between two looks at whether the job of a stream still runs.
        reconnects: how often in a row a stream is taken up again without a new event.
        answer_bytes: of one answer.
        error_bytes: of an error's explanation.
        event_bytes: of one event of a stream.
        redirects: followed for one question, on the same origin.
        pages: of one listing.
        listing_bytes: of one listing.
        listing_secs: for one listing, waiting for the rate limit included.
    """

    connect_secs: float = 10.0
    read_secs: float = 30.0
    total_secs: float = 60.0
    idle_secs: float = 75.0
    check_secs: float = 30.0
    reconnects: int = 5
    answer_bytes: int = 64 * MiB
    error_bytes: int = 64 * KiB
    event_bytes: int = MiB
    redirects: int = 5
    pages: int = 20_000
    listing_bytes: int = 8 * GiB
    listing_secs: float = 1800.0
