"""Frames of any size into files, whole or not at all."""

import os
import tempfile
from pathlib import Path
from typing import Literal

import polars as pl

from hfplanner.errors import HfplannerError

__all__ = ["sink_whole"]


def sink_whole(frame: pl.LazyFrame, path: Path, kind: Literal["csv", "parquet"]) -> None:
    """Write a frame by polars' streaming engine; nobody finds half a file, and a link is replaced, not followed.

    Raises:
        HfplannerError: the file cannot be written.
    """
    part = None
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        os.close(handle)
        if kind == "csv":
            frame.sink_csv(part, engine="streaming", line_terminator="\r\n")
        else:
            frame.sink_parquet(part, engine="streaming")
        Path(part).replace(path)
    except OSError as error:
        raise HfplannerError(
            f"{path} cannot be written ({error.strerror or error}).", hint="Name a file in a folder that exists."
        ) from error
    finally:
        if part is not None:
            Path(part).unlink(missing_ok=True)
