"""A server that nothing should reach, and texts that would reach it if a page took them for more than text."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

__all__ = ["EXECUTED", "Canary", "beacons", "hostile", "open_canary"]

EXECUTED = "CANARY-WAS-EXECUTED"
"""What every hostile script makes of the page's title."""


class Canary(ThreadingHTTPServer):
    """A server on this machine that keeps what it is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        """Keep the path, and answer with a script."""
        self.server.asked.append(self.path)
        body = f"document.title = {EXECUTED!r}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing."""


@contextmanager
def open_canary() -> Iterator[Canary]:
    """Yield a running server, and end it."""
    with Canary() as canary:
        Thread(target=canary.serve_forever, daemon=True).start()
        yield canary
        canary.shutdown()


def beacons(canary: str) -> dict[str, str]:
    """Return markup that runs a script or fetches something at once, where it is taken for markup; by what it tries."""
    run = f"document.title='{EXECUTED}'"
    return {
        "script": f"<script>{run}</script>",
        "script-src": f'<script src="{canary}/script-src"></script>',
        "img-onerror": f'"><img src=x onerror="{run}">',
        "img-src": f'"><img src="{canary}/img-src">',
        "svg-onload": f'<svg onload="{run}"></svg>',
        "details-ontoggle": f'<details open ontoggle="{run}">',
        "input-onfocus": f'<input autofocus onfocus="{run}">',
        "video-onerror": f'<video><source onerror="{run}"></video>',
        "iframe-srcdoc": f'<iframe srcdoc="<script>parent.{run}</script>"></iframe>',
        "iframe-src": f'<iframe src="{canary}/iframe-src"></iframe>',
        "object": f'<object data="{canary}/object"></object>',
        "embed": f'<embed src="{canary}/embed">',
        "stylesheet": f'<link rel="stylesheet" href="{canary}/stylesheet">',
        "import": f"</style><style>@import url({canary}/import);</style>",
        "background": f"<style>body {{ background: url({canary}/background) }}</style>",
        "inline-style": f'<p style="background: url({canary}/inline-style)">text</p>',
        "font": f"<p>text</p><style>@font-face {{ font-family: x; src: url({canary}/font) }} p {{ font: 1em x }}",
        "svg-image": f'<svg><image href="{canary}/svg-image" width="9" height="9"/></svg>',
        "svg-script": f"<svg><script>{run}</script></svg>",
        "preload": f'<link rel="preload" as="image" href="{canary}/preload">',
        "comment": f"--><script>{run}</script><!--",
        "cdata": f"]]></text><script>{run}</script>",
        "title": f"</title></caption></td></table><script>{run}</script>",
        "template": "{{ 7 * 7 }}</template>" + f"<script>{run}</script>",
    }


def hostile(canary: str) -> tuple[str, ...]:
    """Return texts for every remote field: the beacons, and those that need a place, a click or a careless decoder."""
    run = f"document.title='{EXECUTED}'"
    return (
        *beacons(canary).values(),
        f"javascript:{run}",
        f"java\tscript:{run}",
        f"data:text/html,<script>{run}</script>",
        f'" autofocus onfocus="{run}" x="',
        f"' onmouseover='{run}' style='position:fixed;inset:0",
        f'x"; background: url({canary}/declaration); "',
        f"x, {canary}/srcset 2x",
        f"expression({run})",
        f'<meta http-equiv="refresh" content="0;url={canary}/refresh">',
        f'<base href="{canary}/">',
        f'<a href="javascript:{run}" ping="{canary}/ping">click</a>',
        f"<scr\x00ipt>{run}</script>",
        f"\u202e<script>{run}</script>\u202c",
        f"<\u200bscript>{run}</script>",
        f"\uff1cscript\uff1e{run}\uff1c/script\uff1e",
        f"&lt;script&gt;{run}&lt;/script&gt;",
        f"&#60;script&#62;{run}&#60;/script&#62;",
        f"+ADw-script+AD4-{run}+ADw-/script+AD4-",
        f"![x]({canary}/markdown)",
        f"$\\href{{{canary}/mathtext}}{{x}}$",
        f"//127.0.0.1:1/{'w' * 3000}",
    )
