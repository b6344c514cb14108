"""A report as a folder: the page, its pictures, and the data behind it."""

import json
from pathlib import Path

import polars as pl

from hfplanner.errors import HfplannerError
from hfplanner.files import write_output
from hfplanner.report.columns import in_period
from hfplanner.report.csv_format import to_csv
from hfplanner.report.flat import flat_header, flat_rows
from hfplanner.report.focus import decimal_usd, labels_json
from hfplanner.report.html import to_html
from hfplanner.report.markdown import to_markdown
from hfplanner.report.pictures import PictureFormat, pictures_of, render_picture
from hfplanner.report.result import Report
from hfplanner.report.safe_text import neutral_text
from hfplanner.report.sink import sink_whole

__all__ = ["write_report"]

_KINDS: tuple[PictureFormat, ...] = ("png", "svg", "pdf")


def write_report(report: Report, costed: pl.LazyFrame, folder: Path) -> tuple[Path, ...]:
    """Write the report into a folder, in every format.

    ``report.html``, ``report.md``, ``report.json``, each picture that shows something as PNG, SVG and PDF, the groups
    and the jobs of the period with their costs, both as CSV and Parquet. The names of the files are fixed: nothing that
    was read from elsewhere is a part of a path.

    Args:
        report: what to write.
        costed: the jobs it was made from, with their costs.
        folder: where; it is made if need be.

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
        **{
            f"{picture.name}.{kind}": render_picture(report, picture, kind)
            for picture in pictures_of(report)
            for kind in _KINDS
        },
    }
    jobs = costed.filter(in_period(report.spec))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_output(folder / name, content)
        frames = {"groups.parquet": _groups_frame(report).lazy(), "jobs.parquet": jobs, "jobs.csv": _plain(jobs)}
        for name, frame in frames.items():
            sink_whole(frame, folder / name, "csv" if name.endswith(".csv") else "parquet")
    except OSError as error:
        raise HfplannerError(
            f"The report cannot be written to {folder} ({error.strerror or error}).",
            hint="Name a folder that can be made or written.",
        ) from error
    return tuple(folder / name for name in (*files, *frames))


def _plain(jobs: pl.LazyFrame) -> pl.LazyFrame:
    """Return jobs for a spreadsheet: no list, no formula."""
    texts = [name for name, kind in jobs.collect_schema().items() if kind == pl.String]
    dollars = {"cost_usd": decimal_usd("cost_low_micro_usd"), "cost_high_usd": decimal_usd("cost_high_micro_usd")}
    plain = jobs.with_columns(labels_json().alias("labels"), pl.col("cost_basis").cast(pl.String), **dollars)
    return plain.with_columns(neutral_text(pl.col(name)).alias(name) for name in texts)


def _groups_frame(report: Report) -> pl.DataFrame:
    keys = dict.fromkeys(report.spec.by, pl.String)
    shares = {"share": pl.Float64, "success_rate": pl.Float64}
    schema = {name: keys.get(name) or shares.get(name) or pl.Int64 for name in flat_header(report)}
    return pl.DataFrame(list(flat_rows(report)), schema=schema, orient="row")
