"""Reading the first bytes of a model's files: from a folder, or from the Hub by ranged requests."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from hfplanner import __version__
from hfplanner.api.origin import check_endpoint, same_origin
from hfplanner.errors import ModelUnavailable

if TYPE_CHECKING:
    import httpx

__all__ = ["FolderFiles", "HubFiles", "ModelFiles"]

_CONNECT_TIMEOUT_SECS = 4.0
_READ_TIMEOUT_SECS = 10.0
_TOTAL_TIMEOUT_SECS = 60.0
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_DENIED = frozenset({401, 403})
_NOT_FOUND = 404


class ModelFiles(Protocol):
    """Where a model's files are."""

    def read(self, name: str, start: int, length: int) -> bytes | None:
        """Return at most ``length`` bytes from ``start``, ``None`` where there is no such file."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """Files in a folder."""

    folder: Path

    def read(self, name: str, start: int, length: int) -> bytes | None:
        """Return at most ``length`` bytes from ``start``, ``None`` where there is no such file.

        Raises:
            ModelUnavailable: the file is there and cannot be read.
        """
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(start)
                return file.read(length)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelUnavailable(f"{self.folder / name} cannot be read ({error.strerror}).") from error


@dataclass(frozen=True, slots=True)
class HubFiles:
    """Files of a repository on the Hub.

    Args:
        endpoint: the Hub.
        repo: the model's id.
        token: sent to the Hub itself and to no host it points to.
        transport: what carries the requests; the network by default.
        revision: branch, tag or commit.
    """

    endpoint: str
    repo: str
    token: str | None = field(default=None, repr=False)
    transport: "httpx.BaseTransport | None" = None
    revision: str = "main"

    def read(self, name: str, start: int, length: int) -> bytes | None:
        """Return at most ``length`` bytes from ``start``, ``None`` where there is no such file.

        Raises:
            UsageError: the endpoint is not one to talk to.
            ModelUnavailable: no connection, no permission, or an answer that is none.
        """
        import httpx  # noqa: PLC0415 - a quarter of a second that only the Hub needs

        from hfplanner.api.transport import Wire, environment_proxy  # noqa: PLC0415 - as above

        url = f"{check_endpoint(self.endpoint)}/{self.repo}/resolve/{self.revision}/{name}"
        timeout = httpx.Timeout(_READ_TIMEOUT_SECS, connect=_CONNECT_TIMEOUT_SECS)
        try:
            wire = self.transport or Wire(proxy=environment_proxy(self.endpoint))
            with httpx.Client(transport=wire, timeout=timeout, follow_redirects=False, trust_env=False) as client:
                return self._follow(client, url, start, length)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ModelUnavailable(f"{self.endpoint} could not be reached ({type(error).__name__}).") from error

    def _follow(self, client: "httpx.Client", url: str, start: int, length: int) -> bytes | None:
        from hfplanner.api.transport import BODY_DEADLINE, HEAD_DEADLINE  # noqa: PLC0415 - as above

        for _ in range(_MOST_REDIRECTS + 1):
            headers = {
                "Range": f"bytes={start}-{start + length - 1}",
                "Accept-Encoding": "identity",
                "User-Agent": f"hfplanner/{__version__}",
            }
            if self.token and same_origin(url, self.endpoint):
                headers["Authorization"] = f"Bearer {self.token}"
            ends = time.monotonic() + _TOTAL_TIMEOUT_SECS
            deadlines = {HEAD_DEADLINE: ends, BODY_DEADLINE: ends}
            with client.stream("GET", url, headers=headers, extensions=deadlines) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    url = self._next(url, response.headers["location"])
                    continue
                return self._body(response, start, length)
        raise ModelUnavailable(f"{self.endpoint} redirects {self.repo} in circles.")

    def _next(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if urlsplit(target).scheme != "https" and not same_origin(target, self.endpoint):
            raise ModelUnavailable(f"{self.endpoint} redirects {self.repo} to a place that is not encrypted.")
        return target

    def _body(self, response: "httpx.Response", start: int, length: int) -> bytes | None:
        status = response.status_code
        if status == _NOT_FOUND:
            return None
        if status in _DENIED:
            hint = "Set HF_TOKEN, and accept the model's terms on its page."
            raise ModelUnavailable(f"{self.endpoint} does not show {self.repo} ({status}).", hint=hint)
        whole = status == 200  # noqa: PLR2004 - the range was ignored: the file comes from its start
        if not whole and status != 206:  # noqa: PLR2004 - partial content
            raise ModelUnavailable(f"{self.endpoint} answered {status} for {self.repo}.")
        skip = start if whole else 0
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) >= skip + length:
                break
        return bytes(body[skip : skip + length])
