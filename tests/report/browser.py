"""A real headless Chromium, spoken to over a pipe in its DevTools protocol: no port, no driver, no package."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "Tab", "find_chromium", "open_browser"]

_LONGEST_SECS = 60.0
_SETTLE_SECS = 0.3
_TALLEST = 8000
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # it runs as root where tests do, in a container that is a sandbox itself
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-pipe",
)
# It wants the pipes as its descriptors 3 and 4, which this process may use for something else.
_START = """
import fcntl, os, sys
for theirs, held in enumerate([fcntl.fcntl(int(one), fcntl.F_DUPFD, 10) for one in sys.argv[1:3]], start=3):
    os.dup2(held, theirs)
    os.close(held)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_chromium() -> str:
    """Return the browser's path; without one the test is skipped here, and fails where changes are checked."""
    path = shutil.which("chromium")
    if path is None:
        missing = "there is no chromium on this machine: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


class Browser:
    """A running browser: what is asked of it, and what it tells of its own accord.

    Args:
        asking: the pipe that it reads.
        telling: the pipe that it writes.
    """

    def __init__(self, asking: int, telling: int) -> None:
        self._asking = asking
        self._telling = telling
        self._half = b""
        self._asked = 0
        self.events: list[Mapping[str, Any]] = []

    def ask(self, method: str, session: str | None = None, **params: object) -> dict[str, Any]:
        """Return what it answers to one command; an error of the protocol fails the test."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": params}
        said = json.dumps(message if session is None else message | {"sessionId": session})
        left = memoryview(said.encode() + b"\0")
        while left:
            left = left[os.write(self._asking, left) :]
        end = time.monotonic() + _LONGEST_SECS
        while (told := self._next(end)).get("id") != self._asked:
            self.events.append(told)
        assert "error" not in told, (method, told["error"])
        return dict(told["result"])

    def wait_for(self, event: str, session: str) -> None:
        """Wait until a tab has told of an event, now or before."""
        end = time.monotonic() + _LONGEST_SECS
        while not any(told.get("method") == event and told.get("sessionId") == session for told in self.events):
            self.events.append(self._next(end))

    def new_tab(self) -> "Tab":
        """Return an empty tab that tells of its requests, its log and its dialogs."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable", session)
        return Tab(self, session)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._half:
            ready, _, _ = select.select([self._telling], [], [], max(end - time.monotonic(), 0))
            read = os.read(self._telling, 1 << 20) if ready else b""
            assert read, "chromium has ended, or says nothing"
            self._half += read
        one, _, self._half = self._half.partition(b"\0")
        return dict(json.loads(one))


class Tab:
    """One page in the browser.

    Args:
        browser: where it is open.
        session: the browser's name for it.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def ask(self, method: str, **params: object) -> dict[str, Any]:
        """Return what the tab answers to one command."""
        return self._browser.ask(method, self._session, **params)

    def open(self, page: Path) -> None:
        """Load a file, and let what would happen behind its loading happen for a moment."""
        self._browser.events.clear()
        self.ask("Page.navigate", url=page.as_uri())
        self._browser.wait_for("Page.loadEventFired", self._session)
        time.sleep(_SETTLE_SECS)
        self.ask("Runtime.evaluate", expression="0")

    def look_like(self, *, width: int, height: int = 900, scheme: str = "light", mobile: bool = False) -> None:
        """Show what follows as on a screen of this size [CSS pixels] for a reader who prefers light or dark."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media="screen", features=features)

    def go_offline(self) -> None:
        """Take the network away."""
        self.ask("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page's own world holds
        """Return the value of an expression of ours; the page's policy binds its scripts, not the debugger."""
        told = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def markup(self) -> str:
        """Return the document as it is now, whatever has been done to it since it was loaded."""
        root = self.ask("DOM.getDocument", depth=0)["root"]
        return str(self.ask("DOM.getOuterHTML", nodeId=root["nodeId"])["outerHTML"])

    def told(self, method: str) -> list[Mapping[str, Any]]:
        """Return the events of a kind since the page was opened."""
        every = (one for one in self._browser.events if one.get("sessionId") == self._session)
        return [one["params"] for one in every if one.get("method") == method]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the page was opened, the file itself and data: apart."""
        asked = [one["request"]["url"] for one in self.told("Network.requestWillBeSent")]
        return [address for address in asked if not address.startswith(("data:", "file:"))]

    def screenshot(self, path: Path) -> None:
        """Write what is seen of the whole page, as far as a picture may be tall, into a PNG file."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], _TALLEST), "scale": 1}
        shown = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(b64decode(shown["data"]))


@contextmanager
def open_browser(home: Path) -> Iterator[Browser]:
    """Yield a browser whose profile, cache and settings are in a folder, and end it."""
    its_end_in, asking = os.pipe()
    telling, its_end_out = os.pipe()
    start = [sys.executable, "-c", _START, str(its_end_in), str(its_end_out)]
    command = [*start, find_chromium(), *_OPTIONS, f"--user-data-dir={home / 'profile'}", "about:blank"]
    environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LANG": "C.UTF-8"}
    with subprocess.Popen(
        command,
        env=environ,
        pass_fds=(its_end_in, its_end_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(its_end_in)
        os.close(its_end_out)
        try:
            browser = Browser(asking, telling)
            yield browser
            browser.ask("Browser.close")
            process.wait(_LONGEST_SECS)
        finally:
            process.kill()
            os.close(asking)
            os.close(telling)
