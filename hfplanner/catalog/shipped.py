"""The files of ``data/`` that travel with the package."""

import csv
from functools import cache
from pathlib import Path

from hfplanner.errors import CatalogError

__all__ = ["read_data_rows", "read_data_text"]

_PACKAGE = Path(__file__).resolve().parent.parent


def _data_folder() -> Path:
    """Return the folder inside an installed package, or the one beside the package in a checkout."""
    installed = _PACKAGE / "data"
    return installed if installed.is_dir() else _PACKAGE.parent / "data"


def read_data_text(name: str) -> str:
    """Return a shipped file's text, for example ``hardware.json``.

    Raises:
        CatalogError: the installation lacks it.
    """
    try:
        return (_data_folder() / name).read_text(encoding="utf-8")
    except OSError as error:
        hint = "Install hfplanner again; its data folder is not complete."
        raise CatalogError(f"The file {name} that ships with hfplanner cannot be read.", hint=hint) from error


@cache
def read_data_rows(name: str) -> tuple[dict[str, str], ...]:
    """Return a shipped CSV file's rows.

    >>> read_data_rows("price_history.csv")[0]["flavor"]
    'a100-large'
    """
    return tuple(csv.DictReader(read_data_text(name).splitlines()))
