"""A report as one HTML file that needs nothing else: no script, no network, no second file."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from hfplanner.report.pictures import Picture, alternative, pictures_of, render_picture
from hfplanner.report.result import Report
from hfplanner.report.tables import (
    basis_table,
    forecast_sentence,
    groups_table,
    headline,
    trend_table,
    waste_table,
)
from hfplanner.report.words import caveats, period_text
from hfplanner.sanitize import sanitize

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["to_html"]


def to_html(report: Report) -> str:
    """Return the report as a document.

    Everything that is not ours is escaped by the template engine, pictures are images and not part of the document,
    and a content security policy forbids scripts, frames, forms and every address but data: of images.
    """
    style = _environment().get_template("report.css").render()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html")
        .render(
            style_hash=f"sha256-{digest}",
            headline=headline(report),
            period=period_text(report),
            namespace=sanitize(report.spec.namespace or ""),
            made=f"{report.now.astimezone(report.spec.zone):%Y-%m-%d %H:%M}",
            prices=f"Prices of {report.listing.checked:%Y-%m-%d}.",
            caveats=caveats(report),
            complete=report.complete,
            groups=groups_table(report),
            keys=max(len(report.spec.by), 1),
            waste=waste_table(report.waste.findings),
            bases=basis_table(report),
            trend=trend_table(report.trend),
            forecast=forecast_sentence(report.forecast),
            pictures={picture.name: _as_data(report, picture) for picture in pictures_of(report)},
        )
    )


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only HTML needs it

    return Environment(
        loader=PackageLoader("hfplanner.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _as_data(report: Report, picture: Picture) -> dict[str, str]:
    """Return a picture in both themes as data URIs, with its title and size, and with what it shows in words."""
    width, height = picture.size(report)
    return {
        "title": picture.title(report),
        "width": str(width),
        "height": str(height),
        "light": _uri(render_picture(report, picture, "svg", "light")),
        "dark": _uri(render_picture(report, picture, "svg", "dark")),
        "alt": alternative(report, picture),
    }


def _uri(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{b64encode(svg).decode()}"
