"""A report as a folder: the page, its pictures, and the data behind it."""

import json
from pathlib import Path

import polars as pl

from hfplanner.errors import HfplannerError
from hfplanner.report.csv_format import to_csv
from hfplanner.report.flat import flat_header, flat_rows
from hfplanner.report.html import to_html
from hfplanner.report.markdown import to_markdown
from hfplanner.report.pictures import PICTURES, PictureFormat, render_picture
from hfplanner.report.result import Report

__all__ = ["write_report"]

_KINDS: tuple[PictureFormat, ...] = ("png", "svg", "pdf")


def write_report(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write ``report.html``, ``report.md``, ``report.json``, ``groups.csv``, ``groups.parquet`` and the pictures.

    The names of the files are fixed: nothing that was read from elsewhere is a part of a path.

    Returns:
        The files, in the order they were written.

    Raises:
        HfplannerError: the folder or a file of it cannot be written.
    """
    files = {
        "report.html": to_html(report).encode(),
        "report.md": to_markdown(report).encode(),
        "report.json": json.dumps(report.to_json(), allow_nan=False, indent=1).encode(),
        "groups.csv": to_csv(report).encode(),
        **{f"{picture.name}.{kind}": render_picture(report, picture, kind) for picture in PICTURES for kind in _KINDS},
    }
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            _replace(folder / name, content)
            written.append(folder / name)
        _groups_frame(report).write_parquet(folder / "groups.parquet")
    except OSError as error:
        raise HfplannerError(
            f"The report cannot be written to {folder} ({error.strerror or error}).",
            hint="Name a folder that can be made or written.",
        ) from error
    return (*written, folder / "groups.parquet")


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole, so that nobody finds half of it; a link in its place is replaced, not followed."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with part.open("xb") as file:
        file.write(content)
    part.replace(path)


def _groups_frame(report: Report) -> pl.DataFrame:
    keys = dict.fromkeys(report.spec.by, pl.String)
    shares = {"share": pl.Float64, "success_rate": pl.Float64}
    schema = {name: keys.get(name) or shares.get(name) or pl.Int64 for name in flat_header(report)}
    return pl.DataFrame(list(flat_rows(report)), schema=schema, orient="row")
