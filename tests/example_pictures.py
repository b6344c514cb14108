"""The two pictures of the README: ``python -m tests.example_pictures``.

``reports/recommend.svg`` is what a terminal of 100 columns shows, drawn by rich; ``reports/report.png`` is the top of
``reports/training_runs/report.html`` in a browser.
"""

import base64
import io
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.example_report import FOLDER
from tests.program import Program
from tests.report.browser import open_browser

__all__ = ["COMMAND", "REPORTS", "draw_terminal"]

REPORTS = FOLDER.parent
COMMAND = "recommend --vram 24GB --duration 2h@a10g-small --phase train --max-cost 3 --offline"
_WIDTH, _HEIGHT = 1100, 1040


def draw_terminal(home: Path) -> str:
    """Return the SVG of a terminal in which :data:`COMMAND` was run, without the age of the prices, which grows."""
    shown = Program(home).run(*COMMAND.split()).out
    lines = [f"$ hfplanner {COMMAND}", *(line for line in shown.splitlines() if not line.startswith("Prices:"))]
    console = Console(width=100, record=True, file=io.StringIO(), force_terminal=True)
    console.print(Text("\n".join(lines)), soft_wrap=True)
    return console.export_svg(title="hfplanner", unique_id="hfplanner")


def _photograph_report(path: Path) -> None:
    with tempfile.TemporaryDirectory() as home, open_browser(Path(home)) as browser:
        tab = browser.new_tab()
        tab.look_like(width=_WIDTH, height=_HEIGHT)
        tab.open(FOLDER / "report.html")
        top = {"x": 0, "y": 0, "width": _WIDTH, "height": _HEIGHT, "scale": 1}
        path.write_bytes(base64.b64decode(tab.ask("Page.captureScreenshot", format="png", clip=top)["data"]))


def main() -> None:
    """Draw both where they belong."""
    with tempfile.TemporaryDirectory() as home:
        (REPORTS / "recommend.svg").write_text(draw_terminal(Path(home)), encoding="utf-8")
    _photograph_report(REPORTS / "report.png")


if __name__ == "__main__":
    main()
