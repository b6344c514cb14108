"""The one question anybody may ask: the hardware listing, for which no token is needed or sent."""

import time
from typing import TYPE_CHECKING

from hfplanner import __version__
from hfplanner.api.origin import check_endpoint
from hfplanner.errors import ListingUnavailable, ListingUnreadable, UsageError
from hfplanner.units import MiB

if TYPE_CHECKING:
    import httpx

__all__ = ["MAX_LISTING_BYTES", "fetch_hardware"]

# The listing of 26 flavors is 7 KB.
MAX_LISTING_BYTES = 4 * MiB
CONNECT_TIMEOUT_SECS = 4.0
READ_TIMEOUT_SECS = 8.0
TOTAL_TIMEOUT_SECS = 15.0
_OK = 200
# Uncompressed: the listing is small, and what is not compressed cannot unfold into gigabytes.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"hfplanner/{__version__}"}


def fetch_hardware(
    endpoint: str, *, within_secs: float = TOTAL_TIMEOUT_SECS, transport: "httpx.BaseTransport | None" = None
) -> bytes:
    """Return the body of ``GET {endpoint}/api/jobs/hardware``, undecoded. It is asked once: older listings exist.

    Args:
        endpoint: the Hub, without a trailing slash.
        within_secs: how long the whole of it may take [s].
        transport: what carries the request; by default :class:`~hfplanner.api.transport.Wire`.

    Raises:
        UsageError: the endpoint is not one to talk to.
        ListingUnavailable: no connection, a time-out, or a status other than 200 (redirects are not followed).
        ListingUnreadable: the answer is longer than 4 MiB, or compressed.
    """
    url = f"{check_endpoint(endpoint)}/api/jobs/hardware"
    import httpx  # noqa: PLC0415 - a quarter of a second that only a live listing needs

    from hfplanner.api.transport import BODY_DEADLINE, HEAD_DEADLINE, Wire, environment_proxy  # noqa: PLC0415 - as above

    ends = time.monotonic() + within_secs
    try:
        wire = transport or Wire(proxy=environment_proxy(endpoint))
    except UsageError as error:
        raise ListingUnavailable(error.message, hint=error.hint) from error
    timeout = httpx.Timeout(min(READ_TIMEOUT_SECS, within_secs), connect=min(CONNECT_TIMEOUT_SECS, within_secs))
    try:
        with (
            httpx.Client(transport=wire, timeout=timeout, follow_redirects=False, trust_env=False) as client,
            client.stream(
                "GET", url, headers=_HEADERS, extensions={HEAD_DEADLINE: ends, BODY_DEADLINE: ends}
            ) as response,
        ):
            if response.status_code != _OK:
                raise ListingUnavailable(f"{endpoint} answered {response.status_code} to the question for hardware.")
            return _read_capped(response, ends, within_secs)
    except httpx.TimeoutException as error:
        raise ListingUnavailable(f"{endpoint} did not answer in time.") from error
    except (httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise ListingUnavailable(f"The answer of {endpoint} broke off ({type(error).__name__}).") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
        raise ListingUnavailable(f"{endpoint} could not be reached ({type(error).__name__}).") from error


def _read_capped(response: "httpx.Response", ends: float, within_secs: float) -> bytes:
    if response.headers.get("content-encoding", "identity") not in {"", "identity"}:
        raise ListingUnreadable("The hardware listing is compressed, which was not asked for.")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_LISTING_BYTES:
            raise ListingUnreadable(f"The hardware listing is longer than {MAX_LISTING_BYTES} bytes.")
        if time.monotonic() > ends:
            raise ListingUnavailable(f"The hardware listing took longer than {within_secs:g} seconds.")
    return bytes(body)
