"""Asking the Hub. Today one question: the public hardware listing, for which no token is needed or sent."""

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hfplanner import __version__
from hfplanner.errors import ListingUnavailable, ListingUnreadable, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["MAX_LISTING_BYTES", "check_endpoint", "fetch_hardware"]

# The listing of 26 flavors is 7 KB.
MAX_LISTING_BYTES = 4 * 2**20
CONNECT_TIMEOUT_SECS = 4.0
READ_TIMEOUT_SECS = 8.0
TOTAL_TIMEOUT_SECS = 15.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_OK = 200
# Uncompressed: the listing is small, and what is not compressed cannot unfold into gigabytes.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": f"hfplanner/{__version__}"}


def check_endpoint(endpoint: str) -> str:
    """Return the endpoint, or refuse one that is not https (http is allowed on loopback only).

    Raises:
        UsageError: no host, another scheme, or a user name, query or fragment in it.

    >>> check_endpoint("https://huggingface.co")
    'https://huggingface.co'
    """
    hint = "Set HF_ENDPOINT to https://HOST, or http://127.0.0.1:PORT for a local server."
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"The Hub's endpoint {endpoint!r} is not a URL.", hint=hint) from error
    if parts.scheme not in {"https", "http"} or not host or port == 0:
        raise UsageError(f"The Hub's endpoint {endpoint!r} is not an https URL.", hint=hint)
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise UsageError(f"The Hub's endpoint {endpoint!r} is not encrypted.", hint=hint)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("The Hub's endpoint has a user name, a query or a fragment in it.", hint=hint)
    return endpoint


def fetch_hardware(endpoint: str, *, transport: "httpx.BaseTransport | None" = None) -> bytes:
    """Return the body of ``GET {endpoint}/api/jobs/hardware``, undecoded.

    Args:
        endpoint: the Hub, without a trailing slash.
        transport: what carries the request; the network by default.

    Raises:
        UsageError: the endpoint is not one to talk to.
        ListingUnavailable: no connection, a time-out, or a status other than 200 (redirects are not followed).
        ListingUnreadable: the answer is longer than 4 MiB.
    """
    import httpx  # noqa: PLC0415 - a quarter of a second that only a live listing needs

    url = f"{check_endpoint(endpoint)}/api/jobs/hardware"
    timeout = httpx.Timeout(READ_TIMEOUT_SECS, connect=CONNECT_TIMEOUT_SECS)
    try:
        with (
            httpx.Client(transport=transport, timeout=timeout, follow_redirects=False) as client,
            client.stream("GET", url, headers=_HEADERS) as response,
        ):
            if response.status_code != _OK:
                raise ListingUnavailable(f"{endpoint} answered {response.status_code} to the question for hardware.")
            return _read_capped(response)
    except httpx.TimeoutException as error:
        raise ListingUnavailable(f"{endpoint} did not answer in time.") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise ListingUnavailable(f"{endpoint} could not be reached ({type(error).__name__}).") from error


def _read_capped(response: "httpx.Response") -> bytes:
    deadline = time.monotonic() + TOTAL_TIMEOUT_SECS
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_LISTING_BYTES:
            raise ListingUnreadable(f"The hardware listing is longer than {MAX_LISTING_BYTES} bytes.")
        if time.monotonic() > deadline:
            raise ListingUnavailable(f"The hardware listing took longer than {TOTAL_TIMEOUT_SECS:.0f} seconds.")
    return bytes(body)
