"""Frames of any size into files, whole or not at all."""

from pathlib import Path
from typing import Literal

import polars as pl

from hfplanner.errors import HfplannerError
from hfplanner.files import output_file

__all__ = ["sink_whole"]


def sink_whole(frame: pl.LazyFrame, path: Path, kind: Literal["csv", "parquet"]) -> None:
    """Write a frame by polars' streaming engine; nobody finds half a file (:func:`~hfplanner.files.output_file`).

    Raises:
        HfplannerError: the file cannot be written.
    """
    try:
        with output_file(path) as part:
            if kind == "csv":
                frame.sink_csv(part, engine="streaming", line_terminator="\r\n")
            else:
                frame.sink_parquet(part, engine="streaming")
    except OSError as error:
        raise HfplannerError(
            f"{path} cannot be written ({error.strerror or error}).", hint="Name a file in a folder that exists."
        ) from error
