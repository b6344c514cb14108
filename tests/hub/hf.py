"""The real ``hf`` command, pointed at the emulator, with nothing of this machine's user in its environment."""

import json
import os
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.hub.control import Asked, Hub

__all__ = ["Hf", "Ran"]

_TIMEOUT_SECS = 60
# The client asks at most once a day which agents there are; that is no part of what is tested.
_ASIDE = "/api/agent-harnesses"


@dataclass(frozen=True, slots=True)
class Ran:
    """What the user saw, and what the service was asked meanwhile."""

    code: int
    out: str
    err: str
    asked: list[Asked]

    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the output."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Return the output line by line."""
        return self.out.splitlines()

    @property
    def trace(self) -> list[tuple[str, str, int | None]]:
        """Return method, target and status of every question."""
        return [(asked.method, asked.target, asked.status) for asked in self.asked]


class Hf:
    """Runs ``hf`` with a home of its own."""

    def __init__(self, hub: Hub, home: Path) -> None:
        self.hub, self.home = hub, home

    def __call__(self, *arguments: str, code: int = 0, token: str = Hub.token) -> Ran:
        """Run it, and hold it to its exit code."""
        since = len(self.hub.requests())
        done = subprocess.run(
            [str(Path(sysconfig.get_path("scripts")) / "hf"), *arguments],
            env=self._environment(token),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECS,
            check=False,
        )
        assert done.returncode == code, done.stderr
        asked = [asked for asked in self.hub.requests(since) if asked.path != _ASIDE]
        return Ran(done.returncode, done.stdout, done.stderr, asked)

    def _environment(self, token: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        home = str(self.home)
        quiet = {
            "NO_COLOR": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_EXPERIMENTAL_WARNING": "1",
        }
        return kept | quiet | {"HOME": home, "HF_HOME": home, "HF_ENDPOINT": self.hub.url, "HF_TOKEN": token}
