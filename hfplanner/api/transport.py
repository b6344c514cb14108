"""What carries requests: httpcore's connections with a clock on every read and write.

httpx counts its time-outs from one piece of an answer to the next, so that a server that sends a byte a second holds a
client for ever. Here each request has a deadline, and no socket is waited for beyond it. The one wait without a cap of
ours is the operating system's look-up of a name, which has its own.

Requests that change something get a connection of their own: on one that was kept open, a server that just closed it
would leave unknown whether the request arrived.

The environment is trusted for two things: a proxy for https (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``; it carries
an encrypted tunnel and sees neither token nor body), and the certificates of ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``.
Requests to this machine never go through a proxy, and ``.netrc`` is never read.
"""

import logging
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from hfplanner.api.origin import is_loopback
from hfplanner.errors import UsageError

__all__ = ["BODY_DEADLINE", "HEAD_DEADLINE", "Wire", "environment_proxy"]

HEAD_DEADLINE = "hfplanner.head_deadline"
"""Request extension: the ``time.monotonic()`` by which the head of the answer must be there."""

BODY_DEADLINE = "hfplanner.body_deadline"
"""Request extension: the same for the body. Without it the body may go on, as a stream of events does."""

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_PORTS = {"http": 80, "https": 443}
_CONNECTIONS = 8
_KEEPALIVE_SECS = 20.0
_WRITE_BYTES = 65536
_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


class _Clock(threading.local):
    """The deadline of what this thread is sending or reading now."""

    deadline: float | None = None
    ours = False

    @contextmanager
    def until(self, deadline: float | None) -> Iterator[None]:
        before = self.deadline, self.ours
        self.deadline, self.ours = deadline, True
        try:
            yield
        finally:
            self.deadline, self.ours = before

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Return the shorter of a time-out and the time left; raise ``late`` where none is."""
        if self.deadline is None:
            return timeout
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise late
        return left if timeout is None else min(timeout, left)


_CLOCK = _Clock()


def _without_head(record: logging.LogRecord) -> bool:
    """Leave the head of our answers out of httpcore's debug log: who poses as the Hub may repeat the token in it."""
    if _CLOCK.ours and "return_value=(" in record.getMessage():
        record.msg, record.args = record.getMessage().partition("return_value=(")[0] + "return_value=...", None
    return True


logging.getLogger("httpcore.http11").addFilter(_without_head)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _CLOCK.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE_BYTES):
            piece = buffer[start : start + _WRITE_BYTES]
            self._inner.write(piece, _CLOCK.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _CLOCK.left(timeout, httpcore.ConnectTimeout)
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's interface
        return self._inner.get_extra_info(info)


class _TimedBackend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = _CLOCK.left(timeout, httpcore.ConnectTimeout)
        try:
            stream = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        except (UnicodeError, OverflowError) as error:
            # A host name with a label too long for DNS, found by the resolver's encoder.
            raise httpcore.ConnectError(type(error).__name__) from error
        return _TimedStream(stream)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Any, deadline: float | None) -> None:  # noqa: ANN401 - httpcore types it as two things
        self._inner = inner
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        pieces = iter(self._inner)
        while True:
            with _translated(), _CLOCK.until(self._deadline):
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        with _translated():
            self._inner.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn httpcore's errors into httpx's, which is what a transport raises."""
    try:
        yield
    except tuple(_ERRORS) as error:
        raise _ERRORS[type(error)](str(error)) from error


class Wire(httpx.BaseTransport):
    """HTTP/1.1 over TCP, with deadlines.

    Args:
        proxy: ``http://[user:password@]host:port`` of a proxy for https, or ``None``.

    Raises:
        UsageError: the proxy is of another kind.
    """

    def __init__(self, *, proxy: str | None = None) -> None:
        self._proxy = None if proxy is None else _checked_proxy(proxy)
        self._pools: dict[tuple[bool, bool], httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the head of its answer; the body comes while it is iterated."""
        extensions = dict(request.extensions)
        with _translated(), _CLOCK.until(extensions.get(HEAD_DEADLINE)):
            answer = self._pool(request).handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=extensions,
                )
            )
        body = _Body(answer.stream, extensions.get(BODY_DEADLINE))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, request: httpx.Request) -> httpcore.ConnectionPool:
        encrypted = request.url.scheme == "https"
        kept_open = request.method in _SAFE_METHODS
        with self._lock:
            if (encrypted, kept_open) not in self._pools:
                self._pools[encrypted, kept_open] = self._open_pool(encrypted=encrypted, kept_open=kept_open)
            return self._pools[encrypted, kept_open]

    def _open_pool(self, *, encrypted: bool, kept_open: bool) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=_ssl_context() if encrypted else None,
            proxy=self._proxy if encrypted else None,
            max_connections=_CONNECTIONS,
            max_keepalive_connections=_CONNECTIONS if kept_open else 0,
            keepalive_expiry=_KEEPALIVE_SECS,
            network_backend=_TimedBackend(),
        )


def _ssl_context() -> ssl.SSLContext:
    """Return what encrypts, or refuse to connect where the certificates the environment names cannot be read.

    Raises:
        httpx.ConnectError: ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names something else.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise httpx.ConnectError("the certificates of SSL_CERT_FILE cannot be read") from error


def environment_proxy(endpoint: str) -> str | None:
    """Return the proxy the environment names for an endpoint, or ``None``; there is none for this machine or for http.

    >>> environment_proxy("http://127.0.0.1:8000") is None
    True
    """
    parts = urlsplit(endpoint)
    if parts.scheme != "https" or parts.hostname is None or is_loopback(parts.hostname):
        return None
    proxies = getproxies()
    found = proxies.get("https") or proxies.get("all")
    return None if not found or proxy_bypass(parts.hostname) else found


def _checked_proxy(proxy: str) -> httpcore.Proxy:
    """Read a proxy's URL; no error shows it, because it may hold a password."""
    hint = "Set HTTPS_PROXY to http://HOST:PORT."
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError("The proxy named by the environment is not an http proxy.", hint=hint)
    auth = (parts.username or "", parts.password or "") if parts.username or parts.password else None
    shown_host = f"[{host}]" if ":" in host else host
    return httpcore.Proxy(f"{parts.scheme}://{shown_host}:{port or _PORTS[parts.scheme]}", auth=auth)
