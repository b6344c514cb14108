"""Running the program as a user does: its own process, its own home, no network unless a test gives it one."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.forks import forks

__all__ = ["Program", "Result", "steady"]

REPOSITORY = Path(__file__).resolve().parent.parent
_LONGEST_SECS = 60
# Of the person who runs the tests; the clock and the zone are theirs too, and no test may depend on them.
_KEPT = ("PATH", "LANG", "SYSTEMROOT", "TZ", "LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT")


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the program left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Program:
    """The program in a home of its own.

    Args:
        home: the folder that holds everything it keeps.
        width: of its terminal, in columns.
        environ: variables beside those that every run needs.
    """

    home: Path
    width: int = 100
    environ: tuple[tuple[str, str], ...] = ()

    def environment(self) -> dict[str, str]:
        """Return the variables of a run: nothing of the person who runs the tests reaches it."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        ours = {
            "COLUMNS": str(self.width),
            "HFPLANNER_HOME": str(self.home),
            "HF_HOME": str(self.home / "hf"),
            "HF_HUB_OFFLINE": "1",
            "HOME": str(self.home),
            "MPLCONFIGDIR": str(self.home / "matplotlib"),
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUTF8": "1",
        }
        return kept | ours | dict(self.environ)

    def run(self, *args: str, stdin: str = "") -> Result:
        """Run the program with arguments, from its home, and wait for it to end.

        It is a process of its own, forked where the program is imported already; :meth:`start` starts one from nothing.
        """
        done = forks().run(args, cwd=self.home, env=self.environment(), stdin=stdin, longest_secs=_LONGEST_SECS)
        return Result(*done)

    def start(self, *args: str, stdin: str = "") -> Result:
        """Run the program as :meth:`run` does, in a new interpreter."""
        return self.run_command([sys.executable, "-m", "hfplanner", *args], stdin=stdin)

    def run_python(self, *args: str) -> Result:
        """Run Python with arguments, as the program would be run."""
        return self.run_command([sys.executable, *args])

    def run_command(self, command: list[str], *, stdin: str = "") -> Result:
        """Run any command as the program would be run."""
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=_LONGEST_SECS,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)


# The sentence breaks where a terminal ends, and the number in it decides where that is.
_PRICES = re.compile(r"^Prices: .{,200}?\bold\.$", re.MULTILINE | re.DOTALL)


def _unwrapped(paragraph: str) -> str:
    return " ".join(paragraph.split())


def steady(text: str) -> str:
    r"""Return an output without what changes from day to day.

    That is how old the prices are and of which day, when it was asked, the forecast for the month it was asked in, and
    the random name of a ledger.

    >>> steady("Prices: shipped with hfplanner, of 2026-08-31, 85 days old."), steady('{"age_secs": 7344000}')
    ('Prices: shipped with hfplanner, of DATE, N days old.', '{"age_secs": 0}')

    In a narrow terminal the sentence goes over two lines, and where it breaks depends on the number.

    >>> steady("Prices: shipped with hfplanner, of 2026-08-31, 900\ndays old.")
    'Prices: shipped with hfplanner, of DATE, N days old.'
    """
    days = _PRICES.sub(lambda said: re.sub(r"\d+ (?:minute|hour|day)s? old", "N days old", _unwrapped(said[0])), text)
    days = re.sub(r"As of \d{4}-\d\d-\d\d \d\d:\d\d", "As of now", days)
    days = re.sub(r"^[A-Z][a-z]+ \d{4}: .*\n(?:(?!Prices:).*\n)*(?=Prices:)", "THIS MONTH\n", days, flags=re.MULTILINE)
    days = re.sub(r'(?<=Ledger )[0-9a-f]{32}|(?<="ledger_id": ")[0-9a-f]{32}', "LEDGER", days)
    days = re.sub(r"\b(of|since)(\s)\d{4}-\d\d-\d\d", r"\1\2DATE", days)
    days = re.sub(r'"((?:price_)?checked)": "[^"]+"', r'"\1": "DATE"', days)
    return re.sub(r'"age_secs": \d+', '"age_secs": 0', days)
